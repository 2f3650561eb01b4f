"""Questions to the GitHub API and what its answers mean. Nothing here waits or sends.

GraphQL answers for a hundred repositories at once, with a token. REST answers for one, without a token
sixty times an hour, and is the only one that tells a repository that is gone from one that is blocked.

What surprised us: GraphQL reports failure with status 200 (a ``null`` beside an ``errors`` list, and part of
the data when a limit was met), follows renames silently, and since 2026-06-30 refuses the field that most
programs read stars from (``stargazers``); ``stargazerCount`` still answers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, urlsplit

from enrich.kinds._github_names import is_full_name
from enrich.model import Failure, Outcome, Purpose, Repository, Request, Response

API_VERSION = "2022-11-28"
MAX_ANSWER_BYTES = 4 << 20

_FRAGMENT = """
fragment R on Repository {
  databaseId nameWithOwner url stargazerCount forkCount
  isArchived archivedAt isDisabled isFork isMirror isTemplate isEmpty isLocked lockReason
  licenseInfo { spdxId } description homepageUrl pushedAt createdAt
  primaryLanguage { name } defaultBranchRef { name }
  repositoryTopics(first: 20) { nodes { topic { name } } }
  latestRelease { tagName publishedAt } visibility
}
"""


@dataclass(frozen=True, slots=True)
class Overloaded:
    """The question was too large for the server: ask for fewer at once."""


@dataclass(frozen=True, slots=True)
class Exhausted:
    """The budget is gone, or the API does not want to be asked now."""


@dataclass(frozen=True, slots=True)
class BadToken:
    """401: the token is wrong or has expired."""


@dataclass(frozen=True, slots=True)
class Unavailable:
    """No answer, or none that can be read."""


@dataclass(frozen=True, slots=True)
class Gone:
    """404: deleted, private, or never there; the API does not say which."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """451: GitHub took it down, for the reason it gives (``dmca``, ``tos`` …)."""

    why: str | None


@dataclass(frozen=True, slots=True)
class Batch:
    """What GraphQL said, by place in the question; ``last`` when the budget is now used up."""

    found: Mapping[int, Repository]
    absent: frozenset[int]
    unclear: frozenset[int]
    unfinished: frozenset[int]
    last: bool = False


@dataclass(frozen=True, slots=True)
class Single:
    """What REST said about one repository; ``last`` when the budget is now used up."""

    answer: Repository | Gone | Blocked
    last: bool = False


# --- asking -----------------------------------------------------------------------------------------


def may_carry_token(api_url: str) -> bool:
    """Whether the token may go to this address: over https, or to the machine itself."""
    parts = urlsplit(api_url)
    if parts.scheme == "https":
        return True
    try:
        return parts.scheme == "http" and ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False


def graphql_url(api_url: str) -> str:
    """``…/graphql`` beside REST; on GitHub Enterprise REST is at /api/v3 and GraphQL at /api/graphql."""
    base = api_url.rstrip("/")
    return base.removesuffix("/v3") + "/graphql" if base.endswith("/api/v3") else f"{base}/graphql"


def graphql_query(names: Sequence[str]) -> str:
    """The query for repositories (``owner/name``), under the aliases r0, r1, …"""
    lines = [
        f"r{place}: repository(owner: {json.dumps(owner)}, name: {json.dumps(name)}, followRenames: true) "
        "{ ...R }"
        for place, (owner, _, name) in enumerate(full.partition("/") for full in names)
    ]
    limits = "rateLimit { cost limit remaining used resetAt nodeCount }"
    return "\n".join(["query {", limits, *lines, "}"]) + _FRAGMENT


def graphql_request(names: Sequence[str], api_url: str, token: str) -> Request:
    return Request(
        url=graphql_url(api_url),
        method="POST",
        purpose=Purpose.API,
        headers=(*_headers(token), ("content-type", "application/json")),
        body=json.dumps({"query": graphql_query(names)}).encode(),
        max_body_bytes=MAX_ANSWER_BYTES,
    )


def rest_request(name: str, api_url: str, token: str | None) -> Request:
    url = f"{api_url.rstrip('/')}/repos/{quote(name)}"
    return Request(url=url, purpose=Purpose.API, headers=_headers(token), max_body_bytes=MAX_ANSWER_BYTES)


def _headers(token: str | None) -> tuple[tuple[str, str], ...]:
    headers = (("accept", "application/vnd.github+json"), ("x-github-api-version", API_VERSION))
    return (*headers, ("authorization", f"Bearer {token}")) if token else headers


# --- reading GraphQL --------------------------------------------------------------------------------


def read_graphql(outcome: Outcome, count: int) -> Batch | Overloaded | Exhausted | BadToken | Unavailable:
    """What an answer to a question about ``count`` repositories means."""
    if isinstance(outcome, Failure):
        return Unavailable()
    match outcome.status:
        case 200:
            last = outcome.headers.get("x-ratelimit-remaining") == "0"
            return _read_batch(_json(outcome), count, last=last)
        case 401:
            return BadToken()
        case 403 | 429:
            return Exhausted()
        case 502 | 503 | 504:
            # GitHub gives a query ten seconds and then answers so.
            return Overloaded()
    return Unavailable()


# Names of limits of which the documentation says that they may come with part of the data.
_LIMITS = frozenset({"RESOURCE_LIMITS_EXCEEDED", "MAX_NODE_LIMIT_EXCEEDED", "TIMEOUT"})


def _read_batch(
    answer: Mapping[str, Any] | None, count: int, *, last: bool
) -> Batch | Overloaded | Exhausted | Unavailable:
    if answer is None or not ("data" in answer or "errors" in answer):
        return Unavailable()
    data, errors = _mapping(answer.get("data")), _errors(answer)
    types = {_text(error.get("type")) for error in errors}
    limited = bool(types & _LIMITS) or _timed_out(errors)
    last = last or "RATE_LIMITED" in types or _mapping(data.get("rateLimit")).get("remaining") == 0
    batch = _sorted_out(data, errors, count, limited=limited)
    if not batch.found and not batch.absent:  # nothing at all was told
        if last:
            return Exhausted()
        return Overloaded() if limited else batch if data else Unavailable()
    return replace(batch, last=last)


def _sorted_out(
    data: Mapping[str, Any], errors: Sequence[Mapping[str, Any]], count: int, *, limited: bool
) -> Batch:
    """Each repository as found, absent, unclear, or not reached because a limit was met."""
    blamed = {path[0]: error for error in errors if (path := _path(error))}
    found: dict[int, Repository] = {}
    absent, unclear, unfinished = set(), set(), set()
    for place in range(count):
        alias = f"r{place}"
        repository = repository_from_graphql(_mapping(data.get(alias)))
        if repository is not None:
            found[place] = repository
        elif (
            alias in blamed and blamed[alias].get("type") == "NOT_FOUND" and len(_path(blamed[alias])) == 1
        ):
            absent.add(place)
        elif limited and blamed.get(alias, {}).get("type") in (None, *_LIMITS):
            unfinished.add(place)
        else:
            unclear.add(place)
    return Batch(found, frozenset(absent), frozenset(unclear), frozenset(unfinished))


def _errors(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    errors = answer.get("errors")
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []


def _path(error: Mapping[str, Any]) -> list[str]:
    path = error.get("path")
    return [str(part) for part in path] if isinstance(path, list) else []


def _timed_out(errors: Sequence[Mapping[str, Any]]) -> bool:
    """The server's own words when a query took too long; they come without a type."""
    return any("timeout" in (_text(error.get("message")) or "").lower() for error in errors)


# --- reading REST -----------------------------------------------------------------------------------


def read_rest(outcome: Outcome) -> Single | Exhausted | BadToken | Unavailable:
    """What the answer about one repository means. A rename was followed by the fetch."""
    if isinstance(outcome, Failure):
        return Unavailable()
    answer = _json(outcome)
    last = outcome.headers.get("x-ratelimit-remaining") == "0"
    match outcome.status:
        case 200:
            repository = repository_from_rest(answer or {})
            return Single(repository, last) if repository else Unavailable()
        case 404 if _is_from_api(answer):
            return Single(Gone(), last)
        case 451:
            return Single(_blocked(answer), last)
        case 403 if answer and "block" in answer:  # how blocks were told before 451
            return Single(_blocked(answer), last)
        case 401:
            return BadToken()
        case 403 | 429:
            return Exhausted()
    return Unavailable()


def _is_from_api(answer: Mapping[str, Any] | None) -> bool:
    """Whether a 404 is GitHub's word about a repository, not that of a wrong ``api_url`` or a proxy."""
    return answer is not None and _text(answer.get("message")) is not None


def _blocked(answer: Mapping[str, Any] | None) -> Blocked:
    return Blocked(_text(_mapping((answer or {}).get("block")).get("reason")))


# --- records ----------------------------------------------------------------------------------------


def repository_from_graphql(node: Mapping[str, Any]) -> Repository | None:
    """``pushed_at`` stays None for an empty repository: nothing was ever pushed to it."""
    full_name = _text(node.get("nameWithOwner"))
    if full_name is None or not is_full_name(full_name):
        return None
    topics = _mapping(node.get("repositoryTopics")).get("nodes")
    topic_names = [_text(_mapping(_mapping(one).get("topic")).get("name")) for one in _list(topics)]
    return Repository(
        full_name=full_name,
        repository_id=_number(node.get("databaseId")),
        description=_text(node.get("description")),
        stars=_number(node.get("stargazerCount")),
        forks=_number(node.get("forkCount")),
        language=_text(_mapping(node.get("primaryLanguage")).get("name")),
        license=_license(_mapping(node.get("licenseInfo")).get("spdxId")),
        topics=tuple(name for name in topic_names if name),
        archived=_flag(node.get("isArchived")),
        disabled=_flag(node.get("isDisabled")),
        fork=_flag(node.get("isFork")),
        homepage=_text(node.get("homepageUrl")),
        created_at=_text(node.get("createdAt")),
        pushed_at=None if node.get("isEmpty") is True else _text(node.get("pushedAt")),
        latest_release=_text(_mapping(node.get("latestRelease")).get("tagName")),
    )


def repository_from_rest(answer: Mapping[str, Any]) -> Repository | None:
    """REST keeps releases elsewhere; they are not worth a second request, so they stay None."""
    full_name = _text(answer.get("full_name"))
    if full_name is None or not is_full_name(full_name):
        return None
    return Repository(
        full_name=full_name,
        repository_id=_number(answer.get("id")),
        description=_text(answer.get("description")),
        stars=_number(answer.get("stargazers_count")),
        forks=_number(answer.get("forks_count")),
        language=_text(answer.get("language")),
        license=_license(_mapping(answer.get("license")).get("spdx_id")),
        topics=tuple(name for one in _list(answer.get("topics")) if (name := _text(one))),
        archived=_flag(answer.get("archived")),
        disabled=_flag(answer.get("disabled")),
        fork=_flag(answer.get("fork")),
        homepage=_text(answer.get("homepage")),
        created_at=_text(answer.get("created_at")),
        pushed_at=_text(answer.get("pushed_at")),
    )


def _json(response: Response) -> dict[str, Any] | None:
    try:
        answer = json.loads(response.body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) and not response.truncated else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str | None:
    """Text, or None for nothing. JSON can hold halves of surrogate pairs, which no file can."""
    if not isinstance(value, str):
        return None
    return value.encode("utf-8", "replace").decode().strip() or None


def _number(value: Any) -> int | None:
    """A whole number that a database can hold."""
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63
    return value if fits else None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _license(spdx: Any) -> str | None:
    """NOASSERTION says that there is a licence file which GitHub does not recognise."""
    name = _text(spdx)
    return None if name in ("NOASSERTION", "NONE") else name
