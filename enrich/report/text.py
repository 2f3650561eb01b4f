"""Plain text: one finding a line, counted at the end.

The reader is somebody whose pull request went red, or who opens the mail of last night's job: first what
to do, then how much there is, then what could not be told and why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from enrich.model import UNSURE, Finding, Format, Report, ReportTarget, Severity, Shown, Status
from enrich.report._findings import SEVERITIES, address, explained, place, targets_of, worth_showing
from enrich.report.words import words
from enrich.text import fill, joined, printable


def line(finding: Finding, target: ReportTarget | None, language: str = "en") -> Shown:
    """``path:line:column: reason  url  (what to do)``."""
    code, where = printable(finding.code), printable(place(finding))
    what = fill("{}: {}", where, code) if finding.document else code
    url = address(finding, target)
    about = fill("{}  {}", what, printable(url)) if url else what
    return fill("{}  ({})", about, printable(explained(finding, target, language)))


def counted(number: int, name: str, language: str = "en") -> str:
    """``1 link``, ``2 links``, ``2 个链接``; ``name`` is the English word for one."""
    return f"{number} {words(language)[name if number == 1 else name + 's']}"


def _statuses(report: Report, language: str) -> str:
    counts, told = report.summary.by_status, words(language)
    shown = [f"{counts[status]} {told[f'status:{status}']}" for status in Status if counts[status]]
    return told["comma"].join(shown) or told["nothing"]


def _unsure(report: Report) -> Iterator[Shown]:
    """What could not be told, counted by reason."""
    told = words(report.language)
    reasons = Counter(target.reason for target in report.targets() if target.status in UNSURE)
    if reasons:
        listed = [f"{reason} {number}" for reason, number in sorted(reasons.items())]
        total = counted(sum(reasons.values()), "target", report.language)
        said = told["unsure"].format(targets=total, reasons=told["comma"].join(listed))
        yield fill("{}\n", printable(said))


def headline(report: Report, language: str = "en") -> Shown:
    """One line that says how things stand."""
    summary = report.summary
    return printable(
        words(language)["headline"].format(
            links=counted(summary.links, "link", language),
            documents=counted(summary.documents, "document", language),
            targets=counted(summary.targets, "target", language),
            statuses=_statuses(report, language),
        )
    )


def _totals(shown: Sequence[Finding], language: str) -> Iterator[Shown]:
    """How many there are of each severity and code, the most first."""
    told = words(language)
    for severity in SEVERITIES:
        codes = Counter(finding.code for finding in shown if finding.severity is severity)
        if not codes:
            continue
        ordered = sorted(codes.items(), key=lambda pair: (-pair[1], pair[0]))
        total = counted(sum(codes.values()), f"finding_{severity}", language)
        listed = told["comma"].join(f"{code} {count}" for code, count in ordered)
        yield fill("{}\n", printable(f"{total}{told['colon']}{listed}"))


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
    summary, language = report.summary, report.language
    told = words(language)
    yield fill("{}\n", headline(report, language))
    yield from _totals(shown, language)
    if any(summary.by_status[status] for status in UNSURE):
        yield from _unsure(report)
    said = []
    if summary.deferred:
        waiting = told["deferred_one" if summary.deferred == 1 else "deferred"]
        said.append(waiting.format(targets=counted(summary.deferred, "target", language)))
    if report.run.since or report.run.until:
        said.append(told["undated"].format(links=counted(summary.undated_links, "link", language)))
    if notes := summary.findings["note"] - sum(finding.severity is Severity.NOTE for finding in shown):
        said.append(told["in_json"].format(notes=counted(notes, "note", language)))
    yield from (fill("{}\n", printable(one)) for one in said)


# Worth knowing, and no reason to read anything else differently.
_ASIDES = frozenset(
    {
        *("addresses-by-proxy", "baseline-stale", "baseline-updated"),
        *("github-budget", "github-no-token", "waiting"),
        *("arxiv-unavailable", "github-unavailable"),
    }
)


def banner(report: Report, language: str = "en") -> list[str]:
    """What must be known before anything else is read: that the run is not complete, why, and what to do."""
    incomplete = words(language)["not_complete"]
    opening = "" if report.run.complete else f"{incomplete}{words(language)['colon']}"
    told = [
        f"{opening}{warning.message}." for warning in report.run.warnings if warning.code not in _ASIDES
    ]
    return told or ([] if report.run.complete else [f"{incomplete}{words(language)['stop']}"])


def asides(report: Report) -> list[str]:
    """What is said at the end."""
    return [warning.message for warning in report.run.warnings if warning.code in _ASIDES]


def render(report: Report) -> Iterator[Shown]:
    language = report.language
    for told in banner(report, language):
        yield fill("{}\n", printable(told))
    if banner(report):
        yield fill("\n")
    shown = worth_showing(report)
    targets = targets_of(report, shown)
    for finding in shown:
        yield fill("{}\n", line(finding, targets.get(finding.target or ""), language))
    if shown:
        yield fill("\n")
    yield from _tail(report, shown)
    for told in asides(report):
        yield fill("{}\n", printable(f"{words(language)['aside']}{words(language)['colon']}{told}"))


FORMAT = Format(name="text", suffix="txt", render=render)
