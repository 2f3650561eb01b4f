"""Reviewdog's diagnostic format, which becomes comments on the lines of a pull request.

Columns there count bytes of UTF-8 (reviewdog, ``proto/rdf/reviewdog.proto``, Position), ours count characters; the
text of the line, which could tell one from the other, is not part of a report. So a place is a line, which is all
that a comment on a pull request needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from enrich.model import Finding, Format, Report, ReportTarget, Severity, Shown
from enrich.report._findings import message, most_urgent, targets_of
from enrich.text import fill, json_array, json_row

_SEVERITIES = {Severity.ERROR: "ERROR", Severity.WARNING: "WARNING", Severity.NOTE: "INFO"}


def render(report: Report) -> Iterator[Shown]:
    found = [finding for finding in most_urgent(report) if finding.document is not None]
    targets = targets_of(report, found)
    yield fill('{{"source": {{"name": "enrich"}}, "diagnostics": ')
    yield from json_array(
        json_row(_diagnostic(finding, targets.get(finding.target or ""))) for finding in found
    )
    yield fill("}}\n")


def _diagnostic(finding: Finding, target: ReportTarget | None) -> dict[str, Any]:
    return {
        "message": message(finding, target),
        "location": {"path": finding.document, "range": {"start": {"line": finding.line or 1}}},
        "severity": _SEVERITIES[finding.severity],
        "code": {"value": finding.code},
    }


FORMAT = Format(name="rdjson", suffix="rdjson", render=render)
