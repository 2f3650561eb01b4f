"""Plain text: one finding a line, counted at the end.

The reader is somebody whose pull request went red, or who opens the mail of last night's job: first what
to do, then how much there is, then what could not be told and why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from enrich.model import Finding, Format, Report, ReportTarget, Severity, Shown, Status
from enrich.report._findings import SEVERITIES, address, explained, place, targets_of, worth_showing
from enrich.text import fill, joined, printable

_UNSURE = (Status.BLOCKED, Status.UNREACHABLE)


def line(finding: Finding, target: ReportTarget | None) -> Shown:
    """``path:line:column: reason  url  (what to do)``."""
    code, where = printable(finding.code), printable(place(finding))
    what = fill("{}: {}", where, code) if finding.document else code
    url = address(finding, target)
    about = fill("{}  {}", what, printable(url)) if url else what
    return fill("{}  ({})", about, printable(explained(finding, target)))


def counted(number: int, one: str, many: str | None = None) -> Shown:
    """``1 link``, ``2 links``; the words are ours."""
    return fill("{} {}", number, printable(one if number == 1 else many or one + "s"))


def _statuses(report: Report) -> Shown:
    counts = report.summary.by_status
    told = [fill("{} {}", counts[status], status) for status in Status if counts[status]]
    return joined(", ", told) if told else fill("nothing to check")


def _unsure(targets: Iterator[ReportTarget]) -> Iterator[Shown]:
    reasons = Counter(target.reason for target in targets if target.status in _UNSURE)
    if reasons:
        listed = [fill("{} {}", printable(reason), number) for reason, number in sorted(reasons.items())]
        total = counted(sum(reasons.values()), "target")
        yield fill("could not be told ({}): {}\n", total, joined(", ", listed))


def headline(report: Report) -> Shown:
    """One line that says how things stand."""
    summary = report.summary
    return fill(
        "{} in {}, {}: {}",
        counted(summary.links, "link"),
        counted(summary.documents, "document"),
        counted(summary.targets, "target"),
        _statuses(report),
    )


_LET_THROUGH = "let through, there before or accepted"


def _totals(shown: Sequence[Finding]) -> Iterator[Shown]:
    """How many there are of each severity and code, the most first."""
    for severity in SEVERITIES:
        codes = Counter(finding.code for finding in shown if finding.severity is severity)
        if not codes:
            continue
        ordered = sorted(codes.items(), key=lambda pair: (-pair[1], pair[0]))
        number = sum(codes.values())
        total = (
            fill("{} {}", number, printable(_LET_THROUGH))
            if severity is Severity.NOTE
            else counted(number, severity)
        )
        told = joined(", ", [fill("{} {}", printable(code), count) for code, count in ordered])
        yield fill("{}: {}\n", total, told)


def first_failing(number: int, first: Sequence[Finding], *, by_change: bool) -> Shown:
    """How many findings fail a check, and where the first are."""
    fails = "finding fails" if number == 1 else "findings fail"
    brought = ", which this change brought" if by_change else ""
    named = [fill("{} {}", printable(place(one)), printable(one.code)) for one in first]
    more = f" and {number - len(first)} more" if number > len(first) else ""
    return fill(
        "failed: {} {}{}: {}{}",
        number,
        printable(fails),
        printable(brought),
        joined(", ", named),
        printable(more),
    )


def _tail(report: Report, shown: Sequence[Finding]) -> Iterator[Shown]:
    summary = report.summary
    yield fill("{}\n", headline(report))
    yield from _totals(shown)
    if any(summary.by_status[status] for status in _UNSURE):
        yield from _unsure(iter(report.targets()))
    if summary.deferred:
        waiting = counted(summary.deferred, "target")
        told = "wait for a later run: their hosts have had their share, ask for it, or take no connection"
        yield fill("{} {}\n", waiting, printable(told))
    if report.run.since or report.run.until:
        yield fill("{} without a known date\n", counted(summary.undated_links, "link"))
    if notes := summary.findings["note"] - sum(finding.severity is Severity.NOTE for finding in shown):
        yield fill("{} in the JSON report\n", counted(notes, "note"))


# Worth knowing, and no reason to read anything else differently.
_ASIDES = frozenset(
    {
        *("addresses-by-proxy", "baseline-stale", "baseline-updated"),
        *("github-budget", "github-no-token", "waiting"),
    }
)


def banner(report: Report) -> list[str]:
    """What must be known before anything else is read: that the run is not complete, why, and what to do."""
    opening = "" if report.run.complete else "The run is not complete: "
    told = [
        f"{opening}{warning.message}." for warning in report.run.warnings if warning.code not in _ASIDES
    ]
    return told or ([] if report.run.complete else ["The run is not complete."])


def asides(report: Report) -> list[str]:
    """What is said at the end."""
    return [warning.message for warning in report.run.warnings if warning.code in _ASIDES]


def render(report: Report) -> Iterator[Shown]:
    for told in banner(report):
        yield fill("{}\n", printable(told))
    if banner(report):
        yield fill("\n")
    shown = worth_showing(report)
    targets = targets_of(report, shown)
    for finding in shown:
        yield fill("{}\n", line(finding, targets.get(finding.target or "")))
    if shown:
        yield fill("\n")
    yield from _tail(report, shown)
    for told in asides(report):
        yield fill("note: {}\n", printable(told))


FORMAT = Format(name="text", suffix="txt", render=render)
