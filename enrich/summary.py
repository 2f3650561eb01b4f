"""From the rows of a run to its report: one pass to count and to find, and the rows themselves to render."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from tempfile import TemporaryFile
from typing import NamedTuple

from enrich import __version__, mismatch
from enrich.baseline import Settled
from enrich.config import Settings
from enrich.findings import Weighed, findings_of, order
from enrich.gate import Gate
from enrich.interrupts import heeding
from enrich.json_rows import JsonRows
from enrich.model import (
    Finding,
    Past,
    Report,
    ReportRun,
    ReportSummary,
    ReportTarget,
    ReportWarning,
    Severity,
    Status,
)
from enrich.repeats import OtherAddresses, repeats
from enrich.sorting import sorted_findings
from enrich.store.protocol import Rows, Run
from enrich.text import json_row

# So many are named again in the last lines of a check that fails.
FIRST_FAILING = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a report says of the run itself. ``is_for_json`` if it will be written as JSON, among other forms.

    ``heed`` is called for each row, and raises where nobody waits for the report any more.
    """

    run: Run
    complete: bool
    requests: int
    warnings: Sequence[ReportWarning]
    finished_at: datetime
    unreadable: int
    internal_errors: Sequence[Finding]
    settings: Settings
    is_for_json: bool = False
    heed: Callable[[], None] = lambda: None


def _zeroes() -> dict[str, int]:
    return {str(status): 0 for status in Status}


@dataclass(slots=True)
class _Tally:
    """What is counted while the targets go by once."""

    links: int = 0
    targets: int = 0
    from_cache: int = 0
    failing: int = 0
    first_failing: list[Finding] = field(default_factory=list)
    by_status: dict[str, int] = field(default_factory=_zeroes)
    by_kind: dict[str, dict[str, int]] = field(default_factory=dict)
    severities: dict[str, int] = field(default_factory=lambda: {str(severity): 0 for severity in Severity})

    def fail(self, finding: Finding) -> None:
        self.failing += 1
        self.first_failing = sorted([*self.first_failing, finding], key=order)[:FIRST_FAILING]

    def add(self, target: ReportTarget) -> None:
        self.links += len(target.links)
        self.targets += 1
        self.from_cache += target.from_cache
        status = target.status.value
        self.by_status[status] += 1
        if target.kind not in self.by_kind:
            self.by_kind[target.kind] = _zeroes()
        self.by_kind[target.kind][status] += 1


class Made(NamedTuple):
    """A report, how many of its findings fail the command, the first of them, and what became of the baseline."""

    report: Report
    failing: int
    first_failing: list[Finding]
    settled: Settled | None


@contextmanager
def report_of(rows: Rows, gate: Gate, header: Header) -> Iterator[Made]:
    """While it lasts, the report of a run."""
    tally = _Tally()
    with (
        _json_rows(header) as encoded,
        sorted_findings(_counted(_found(rows, gate, header, (tally, encoded)), tally), order) as found,
    ):
        settled = gate.settled(document.path for document in rows.documents())
        report = Report(
            run=_run(header, tally, gate.remarks(settled)),
            summary=_summary(rows, header, tally),
            documents=heeding(rows.documents, header.heed),
            targets=heeding(rows.targets, header.heed),
            findings=heeding(found, header.heed),
            entries=heeding(rows.entries, header.heed),
            stars_of=rows.stars_of,
            target_array=heeding(encoded.array, header.heed)
            if encoded is not None and encoded.finish()
            else None,
        )
        yield Made(report, tally.failing, tally.first_failing, settled)


@contextmanager
def _json_rows(header: Header) -> Iterator[JsonRows | None]:
    """A place for targets as JSON, where it is of use and there is one: else they are read again from the store."""
    with ExitStack() as files:
        file = None
        if header.is_for_json:
            with suppress(OSError):
                file = files.enter_context(TemporaryFile("w+", encoding="utf-8", newline="\n"))
        yield None if file is None else JsonRows(file)


def _found(
    rows: Rows, gate: Gate, header: Header, noted: tuple[_Tally, JsonRows | None]
) -> Iterator[Weighed | None]:
    """All findings, one by one; the targets are counted, and encoded, as they go by."""
    tally, encoded = noted
    for finding in chain(rows.findings(), header.internal_errors):
        yield gate.judged(finding, None)
    others = OtherAddresses(_paths(rows))
    for target, past in _with_pasts(rows):
        header.heed()
        tally.add(target)
        if encoded is not None and encoded.is_whole:
            encoded.add(json_row(target))
        others.note(target)
        gate.saw(target)
        for finding in chain(findings_of(target, gate.policy, past), mismatch.of_target(target)):
            yield gate.judged(finding, target)
    of_entries = chain(
        mismatch.of_entries(rows), repeats(rows.repeated(), _paths(rows)), others.beside(rows.repeated())
    )
    for finding in of_entries:
        yield gate.judged(finding, None)


def _paths(rows: Rows) -> Iterator[str]:
    return (document.path for document in rows.documents())


def _with_pasts(rows: Rows) -> Iterator[tuple[ReportTarget, Past | None]]:
    """Targets and their pasts, which come in the same order with some left out, so that neither is held as a whole."""
    pasts = rows.pasts()
    past = next(pasts, None)
    for target in rows.targets():
        if past is None or past.target_id != target.id:
            yield target, None
            continue
        yield target, past
        past = next(pasts, None)


def _counted(findings: Iterable[Weighed | None], tally: _Tally) -> Iterator[Finding]:
    for weighed in findings:
        if weighed is not None:
            tally.severities[weighed.finding.severity] += 1
            if weighed.fails:
                tally.fail(weighed.finding)
            yield weighed.finding


def _summary(rows: Rows, header: Header, tally: _Tally) -> ReportSummary:
    return ReportSummary(
        documents=sum(1 for _ in rows.documents()),
        documents_skipped=header.unreadable,
        links=tally.links,
        undated_links=rows.undated_links(),
        targets=tally.targets,
        deferred=rows.deferred(),
        by_status=tally.by_status,
        by_kind=dict(sorted(tally.by_kind.items())),
        findings=tally.severities,
    )


def _run(header: Header, tally: _Tally, remarks: Sequence[ReportWarning]) -> ReportRun:
    return ReportRun(
        id=header.run.id,
        version=__version__,
        started_at=header.run.started_at.replace(microsecond=0),
        finished_at=header.finished_at.replace(microsecond=0),
        complete=header.complete,
        since=header.settings["since"],
        until=header.settings["until"],
        requests=header.requests,
        from_cache=tally.from_cache,
        warnings=[*header.warnings, *remarks],
    )
