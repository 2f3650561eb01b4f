"""From the rows of a run to its report: one pass to count and to find, and the rows themselves to render."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from enrich import __version__, mismatch
from enrich.config import Settings
from enrich.findings import Policy, findings_of, order
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a report says of the run itself."""

    run: Run
    complete: bool
    requests: int
    warnings: Sequence[ReportWarning]
    finished_at: datetime
    unreadable: int
    internal_errors: Sequence[Finding]
    settings: Settings


def _zeroes() -> dict[str, int]:
    return {str(status): 0 for status in Status}


@dataclass(slots=True)
class _Tally:
    """What is counted while the targets go by once."""

    links: int = 0
    targets: int = 0
    from_cache: int = 0
    failed: bool = False
    by_status: dict[str, int] = field(default_factory=_zeroes)
    by_kind: dict[str, dict[str, int]] = field(default_factory=dict)
    severities: dict[str, int] = field(default_factory=lambda: {str(severity): 0 for severity in Severity})

    def add(self, target: ReportTarget) -> None:
        self.links += len(target.links)
        self.targets += 1
        self.from_cache += target.from_cache
        self.by_status[str(target.status)] += 1
        self.by_kind.setdefault(target.kind, _zeroes())[str(target.status)] += 1


@contextmanager
def report_of(rows: Rows, policy: Policy, header: Header) -> Iterator[tuple[Report, bool]]:
    """While it lasts, the report of a run, and whether what fails it was met."""
    tally = _Tally()
    findings = policy.applied(_found(rows, policy, header, tally))
    with sorted_findings(_counted(findings, policy, tally), order) as found:
        report = Report(
            run=_run(header, tally),
            summary=_summary(rows, header, tally),
            documents=rows.documents,
            targets=rows.targets,
            findings=found,
            entries=rows.entries,
            stars_of=rows.stars_of,
        )
        yield report, tally.failed


def _found(rows: Rows, policy: Policy, header: Header, tally: _Tally) -> Iterator[Finding]:
    """All findings, one by one; the targets are counted as they go by."""
    yield from rows.findings()
    yield from header.internal_errors
    others = OtherAddresses(document.path for document in rows.documents())
    for target, past in _with_pasts(rows):
        tally.add(target)
        others.note(target)
        tally.failed = tally.failed or policy.fails(target)
        yield from findings_of(target, policy, past)
        yield from mismatch.of_target(target)
    yield from mismatch.of_entries(rows)
    yield from repeats(rows.repeated(), (document.path for document in rows.documents()))
    yield from others.beside(rows.repeated())


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


def _counted(findings: Iterable[Finding], policy: Policy, tally: _Tally) -> Iterator[Finding]:
    for finding in findings:
        tally.severities[finding.severity] += 1
        tally.failed = tally.failed or finding.code in policy.fail_on
        yield finding


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


def _run(header: Header, tally: _Tally) -> ReportRun:
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
        warnings=list(header.warnings),
    )
