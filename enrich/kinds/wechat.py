"""WeChat articles.

A deleted article still answers 200, with a notice in place of the text, and a visitor who comes too often is
led to a captcha that also answers 200. Only the page tells them apart, so it is always asked with GET, and
slowly: bursts are what brings the captcha. What is about *us* (captcha, frequency, client) is *blocked* and
says nothing about the article.

Every page of the host is judged here, albums and profiles too: they meet the same captcha and the same
notices, which plain HTTP would take for the page. Where no notice shows, such a page is simply there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import enrich
from enrich.kinds import _html, _wechat_facts, _wechat_ids, _wechat_page
from enrich.kinds._wechat_page import ARTICLE, EXPIRED, UNRECOGNISED, PageState
from enrich.model import (
    ALIVE,
    CanonicalUrl,
    Failure,
    Finding,
    FindingCode,
    Identity,
    Kind,
    Manners,
    Outcome,
    PageFacts,
    Purpose,
    Reason,
    ReportLink,
    ReportTarget,
    Request,
    Response,
    Severity,
    Status,
    Suggestion,
    Target,
    Verdict,
)
from enrich.urls import canonical, host_of, is_web
from enrich.verdict import judge_http, judge_platform

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

HOST = _wechat_ids.HOST

# Articles of 2025 and 2026 are 2.3 to 4.03 MB, with the time of publication as late as byte 3.65 million.
PAGE_BYTES = 8 << 20

# Notices are 5 to 40 KB, and an article is never below 60 KB.
MOST_NOTICE_BYTES = 60_000

# A library's default name is challenged more often; a browser's with ours behind it says who asks.
USER_AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    f"Chrome/141.0.0.0 Safari/537.36 enrich/{enrich.__version__}"
)
# The notices come in the language that is asked for.
HEADERS = (
    ("User-Agent", USER_AGENT),
    ("Accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"),
    ("Accept-Language", "zh-CN,zh;q=0.9"),
)

# Reports: 10 s is advised, 5 s held, 2 s is blocked for hours. The caps spread a large collection over days.
# Whoever goes on after a challenge only spends his quota; blocks of six hours to a day are reported.
MANNERS = Manners(
    width=1,
    interval_seconds=8.0,
    jitter_seconds=4.0,
    daily_cap=500,
    check_cap=30,
    stop_after_blocked=3,
    stop_seconds=6 * 3600.0,
    pause_seconds=15 * 60.0,
    about_link=frozenset(
        {
            "wechat-needs-client",
            "wechat-private",
            "wechat-unavailable",
            "wechat-migrating",
            "wechat-under-review",
        }
    ),
    known_as="WeChat",
)


# --- identity ---------------------------------------------------------------------------------------


def identify(url: CanonicalUrl) -> Identity | None:
    """The article that an address stands for, or the page itself where it names none.

    A short address loses query and fragment, which only say who shared it. A long one is asked as it is
    written: without ``chksm`` it is sent to the captcha every time, so that all others come first.
    """
    if urlsplit(url).netloc != HOST or not is_web(url):
        return None
    secure = CanonicalUrl(_wechat_ids.secure(_wechat_ids.unescaped(url)))
    if (token := _wechat_ids.token_of(secure)) is not None:
        short = CanonicalUrl(f"https://{HOST}/s/{token}")
        return Identity(id=f"wechat:{token}", kind="wechat", url=short, preferred=True)
    if _wechat_page.is_captcha_address(secure) and (wanted := _wanted(secure)) is not None:
        return wanted
    found = _wechat_ids.article_id_of(secure)
    signed = found is not None and _wechat_ids.is_signed(secure)
    return Identity(
        id=found or f"url:{secure}", kind="wechat", url=secure, preferred=signed, last=_is_hopeless(secure)
    )


def _is_hopeless(url: str) -> bool:
    """Whether an address is challenged by design, or has hours to live."""
    is_unsigned = _wechat_ids.is_long(url) and not _wechat_ids.is_signed(url)
    return is_unsigned or _wechat_ids.is_temporary(url)


def _wanted(captcha: str) -> Identity | None:
    """The article behind the address of a captcha, which people copy from their browser."""
    url = canonical(_wechat_ids.parameters(captcha).get("target_url", ""))
    if url is None or _wechat_page.is_captcha_address(url):
        return None
    return identify(url)


def _is_article_address(url: str) -> bool:
    path = urlsplit(url).path
    return path in _wechat_ids.LONG_PATHS or path.startswith("/s/")


# --- asking and judging -----------------------------------------------------------------------------


def request(target: Target, _wants_page: bool) -> Request:
    """A GET, whatever is wanted: HEAD cannot show the state. What hardly ever opens is asked once."""
    return Request(
        url=target.url,
        purpose=Purpose.PAGE,
        headers=HEADERS,
        max_body_bytes=PAGE_BYTES,
        retry=not _is_hopeless(target.url),
    )


def confirm(_target: Target, _outcome: Outcome, _wants_page: bool) -> Request | None:
    return None


def judge(target: Target, outcome: Outcome) -> Verdict:
    """The verdict on a page of WeChat, by where it came from and what it shows."""
    if _wechat_page.is_captcha_address(outcome.url):
        return _verdict(PageState("wechat-captcha"))
    if isinstance(outcome, Failure) or not 200 <= outcome.status < 300:
        met = any(_wechat_page.is_captcha_address(hop.url) for hop in outcome.hops)
        return _verdict(PageState("wechat-captcha")) if met else _judge_unread(target, outcome)
    if _is_elsewhere(outcome):
        return _judge_elsewhere(target, outcome)
    return _judge_page(target, outcome)


def _judge_unread(target: Target, outcome: Outcome) -> Verdict:
    """No page at all, or one under another status than that under which WeChat shows articles and notices alike.

    Who answers 404 in WeChat's place, a proxy or one of its own machines, knows nothing about an article.
    """
    verdict = judge_platform(outcome)
    unread = isinstance(outcome, Response) and 400 <= outcome.status < 500
    if unread and verdict.status is not Status.BLOCKED and _is_article_address(target.url):
        detail = (
            f"{verdict.detail or verdict.reason} WeChat says of no article in this way that it is gone."
        )
        return Verdict(Status.BLOCKED, UNRECOGNISED, detail)
    return verdict


def _is_elsewhere(response: Response) -> bool:
    """Whether redirects led off the host that was asked."""
    return bool(response.hops) and host_of(response.url) != host_of(response.hops[0].url)


def _judge_elsewhere(target: Target, response: Response) -> Verdict:
    """Off its own host WeChat only leads to warnings and challenges; no article lives there."""
    if not _is_article_address(target.url):
        return judge_http(response)
    host = host_of(response.url)
    return Verdict(
        Status.BLOCKED, UNRECOGNISED, f"WeChat led to {host}, which says nothing about the article."
    )


def _judge_page(target: Target, response: Response) -> Verdict:
    state = _state(response)
    if state.reason == ARTICLE:
        return _verdict(state)
    if any(_wechat_page.is_captcha_address(hop.url) for hop in response.hops):
        return _verdict(PageState("wechat-captcha"))
    article = _is_article_address(target.url)
    if state.reason == UNRECOGNISED and not state.said and not article:
        return judge_http(response)
    partly = response.truncated or _wechat_page.is_cut(response.body)
    too_long = len(response.body) > MOST_NOTICE_BYTES
    if _REASONS[state.reason].status is Status.BROKEN and (partly or too_long or not article):
        # In a page that was not read whole, in one as long as an article of some template to come, or in a list of
        # articles, such words may be part of something else.
        return _verdict(PageState(UNRECOGNISED, state.said))
    return _verdict(state)


@lru_cache(maxsize=1)
def _parsed(page: bytes) -> LexborHTMLParser | None:
    """The tree of the page that is judged now: an article of 4 MB is read right after, and parsed once for both.

    A tree is spoilt by being read, so that whoever reads one forgets it.
    """
    return _html.parse(page)


def _state(response: Response) -> PageState:
    tree = _parsed(response.body)
    if tree is None:
        state = PageState(UNRECOGNISED, begins="(a page that is nested too deeply to be read)")
    else:
        state = _wechat_page.state_of(tree, response.body, response.url)
        if state.reason == EXPIRED:
            state = replace(state, better=_wechat_facts.permanent_address(tree))
    if state.reason != ARTICLE:
        _parsed.cache_clear()
    return state


def _verdict(state: PageState) -> Verdict:
    reason = _REASONS[state.reason]
    better = Suggestion(state.better, state.reason) if state.better else None
    return Verdict(reason.status, reason.code, _detail(state), better)


def _detail(state: PageState) -> str | None:
    if state.said:
        return f"WeChat says: {state.said}"
    if state.begins:
        return f"{_DETAILS[UNRECOGNISED]} It begins: {state.begins}"
    return _DETAILS.get(state.reason)


_DETAILS = {
    "wechat-captcha": "WeChat asked for a captcha.",
    "wechat-rate-limited": "WeChat says that we ask too often.",
    "wechat-rumour": "WeChat shows its page about false reports in place of the article.",
    "wechat-migrated": "The account has moved and took the article along.",
    "wechat-violation": "WeChat shows the page of removed articles.",
    UNRECOGNISED: "WeChat answered with a page that is neither an article nor a known notice.",
}


# --- metadata ---------------------------------------------------------------------------------------


def read_page(target: Target, response: Response) -> PageFacts:
    """The facts of a live article; nothing from a notice, which must not replace what was known before."""
    if not 200 <= response.status < 300 or _is_elsewhere(response):
        return PageFacts()
    tree = _parsed(response.body)
    _parsed.cache_clear()
    if tree is None or _wechat_page.state_of(tree, response.body, response.url).reason != ARTICLE:
        return PageFacts()
    known = target.id if target.id.startswith("wx:") else None
    article = _wechat_facts.read_article(
        tree, known_id=known, url=response.url, truncated=response.truncated
    )
    return PageFacts(metadata=article, alias=article.article_id)


# --- findings ---------------------------------------------------------------------------------------


def findings_of(row: ReportTarget) -> Iterable[Finding]:
    """What is wrong with the links to an article as they are written."""
    for link in row.links:
        url = canonical(link.url)
        if url is None or host_of(url) != HOST:
            continue
        token = _wechat_ids.token_of(url)
        if token is not None and not _wechat_ids.is_token(token) and row.status not in ALIVE:
            yield _bad_token(row, link, token)
        elif _wechat_ids.is_long(url) and not _wechat_ids.is_signed(url):
            yield _unsigned(row, link)


def _bad_token(row: ReportTarget, link: ReportLink, token: str) -> Finding:
    repaired = _wechat_ids.repaired(token)
    better = f"https://{HOST}/s/{repaired}" if repaired else None
    message = (
        f"The end of a WeChat address has 22 characters and ends in A, Q, g or w; this one is {token!r}."
    )
    return _finding(BAD_TOKEN, row, link, message, better)


def _unsigned(row: ReportTarget, link: ReportLink) -> Finding:
    short = next(filter(None, map(_short, (row.url, *(one.url for one in row.links)))), None)
    message = (
        "This long WeChat address has no chksm, so that WeChat asks for a captcha instead of opening it."
    )
    return _finding(UNSIGNED_LINK, row, link, message, short)


def _short(url: str) -> str | None:
    """The short address that a note has, if it is one and whole."""
    address = canonical(url)
    token = _wechat_ids.token_of(address) if address is not None and host_of(address) == HOST else None
    return f"https://{HOST}/s/{token}" if token is not None and _wechat_ids.is_token(token) else None


def _finding(
    code: FindingCode, row: ReportTarget, link: ReportLink, message: str, better: str | None
) -> Finding:
    return Finding(
        code=code.code,
        severity=code.severity,
        message=message,
        document=link.document,
        line=link.line,
        column=link.column,
        target=row.id,
        suggestion=Suggestion(better, code.code) if better else None,
    )


BAD_TOKEN = FindingCode(
    code="wechat-bad-token",
    severity=Severity.WARNING,
    help="The address of a WeChat article is damaged: it was cut, or something was glued to its end. Copy it "
    "again from WeChat, or use the suggested address.",
)
UNSIGNED_LINK = FindingCode(
    code="wechat-unsigned-link",
    severity=Severity.NOTE,
    help="A long WeChat address without chksm opens inside WeChat alone. Replace it by the short address "
    "(https://mp.weixin.qq.com/s/…) that WeChat gives under copy link.",
)

# --- the codes --------------------------------------------------------------------------------------

_OPEN_IT = "Open the link in a browser or in WeChat."
_REPLACE = (
    "Look for a copy (the article's own source, an archive, the account's newer posts) or remove the link."
)


def _gone(code: str, what: str) -> Reason:
    return Reason(code=code, status=Status.BROKEN, certain=True, help=f"{what} {_REPLACE}")


def _cannot_tell(code: str, what: str, way_out: str = _OPEN_IT) -> Reason:
    return Reason(code=code, status=Status.BLOCKED, help=f"{what} {way_out}")


REASONS = (
    Reason(code=ARTICLE, status=Status.OK, help="The article is there. Nothing to do."),
    Reason(
        code="wechat-migrated",
        status=Status.REDIRECTED,
        help="The account has moved and took the article along. Replace the link by the suggested address.",
    ),
    _gone("wechat-deleted", "The article was deleted by its author."),
    _gone("wechat-violation", "WeChat removed the article for breaking its rules."),
    _gone("wechat-infringement", "WeChat removed the article after a complaint about somebody's rights."),
    _gone("wechat-account-blocked", "WeChat blocked the account, and with it all of its articles."),
    _gone("wechat-account-closed", "The account was closed, and with it all of its articles."),
    _gone("wechat-migrated-lost", "The account has moved and left this article behind."),
    _gone("wechat-rumour", "WeChat replaced the article by a notice that calls it false."),
    Reason(
        code="wechat-expired",
        status=Status.BROKEN,
        certain=True,
        help="This is a temporary link, as search results and previews give them, and its time is over. The "
        "article may live: look for its title and copy the permanent link.",
    ),
    Reason(
        code="wechat-bad-link",
        status=Status.BROKEN,
        certain=True,
        help="WeChat calls the address wrong. It was probably damaged when it was copied: copy it again.",
    ),
    _cannot_tell(
        "wechat-captcha",
        "WeChat asked for a captcha, so that nothing is known about the article.",
        "It is asked again in a later run; from a data centre this happens every time.",
    ),
    _cannot_tell(
        "wechat-rate-limited",
        "WeChat says that we ask too often.",
        "It is asked again in a later run; a longer interval for mp.weixin.qq.com helps.",
    ),
    _cannot_tell("wechat-needs-client", "WeChat shows this page in its own client only."),
    _cannot_tell("wechat-private", "The author's settings hide the article from us."),
    _cannot_tell(
        "wechat-unavailable", "WeChat cannot show the article just now, and does not say for how long."
    ),
    _cannot_tell("wechat-migrating", "The account is being moved; the article should be back within days."),
    _cannot_tell("wechat-under-review", "The article is under review; it is asked again in a later run."),
    _cannot_tell(
        UNRECOGNISED, "WeChat answered with a page that is neither an article nor a known notice."
    ),
)
_REASONS = {reason.code: reason for reason in REASONS}

KIND = Kind(
    name="wechat",
    hosts=frozenset({HOST}),
    identify=identify,
    request=request,
    judge=judge,
    confirm=confirm,
    read_page=read_page,
    reasons=REASONS,
    findings=(BAD_TOKEN, UNSIGNED_LINK),
    findings_of=findings_of,
    manners={HOST: MANNERS},
    metadata_age_seconds=90 * 86400.0,
    ok_age_seconds=30 * 86400.0,
    ok_spread_seconds=8 * 86400.0,
)
