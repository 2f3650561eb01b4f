"""Plain text: one finding a line, counted at the end.

The reader is somebody whose pull request went red, or who opens the mail of last night's job: first what
to do, then how much there is, then what could not be told and why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from enrich.model import Finding, Format, Report, ReportTarget, Severity, Status
from enrich.text import printable

_UNSURE = (Status.BLOCKED, Status.UNREACHABLE)


def place(finding: Finding) -> str:
    """``docs/papers.md:41:7``, as editors and logs make it a link."""
    parts = (finding.document, finding.line, finding.column)
    return ":".join(printable(str(part)) for part in parts if part is not None)


def line(finding: Finding, target: ReportTarget | None) -> str:
    """``path:line:column: reason  url  (what to do)``."""
    what = f"{place(finding)}: {finding.code}" if finding.document else finding.code
    address = target.url if target is not None else finding.target
    told = "; ".join(
        [finding.message.rstrip("."), *_way_out(finding), *(history(target) if target else ())]
    )
    return f"{what}{'  ' + printable(address) if address else ''}  ({printable(told)})"


def _way_out(finding: Finding) -> Iterator[str]:
    """The better address, where the message does not name it already."""
    if finding.suggestion is not None and finding.suggestion.url not in finding.message:
        yield f"try {finding.suggestion.url}"


def history(target: ReportTarget) -> Iterator[str]:
    """What is remembered of a target that is not fine."""
    if target.status in (Status.OK, Status.REDIRECTED):
        return
    if target.confirmed and target.first_failed_at:
        yield f"confirmed, since {target.first_failed_at:%Y-%m-%d}"
    elif target.failed_checks > 1:
        yield f"failed in {target.failed_checks} checks"
    if target.last_ok_at:
        yield f"last seen alive {target.last_ok_at:%Y-%m-%d}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """``1 link``, ``2 links``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def _statuses(report: Report) -> str:
    counts = report.summary.by_status
    return ", ".join(f"{counts[status]} {status}" for status in Status if counts[status])


def _unsure(targets: Iterator[ReportTarget]) -> Iterator[str]:
    reasons = Counter(target.reason for target in targets if target.status in _UNSURE)
    if reasons:
        listed = ", ".join(f"{reason} {number}" for reason, number in sorted(reasons.items()))
        yield f"could not be told ({counted(sum(reasons.values()), 'target')}): {listed}\n"


def headline(report: Report) -> str:
    """One line that says how things stand."""
    summary = report.summary
    return (
        f"{counted(summary.links, 'link')} in {counted(summary.documents, 'document')}, "
        f"{counted(summary.targets, 'target')}: {_statuses(report) or 'nothing to check'}"
    )


def _tail(report: Report) -> Iterator[str]:
    summary = report.summary
    yield headline(report) + "\n"
    if any(summary.by_status[status] for status in _UNSURE):
        yield from _unsure(iter(report.targets()))
    if summary.deferred:
        yield f"{counted(summary.deferred, 'target')} wait for a later run, by the manners of their hosts\n"
    if report.run.since or report.run.until:
        yield f"{counted(summary.undated_links, 'link')} without a known date\n"
    if notes := summary.findings["note"]:
        yield f"{counted(notes, 'note')} in the JSON report\n"


def banner(report: Report) -> list[str]:
    """What must be known before anything else is read: that the run is not complete, why, and what to do."""
    opening = "" if report.run.complete else "The run is not complete: "
    told = [f"{opening}{warning.message}." for warning in report.run.warnings]
    return told or ([] if report.run.complete else ["The run is not complete."])


def render(report: Report) -> Iterator[str]:
    if told := banner(report):
        yield "".join(f"{printable(line)}\n" for line in told) + "\n"
    shown = [finding for finding in report.findings() if finding.severity is not Severity.NOTE]
    wanted = {finding.target for finding in shown}
    targets = {target.id: target for target in report.targets() if target.id in wanted} if wanted else {}
    for severity in (Severity.ERROR, Severity.WARNING):
        for finding in shown:
            if finding.severity is severity:
                yield line(finding, targets.get(finding.target or "")) + "\n"
    if shown:
        yield "\n"
    yield from _tail(report)


FORMAT = Format(name="text", suffix="txt", render=render)
