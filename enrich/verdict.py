"""What the outcome of a plain HTTP question means.

Only two answers say that something is gone: 404 (for now) and 410 (for good). Most refusals are about us,
not about the page: a bot wall answers 403, LinkedIn 999, and AWS WAF even 202 with an empty body for every
path, so that dead links behind it look healthy. Those are *blocked*, never *broken*.

The codes that stand in these verdicts are declared in `reasons`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from urllib.parse import parse_qsl, urlsplit

from enrich.model import (
    Failure,
    FailureKind,
    Outcome,
    Response,
    Status,
    Suggestion,
    Verdict,
)
from enrich.moves import (
    PERMANENT,
    REDIRECTS,
    is_deep,
    is_error_page,
    is_front_page,
    is_not_found_page,
    is_same_but_secure,
    is_same_page,
)
from enrich.parking import is_shop
from enrich.walls import wall_in

GONE = frozenset({404, 410})
REFUSALS = frozenset({401, 403, 406, 407, 429, 451, 999})

_DETAIL_CHARACTERS = 300

# Header, fragment of its value, and the wall that sends it only with a challenge or a refusal.
_CHALLENGE_HEADERS: tuple[tuple[str, str, str], ...] = (
    ("cf-mitigated", "", "Cloudflare"),
    ("x-amzn-waf-action", "", "AWS WAF"),
    ("x-vercel-mitigated", "", "Vercel"),
    ("sg-captcha", "challenge", "SiteGround"),
    # Pay per crawl: 402 and a price, to programs alone.
    ("crawler-price", "", "Cloudflare"),
)
# These mark every answer that passed through the service, so they name the wall only beside a refusal.
_SERVICE_HEADERS: tuple[tuple[str, str, str], ...] = (
    ("x-datadome", "", "DataDome"),
    ("x-dd-b", "", "DataDome"),
    ("x-iinfo", "", "Imperva"),
    ("x-cdn", "imperva", "Imperva"),
    ("x-cdn", "incapsula", "Imperva"),
    ("server", "akamaighost", "Akamai"),
    ("x-sucuri-id", "", "Sucuri"),
    ("x-kpsdk-ct", "", "Kasada"),
)
# What these sites answer to programs alone: site, status and its name. 418 is no answer of anybody about a page: IEEE,
# freedesktop.org and others send it to whom they take for a robot.
_SITE_WALLS = (
    ("bilibili.com", 412, "Bilibili"),
    ("douban.com", 418, "Douban"),
    ("ieee.org", 418, "IEEE"),
    ("", 418, "A bot wall"),
)
_SITE_WALL_STATUSES = frozenset(status for _, status, _ in _SITE_WALLS)
_SERVICE_STATUSES = frozenset({401, 403, 405, 406, 428, 429})
# What means a wall beside one status alone, however long the page: the header, or "" for the body, and what it holds.
# Ruishu and Jiasule write their scripts into the living pages of a site too.
_CHALLENGE_ANSWERS = (
    (521, "set-cookie", "__jsluid", "Jiasule"),
    (412, "", "$_ts", "Ruishu"),
    (202, "", "$_ts", "Ruishu"),
    (405, "", "errors.aliyun.com", "Aliyun"),
)
# Host and beginning of the path to which walls send visitors; what is answered there has status 200.
_CHALLENGE_PLACES = (
    ("www.zhihu.com", "/account/unhuman", "Zhihu"),
    ("www.google.com", "/sorry/", "Google"),
    ("wappass.baidu.com", "/static/captcha", "Baidu"),
    ("passport.weibo.com", "/visitor/", "Weibo"),
    ("visitor.passport.weibo.cn", "/visitor/", "Weibo"),
    ("geo.captcha-delivery.com", "/", "DataDome"),
    ("validate.perfdrive.com", "/", "Radware"),
)

# Pages that stand before others: whoever asks must log in, consent or say his age first.
_GATE_PATH = re.compile(
    r"/(?:(?:wp[-_])?log[-_]?in|sign[-_]?in|servicelogin|sessions?/new|age[-_]?(?:gate|check)"
    r"|(?:cookies?[-_/]?)?(?:consent|gdpr)|cookies?/accept|cookies?[-_]?(?:absent|error|required|not[-_]?supported))"
    r"(?:\.\w{2,5}|/index)?/?$",
    re.IGNORECASE,
)
# Forums and shops name the page in a parameter: `member.php?mod=logging`, `index.php?route=account/login`.
_GATE_PARAMETER = re.compile(
    r"(?:mod|do|act|action|route|page|r)=(?:[\w/%]{1,40}(?:/|%2f))?(?:log(?:[-_]?in|ging)|sign[-_]?in)(?:&|$)",
    re.IGNORECASE,
)
_ERROR_PARAMETERS = frozenset(
    {"404", "aspxerrorpath", "error", "missing", "notfound", "not_found", "s", "q"}
)
# What one site tells another that is to log the visitor in: SAML, OAuth and WS-Federation.
_GATE_QUESTION = re.compile(r"(?:^|&)(?:SAMLRequest=|wtrealm=|response_type=(?:code|id_token|token)\b)")
# Hosts that are gates as a whole. They are told where to send the visitor afterwards, so there is a query.
_GATE_HOST = re.compile(r"(?:accounts|auth|consent|idp|login|passport|signin|sso)\.[^.]+\.", re.IGNORECASE)
# What keeps the address of the page that it shows: viewers, and pages that moved.
_SHOWN_PARAMETERS = re.compile(
    r"file|src|source|ref|referr?er|(?:redirected|moved|came)[-_]?from|orig(?:in(?:al)?)?(?:[-_]?(?:url|path))?|old(?:[-_]?(?:url|path))?"
)


def judge_http(outcome: Outcome) -> Verdict:
    """The verdict on a plain HTTP answer or on its absence."""
    if isinstance(outcome, Failure):
        return _judge_failure(outcome)
    if (wall := challenge(outcome)) is not None:
        return Verdict(
            Status.BLOCKED, "bot-wall", f"{wall} answered {outcome.status} in place of the page."
        )
    if (outcome.status < 300 or outcome.status in GONE) and _is_sent_to_gate(outcome):
        detail = "It leads to a page that asks to log in or to consent first."
        return Verdict(Status.BLOCKED, "login-required", detail)
    if 200 <= outcome.status < 300:
        return _judge_success(outcome)
    return _judge_status(outcome.status)


def _is_sent_to_gate(response: Response) -> bool:
    """Whether a page to log in, to consent, or to take cookies stands in place of the link's.

    That such a page is not there itself says nothing about the one behind it.
    """
    if not response.hops:
        return False
    asked = response.hops[0].url
    if is_gate(response.url) and not is_gate(asked):
        return True
    return response.status not in GONE and _stands_before(asked, response.url)


def judge_platform(outcome: Outcome) -> Verdict:
    """The same for a host that serves all of its kind, such as github.com: that it is there nobody doubts.

    A name that is not found there, no connection, circles and 5xx are trouble of the platform, or of the network between
    (name servers of companies and of whole countries deny such names), however often they are met.
    """
    verdict = judge_http(outcome)
    trouble = isinstance(outcome, Failure) or outcome.status >= 500 or verdict.reason == "protocol-error"
    if verdict.reason in _NOT_THE_LINK or (verdict.status is Status.UNREACHABLE and trouble):
        return provider_failure(verdict.detail or verdict.reason)
    return verdict


_NOT_THE_LINK = frozenset({"dns-not-found", "too-many-redirects"})


def provider_failure(detail: str) -> Verdict:
    """Whoever knows about a link is in trouble, which says nothing about the link."""
    return Verdict(Status.UNREACHABLE, "provider-failure", detail.rstrip(".") + ".")


def challenge(response: Response) -> str | None:
    """The name of the bot wall that answered in place of the host, or None when there is no sign of one."""
    if (name := _site_wall(response) or _answered_wall(response)) is not None:
        return name
    marks = _CHALLENGE_HEADERS
    if response.status in _SERVICE_STATUSES:
        marks += _SERVICE_HEADERS
    for name, fragment, wall in marks:
        value = response.headers.get(name)
        if value is not None and fragment in value.lower():
            return wall
    shown = wall_in(response.body, response.status in GONE) if _is_page(response) else None
    return shown or _sent_to_wall(response)


def _is_page(response: Response) -> bool:
    """Whether a body is one that browsers show as a page; source code and logs may quote what they like."""
    kind = response.headers.get("content-type", "")
    return not kind or "html" in kind.lower()


def _site_wall(response: Response) -> str | None:
    if response.status not in _SITE_WALL_STATUSES:
        return None
    host = f".{urlsplit(response.url).hostname}"
    walls = (
        wall
        for site, status, wall in _SITE_WALLS
        if response.status == status and (not site or host.endswith(f".{site}"))
    )
    return next(walls, None)


def _answered_wall(response: Response) -> str | None:
    walls = (
        wall
        for status, header, mark, wall in _CHALLENGE_ANSWERS
        if response.status == status
        and (mark in response.headers.get(header, "") if header else mark.encode() in response.body)
    )
    return next(walls, None)


def _sent_to_wall(response: Response) -> str | None:
    """The wall whose own page answered, where that is not the one that the link names."""
    if not response.hops or _wall_at(response.hops[0].url) is not None:
        return None
    return _wall_at(response.url)


def _wall_at(url: str) -> str | None:
    parts = urlsplit(url)
    places = (
        wall
        for host, path, wall in _CHALLENGE_PLACES
        if parts.hostname == host and parts.path.startswith(path)
    )
    return next(places, None)


def _judge_success(response: Response) -> Verdict:
    reason = f"http-{response.status}"
    if not response.hops:
        return Verdict(Status.OK, reason)
    asked = response.hops[0].url
    if _is_downgraded([*(hop.url for hop in response.hops), response.url]):
        # Anybody on the way may have written an unencrypted answer, so where it leads is not suggested.
        return Verdict(Status.OK, reason, "It leads to or over an unencrypted address (http).")
    return _judge_way(response, asked)


def _judge_way(response: Response, asked: str) -> Verdict:
    """The verdict on a page that is there, by the redirects that lead to it.

    One temporary hop makes the address a good one (RFC 9110 section 15.4.3: go on using it), even where the hops before
    it are for good: then the address that those lead to is suggested, and not where the temporary one leads today.
    """
    reason = f"http-{response.status}"
    moved_to = _for_good(response)
    for place in (response.url, *(hop.url for hop in response.hops)):
        if is_same_but_secure(asked, place):
            return Verdict(Status.OK, reason, None, Suggestion(place, "https-available"))
    if is_deep(asked) and is_front_page(response.url):
        return Verdict(Status.OK, reason, "It leads to a front page, so that what was linked may be gone.")
    if is_not_found_page(response.url) and not is_not_found_page(asked):
        return Verdict(
            Status.OK, reason, "It leads to a place named after what is not found, so that it may be gone."
        )
    if is_shop(response.url) and not is_shop(asked):
        return Verdict(Status.OK, reason, "It leads to a seller of names, so that it may be gone.")
    if is_same_page(asked, moved_to):
        return Verdict(Status.OK, reason)
    moved = f"http-{response.hops[0].status}"
    if moved_to != response.url:
        detail = "It has moved for good to an address that leads on from there for now."
        return Verdict(Status.OK, reason, detail, Suggestion(moved_to, moved))
    detail = "It has moved to another address for good."
    return Verdict(Status.REDIRECTED, moved, detail, Suggestion(moved_to, moved))


def _for_good(response: Response) -> str:
    """The address as far as the redirects to it, from the first on, are permanent."""
    temporary = (hop.url for hop in response.hops if hop.status not in PERMANENT)
    return next(temporary, response.url)


def is_gate(url: str) -> bool:
    """Whether an address is called as those are at which one logs in or consents."""
    parts = urlsplit(url)
    if _GATE_HOST.match(parts.hostname or "") is not None and parts.query:
        return True
    if _GATE_QUESTION.search(parts.query) is not None:
        return True
    return _GATE_PATH.search(parts.path) is not None or _GATE_PARAMETER.match(parts.query) is not None


def _stands_before(asked: str, answered: str) -> bool:
    """Whether a place was told in a parameter where to lead back to, as those that log in, ask for consent or for a
    country are. A place named after an error keeps the address for another reason."""
    parts, own = urlsplit(answered), urlsplit(asked)
    if not is_deep(asked) or is_not_found_page(answered) or is_error_page(answered):
        return False
    if is_front_page(answered.partition("?")[0]):
        return False
    path = f"{own.path}?{own.query}" if own.query else own.path
    kept = {value for name, value in parse_qsl(parts.query) if not _is_for_itself(name.lower())}
    return not kept.isdisjoint({asked, path, path.lstrip("/")}) and parts.query != own.query


def _is_for_itself(name: str) -> bool:
    return name in _ERROR_PARAMETERS or _SHOWN_PARAMETERS.fullmatch(name) is not None


def _is_downgraded(way: Sequence[str]) -> bool:
    """Whether a redirect leads from https to http, at any of the addresses that were asked in turn."""
    schemes = [urlsplit(url).scheme for url in way]
    return ("https", "http") in pairwise(schemes)


def _judge_status(status: int) -> Verdict:
    if status in REDIRECTS:
        detail = f"It answered {status} (a redirect) without saying where to."
        return Verdict(Status.UNREACHABLE, "protocol-error", detail)
    if status != 999 and not 300 <= status < 600:
        detail = f"It answered {status}, which no standard defines."
        return Verdict(Status.UNREACHABLE, "protocol-error", detail)
    return Verdict(_status_of(status), f"http-{status}", f"It answered {_phrase(status)}.")


def _status_of(status: int) -> Status:
    if status in GONE:
        return Status.BROKEN
    return Status.BLOCKED if status in REFUSALS else Status.UNREACHABLE


def _phrase(status: int) -> str:
    # It takes 3 ms to load, and in most runs few answers are told in words.
    from http import HTTPStatus

    try:
        return f"{status} ({HTTPStatus(status).phrase})"
    except ValueError:
        return str(status)


_FAILURES: dict[FailureKind, tuple[Status, str]] = {
    FailureKind.INVALID_URL: (Status.BROKEN, "This is not an address that can be asked"),
    FailureKind.DNS_NOT_FOUND: (Status.BROKEN, "The host name does not exist"),
    FailureKind.DNS_FAILURE: (Status.UNREACHABLE, "The host name could not be looked up"),
    FailureKind.CONNECT: (Status.UNREACHABLE, "No connection to the host"),
    FailureKind.PROXY: (Status.UNREACHABLE, "The proxy does not lead to the host"),
    FailureKind.TLS: (Status.UNREACHABLE, "No secure connection to the host"),
    FailureKind.TIMEOUT: (Status.UNREACHABLE, "The host did not answer in time"),
    FailureKind.NEEDS_COOKIES: (Status.BLOCKED, "The site shows itself only to who keeps its cookies"),
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
