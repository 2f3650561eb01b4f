"""What the outcome of a plain HTTP question means.

Only two answers say that something is gone: 404 (for now) and 410 (for good). Most refusals are about us,
not about the page: a bot wall answers 403, LinkedIn 999, and AWS WAF even 202 with an empty body for every
path, so that dead links behind it look healthy. Those are *blocked*, never *broken*.

The codes that stand in these verdicts are declared in `reasons`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus
from itertools import pairwise
from urllib.parse import unquote, urlsplit

from enrich.model import (
    Failure,
    FailureKind,
    Outcome,
    Response,
    Status,
    Suggestion,
    Verdict,
)

PERMANENT = frozenset({301, 308})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
REFUSALS = frozenset({401, 403, 406, 407, 429, 451, 999})

_DETAIL_CHARACTERS = 300

# Header, fragment of its value, and the wall that sends it only with a challenge or a refusal.
_CHALLENGE_HEADERS: tuple[tuple[str, str, str], ...] = (
    ("cf-mitigated", "", "Cloudflare"),
    ("x-amzn-waf-action", "", "AWS WAF"),
)
# These mark every answer that passed through the service, so they name the wall only beside a refusal.
_SERVICE_HEADERS: tuple[tuple[str, str, str], ...] = (
    ("x-datadome", "", "DataDome"),
    ("x-dd-b", "", "DataDome"),
    ("x-iinfo", "", "Imperva"),
    ("x-cdn", "imperva", "Imperva"),
    ("x-cdn", "incapsula", "Imperva"),
    ("server", "akamaighost", "Akamai"),
)
_SERVICE_STATUSES = frozenset({401, 403, 405, 406, 429})
# Words of challenge pages. They are only looked for in short bodies: an article may quote them.
_CHALLENGE_BODIES = (
    (b"_cf_chl_opt", "Cloudflare"),
    (b"Request unsuccessful. Incapsula incident ID", "Imperva"),
    (b"captcha-delivery.com", "DataDome"),
    (b"window.gokuProps", "AWS WAF"),
)
_CHALLENGE_BODY_BYTES = 16 << 10

_LOGIN_PATH = re.compile(
    r"/(?:log[-_]?in|sign[-_]?in|servicelogin|sso/login|cas/login)(?:\.\w{2,5})?/?$", re.IGNORECASE
)


def judge_http(outcome: Outcome) -> Verdict:
    """The verdict on a plain HTTP answer or on its absence."""
    if isinstance(outcome, Failure):
        return _judge_failure(outcome)
    if (wall := challenge(outcome)) is not None:
        return Verdict(
            Status.BLOCKED, "bot-wall", f"{wall} answered {outcome.status} in place of the page."
        )
    if 200 <= outcome.status < 300:
        return _judge_success(outcome)
    return _judge_status(outcome.status)


def challenge(response: Response) -> str | None:
    """The name of the bot wall that answered in place of the host, or None when there is no sign of one."""
    marks = _CHALLENGE_HEADERS
    if response.status in _SERVICE_STATUSES:
        marks += _SERVICE_HEADERS
    for name, fragment, wall in marks:
        value = response.headers.get(name)
        if value is not None and fragment in value.lower():
            return wall
    if 0 < len(response.body) <= _CHALLENGE_BODY_BYTES:
        return next((wall for mark, wall in _CHALLENGE_BODIES if mark in response.body), None)
    return None


def _judge_success(response: Response) -> Verdict:
    reason = f"http-{response.status}"
    if not response.hops:
        return Verdict(Status.OK, reason)
    asked = response.hops[0].url
    if _is_login(response.url) and not _is_login(asked):
        return Verdict(Status.BLOCKED, "login-required", "It leads to a page that asks to log in.")
    if _is_downgraded([*(hop.url for hop in response.hops), response.url]):
        # Anybody on the way may have written an unencrypted answer, so where it leads is not suggested.
        return Verdict(Status.OK, reason, "It leads to or over an unencrypted address (http).")
    if any(hop.status not in PERMANENT for hop in response.hops) or _is_same_place(asked, response.url):
        return Verdict(Status.OK, reason)
    moved = f"http-{response.hops[0].status}"
    detail = "It has moved to another address for good."
    return Verdict(Status.REDIRECTED, moved, detail, Suggestion(response.url, moved))


def _is_login(url: str) -> bool:
    return _LOGIN_PATH.search(urlsplit(url).path) is not None


def _is_downgraded(way: Sequence[str]) -> bool:
    """Whether a redirect leads from https to http, at any of the addresses that were asked in turn."""
    schemes = [urlsplit(url).scheme for url in way]
    return ("https", "http") in pairwise(schemes)


def _is_same_place(asked: str, answered: str) -> bool:
    """Whether two addresses differ only by scheme, ``www.``, a final slash, escapes or letter case."""
    return _place(asked) == _place(answered)


def _place(url: str) -> str:
    parts = urlsplit(url)
    host = parts.netloc.lower().removeprefix("www.")
    query = f"?{parts.query}" if parts.query else ""
    return unquote(f"{host}{parts.path.rstrip('/')}{query}").lower()


def _judge_status(status: int) -> Verdict:
    if status in REDIRECTS:
        detail = f"It answered {status} (a redirect) without saying where to."
        return Verdict(Status.UNREACHABLE, "protocol-error", detail)
    if status != 999 and not 300 <= status < 600:
        detail = f"It answered {status}, which no standard defines."
        return Verdict(Status.UNREACHABLE, "protocol-error", detail)
    return Verdict(_status_of(status), f"http-{status}", f"It answered {_phrase(status)}.")


def _status_of(status: int) -> Status:
    if status in (404, 410):
        return Status.BROKEN
    return Status.BLOCKED if status in REFUSALS else Status.UNREACHABLE


def _phrase(status: int) -> str:
    try:
        return f"{status} ({HTTPStatus(status).phrase})"
    except ValueError:
        return str(status)


_FAILURES: dict[FailureKind, tuple[Status, str]] = {
    FailureKind.INVALID_URL: (Status.BROKEN, "This is not an address that can be asked"),
    FailureKind.DNS_NOT_FOUND: (Status.BROKEN, "The host name does not exist"),
    FailureKind.DNS_FAILURE: (Status.UNREACHABLE, "The host name could not be looked up"),
    FailureKind.CONNECT: (Status.UNREACHABLE, "No connection to the host"),
    FailureKind.TLS: (Status.UNREACHABLE, "No secure connection to the host"),
    FailureKind.TIMEOUT: (Status.UNREACHABLE, "The host did not answer in time"),
    FailureKind.PROTOCOL: (Status.UNREACHABLE, "The answer was not valid HTTP or broke off"),
    FailureKind.TOO_LARGE: (Status.UNREACHABLE, "The headers of the answer are too large"),
    FailureKind.TOO_MANY_REDIRECTS: (Status.BROKEN, "It redirects without end"),
    FailureKind.FORBIDDEN_ADDRESS: (Status.BLOCKED, "The host is at an address that is not asked"),
    FailureKind.UNSUPPORTED_SCHEME: (Status.SKIPPED, "Only http and https addresses are asked"),
    FailureKind.HOST_DEFERRED: (Status.SKIPPED, "The host's turn comes in a later run"),
    FailureKind.ROBOTS_DISALLOWED: (Status.SKIPPED, "The host's robots.txt asks programs not to read it"),
    FailureKind.NOT_REACHED: (Status.SKIPPED, "The run ended before its turn"),
}


def _judge_failure(failure: Failure) -> Verdict:
    status, sentence = _FAILURES[failure.kind]
    said = " ".join(failure.detail.split()).rstrip(".")[:_DETAIL_CHARACTERS]
    tells_more = said and said.lower() not in sentence.lower()
    if said.lower().startswith(sentence.lower()):
        detail = f"{sentence}{said[len(sentence) :]}."
    else:
        detail = f"{sentence}: {said}." if tells_more else f"{sentence}."
    return Verdict(status, failure.kind.value, detail)
