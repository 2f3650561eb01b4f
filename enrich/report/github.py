"""Workflow commands: annotations on the lines of a pull request.

The runner shows the first ten errors and ten warnings of a step, so that the most urgent come first; the rest
stands in the step summary. Of the notes only what was let through is told, as in text; the runner calls it a notice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from enrich.model import Finding, Format, Report, ReportTarget, Severity, Shown
from enrich.report._findings import message, path_in_repository, targets_of, worth_showing
from enrich.report.text import banner, headline
from enrich.text import fill, workflow_command

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
# The runner takes so many of each from one step.
MOST_OF_EACH = 10


def render(report: Report) -> Iterator[Shown]:
    for line in banner(report):
        yield workflow_command("warning", {"title": "enrich"}, line)
    yield from _annotations(report, worth_showing(report))
    yield fill("{}\n", headline(report))


def folded_annotations(report: Report) -> Iterator[Shown]:
    """What the runner takes, folded away in the log, for behind a report that tells the same in text."""
    shown = worth_showing(report)
    chosen = [
        finding
        for severity in _COMMANDS
        for finding in islice((one for one in shown if one.severity is severity), MOST_OF_EACH)
    ]
    if chosen:
        yield workflow_command("group", {}, "annotations")
        yield from _annotations(report, chosen)
        yield workflow_command("endgroup", {}, "")


def _annotations(report: Report, findings: Sequence[Finding]) -> Iterator[Shown]:
    targets = targets_of(report, findings)
    for finding in findings:
        file = None if finding.document is None else path_in_repository(report, finding.document)
        yield _annotation(finding, file, targets.get(finding.target or ""))


def _annotation(finding: Finding, file: str | None, target: ReportTarget | None) -> Shown:
    where = {"file": file, "line": finding.line, "col": finding.column}
    known = {name: str(value) for name, value in where.items() if value is not None}
    return workflow_command(
        _COMMANDS[finding.severity], known | {"title": finding.code}, message(finding, target)
    )


FORMAT = Format(name="github", suffix="github.txt", render=render)
