"""What a store promises, whatever keeps the rows.

The store is the spine of a run: documents and links go in, batches of due targets come out, and results
are durable when `record` returns. All methods take and give batches. Times are aware and in UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol, TypeVar

from enrich.model import (
    CheckResult,
    DateSource,
    Described,
    Finding,
    Identity,
    Link,
    Metadata,
    Past,
    ReportDocument,
    ReportEntry,
    ReportTarget,
    Status,
    Target,
    TargetState,
)
from enrich.model.records import record
from enrich.store.history import Confirmation

T = TypeVar("T")

# A host that is to be left alone for longer was stored by a wrong clock: believed, nobody would ask it ever again.
BELIEVED_HOLD = timedelta(hours=26)


@record(frozen=True, slots=True, kw_only=True)
class FoundTarget:
    """What links resolve to, the lane in which it is asked, and whether an API can decide it."""

    identity: Identity
    host: str
    asks_api: bool = False


@record(frozen=True, slots=True, kw_only=True)
class FoundLink:
    """A link with its target, its date, and why it is not asked, if so."""

    link: Link
    target: FoundTarget
    date: str | None = None
    skip: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundDocument:
    """A document that was read, with its links in reading order; ``undated`` counts links left out without a date.

    ``implied`` are targets that no link leads to but that a link's page is about.
    """

    path: str
    title: str | None
    date: str | None
    date_source: DateSource
    links: Sequence[FoundLink]
    implied: Sequence[FoundTarget] = ()
    findings: Sequence[Finding] = ()
    entries: Sequence[ReportEntry] = ()
    undated: int = 0


@dataclass(frozen=True, slots=True)
class Mark:
    """What was read of one place: two runs with the same mark find the same there.

    ``key`` is a hash of all that decides but for the places that ``leads`` lead to: paths as written in the document,
    each with the id of its target and why it is not asked, if so. What could not be read is ``unreadable``.
    """

    key: str
    unreadable: bool
    leads: Sequence[tuple[str, str, str | None]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run. ``started_at`` is that of the first start when a killed run is resumed."""

    id: str
    started_at: datetime
    resumed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ages:
    """After how many seconds a target is asked again, by what its last check gave.

    ``by_kind`` holds (ok, metadata) per kind, and ``spread_by_kind`` how much an *ok* may last shorter or longer;
    ``max_age`` replaces all of it; ``refresh`` makes everything due; ``metadata`` says whether missing or old
    metadata make a target due; ``broken_again`` asks every stored *broken* before it is stated.
    """

    by_kind: Mapping[str, tuple[float, float]]
    spread_by_kind: Mapping[str, float] = field(default_factory=dict)
    broken: float = 86400.0
    blocked: float = 86400.0
    unreachable: float = 86400.0
    confirmed: float = 30 * 86400.0
    confirmed_spread: float = 0.0
    max_age: float | None = None
    refresh: bool = False
    metadata: bool = True
    broken_again: bool = False


@record(frozen=True, slots=True, kw_only=True)
class DueTarget:
    """A target to ask, whether its metadata are wanted, and whether none are stored so far.

    ``was`` is the verdict that stands so far, None for one never asked; ``doubted_since`` is when one that was alive
    first seemed gone together with too many others; ``last`` is that of its `Identity`.
    """

    target: Target
    wants_metadata: bool
    lacks_metadata: bool = False
    was: Status | None = None
    doubted_since: datetime | None = None
    last: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedTurns:
    """When those that wait for a turn at a host will have it: ``share`` of them in each run, None for all at once.

    ``told`` says so to people, of one that the run with this number will ask, 1 for the next.
    """

    host: str
    share: int | None
    told: Callable[[int], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheInfo:
    """How much a cache holds, and over which time; ``by_status`` counts targets by the verdict that stands."""

    targets: int
    checks: int
    runs: int
    bytes: int
    oldest_check: datetime | None
    newest_check: datetime | None
    by_status: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """How many stars a repository gained (or lost, below zero) from the first day to the last."""

    since: date
    until: date
    stars: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stars:
    """The stars of one repository by day, oldest first; days on which nobody asked are missing."""

    days: tuple[tuple[date, int], ...]

    def gain_since(self, day: date) -> Gain | None:
        """The gain since what was known on that day, or since the first day known where that is later.

        None where there is nothing to compare: one number alone.
        """
        if len(self.days) < 2:
            return None
        *earlier, (last, stars) = self.days
        known = [one for one in earlier if one[0] <= day]
        since, before = known[-1] if known else earlier[0]
        return Gain(since=since, until=last, stars=stars - before)


class Rows(Protocol):
    """What a report is made from: the present run's rows, in their stable order. Synchronous."""

    def documents(self) -> Iterator[ReportDocument]: ...
    def targets(self) -> Iterator[ReportTarget]: ...
    def pasts(self) -> Iterator[Past]:
        """What earlier runs saw of the same targets, in the same order; those without a past may be left out."""
        ...

    def entries(self) -> Iterator[ReportEntry]: ...
    def repeated(self) -> Iterator[tuple[str, ReportEntry]]:
        """Targets that several entries name as article or paper, each with those entries, by target and place."""
        ...

    def described(self) -> Iterator[Described]:
        """Entries with what their targets stand for, by place; those alone of whose targets something is known."""
        ...

    def metadata_of(self, ids: Set[str]) -> Mapping[str, tuple[Metadata, str | None]]:
        """All that is known of targets that are there and whose metadata are fresh, with the source, by id."""
        ...

    def place_of(self, document: str, line: int, target: str) -> tuple[int, str | None] | None:
        """The column and the label of a link to a target in a line of a document.

        None where many other links to the target come before it.
        """
        ...

    def stars_of(self, id_: str) -> Sequence[tuple[date, int]]:
        """The stars of a repository by day, oldest first; empty for whatever has none."""
        ...

    def findings(self) -> Iterator[Finding]: ...
    def undated_links(self) -> int: ...
    def deferred(self) -> int: ...
    def withheld(self, limit: int) -> tuple[int, list[str]]:
        """Linked targets that seemed gone in an earlier run, were not believed so, and were not asked in this one:
        how many, and the addresses of the first ``limit``."""
        ...


class Store(Protocol):
    """An asynchronous store; used by one run at a time, which `enrich.store.lock` sees to."""

    @property
    def standing(self) -> int:
        """How many places the run before took in and reported, until `keep` or the first `add`."""
        ...

    async def marks(self, begin: int, count: int) -> Sequence[Mark]:
        """At most so many marks of these, in their order, behind the first ``begin``: all of them may be many."""
        ...

    async def begin(self, *, version: str, options: str, now: datetime, fresh: bool) -> Run:
        """Start a run, or go on with one that was killed with the same options within a day."""
        ...

    async def keep(self) -> None:
        """Let all that stands be of this run, as if it had been added now."""
        ...

    async def add(
        self,
        documents: Sequence[FoundDocument],
        findings: Sequence[Finding] = (),
        marks: Sequence[Mark] = (),
    ) -> None:
        """Add documents in reading order. The URL of a target is that of its first link, or the last preferred."""
        ...

    async def recall(self, keys: Sequence[str]) -> Mapping[str, FoundDocument]:
        """What was found in documents by the keys of their marks, as far as it is remembered."""
        ...

    async def remember(self, new: Mapping[str, FoundDocument], again: Sequence[str]) -> None:
        """Remember what was found by the keys of marks, and that what was remembered was of use ``again``."""
        ...

    async def settle(self, *, is_tidy: bool) -> None:
        """Say that a report was made of all that was to be added, so that it stands for the next run.

        Unless it ``is_tidy``, what is remembered of documents that have long vanished is forgotten.
        """
        ...

    async def plan(self, ages: Ages, now: datetime) -> int:
        """Decide which targets of this run are due, once all documents are in; how many there are."""
        ...

    async def hosts(self) -> Sequence[tuple[str, int]]:
        """Hosts with due targets that are asked at their own address, and how many, by name."""
        ...

    async def pages(self) -> Sequence[tuple[str, int]]:
        """The same hosts, each with how many of those targets are asked for their metadata too; others left out."""
        ...

    async def kinds_by_api(self) -> Sequence[str]:
        """Kinds with due targets that an API can decide."""
        ...

    async def due_by_api(self) -> Sequence[tuple[str, int]]:
        """Those kinds, each with the number of its due targets."""
        ...

    async def take(self, host: str, limit: int) -> list[DueTarget]:
        """Take due targets of a host: never checked, then broken unconfirmed, then without answer, then the oldest."""
        ...

    async def take_for_api(self, kind: str, limit: int) -> list[DueTarget]:
        """Take due targets of a kind that its API can decide, in the same order."""
        ...

    async def release(self, ids: Sequence[str]) -> None:
        """Give back targets that an API could not decide; they are asked at their own address."""
        ...

    async def release_unasked(self, ids: Sequence[str]) -> None:
        """The same for targets about which the API was not asked: those whose verdict is fresh wait for another run."""
        ...

    async def put_back(self, ids: Sequence[str]) -> None:
        """Make targets due again that were taken, and asked in vain during an outage or deferred in it."""
        ...

    async def canaries(self, limit: int) -> Sequence[str]:
        """Addresses that have been alive for longest, of as many different hosts, those asked by https alone."""
        ...

    async def record(self, results: Sequence[CheckResult], rule: Confirmation) -> Sequence[TargetState]:
        """Store results in one transaction, durable on return; the states that now stand."""
        ...

    async def defer(self, ids: Sequence[str], reason: str) -> None:
        """Say why targets were not asked in this run."""
        ...

    async def defer_host(self, host: str, reason: str, keep: int = 0) -> int:
        """Defer all due targets of a host but the ``keep`` most urgent; how many were deferred."""
        ...

    async def defer_rest(self, reason: str) -> int:
        """Defer whatever is still due or taken; how many were deferred."""
        ...

    async def waiting(self) -> Sequence[tuple[str, int]]:
        """Hosts with targets that wait for a turn at their own address, and how many are linked, by name."""
        ...

    async def expect(self, turns: Sequence[ExpectedTurns]) -> None:
        """Say of those that wait for a turn when it is expected, in the order in which they will be asked."""
        ...

    async def asked_since(self, host: str, since: datetime) -> int:
        """How many checks of a host's targets were made since then, in any run."""
        ...

    async def hold_hosts(self, holds: Mapping[str, datetime]) -> None:
        """Remember until when hosts want to be left alone; of two moments for one host the later stays.

        A moment more than a day ahead is not believed when it is read, so that longer holds are cut before.
        """
        ...

    async def held_hosts(self, now: datetime) -> Mapping[str, datetime]:
        """Hosts that want to be left alone now, and until when: at most a day or so, whatever was stored."""
        ...

    async def finish(self, *, complete: bool, now: datetime) -> None:
        """The run is over, complete or not; it will not be resumed. The first of a month thins old history."""
        ...

    async def read(self, use: Callable[[Rows], T]) -> T:
        """Call ``use`` with the rows of the present run, outside the event loop."""
        ...

    async def stars(self, ids: Sequence[str]) -> Mapping[str, Stars]:
        """The stars over time of a batch of repositories; those without any are left out."""
        ...

    async def info(self) -> CacheInfo: ...
    async def prune(self, unused_since: datetime, now: datetime) -> int:
        """Forget targets that no run has met since then; how many. Old history of the others is thinned."""
        ...

    async def close(self) -> None: ...
