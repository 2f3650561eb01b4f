"""The code host: api.github.com in both of its languages, and the pages of github.com.

A renamed repository answers 301 in REST and under its new name in GraphQL; a missing one answers 404 in
REST and, with status 200, null and an error in GraphQL.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from enrich.demo.answers import Answer, Question, html, known, moved, not_found, page

API = "https://api.github.com"
_DOCUMENTATION = "https://docs.github.com/rest/repos/repos#get-a-repository"
_ALIAS = re.compile(r"(?P<alias>[_A-Za-z]\w*)\s*:\s*repository\s*\((?P<arguments>[^)]*)\)")
_ARGUMENT = re.compile(r'(?P<name>owner|name)\s*:\s*(?P<value>"(?:[^"\\]|\\.)*"|\$\w+)')
_LIMITS = {
    "x-ratelimit-limit": "60",
    "x-ratelimit-remaining": "59",
    "x-ratelimit-used": "1",
    "x-ratelimit-reset": "4102444800",
    "x-ratelimit-resource": "core",
}


def _named(name: str) -> tuple[Mapping[str, Any] | None, bool]:
    """The repository of a name, present or former, and whether the name is a former one."""
    for repository in known()["repositories"]:
        if repository["name"].lower() == name.lower():
            return repository, False
        if name.lower() in repository.get("former", ()):
            return repository, True
    return None, False


def _moment(repository: Mapping[str, Any], name: str) -> str:
    return str(repository[name].strftime("%Y-%m-%dT%H:%M:%SZ"))


def _full_repository(repository: Mapping[str, Any]) -> dict[str, object]:
    """The fields of REST's full repository that say something about one."""
    owner, _, name = repository["name"].partition("/")
    spdx = repository.get("license")
    license_fields = {"key": spdx.lower(), "name": spdx, "spdx_id": spdx} if spdx else None
    return {
        "id": repository["id"],
        "node_id": f"R_demo{repository['id']}",
        "name": name,
        "full_name": repository["name"],
        "private": False,
        "owner": {"login": owner, "id": repository["id"] + 1000, "type": "Organization"},
        "html_url": f"https://github.com/{repository['name']}",
        "url": f"{API}/repos/{repository['name']}",
        "description": repository.get("description"),
        "fork": False,
        "created_at": _moment(repository, "created"),
        "updated_at": _moment(repository, "pushed"),
        "pushed_at": _moment(repository, "pushed"),
        "homepage": repository.get("homepage"),
        "size": 120,
        "stargazers_count": repository["stars"],
        "watchers_count": repository["stars"],
        "subscribers_count": 3,
        "forks_count": repository["forks"],
        "network_count": repository["forks"],
        "open_issues_count": 1,
        "language": repository.get("language"),
        "license": license_fields,
        "topics": repository.get("topics", []),
        "archived": repository.get("archived", False),
        "disabled": False,
        "visibility": "public",
        "mirror_url": None,
        "default_branch": "main",
    }


def _node(repository: Mapping[str, Any]) -> dict[str, object]:
    """The same facts as GraphQL names them."""
    topics = [{"topic": {"name": topic}} for topic in repository.get("topics", ())]
    spdx = repository.get("license")
    language = repository.get("language")
    return {
        "databaseId": repository["id"],
        "nameWithOwner": repository["name"],
        "url": f"https://github.com/{repository['name']}",
        "stargazerCount": repository["stars"],
        "forkCount": repository["forks"],
        "isArchived": repository.get("archived", False),
        "archivedAt": None,
        "isDisabled": False,
        "isFork": False,
        "isMirror": False,
        "isTemplate": False,
        "isEmpty": False,
        "isLocked": False,
        "lockReason": None,
        "licenseInfo": {"spdxId": spdx} if spdx else None,
        "description": repository.get("description"),
        "homepageUrl": repository.get("homepage"),
        "pushedAt": _moment(repository, "pushed"),
        "createdAt": _moment(repository, "created"),
        "primaryLanguage": {"name": language} if language else None,
        "defaultBranchRef": {"name": "main"},
        "repositoryTopics": {"nodes": topics},
        "latestRelease": None,
        "visibility": "PUBLIC",
    }


def _json(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    every = {"content-type": "application/json; charset=utf-8", **_LIMITS, **(headers or {})}
    return Answer(status=status, body=json.dumps(value).encode(), headers=every)


def _missing() -> Answer:
    return _json({"message": "Not Found", "documentation_url": _DOCUMENTATION, "status": "404"}, status=404)


def _renamed(repository: Mapping[str, Any]) -> Answer:
    url = f"{API}/repositories/{repository['id']}"
    message = {"message": "Moved Permanently", "url": url, "documentation_url": _DOCUMENTATION}
    return _json(message, status=301, headers={"location": url})


def _rest(path: str) -> Answer:
    if path.startswith("/repositories/"):
        number = path.removeprefix("/repositories/")
        found = (one for one in known()["repositories"] if str(one["id"]) == number)
        repository, renamed = next(found, None), False
    else:
        repository, renamed = _named(path.removeprefix("/repos/"))
    if repository is None:
        return _missing()
    return _renamed(repository) if renamed else _json(_full_repository(repository))


def _asked_names(query: str, variables: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The alias and the ``owner/name`` of each repository in a query, written out or as variables."""
    for match in _ALIAS.finditer(query):
        values = {
            argument["name"]: variables[argument["value"][1:]]
            if argument["value"].startswith("$")
            else json.loads(argument["value"])
            for argument in _ARGUMENT.finditer(match["arguments"])
        }
        yield match["alias"], f"{values['owner']}/{values['name']}"


def _graphql(body: bytes) -> Answer:
    sent = json.loads(body)
    data: dict[str, object] = {
        "rateLimit": {"cost": 1, "limit": 5000, "remaining": 4999, "used": 1, "nodeCount": 1}
        | {"resetAt": "2100-01-01T00:00:00Z"}
    }
    errors: list[dict[str, object]] = []
    for alias, name in _asked_names(sent["query"], sent.get("variables") or {}):
        repository, _ = _named(name)
        data[alias] = _node(repository) if repository is not None else None
        if repository is None:
            message = f"Could not resolve to a Repository with the name '{name}'."
            errors.append({"type": "NOT_FOUND", "path": [alias], "message": message})
    return _json({"data": data, **({"errors": errors} if errors else {})})


def api(question: Question) -> Answer:
    """api.github.com."""
    if question.path == "/graphql" and question.method == "POST":
        return _graphql(question.body)
    return _rest(question.path)


def pages(question: Question) -> Answer:
    """github.com: the repositories, and the pages inside them that exist."""
    repository, renamed = _named(question.path.strip("/"))
    if repository is not None and renamed:
        return moved(f"https://github.com/{repository['name']}")
    if repository is not None:
        return html(page(f"{repository['name']}: {repository['description']}"))
    for known_page in known()["github_pages"]:
        if known_page["path"] == question.path:
            return html(page(f"{known_page['title']} · GitHub"))
    return not_found()
