"""Any page that no other kind knows.

It is asked with HEAD, which is cheap, and HEAD never condemns: servers answer it with 404, 405 or silence
where GET brings the page. So every doubt is put again as GET, and only that answer counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from enrich.kinds import _html
from enrich.model import (
    CanonicalUrl,
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
)
from enrich.urls import canonical, is_web
from enrich.verdict import GENERAL_REASONS, challenge, judge_http

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

HTML_TYPES = ("text/html", "application/xhtml+xml")
PAGE_BYTES = 1 << 20
# What a page says about itself stands in its head.
READ_BYTES = 256 << 10

TITLE_CHARACTERS = 300
TEXT_CHARACTERS = 5000
CITATION_NAMES = 64
CITATION_VALUES = 200

# Failures that may pass, or that a host keeps for HEAD alone. HEAD is asked once, and the GET is what is asked
# again; a missing name or a bad certificate is the same for both.
_WORTH_A_GET = frozenset(
    {
        FailureKind.TIMEOUT,
        FailureKind.CONNECT,
        FailureKind.DNS_FAILURE,
        FailureKind.PROTOCOL,
        FailureKind.TOO_LARGE,
        FailureKind.TOO_MANY_REDIRECTS,
    }
)
# A proxy that wants a password does not look at the method.
_SAME_FOR_GET = frozenset({407})

# What is known of a page that was there and could not be read within bounds; one that says nothing has no metadata.
UNREAD = Page()

_CITATION = re.compile(r"citation_([a-z0-9_]{1,60})")


def identify(url: CanonicalUrl) -> Identity:
    """Every URL is a page of its own."""
    return Identity(id=f"url:{url}", kind="web", url=url)


def request(target: Target, _wants_page: bool) -> Request:
    return Request(url=target.url, method="HEAD", purpose=Purpose.PROBE, retry=False)


def confirm(target: Target, outcome: Outcome, wants_page: bool) -> Request | None:
    """A GET when the answer to HEAD leaves a doubt or the page itself is wanted, else None."""
    if not (_is_doubtful(outcome) or (wants_page and _is_html(outcome))):
        return None
    return Request(url=target.url, purpose=Purpose.PAGE, max_body_bytes=PAGE_BYTES, body_types=HTML_TYPES)


def _is_doubtful(outcome: Outcome) -> bool:
    if isinstance(outcome, Failure):
        return outcome.kind in _WORTH_A_GET
    if 200 <= outcome.status < 300:
        return challenge(outcome) is not None
    return outcome.status not in _SAME_FOR_GET


def _is_html(outcome: Outcome) -> bool:
    """Whether a page came, or will come where only its headers were asked for."""
    if isinstance(outcome, Failure) or not 200 <= outcome.status < 300:
        return False
    kind = outcome.headers.get("content-type", "").strip().lower()
    return not kind or kind.startswith(HTML_TYPES)


def judge_unasked(target: Target) -> Verdict | None:
    """What is no URL at all needs nobody's answer."""
    if canonical(target.url) is not None:
        return None
    return judge_http(Failure(kind=FailureKind.INVALID_URL, detail="", url=target.url))


def judge(_target: Target, outcome: Outcome) -> Verdict:
    return judge_http(outcome)


def read_page(_target: Target, response: Response) -> PageFacts:
    """Title, description, canonical address and citation facts of an HTML page; nothing of another."""
    if not response.body or not _is_html(response) or challenge(response) is not None:
        return PageFacts()
    text = _html.decode(response.body[:READ_BYTES], response.headers.get("content-type"))
    tree = _html.parse(text.encode("utf-8", errors="replace"))
    if tree is None:
        return PageFacts(metadata=UNREAD)
    page = _page(tree)
    return PageFacts(metadata=page if page != Page() else None)


def _page(tree: LexborHTMLParser) -> Page:
    said = _html.contents(tree)
    title = _html.text_of(tree.css_first("head > title")) or _first(said, "og:title", "twitter:title")
    return Page(
        title=title[:TITLE_CHARACTERS] or None,
        description=_first(said, "description", "og:description")[:TEXT_CHARACTERS] or None,
        canonical_url=_canonical_url(tree),
        citation=_citation(said) or None,
    )


def _first(said: Mapping[str, list[str]], *names: str) -> str:
    """The first of these facts that a page gives, with white space collapsed, else empty."""
    return next((" ".join(said[name][0].split()) for name in names if name in said), "")


def _canonical_url(tree: LexborHTMLParser) -> str | None:
    for node in tree.css("link[rel][href]"):
        relations = (node.attributes.get("rel") or "").lower().split()
        address = (node.attributes.get("href") or "").strip()
        if "canonical" in relations and is_web(address):
            return canonical(address)
    return None


def _citation(said: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    """Highwire ``citation_*`` facts, which most publishers and archives give, by name without prefix."""
    found: dict[str, tuple[str, ...]] = {}
    for name, values in said.items():
        if (known := _CITATION.fullmatch(name)) is not None and len(found) < CITATION_NAMES:
            short = (" ".join(value[:TEXT_CHARACTERS].split()) for value in values[:CITATION_VALUES])
            found[known[1]] = tuple(short)
    return found


def findings_of(row: ReportTarget) -> Iterable[Finding]:
    """What its metadata tell of a page: that it was not read."""
    if row.metadata == UNREAD:
        message = "its tags are nested so deeply, or are so many, that its title and facts were not read"
        yield Finding(code=NOT_READ.code, severity=NOT_READ.severity, message=message)


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
    FindingCode(
        code="https-available",
        severity=Severity.NOTE,
        help="The link uses http where the site answers on https. Replace it by the suggested address.",
    ),
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
    read_page=read_page,
    judge_unasked=judge_unasked,
    findings_of=findings_of,
    reasons=(*GENERAL_REASONS, ROBOTS_DISALLOWED),
    findings=GENERAL_FINDINGS,
)
