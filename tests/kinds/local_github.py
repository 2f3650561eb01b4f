"""GitHub as a local function: GraphQL, REST and pages, with the troubles that they have.

It reads the aliases from the query text, follows renames as GraphQL and REST do, and counts the budget.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from enrich.model import Hop, Outcome, Request, Response

_ALIAS = re.compile(r'(r[0-9]+): repository\(owner: "([^"]+)", name: "([^"]+)", followRenames: true\)')

Special = Callable[[Request], Outcome]


@dataclass
class LocalGithub:
    """``repositories`` by lower-case name; ``renamed`` from old to new names; ``blocked`` answer 451.

    ``token`` is the one that is right. ``budget`` counts REST requests down; ``widest`` is how many
    aliases GraphQL manages before it answers 502; ``specials`` answer the first, second … request.
    """

    repositories: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)
    blocked: frozenset[str] = frozenset()
    token: str = "right"
    budget: int = 5000
    widest: int = 1000
    specials: dict[int, Special] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)

    async def fetch(self, request: Request) -> Outcome:
        self.asked.append(request)
        if special := self.specials.get(len(self.asked)):
            return special(request)
        given = dict(request.headers).get("authorization")
        if given is not None and given != f"Bearer {self.token}":
            return answer(request, 401, {"message": "Bad credentials", "status": "401"})
        return self._graphql(request) if request.method == "POST" else self._rest(request)

    def _graphql(self, request: Request) -> Outcome:
        wanted = aliases(request)
        if len(wanted) > self.widest:
            return answer(request, 502, None)
        data: dict[str, Any] = {"rateLimit": {"cost": 1, "limit": 5000, "remaining": 4999}}
        errors = []
        for alias, name in wanted.items():
            data[alias] = self._node(name)
            if data[alias] is None:
                errors.append(not_found(alias, name))
        return answer(request, 200, {"data": data, **({"errors": errors} if errors else {})})

    def _node(self, name: str) -> dict[str, Any] | None:
        current = self.renamed.get(name.lower(), name)
        fields = self.repositories.get(current.lower())
        return None if fields is None else node(current, **fields)

    def _rest(self, request: Request) -> Outcome:
        if self.budget == 0:
            headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1795000000"}
            return answer(request, 403, {"message": "API rate limit exceeded"}, headers)
        self.budget -= 1
        headers = {"x-ratelimit-remaining": str(self.budget)}
        name = request.url.partition("/repos/")[2].lower()
        if name in self.blocked:
            block = {
                "reason": "dmca",
                "created_at": "2026-01-01T00:00:00Z",
                "html_url": "https://example.org",
            }
            return answer(request, 451, {"message": "Repository access blocked", "block": block}, headers)
        current = self.renamed.get(name, name)
        if current.lower() not in self.repositories:
            return answer(request, 404, {"message": "Not Found", "status": "404"}, headers)
        hops = (Hop(request.url, 301),) if current != name else ()
        return answer(request, 200, rest_body(current), headers, hops)


def aliases(request: Request) -> dict[str, str]:
    """Alias and ``owner/name`` of every repository that a GraphQL request asks for."""
    query = json.loads(request.body or b"{}").get("query", "")
    return {alias: f"{owner}/{name}" for alias, owner, name in _ALIAS.findall(query)}


def answer(
    request: Request,
    status: int,
    body: object,
    headers: Mapping[str, str] | None = None,
    hops: tuple[Hop, ...] = (),
) -> Response:
    content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(url=request.url, status=status, headers=headers or {}, body=content, hops=hops)


def not_found(alias: str, name: str) -> dict[str, Any]:
    message = f"Could not resolve to a Repository with the name '{name}'."
    return {"type": "NOT_FOUND", "path": [alias], "locations": [], "message": message}


def node(name: str, **fields: Any) -> dict[str, Any]:
    """A repository as GraphQL gives it."""
    return {
        "databaseId": 1296269,
        "nameWithOwner": name,
        "url": f"https://github.com/{name}",
        "stargazerCount": 80,
        "forkCount": 9,
        "isArchived": False,
        "isDisabled": False,
        "isFork": False,
        "isEmpty": False,
        "licenseInfo": {"spdxId": "MIT"},
        "description": "First  of its kind ",
        "homepageUrl": "",
        "pushedAt": "2026-01-26T19:06:43Z",
        "createdAt": "2011-01-26T19:01:12Z",
        "primaryLanguage": {"name": "Python"},
        "repositoryTopics": {"nodes": [{"topic": {"name": "vision"}}, {"topic": {"name": "detection"}}]},
        "latestRelease": {"tagName": "v1.0", "publishedAt": "2025-01-01T00:00:00Z"},
        **fields,
    }


def rest_body(name: str) -> dict[str, Any]:
    """A repository as REST gives it."""
    return {
        "id": 1296269,
        "full_name": name,
        "description": None,
        "stargazers_count": 80,
        "forks_count": 9,
        "language": "Python",
        "license": {"spdx_id": "NOASSERTION"},
        "topics": ["vision"],
        "archived": True,
        "disabled": False,
        "fork": False,
        "homepage": "https://example.org",
        "created_at": "2011-01-26T19:01:12Z",
        "pushed_at": "2026-01-26T19:06:43Z",
    }
