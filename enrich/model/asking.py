"""What is asked, and what became of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from enrich.model.records import record


class Purpose(StrEnum):
    """Why something is asked; decides what a body is good for and which manners hold."""

    PROBE = "probe"
    PAGE = "page"
    API = "api"


@record(frozen=True, slots=True, kw_only=True)
class Request:
    """What to ask. ``max_body_bytes`` caps the decoded body; a longer one is cut, not an error.

    ``body_types`` are the beginnings of media types whose body is worth reading; with another type
    the response is judged on its headers and comes with an empty body. None reads any body.
    ``retry`` says whether an outcome that may pass is asked for again; a question that is followed by a
    better one anyway does not need it. Without ``retries_silence`` a time-out is left to whoever asked, who may let
    others go first; ``asked_before`` is how many of the retries another form of the question has had. Without
    ``follow`` a redirect is itself the answer.
    """

    url: str
    method: Literal["HEAD", "GET", "POST"] = "GET"
    purpose: Purpose = Purpose.PROBE
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    max_body_bytes: int = 4 << 20
    body_types: tuple[str, ...] | None = None
    retry: bool = True
    retries_silence: bool = True
    asked_before: int = 0
    follow: bool = True


@dataclass(frozen=True, slots=True)
class Hop:
    """One redirect that was followed: who answered, and with which status."""

    url: str
    status: int


@record(frozen=True, slots=True, kw_only=True)
class Response:
    """An answer. ``url`` is where it came from after ``hops``; header names are lower-case."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    truncated: bool = False
    hops: tuple[Hop, ...] = ()
    elapsed_seconds: float = 0.0
    attempts: int = 1


class FailureKind(StrEnum):
    """Which sort of failure. The value is the reason code that it becomes."""

    INVALID_URL = "invalid-url"
    DNS_NOT_FOUND = "dns-not-found"
    DNS_FAILURE = "dns-failure"
    CONNECT = "connect-failure"
    PROXY = "provider-failure"
    TLS = "tls-failure"
    TIMEOUT = "timeout"
    PROTOCOL = "protocol-error"
    NEEDS_COOKIES = "bot-wall"
    TOO_LARGE = "too-large"
    TOO_MANY_REDIRECTS = "too-many-redirects"
    FORBIDDEN_ADDRESS = "forbidden-address"
    UNSUPPORTED_SCHEME = "unsupported-scheme"
    HOST_DEFERRED = "host-deferred"
    ROBOTS_DISALLOWED = "robots-disallowed"
    NOT_REACHED = "not-reached"


# The run's own reasons for not asking: they say nothing about what they were met for.
NOT_ASKED = frozenset({FailureKind.HOST_DEFERRED, FailureKind.ROBOTS_DISALLOWED})


@record(frozen=True, slots=True, kw_only=True)
class Failure:
    """No answer. ``url`` is the address that failed, after ``hops``."""

    kind: FailureKind
    detail: str
    url: str
    hops: tuple[Hop, ...] = ()
    elapsed_seconds: float = 0.0
    attempts: int = 1


Outcome = Response | Failure


def was_silent(outcome: Outcome | None) -> bool:
    """Whether an answer was waited for in vain, which is the longest wait there is."""
    return isinstance(outcome, Failure) and outcome.kind is FailureKind.TIMEOUT


Fetch = Callable[[Request], Awaitable[Outcome]]
