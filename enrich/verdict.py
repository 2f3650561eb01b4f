"""What the outcome of a plain HTTP question means.

Only two answers say that something is gone: 404 (for now) and 410 (for good). Most refusals are about us,
not about the page: a bot wall answers 403, LinkedIn 999, and AWS WAF even 202 with an empty body for every
path, so that dead links behind it look healthy. Those are *blocked*, never *broken*.

The general reason codes are declared here; the web kind hands them to the registry.
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
    Reason,
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


# --- the codes --------------------------------------------------------------------------------------

_OK, _MOVED, _BROKEN = Status.OK, Status.REDIRECTED, Status.BROKEN
_BLOCKED, _UNREACHABLE, _SKIPPED = Status.BLOCKED, Status.UNREACHABLE, Status.SKIPPED

_SUCCESSES = (
    Reason(code="http-200", status=_OK, help="The address answers with the page. Nothing to do."),
    Reason(code="http-2xx", status=_OK, help="The address answers with success. Nothing to do."),
    Reason(
        code="http-301",
        status=_MOVED,
        help="The page has moved for good (301). Replace the link by the suggested address.",
    ),
    Reason(
        code="http-308",
        status=_MOVED,
        help="The page has moved for good (308). Replace the link by the suggested address.",
    ),
    Reason(
        code="http-3xx",
        status=_UNREACHABLE,
        help="The host answered with a status of the redirect class that leads nowhere, such as 300 or 304. "
        "Open the link in a browser to see what is there.",
    ),
)

_GONE = (
    Reason(
        code="http-404",
        status=_BROKEN,
        help="The host says that there is no such page (404). It was asked twice. Correct the address, "
        "or replace it by an archived copy.",
    ),
    Reason(
        code="http-410",
        status=_BROKEN,
        certain=True,
        help="The host says that the page was removed for good (410). Remove the link or replace it by an "
        "archived copy.",
    ),
    Reason(
        code="dns-not-found",
        status=_BROKEN,
        help="The host name does not exist, while other names could be looked up. Look for a typing error; "
        "otherwise the site is gone.",
    ),
    Reason(
        code="too-many-redirects",
        status=_BROKEN,
        help="The address redirects in a circle or without end. Open it in a browser; if it works there, "
        "exclude it.",
    ),
    Reason(
        code="soft-404",
        status=_BROKEN,
        help="The host answers with success, but the page says that there is nothing here. Open it to make "
        "sure, then correct the link.",
    ),
    Reason(
        code="invalid-url",
        status=_BROKEN,
        certain=True,
        help="This is not a valid address, so that no browser can open it. Correct it in the note.",
    ),
)

_REFUSED = (
    Reason(
        code="http-401",
        status=_BLOCKED,
        help="The page asks for a user name (401). We cannot tell whether it is there; a person who may log "
        "in can.",
    ),
    Reason(
        code="http-403",
        status=_BLOCKED,
        help="The host refuses us (403), often because we are a program. The page may be fine: open it in a "
        "browser.",
    ),
    Reason(
        code="http-406",
        status=_BLOCKED,
        help="The host does not answer a request of this form (406), often because we are a program. Open "
        "the link in a browser, or set other headers for this host.",
    ),
    Reason(
        code="http-407",
        status=_BLOCKED,
        help="A proxy on the way asks for a user name (407). Check the proxy settings; the link was not "
        "reached.",
    ),
    Reason(
        code="http-429",
        status=_BLOCKED,
        help="The host says that we ask too often (429). It is asked again in a later run; a longer interval "
        "for this host helps.",
    ),
    Reason(
        code="http-451",
        status=_BLOCKED,
        help="The host withholds the page for legal reasons (451), perhaps only where we ask from.",
    ),
    Reason(
        code="http-999",
        status=_BLOCKED,
        help="The host turns programs away (999, as LinkedIn does). Open the link in a browser.",
    ),
    Reason(
        code="bot-wall",
        status=_BLOCKED,
        help="A bot wall answered in place of the host, so that nothing is known about the page. Open the "
        "link in a browser.",
    ),
    Reason(
        code="login-required",
        status=_BLOCKED,
        help="The link leads to a page that asks to log in. A person who may log in can tell what is behind "
        "it.",
    ),
    Reason(
        code="rate-limited",
        status=_BLOCKED,
        help="A service that we ask has had enough questions for now. It is asked again in a later run.",
    ),
    Reason(
        code="forbidden-address",
        status=_BLOCKED,
        help="The host is at a private or reserved address, and notes must not make us reach into a network. "
        "If this is meant, allow it with --allow-net or --allow-private.",
    ),
)

_SILENT = (
    Reason(
        code="http-400",
        status=_UNREACHABLE,
        help="The host calls the request bad (400). Look for a damaged address; otherwise it is asked again.",
    ),
    Reason(
        code="http-405",
        status=_UNREACHABLE,
        help="The host does not answer this kind of question (405). Open the link in a browser.",
    ),
    Reason(
        code="http-4xx",
        status=_UNREACHABLE,
        help="The host refused the request for a reason that does not say whether the page exists. Open the "
        "link in a browser.",
    ),
    Reason(
        code="http-503",
        status=_UNREACHABLE,
        help="The host is overloaded or under repair (503). It is asked again in the next run.",
    ),
    Reason(
        code="http-5xx",
        status=_UNREACHABLE,
        help="The server failed. It is asked again in the next run; after several failed checks over days "
        "the link counts as broken.",
    ),
    Reason(
        code="dns-failure",
        status=_UNREACHABLE,
        help="The host name could not be looked up just now. It is asked again in the next run.",
    ),
    Reason(
        code="connect-failure",
        status=_UNREACHABLE,
        help="The host refused the connection or cannot be reached. It is asked again in the next run.",
    ),
    Reason(
        code="tls-failure",
        status=_UNREACHABLE,
        help="The certificate is wrong or expired, or no secure connection came about. A browser shows which; "
        "SSL_CERT_FILE adds a private authority.",
    ),
    Reason(
        code="timeout",
        status=_UNREACHABLE,
        help="The host did not answer in time. It is asked again in the next run; --timeout gives it longer.",
    ),
    Reason(
        code="protocol-error",
        status=_UNREACHABLE,
        help="The answer was not valid HTTP, broke off, or redirected without saying where to. It is asked "
        "again in the next run.",
    ),
    Reason(
        code="too-large",
        status=_UNREACHABLE,
        help="The headers of the answer are larger than any browser accepts. Open the link in a browser.",
    ),
    Reason(
        code="provider-failure",
        status=_UNREACHABLE,
        help="The service that knows about this link (such as the GitHub or arXiv API) failed. It is asked "
        "again in the next run.",
    ),
)

_NOT_ASKED = (
    Reason(
        code="excluded",
        status=_SKIPPED,
        help="An exclude pattern or a missing include keeps this link out. Change the pattern to check it.",
    ),
    Reason(
        code="unsupported-scheme",
        status=_SKIPPED,
        help="Only http and https addresses are asked; mail addresses, FTP and the like are listed alone.",
    ),
    Reason(code="image", status=_SKIPPED, help="Images are checked only with --check-images."),
    Reason(code="code", status=_SKIPPED, help="Addresses inside code are listed, not checked."),
    Reason(
        code="relative",
        status=_SKIPPED,
        help="The path leads out of the collection, or to a page that a site generator makes, so that nothing "
        "can be said about it.",
    ),
    Reason(
        code="offline",
        status=_SKIPPED,
        help="The run was offline and nothing was known from earlier. Run again without --offline.",
    ),
    Reason(
        code="host-deferred",
        status=_SKIPPED,
        help="The host has had its share of questions for this run or refuses more; its turn comes in a "
        "later run. Nothing to do.",
    ),
    Reason(
        code="not-reached",
        status=_SKIPPED,
        help="The run ended (deadline or interrupt) before this link's turn. The next run goes on here.",
    ),
    Reason(
        code="network-down",
        status=_SKIPPED,
        help="The network here was down, was lost, or answered in place of others, so that nothing is known. Earlier "
        "verdicts stand; run again when it works.",
    ),
)

GENERAL_REASONS: tuple[Reason, ...] = _SUCCESSES + _GONE + _REFUSED + _SILENT + _NOT_ASKED
