"""GitHub as a local function: GraphQL, REST and pages, with the troubles that they have.

GraphQL executes the query as it was sent (`github_graphql`). Both follow renames and count their budgets.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from github_graphql import execute, not_there
from graphql import FieldNode, OperationDefinitionNode, parse

from enrich.kinds._github_names import identify
from enrich.kinds.github import look_up
from enrich.model import Api, Found, Hop, Identity, Outcome, Request, Response, Target
from enrich.urls import canonical

Special = Callable[[Request], Outcome]


@dataclass
class LocalGithub:
    """``repositories`` by lower-case name; ``renamed`` from old to new names; ``blocked`` answer 451.

    ``objects`` are the git objects (``Blob``, ``Tree``, ``Commit``) by current name and expression, ``resources``
    what an address leads to: its type, and its address now. ``token`` is the one that is right. ``budget`` counts
    REST requests down, ``points`` those of GraphQL; ``widest`` is how many aliases GraphQL manages before it
    answers 502; ``specials`` answer the first, second … request.
    """

    repositories: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)
    blocked: frozenset[str] = frozenset()
    objects: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    resources: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    discussions: Mapping[str, frozenset[int]] = field(default_factory=dict)
    token: str = "right"
    budget: int = 5000
    points: int = 5000
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
        return self.graphql(request) if request.method == "POST" else self._rest(request)

    # --- GraphQL

    def graphql(self, request: Request) -> Outcome:
        if len(aliases(request)) > self.widest:
            return answer(request, 502, None)
        if self.points == 0:
            return answer(request, 200, {"errors": [RATE_LIMITED]}, self._limits())
        self.points -= 1
        return answer(request, 200, execute(query_of(request), self._root()), self._limits())

    def _root(self) -> dict[str, Any]:
        return {
            "rateLimit": {
                "cost": 1, "limit": 5000, "remaining": self.points, "used": 5000 - self.points,
                "resetAt": "2026-11-21T09:00:00Z", "nodeCount": 100,
            },
            "repository": self._repository,
            "resource": self._resource,
        }  # fmt: skip

    def _repository(self, _info: object, owner: str, name: str, **_: object) -> dict[str, Any]:
        asked = f"{owner}/{name}"
        current = self.renamed.get(asked.lower(), asked)
        fields = self.repositories.get(current.lower())
        if fields is None or asked.lower() in self.blocked:
            raise not_there("Repository", f"name '{asked}'")
        objects = self.objects.get(current.lower(), {})
        numbers = self.discussions.get(current.lower(), frozenset())

        def find_object(_info: object, expression: str) -> dict[str, str] | None:
            return {"__typename": objects[expression], "oid": "0a1b"} if expression in objects else None

        def find_discussion(_info: object, number: int) -> dict[str, str]:
            if number in numbers:
                return {"url": f"https://github.com/{current}/discussions/{number}"}
            raise not_there("Discussion", f"number of {number}")

        return {**node(current, **fields), "object": find_object, "discussion": find_discussion}

    def _resource(self, _info: object, url: str) -> dict[str, str] | None:
        kind, now = self.resources.get(url, (None, url))
        return {"__typename": kind, "url": now} if kind else None

    def _limits(self) -> dict[str, str]:
        values = {"limit": "5000", "remaining": str(self.points), "reset": "1795000000"}
        return {f"x-ratelimit-{name}": value for name, value in values.items()}

    # --- REST

    def _rest(self, request: Request) -> Outcome:
        if self.budget == 0:
            headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1795000000"}
            return answer(request, 403, {"message": "API rate limit exceeded"}, headers)
        self.budget -= 1
        headers = {
            "x-ratelimit-limit": "60",
            "x-ratelimit-remaining": str(self.budget),
            "x-ratelimit-reset": "1795000000",
        }
        name = request.url.partition("/repos/")[2].lower()
        if name in self.blocked:
            block = {"reason": "dmca", "html_url": "https://example.org"}
            return answer(request, 451, {"message": "Repository access blocked", "block": block}, headers)
        current = self.renamed.get(name, name)
        if current.lower() not in self.repositories:
            return answer(request, 404, {"message": "Not Found", "status": "404"}, headers)
        hops = (Hop(request.url, 301),) if current != name else ()
        return answer(request, 200, rest_body(current), headers, hops)


RATE_LIMITED = {"type": "RATE_LIMITED", "message": "API rate limit exceeded for user ID 1."}


def query_of(request: Request) -> str:
    return str(json.loads(request.body or b"{}").get("query", ""))


def aliases(request: Request) -> dict[str, str]:
    """Alias and ``owner/name``, or address, of everything that a GraphQL request asks for."""
    if request.method != "POST":
        return {}
    (operation,) = (
        one for one in parse(query_of(request)).definitions if isinstance(one, OperationDefinitionNode)
    )
    found = {}
    for one in operation.selection_set.selections:
        if isinstance(one, FieldNode) and one.alias:
            values = {
                argument.name.value: getattr(argument.value, "value", "") for argument in one.arguments
            }
            found[one.alias.value] = values.get("url") or f"{values['owner']}/{values['name']}"
    return found


def path_of(request: Request) -> str:
    return urlsplit(request.url).path


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
        "__typename": "Repository",
        "databaseId": 1296269,
        "nameWithOwner": name,
        "url": f"https://github.com/{name}",
        "stargazerCount": 80,
        "forkCount": 9,
        **dict.fromkeys(("isArchived", "isDisabled", "isFork", "isMirror", "isTemplate"), False),
        **dict.fromkeys(("isEmpty", "isLocked"), False),
        "licenseInfo": {"spdxId": "MIT"},
        "description": "First  of its kind ",
        "homepageUrl": "",
        "pushedAt": "2026-01-26T19:06:43Z",
        "createdAt": "2011-01-26T19:01:12Z",
        "primaryLanguage": {"name": "Python"},
        "defaultBranchRef": {"name": "main"},
        "repositoryTopics": {"nodes": [{"topic": {"name": "vision"}}, {"topic": {"name": "detection"}}]},
        "latestRelease": {"tagName": "v1.0", "publishedAt": "2025-01-01T00:00:00Z"},
        "visibility": "PUBLIC",
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


# --- asking it --------------------------------------------------------------------------------------


def names(count: int) -> list[str]:
    return [f"owner/repo{number}" for number in range(count)]


def existing(count: int) -> dict[str, dict[str, Any]]:
    return {name: {} for name in names(count)}


def identified(url: str) -> Identity | None:
    address = canonical(url)
    assert address is not None
    return identify(address)


def target_of(identity: Identity) -> Target:
    return Target(
        id=identity.id,
        url=identity.url,
        kind="github",
        host=urlsplit(identity.url).netloc,
        parent=identity.parent,
    )


def targets(addresses: Sequence[str]) -> list[Target]:
    """Targets of whole addresses, or of what stands behind ``https://github.com/``."""
    found = [identified(one if "://" in one else f"https://github.com/{one}") for one in addresses]
    return [target_of(identity) for identity in found if identity]


async def looked_up(
    local: LocalGithub, addresses: Sequence[str], token: str | None = "right", **api: Any
) -> dict[str, Found]:
    asked = targets(addresses)
    found = [one async for one in look_up(asked, Api(fetch=local.fetch, github_token=token, **api))]
    assert sorted(one.target_id for one in found) == sorted(one.id for one in asked), "one answer a target"
    return {one.target_id: one for one in found}


def reason(found: Found) -> str | None:
    return found.verdict.reason if found.verdict else None


def detail(found: Found) -> str | None:
    return found.verdict.detail if found.verdict else None
