"""The records that flow through enrich.

Frozen values from the standard library alone: every other module may import this one, and nothing here
does any work. The words are those of the field and mean one thing each:

    document  one file that was read          link     one occurrence in a document
    target    what links resolve to           outcome  what one fetch gave, response or failure
    verdict   status and reason               metadata what the target stands for
    finding   something worth a look          entry    what a person sees as one item of a note

The records whose names begin with ``Report`` have the shape of the published JSON report; their field
order is the order of its keys, so they change only together with the schema version.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, NewType

CanonicalUrl = NewType("CanonicalUrl", str)
"""An absolute URL as a browser would send it (WHATWG serialisation), without a fragment."""


class Shown(str):
    """Text that may be shown: ours, or a stranger's that came through a function of `enrich.text`.

    A class rather than a name for the type checker alone, so that the last door can refuse what is none.
    """

    __slots__ = ()


class Status(StrEnum):
    """What is known about a target. *Gone* and *cannot tell* are never mixed."""

    OK = "ok"
    REDIRECTED = "redirected"
    BROKEN = "broken"
    BLOCKED = "blocked"
    UNREACHABLE = "unreachable"
    SKIPPED = "skipped"


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Element(StrEnum):
    """The syntax in which a link stands."""

    INLINE = "inline"
    REFERENCE = "reference"
    AUTOLINK = "autolink"
    BARE = "bare"
    HTML = "html"
    CODE = "code"
    FRONTMATTER = "frontmatter"


DateSource = Literal[
    "title", "first-line", "label", "front-matter", "filename", "path", "item", "git", "none"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """A date that one source gives a document: ISO text, a day or a month.

    Of a range ``date`` is the last day and ``begin`` the first. ``updated`` marks the date of a change or of a
    commit, which the document itself may be older than.
    """

    date: str
    source: DateSource
    begin: str | None = None
    updated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One file: its path as shown (forward slashes), decoded text, and its date as ISO text.

    ``date`` is ``2022-05-10``, ``2021-05`` where only the month is known, or None. ``file`` is where it lies
    and ``root`` the folder of its collection, which relative links do not leave; None for standard input.
    ``dates`` are what all sources say, in the order in which they are believed. ``remarks`` are about reading it.
    """

    path: str
    text: str
    title: str | None = None
    date: str | None = None
    date_source: DateSource = "none"
    file: str | None = None
    root: str | None = None
    dates: tuple[Dated, ...] = ()
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One occurrence of a URL.

    ``url`` is what a careful person would click (entities decoded, escapes resolved, nothing else
    changed); ``written`` is how it stands in the text where that differs. ``line`` and ``column`` are
    1-based and count characters (code points) to the first character of the URL as written.
    ``used_at`` is the (line, column) of a reference link's use; its URL stands at the definition.
    ``date`` is that of the dated item in which the link stands, where there is one. ``disabled`` links stand
    where a comment in the document switches enrich off.
    """

    url: str
    line: int
    column: int
    element: Element
    written: str | None = None
    text: str | None = None
    image: bool = False
    used_at: tuple[int, int] | None = None
    date: str | None = None
    disabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something worth a person's attention that the text alone shows, at a place in it.

    ``code`` is a declared finding code, which knows the severity; ``suggestion`` is a better address.
    """

    code: str
    message: str
    line: int
    column: int
    suggestion: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a person sees as one item of a note. Links are given by their index among the links of the text.

    ``papers`` pairs a link with the title that the note gives it. ``rating`` counts the stars that the
    author gave.
    """

    line: int
    section: tuple[str, ...] = ()
    number: int | None = None
    title: str | None = None
    topics: tuple[str, ...] = ()
    rating: int | None = None
    article: int | None = None
    papers: tuple[tuple[int, str | None], ...] = ()
    code: tuple[int, ...] = ()
    others: tuple[int, ...] = ()
    authors: tuple[str, ...] = ()
    abstract: str | None = None
    remarks: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """What the text of a document holds. ``links`` are in the order of their places, relative ones included."""

    links: list[Link]
    remarks: list[Remark] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a URL stands for: the stable id of its target and the URL that is asked for it.

    A ``preferred`` URL opens where other addresses of the same target may not, so it replaces theirs.
    """

    id: str
    kind: str
    url: CanonicalUrl
    parent: str | None = None
    stands_for: str | None = None
    preferred: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One thing that links lead to. ``host`` is the lane in which it is asked."""

    id: str
    url: str
    kind: str
    host: str
    parent: str | None = None
    stands_for: str | None = None


# --- asking -----------------------------------------------------------------------------------------


class Purpose(StrEnum):
    """Why something is asked; decides what a body is good for and which manners hold."""

    PROBE = "probe"
    PAGE = "page"
    API = "api"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to ask. ``max_body_bytes`` caps the decoded body; a longer one is cut, not an error.

    ``body_types`` are the beginnings of media types whose body is worth reading; with another type
    the response is judged on its headers and comes with an empty body. None reads any body.
    ``retry`` says whether an outcome that may pass is asked for again; a question that is followed by a
    better one anyway does not need it.
    """

    url: str
    method: Literal["HEAD", "GET", "POST"] = "GET"
    purpose: Purpose = Purpose.PROBE
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    max_body_bytes: int = 4 << 20
    body_types: tuple[str, ...] | None = None
    retry: bool = True


@dataclass(frozen=True, slots=True)
class Hop:
    """One redirect that was followed: who answered, and with which status."""

    url: str
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
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
    TLS = "tls-failure"
    TIMEOUT = "timeout"
    PROTOCOL = "protocol-error"
    TOO_LARGE = "too-large"
    TOO_MANY_REDIRECTS = "too-many-redirects"
    FORBIDDEN_ADDRESS = "forbidden-address"
    UNSUPPORTED_SCHEME = "unsupported-scheme"
    HOST_DEFERRED = "host-deferred"
    ROBOTS_DISALLOWED = "robots-disallowed"
    NOT_REACHED = "not-reached"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """No answer. ``url`` is the address that failed, after ``hops``."""

    kind: FailureKind
    detail: str
    url: str
    hops: tuple[Hop, ...] = ()
    elapsed_seconds: float = 0.0
    attempts: int = 1


Outcome = Response | Failure
Fetch = Callable[[Request], Awaitable[Outcome]]


# --- judging ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A better address, and the reason code that proposes it."""

    url: str
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What outcomes mean. ``detail`` is one short sentence for a person, in plain words."""

    status: Status
    reason: str
    detail: str | None = None
    suggestion: Suggestion | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A stable reason code: JSON value, rule id, and what a user excludes.

    ``certain`` marks a broken verdict that needs no second look in the same run. A ``family`` such as
    ``http-4xx`` stands for all codes of its form that have no declaration of their own.
    """

    code: str
    status: Status
    help: str
    certain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingCode:
    """A stable finding code with its severity and a help text."""

    code: str
    severity: Severity
    help: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something worth a person's attention, at a place."""

    code: str
    severity: Severity
    message: str
    document: str | None = None
    line: int | None = None
    column: int | None = None
    target: str | None = None
    suggestion: Suggestion | None = None


# --- metadata ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """A WeChat article. ``published_at`` is ISO 8601 with the offset +08:00."""

    type: Literal["article"] = "article"
    title: str | None = None
    account: str | None = None
    author: str | None = None
    published_at: str | None = None
    description: str | None = None
    cover_url: str | None = None
    article_id: str | None = None
    original: bool | None = None
    source_url: str | None = None
    reprint_url: str | None = None
    paid: bool | None = None
    words: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """An arXiv paper. ``published`` is the date of version 1, ``updated`` of the version described."""

    type: Literal["paper"] = "paper"
    arxiv_id: str
    version: int | None = None
    title: str | None = None
    authors: tuple[str, ...] = ()
    abstract: str | None = None
    categories: tuple[str, ...] = ()
    primary_category: str | None = None
    published: str | None = None
    updated: str | None = None
    comment: str | None = None
    journal_ref: str | None = None
    doi: str | None = None
    withdrawn: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A GitHub repository; ``repository_id`` is the number that survives renames."""

    type: Literal["repository"] = "repository"
    full_name: str
    repository_id: int | None = None
    description: str | None = None
    stars: int | None = None
    forks: int | None = None
    language: str | None = None
    license: str | None = None
    topics: tuple[str, ...] = ()
    archived: bool | None = None
    disabled: bool | None = None
    fork: bool | None = None
    homepage: str | None = None
    created_at: str | None = None
    pushed_at: str | None = None
    latest_release: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Any other page; ``citation`` holds the Highwire ``citation_*`` facts where a page has them."""

    type: Literal["page"] = "page"
    title: str | None = None
    description: str | None = None
    canonical_url: str | None = None
    citation: Mapping[str, tuple[str, ...]] | None = None


Metadata = Article | Paper | Repository | Page


# --- what a kind can do -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How one host is asked: at most ``width`` at a time, ``interval_seconds`` apart.

    With width 1 the gap counts from the completion of the last request, else from its start.
    ``jitter_seconds`` is added at random to every gap. ``daily_cap`` and ``check_cap`` bound the
    questions a day in ``run`` and in one ``check``; ``stop_after_blocked`` refusals in a row end the
    host's turn for this run.
    """

    width: int = 4
    interval_seconds: float = 0.1
    jitter_seconds: float = 0.0
    daily_cap: int | None = None
    check_cap: int | None = None
    stop_after_blocked: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """What a page says about itself: metadata, and the id by which it is known elsewhere."""

    metadata: Metadata | None = None
    alias: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What an API said about one target.

    Without a verdict the API could not tell, and the target's own address is asked instead.
    """

    target_id: str
    verdict: Verdict | None = None
    metadata: Metadata | None = None
    source: str | None = None
    http_status: int | None = None
    alias: str | None = None
    attempts: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """What a lookup may use: the guarded ``fetch`` and the settings that concern providers."""

    fetch: Fetch
    github_token: str | None = None
    github_api_url: str = "https://api.github.com"
    arxiv_api_url: str = "https://export.arxiv.org/api/query"
    contact: str | None = None


LookUp = Callable[[Sequence[Target], Api], AsyncIterator[Found]]


def no_verdict(_target: Target) -> Verdict | None:
    return None


def no_findings(_row: ReportTarget) -> Iterable[Finding]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of link, declared at the foot of one file in ``enrich/kinds``.

    ``hosts`` are the host names whose URLs ``identify`` is shown; a name that begins with a dot stands
    for all hosts that end with it. ``identify`` gets a canonical URL and says what it stands for, or
    None when it is not of this kind. ``request`` makes the question for a target's own address;
    ``wants_page`` says that metadata are due. ``confirm`` makes the second question when the first
    answer (a HEAD) cannot be trusted or the page itself is wanted, or None when the answer stands.
    ``judge`` and ``read_page`` turn an answer into a verdict and metadata. ``look_up`` asks an API in
    batches of ``batch_size``; ``asks_api`` says which targets it can decide. ``findings_of`` derives
    findings from a row of the report. ``judge_unasked`` gives the verdict of a target that nobody need be asked
    about. ``manners`` gives the built-in manners of hosts it knows. A verdict
    *ok* lasts ``ok_age_seconds``; with 0 every verdict is made anew in every run.
    """

    name: str
    hosts: frozenset[str]
    identify: Callable[[CanonicalUrl], Identity | None]
    request: Callable[[Target, bool], Request]
    judge: Callable[[Target, Outcome], Verdict]
    confirm: Callable[[Target, Outcome, bool], Request | None]
    read_page: Callable[[Target, Response], PageFacts]
    reasons: tuple[Reason, ...]
    findings: tuple[FindingCode, ...] = ()
    look_up: LookUp | None = None
    asks_api: Callable[[Target], bool] | None = None
    batch_size: int = 100
    findings_of: Callable[[ReportTarget], Iterable[Finding]] = no_findings
    manners: Mapping[str, Manners] = field(default_factory=dict)
    metadata_age_seconds: float = 30 * 86400.0
    ok_age_seconds: float = 7 * 86400.0
    ok_spread_seconds: float = 2 * 86400.0
    judge_unasked: Callable[[Target], Verdict | None] = no_verdict


# --- results and the report -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What one check of one target gave. It is stored before it is counted or shown.

    ``withheld`` says why a *broken* is not believed yet: the older verdict stays until it is seen again.
    """

    target_id: str
    at: datetime
    verdict: Verdict
    http_status: int | None = None
    final_url: str | None = None
    attempts: int = 1
    elapsed_seconds: float = 0.0
    metadata: Metadata | None = None
    metadata_source: str | None = None
    wanted_metadata: bool = False
    alias: str | None = None
    withheld: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetState:
    """What is remembered of a target: the verdict that stands, and the streak of failures behind it.

    ``attempted_at`` is when it was last asked, which is later than ``checked_at`` when the last answer
    could not tell and an older verdict stands in. ``certain_since`` is the first check of the present
    streak whose *broken* was certain.
    """

    status: Status | None = None
    reason: str | None = None
    detail: str | None = None
    http_status: int | None = None
    final_url: str | None = None
    suggestion: Suggestion | None = None
    checked_at: datetime | None = None
    attempted_at: datetime | None = None
    attempts: int = 0
    confirmed: bool = False
    first_failed_at: datetime | None = None
    certain_since: datetime | None = None
    failed_checks: int = 0
    last_ok_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportWarning:
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRun:
    id: str
    version: str
    started_at: datetime
    finished_at: datetime | None
    complete: bool
    since: str | None
    until: str | None
    requests: int
    from_cache: int
    warnings: list[ReportWarning]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSummary:
    documents: int
    documents_skipped: int
    links: int
    undated_links: int
    targets: int
    deferred: int
    by_status: dict[str, int]
    by_kind: dict[str, dict[str, int]]
    findings: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportDocument:
    path: str
    title: str | None
    date: str | None
    date_source: DateSource


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLink:
    document: str
    line: int
    column: int
    url: str
    written: str | None
    text: str | None
    element: Element
    image: bool
    date: str | None
    used_at: tuple[int, int] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTarget:
    id: str
    url: str
    kind: str
    parent: str | None
    stands_for: str | None
    status: Status
    reason: str
    detail: str | None
    http_status: int | None
    final_url: str | None
    checked_at: datetime | None
    from_cache: bool
    attempts: int
    confirmed: bool
    first_failed_at: datetime | None
    failed_checks: int
    last_ok_at: datetime | None
    suggestion: Suggestion | None
    metadata: Metadata | None
    metadata_source: str | None
    metadata_fetched_at: datetime | None
    metadata_stale: bool
    links: list[ReportLink]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryLink:
    line: int
    url: str
    target: str
    title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportEntry:
    document: str
    line: int
    section: list[str]
    number: int | None
    title: str | None
    topics: list[str]
    rating: int | None
    article: EntryLink | None
    papers: list[EntryLink]
    code: list[EntryLink]
    others: list[EntryLink]
    authors: list[str]
    abstract: str | None
    remarks: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report as renderers get it: the header, and rows that are read once, in order.

    ``rows`` are functions that start a fresh iteration, so that no list of a million targets exists.
    """

    run: ReportRun
    summary: ReportSummary
    documents: Callable[[], Iterable[ReportDocument]]
    targets: Callable[[], Iterable[ReportTarget]]
    findings: Callable[[], Iterable[Finding]]
    entries: Callable[[], Iterable[ReportEntry]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A report format: a name, its file suffix, and a function that yields text. Pure."""

    name: str
    suffix: str
    render: Callable[[Report], Iterable[Shown]]


def as_it_stands(text: str) -> str:
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentType:
    """A document type: the file suffixes it reads, and what it finds in a text. Pure.

    ``anchors`` are the names that a ``#fragment`` may have in a document, in order; None for a type in which
    fragments mean nothing. ``prose`` is the text as far as a person wrote it, for dates.
    """

    name: str
    suffixes: frozenset[str]
    read: Callable[[str], Extraction]
    title: Callable[[str], str | None]
    anchors: Callable[[str], list[str]] | None
    prose: Callable[[str], str] = as_it_stands
