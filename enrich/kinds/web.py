"""Any page that no other kind knows.

Where its metadata are due it is asked with GET and no more than that: a HEAD before it would double what hosts are asked.
Else with HEAD, which is cheap, and HEAD never condemns: servers answer it with 404, 405 or silence where GET brings the
page. So every doubt is put again as GET, and only that answer counts. The other way round HEAD may show that a page is
there which did not come in time, or not whole.

A page that is gone and answers with success is told by its title, or by where it leads (`_soft_404`). HEAD shows no
title: so only a way that is suspicious by itself costs a GET, and a title is read where the page is fetched for its
metadata anyway, or was found gone like this before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from enrich.extract.remarks import answers_securely
from enrich.fetch.retry import is_transient
from enrich.kinds import _html
from enrich.kinds._answered_404 import cannot_tell, doubt_of_404, leads_on
from enrich.kinds._forums import notice
from enrich.kinds._page_facts import facts_of
from enrich.kinds._shown import source_of
from enrich.kinds._soft_404 import doubt_of, is_suspicious_way
from enrich.kinds._web_hosts import Host, has_landing_pages, host_at, landing_page
from enrich.model import (
    ALIVE,
    CanonicalUrl,
    Doubt,
    Failure,
    FailureKind,
    Finding,
    FindingCode,
    Identity,
    Kind,
    Outcome,
    Page,
    PageFacts,
    Purpose,
    Reason,
    ReportTarget,
    Request,
    Response,
    Severity,
    Status,
    Target,
    Verdict,
    was_silent,
)
from enrich.reasons import GENERAL_REASONS
from enrich.urls import canonical, host_of
from enrich.verdict import challenge, judge_http

PAGE_BYTES = 1 << 20

WALL_BYTES = 16 << 10
# Whose facts they are that describe a link to a PDF.
LANDING_PAGE = "landing-page"

# Failures that may pass, or that a host keeps for HEAD alone. HEAD is asked once, and the GET is what is asked
# again; a missing name or a bad certificate is the same for both.
_WORTH_A_GET = frozenset(
    {
        FailureKind.TIMEOUT,
        FailureKind.CONNECT,
        FailureKind.DNS_FAILURE,
        FailureKind.PROTOCOL,
        FailureKind.NEEDS_COOKIES,
        FailureKind.TOO_LARGE,
        FailureKind.TOO_MANY_REDIRECTS,
    }
)
# Failures of a GET behind which a page may be that is slow to write, that ends too early, or whose words somebody on the
# way answers with a reset. Where no name was found another method changes nothing.
_WORTH_A_HEAD = _WORTH_A_GET - {FailureKind.DNS_FAILURE}
# The path ends like that of a document, an archive, a picture, a film, data or a program. HEAD tells whether it is there
# without a byte of it on its way.
_FILE = re.compile(
    r"\.(?:pdf|ps|djvu|epub|mobi|docx?|pptx?|xlsx?|odt|odp|ods|rtf"
    r"|zip|t?gz|tar|bz2|xz|zst|7z|rar|jar|whl|iso|dmg|exe|msi|deb|rpm|apk"
    r"|jpe?g|png|gif|webp|svg|bmp|ico|tiff?|avif|mp3|mp4|m4a|m4v|mov|avi|mkv|webm|wav|flac|ogg"
    r"|csv|tsv|json|jsonl|xml|ya?ml|txt|parquet|npy|npz|h5|hdf5|pkl|pth?|ckpt|onnx|safetensors|bin)(?:[?#]|$)",
    re.IGNORECASE,
)
# A proxy that wants a password does not look at the method.
_SAME_FOR_GET = frozenset({407})

# What is known of a page that was there and could not be read within bounds; one that says nothing has no metadata.
UNREAD = Page()
# What most answers tell beside their verdict, and all that are to HEAD.
_NO_FACTS = PageFacts()


def identify(url: CanonicalUrl) -> Identity:
    """Every URL is a page of its own."""
    return Identity(id=f"url:{url}", kind="web", url=url)


def request(target: Target, wants_page: bool) -> Request:
    """The page where it is wanted, else what can be told by its headers."""
    if _begins_with_page(target, wants_page):
        # One that is not answered lets others go first before it is asked again.
        return replace(_page_request(target.url), retries_silence=False)
    return _head_request(target.url, retry=False)


def confirm(target: Target, outcome: Outcome, wants_page: bool) -> Request | None:
    """A GET when the answer to HEAD leaves a doubt or the page itself is wanted; a HEAD when no page came, though
    somebody takes questions; the same again where a refusal may pass and was not put again; else None."""
    # What was waited for in vain, the longest wait there is, counts as retries.
    asked_before = outcome.attempts if was_silent(outcome) else 0
    if _begins_with_page(target, wants_page):
        if isinstance(outcome, Response):
            again = replace(request(target, wants_page), asked_before=1)
            return again if _wants_to_be_left_alone(outcome) else None
        if outcome.kind not in _WORTH_A_HEAD:
            return None
        return replace(_head_request(target.url, retry=bool(asked_before)), asked_before=asked_before)
    wants_look = wants_page or is_suspicious_way(outcome)
    if not (_is_doubtful(outcome) or (wants_look and _is_html(outcome))):
        return None
    return replace(_page_request(target.url), asked_before=asked_before)


def _begins_with_page(target: Target, wants_page: bool) -> bool:
    """Whether the page is asked for at once; an address that ends like a file is seldom one, nor is one whose facts
    stand at another."""
    if not wants_page or _FILE.search(target.url) is not None:
        return False
    return not has_landing_pages(target.host) or landing_page((target.url,)) is None


def _head_request(url: str, *, retry: bool) -> Request:
    return Request(url=url, method="HEAD", purpose=Purpose.PROBE, retry=retry)


def _page_request(url: str) -> Request:
    return Request(url=url, purpose=Purpose.PAGE, max_body_bytes=PAGE_BYTES, body_types=_html.MEDIA_TYPES)


def _wants_to_be_left_alone(response: Response) -> bool:
    """Whether a host that refuses for now was not asked again: it wants to be left alone for longer than we wait. To ask
    costs nothing then and says that its turn is in a later run, which is no failure of the page."""
    return response.attempts == 1 and is_transient(response)


def _is_doubtful(outcome: Outcome) -> bool:
    if isinstance(outcome, Failure):
        return outcome.kind in _WORTH_A_GET
    if outcome.status in _SAME_FOR_GET:
        return False
    # 202 is what some walls answer to everything; their marks stand in the body.
    return outcome.status == 202 or judge_http(outcome).status not in ALIVE


def _is_html(outcome: Outcome) -> bool:
    """Whether a page came, or will come where only its headers were asked for."""
    if isinstance(outcome, Failure) or not 200 <= outcome.status < 300:
        return False
    kind = outcome.headers.get("content-type", "").strip().lower()
    return not kind or kind.startswith(_html.MEDIA_TYPES)


def judge_unasked(target: Target) -> Verdict | None:
    """What is no URL at all needs nobody's answer."""
    if canonical(target.url) is not None:
        return None
    return judge_http(Failure(kind=FailureKind.INVALID_URL, detail="", url=target.url))


def judge(_target: Target, outcome: Outcome) -> Verdict:
    verdict = judge_http(outcome)
    if not isinstance(outcome, Response):
        return verdict
    if verdict.reason == "http-404" and leads_on(outcome):
        return cannot_tell()
    if verdict.status in ALIVE and (said := notice(outcome)) is not None:
        return said
    host = host_at(outcome.url)
    if verdict.status in ALIVE and host.gone is not None and host.gone.search(outcome.body):
        return Verdict(Status.BROKEN, "soft-404", f"{host.name} shows its page for what is not there.")
    return verdict


def doubt(_target: Target, response: Response) -> Doubt | None:
    """Why a page is perhaps not what its status says, gone or there, and what would have to be asked to be sure."""
    return doubt_of(response) if _is_html(response) else doubt_of_404(response)


def read_page(target: Target, response: Response) -> PageFacts:
    """Title, description, canonical address and citation facts of an HTML page; nothing of another."""
    if not response.body or not _is_html(response):
        return _NO_FACTS
    host = host_at(response.url)
    if _is_wall(response, host):
        return PageFacts()
    text = source_of(response)
    tree = _html.parse(text.encode("utf-8", errors="replace"))
    if tree is None:
        return PageFacts(metadata=UNREAD)
    page = facts_of(tree, host)
    if landing_page((target.url,)) is None:
        return PageFacts(metadata=page if page != Page() else None)
    # A list that the site leads to in place of the paper's page is about no paper.
    return PageFacts(metadata=page if page.citation else None, source=LANDING_PAGE)


def _is_wall(response: Response, host: Host) -> bool:
    """Whether something was shown in place of the page. A site's mark counts in short pages alone: others quote it."""
    if challenge(response) is not None:
        return True
    return host.wall is not None and len(response.body) <= WALL_BYTES and host.wall in response.body


def ask_facts(target: Target, outcome: Outcome) -> Request | None:
    """The page about a PDF, where the site is known to have one: a PDF says nothing about itself that we read."""
    if not isinstance(outcome, Response) or _is_html(outcome):
        return None
    url = landing_page((outcome.url, target.url))
    return _page_request(url) if url is not None else None


def findings_of(row: ReportTarget) -> Iterable[Finding]:
    """What the answer tells of a page beside its verdict: that it was not read, or that https would do."""
    if row.metadata == UNREAD:
        message = "its tags are nested so deeply, or are so many, that its title and facts were not read"
        yield Finding(code=NOT_READ.code, severity=NOT_READ.severity, message=message)
    better = row.suggestion
    # Where the address alone tells, the note was given when it was read.
    if better is not None and better.reason == HTTPS_AVAILABLE.code and not answers_securely(row.url):
        message = f"{host_of(row.url)} answered on https; write {better.url}"
        code, severity = HTTPS_AVAILABLE.code, HTTPS_AVAILABLE.severity
        yield Finding(code=code, severity=severity, message=message, suggestion=better)


NOT_READ = FindingCode(
    code="page-not-read",
    severity=Severity.NOTE,
    help="The link works, but the page is built in a way that would keep a parser busy for minutes, by accident or "
    "on purpose. Its title and facts are missing from the report. Nothing to do.",
)


ROBOTS_DISALLOWED = Reason(
    code="robots-disallowed",
    status=Status.SKIPPED,
    help="The host's robots.txt asks programs not to read this page, or could not be read, and --respect-robots was "
    "given. Open the link in a browser, or check without that option.",
)

HTTPS_AVAILABLE = FindingCode(
    code="https-available",
    severity=Severity.NOTE,
    help="The link uses http where the site answers on https. Replace it by the suggested address.",
)

GENERAL_FINDINGS = (
    NOT_READ,
    FindingCode(
        code="unreadable-document",
        severity=Severity.ERROR,
        help="A file could not be read, so that its links are missing from the report. The message says why.",
    ),
    FindingCode(
        code="redirected",
        severity=Severity.NOTE,
        help="The link works, but the page has moved for good. Replace it by the suggested address.",
    ),
    FindingCode(
        code="recovered",
        severity=Severity.NOTE,
        help="The link was broken in an earlier run and works again. Nothing to do.",
    ),
    FindingCode(
        code="unstable",
        severity=Severity.WARNING,
        help="The link came and went at least four times within 30 days. Its host may be failing; an archived copy, or "
        "another address of the same thing, lasts longer.",
    ),
    FindingCode(
        code="internal-error",
        severity=Severity.ERROR,
        help="A fault of enrich kept it from judging this link. Please report it with the message.",
    ),
    FindingCode(
        code="malformed-url",
        severity=Severity.WARNING,
        help="The address is written in a way that no browser can open. Correct it in the note.",
    ),
    FindingCode(
        code="not-rendered",
        severity=Severity.WARNING,
        help="A Markdown link stands inside a block of raw HTML, so that readers see it as plain text. A blank line "
        "behind the last HTML tag ends the block.",
    ),
    FindingCode(
        code="unbalanced-markdown",
        severity=Severity.WARNING,
        help="Something looks like a Markdown link and is none, because the brackets around the address do not pair "
        "or it holds a space. Close the brackets, or put the address between < and >.",
    ),
    FindingCode(
        code="label-differs",
        severity=Severity.WARNING,
        help="The words of the link are an address, and the link leads to another one. Find out which of both is "
        "meant, and write it in both places.",
    ),
    HTTPS_AVAILABLE,
    FindingCode(
        code="same-id-two-titles",
        severity=Severity.WARNING,
        help="One paper or article is linked under two titles that have nothing in common. One of the two links "
        "was probably copied from the other entry: look up which title is the right one.",
    ),
    FindingCode(
        code="title-mismatch",
        severity=Severity.WARNING,
        help="The words beside the link are not about what it leads to. The link was probably copied from another entry: "
        "look up which of both is meant, and correct the link or the words.",
    ),
    FindingCode(
        code="date-conflict",
        severity=Severity.NOTE,
        help="The title, the text, the front matter and the path of a document give dates that cannot all be right. "
        "The first of them counts for --since and --until; correct the others.",
    ),
    FindingCode(
        code="site-changed",
        severity=Severity.WARNING,
        help="Nearly all links to one host that worked before seem gone at once, or are refused: the site was rebuilt, "
        "moved, or keeps programs out. Their older verdicts stand until a run at least a day later sees the same. Open "
        "one of them; --refresh --accept-mass-change believes it at once.",
    ),
    FindingCode(
        code="duplicate-target",
        severity=Severity.NOTE,
        help="Two entries are about the same paper or article. Remove one of them, or leave it if both are meant.",
    ),
)

KIND = Kind(
    name="web",
    hosts=frozenset(),
    identify=identify,
    request=request,
    judge=judge,
    confirm=confirm,
    # Where links lead to PDFs, a page is asked for behind each of them.
    page_seconds=lambda host, gap: gap * (2 if has_landing_pages(host) else 1),
    doubt=doubt,
    read_page=read_page,
    ask_facts=ask_facts,
    judge_unasked=judge_unasked,
    findings_of=findings_of,
    reasons=(*GENERAL_REASONS, ROBOTS_DISALLOWED),
    findings=GENERAL_FINDINGS,
)
