"""Results, what is remembered of them, and the rows of a report.

The records whose names begin with ``Report`` have the shape of the published JSON report; their field
order is the order of its keys, so they change only together with the schema version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from enrich.model.changes import Changes
from enrich.model.metadata import Metadata
from enrich.model.records import record
from enrich.model.shown import Shown
from enrich.model.texts import DateSource, Element
from enrich.model.verdicts import Finding, Status, Suggestion, Verdict


@record(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What one check of one target gave. It is stored before it is counted or shown.

    ``withheld`` says why a *broken* is not believed yet: the older verdict stays until it is seen again. ``lacks_page``:
    it is there, and what would have told its metadata did not come.
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
    lacks_page: bool = False
    alias: str | None = None
    withheld: str | None = None


@record(frozen=True, slots=True, kw_only=True)
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
class Past:
    """What earlier runs saw of a target, as far as it may be worth a finding now.

    ``recovered_from`` is the reason by which it was broken until this run; ``changes`` counts how often it went or
    came back lately; ``first_repository_id`` is the number of the repository that was first seen under its name.
    """

    target_id: str
    recovered_from: str | None = None
    changes: int = 0
    first_repository_id: int | None = None


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


@record(frozen=True, slots=True, kw_only=True)
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


@record(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True)
class Glimpse:
    """The names of what a target stands for, without all else that is known of it."""

    type: str
    title: str | None = None
    full_name: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Described:
    """An entry, and what its targets stand for, by id: of those alone that are there and whose metadata are fresh."""

    entry: ReportEntry
    things: Mapping[str, Glimpse]


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """How things stood after an earlier run."""

    started_at: datetime
    by_status: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What a report may tell of earlier runs: what changed, and how things stood."""

    changes: Changes | None = None
    nights: Sequence[Night] = ()


def no_stars(_id: str) -> Sequence[tuple[date, int]]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report as renderers get it: the header, and rows that are read once, in order.

    ``rows`` are functions that start a fresh iteration, so that no list of a million targets exists. ``earlier``,
    ``stars_of`` (of a repository, by day, oldest first) and ``language`` are for people: they are not part of the
    published JSON. Nor is ``folder``, from which the paths of documents go, with the top of its repository: for tools
    that count from there. ``target_array`` is what the published JSON says of the
    targets, where it was made while they were counted.
    """

    run: ReportRun
    summary: ReportSummary
    documents: Callable[[], Iterable[ReportDocument]]
    targets: Callable[[], Iterable[ReportTarget]]
    findings: Callable[[], Iterable[Finding]]
    entries: Callable[[], Iterable[ReportEntry]]
    earlier: Earlier = field(default_factory=Earlier)
    stars_of: Callable[[str], Sequence[tuple[date, int]]] = no_stars
    language: str = "en"
    folder: tuple[str, str] | None = None
    target_array: Callable[[], Iterable[Shown]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A report format: a name, its file suffix, and a function that yields text. Pure.

    ``tells_earlier`` says whether it has a use for what is known of earlier runs.
    """

    name: str
    suffix: str
    render: Callable[[Report], Iterable[Shown]]
    tells_earlier: bool = False
