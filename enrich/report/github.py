"""Workflow commands: annotations on the lines of a pull request.

The runner shows the first ten errors and ten warnings of a step, so that the most urgent come first; the rest
stands in the step summary. Notes are left to the other formats, as in text.
"""

from __future__ import annotations

from collections.abc import Iterator

from enrich.model import Finding, Format, Report, ReportTarget, Severity, Shown
from enrich.report._findings import message, most_urgent, targets_of
from enrich.report.text import banner, headline
from enrich.text import fill, workflow_command

_SHOWN = (Severity.ERROR, Severity.WARNING)


def render(report: Report) -> Iterator[Shown]:
    for line in banner(report):
        yield workflow_command("warning", {"title": "enrich"}, line)
    found = most_urgent(report, _SHOWN)
    targets = targets_of(report, found)
    for finding in found:
        yield _annotation(finding, targets.get(finding.target or ""))
    yield fill("{}\n", headline(report))


def _annotation(finding: Finding, target: ReportTarget | None) -> Shown:
    where = {"file": finding.document, "line": finding.line, "col": finding.column}
    known = {name: str(value) for name, value in where.items() if value is not None}
    return workflow_command(
        finding.severity.value, known | {"title": finding.code}, message(finding, target)
    )


FORMAT = Format(name="github", suffix="github.txt", render=render)
