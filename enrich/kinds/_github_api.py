"""Requests to the GitHub API and what its answers mean. Nothing here waits or sends.

GraphQL answers for a hundred targets at once, with a token. REST answers for one repository, without a token
sixty times an hour, and is the only one that tells a repository that is gone from one that is blocked.

What surprised us: GraphQL reports failure with status 200 (a ``null`` beside an ``errors`` list, and part of
the data when a limit was met), follows renames silently, and since 2026-06-30 refuses the field that most
programs read stars from (``stargazers``); ``stargazerCount`` still answers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, urlsplit

from enrich.kinds._github_names import is_full_name
from enrich.kinds._github_questions import (
    OfDiscussion,
    OfObject,
    OfRepository,
    OfResource,
    Question,
    graphql_query,
)
from enrich.model import Failure, FailureKind, Outcome, Purpose, Repository, Request, Response

API_VERSION = "2022-11-28"
MAX_ANSWER_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Rate:
    """The budget of an hour: points of GraphQL, or questions of REST. ``resets_at`` is seconds since 1970."""

    limit: int
    remaining: int
    resets_at: float | None = None


@dataclass(frozen=True, slots=True)
class Overloaded:
    """The question was too large for the server: ask for fewer at once."""


@dataclass(frozen=True, slots=True)
class Misunderstood:
    """The schema lacks a field that was asked for, as an older Enterprise server's may: REST is left."""


@dataclass(frozen=True, slots=True)
class Spent:
    """The budget of this hour is gone."""

    rate: Rate | None = None


@dataclass(frozen=True, slots=True)
class Hurried:
    """A secondary limit: the API wants a pause. ``says_when`` where the fetch layer was told how long."""

    says_when: bool


@dataclass(frozen=True, slots=True)
class BadToken:
    """401: the token is wrong or has expired."""


@dataclass(frozen=True, slots=True)
class Unavailable:
    """No answer, or none that can be read. ``for_now`` when the API is not to be asked again in this run."""

    for_now: bool = False


@dataclass(frozen=True, slots=True)
class Gone:
    """404: deleted, private, or never there; the API does not say which."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """451: GitHub took it down, for the reason it gives (``dmca``, ``tos`` …)."""

    why: str | None


@dataclass(frozen=True, slots=True)
class Alive:
    """Something that is not a repository is there: in a repository of that name now, or at that address."""

    full_name: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """What GraphQL said, by place in the question.

    ``unknown`` are those that it has nothing to say of, which for all but their own pages may have many reasons;
    ``withheld`` those of organisations that do not let this token in, so that REST would refuse it as well, or deny
    that they are there; ``unfinished`` those that a limit kept it from.
    """

    found: Mapping[int, Repository | Alive]
    unknown: frozenset[int] = frozenset()
    withheld: frozenset[int] = frozenset()
    unfinished: frozenset[int] = frozenset()
    rate: Rate | None = None


@dataclass(frozen=True, slots=True)
class Single:
    """What REST said about one repository."""

    answer: Repository | Gone | Blocked
    rate: Rate | None = None


Trouble = Spent | Hurried | BadToken | Unavailable


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


def graphql_request(questions: Sequence[Question], api_url: str, token: str) -> Request:
    """One request for all these questions; GraphQL answers nobody without a token."""
    return Request(
        url=graphql_url(api_url),
        method="POST",
        purpose=Purpose.API,
        headers=(*_headers(token), ("content-type", "application/json")),
        body=json.dumps({"query": graphql_query(questions)}).encode(),
        max_body_bytes=MAX_ANSWER_BYTES,
        # A question that was too large is asked in two halves instead; each vain one costs extra points.
        retry=len(questions) == 1,
    )


def rest_request(name: str, api_url: str, token: str | None) -> Request:
    """The request for one repository, by its full name."""
    url = f"{api_url.rstrip('/')}/repos/{quote(name)}"
    return Request(url=url, purpose=Purpose.API, headers=_headers(token), max_body_bytes=MAX_ANSWER_BYTES)


def _headers(token: str | None) -> tuple[tuple[str, str], ...]:
    headers = (("accept", "application/vnd.github+json"), ("x-github-api-version", API_VERSION))
    return (*headers, ("authorization", f"Bearer {token}")) if token else headers


# --- limits -----------------------------------------------------------------------------------------


def _rate_of_headers(response: Response) -> Rate | None:
    limit, remaining, reset = (
        response.headers.get(f"x-ratelimit-{name}", "") for name in ("limit", "remaining", "reset")
    )
    if not (remaining.isdecimal() and len(remaining) < 10):
        return None
    return Rate(
        int(limit) if limit.isdecimal() and len(limit) < 10 else 0,
        int(remaining),
        float(reset) if reset.isdecimal() and len(reset) < 12 else None,
    )


def _rate_of(limits: Mapping[str, Any]) -> Rate | None:
    limit, remaining = _number(limits.get("limit")), _number(limits.get("remaining"))
    if remaining is None:
        return None
    try:
        resets_at = datetime.fromisoformat(str(limits.get("resetAt"))).timestamp()
    except (ValueError, OverflowError, OSError):
        resets_at = None
    return Rate(limit or 0, remaining, resets_at)


def _refusal(response: Response) -> Trouble:
    """What a 401, 403 or 429 means. A 403 may also be about a single organisation, or a firewall's."""
    if response.status == 401:
        return BadToken()
    rate = _rate_of_headers(response)
    if rate is not None and rate.remaining == 0:
        return Spent(rate)
    says_when = "retry-after" in response.headers
    message = (_text((_json(response) or {}).get("message")) or "").lower()
    if response.status == 429 or says_when or "secondary rate limit" in message or "abuse" in message:
        return Hurried(says_when)
    return Spent() if "rate limit" in message else Unavailable()


_REFUSALS = frozenset({401, 403, 429})


def _nobody(failure: Failure) -> Unavailable:
    """The fetch layer leaves a host alone that asked for more patience than a run has."""
    return Unavailable(for_now=failure.kind is FailureKind.HOST_DEFERRED)


# --- reading GraphQL --------------------------------------------------------------------------------


def read_graphql(
    outcome: Outcome, questions: Sequence[Question]
) -> Batch | Overloaded | Misunderstood | Trouble:
    """What an answer to these questions means."""
    if isinstance(outcome, Failure):
        return _nobody(outcome)
    if outcome.status in _REFUSALS:
        return _refusal(outcome)
    # GitHub gives a query ten seconds and then answers 502 or 504.
    if outcome.status in (502, 504) or (outcome.status == 200 and outcome.truncated):
        return Overloaded()
    return _read_batch(outcome, questions) if outcome.status == 200 else Unavailable()


# Names of limits of which the documentation says that they may come with part of the data.
_LIMITS = frozenset({"RESOURCE_LIMITS_EXCEEDED", "MAX_NODE_LIMIT_EXCEEDED", "TIMEOUT"})


def _read_batch(
    response: Response, questions: Sequence[Question]
) -> Batch | Overloaded | Misunderstood | Trouble:
    answer = _json(response)
    if answer is None or not ("data" in answer or "errors" in answer):
        return Unavailable()
    data, errors = _mapping(answer.get("data")), _errors(answer)
    types = {_text(error.get("type")) for error in errors}
    rate = _rate_of(_mapping(data.get("rateLimit"))) or _rate_of_headers(response)
    limited = bool(types & _LIMITS) or _timed_out(errors)
    spent = "RATE_LIMITED" in types
    if spent and not data:
        return Spent(rate)
    if not data and any(
        _mapping(error.get("extensions")).get("code") == "undefinedField" for error in errors
    ):
        return Misunderstood()
    if not data:
        return Overloaded() if limited else Unavailable()
    batch = _sorted_out(data, errors, questions, limited=limited or spent)
    if limited and not (batch.found or batch.unknown or batch.withheld):
        return Overloaded()
    if spent:
        rate = replace(rate, remaining=0) if rate else Rate(0, 0)
    return replace(batch, rate=rate)


def _sorted_out(
    data: Mapping[str, Any],
    errors: Sequence[Mapping[str, Any]],
    questions: Sequence[Question],
    *,
    limited: bool,
) -> Batch:
    """Each question as found, unknown, or not reached because a limit was met."""
    blamed = {path[0]: _text(error.get("type")) for error in errors if (path := _path(error))}
    found: dict[int, Repository | Alive] = {}
    unknown, withheld, unfinished = set(), set(), set()
    for place, question in enumerate(questions):
        alias = f"r{place}"
        answer = _read_answer(question, _mapping(data.get(alias)))
        if answer is not None:
            found[place] = answer
        elif limited and blamed.get(alias) in (None, "RATE_LIMITED", *_LIMITS):
            unfinished.add(place)
        elif blamed.get(alias) == "FORBIDDEN":
            withheld.add(place)
        else:
            unknown.add(place)
    return Batch(found, frozenset(unknown), frozenset(withheld), frozenset(unfinished))


def _read_answer(question: Question, node: Mapping[str, Any]) -> Repository | Alive | None:
    """What is there, or None when nothing of the wanted sort is."""
    full_name = _text(node.get("nameWithOwner"))
    match question:
        case OfRepository():
            return repository_from_graphql(node)
        case OfResource(types=types):
            url = _text(node.get("url"))
            return Alive(url=url) if url and node.get("__typename") in types else None
        case OfObject(expressions=expressions, types=types):
            objects = [_mapping(node.get(f"o{place}")) for place in range(len(expressions))]
            there = any(one.get("__typename") in types for one in objects)
        case OfDiscussion():
            there = _text(_mapping(node.get("discussion")).get("url")) is not None
    return Alive(full_name=full_name) if there and full_name and is_full_name(full_name) else None


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


def read_rest(outcome: Outcome) -> Single | Trouble:
    """What the answer about one repository means. A rename was followed by the fetch."""
    if isinstance(outcome, Failure):
        return _nobody(outcome)
    answer, rate = _json(outcome), _rate_of_headers(outcome)
    match outcome.status:
        case 200:
            repository = repository_from_rest(answer or {})
            return Single(repository, rate) if repository else Unavailable()
        case 404 if _is_from_api(answer):
            return Single(Gone(), rate)
        case 451:
            return Single(_blocked(answer), rate)
        case 403 if answer and "block" in answer:  # how blocks were told before 451
            return Single(_blocked(answer), rate)
    return _refusal(outcome) if outcome.status in _REFUSALS else Unavailable()


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
