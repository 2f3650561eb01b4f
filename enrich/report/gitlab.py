"""GitLab's code quality report (its documentation, "Code Quality report format").

GitLab compares two reports by fingerprint to say what a merge request brought, so that it is made of what a finding
is about and not of its line.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from enrich.model import Finding, Format, Report, ReportTarget, Severity, Shown
from enrich.report._findings import Fingerprints, message, most_urgent, path_in_repository, targets_of
from enrich.text import fill, json_array, json_row

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.NOTE: "info"}


def render(report: Report) -> Iterator[Shown]:
    found = [finding for finding in most_urgent(report) if finding.document is not None]
    targets, prints = targets_of(report, found), Fingerprints()
    yield from json_array(
        json_row(
            _issue(
                finding,
                path_in_repository(report, finding.document or ""),
                targets.get(finding.target or ""),
                prints.of(finding),
            )
        )
        for finding in found
    )
    yield fill("\n")


def _issue(finding: Finding, path: str, target: ReportTarget | None, fingerprint: str) -> dict[str, Any]:
    return {
        "description": message(finding, target),
        "check_name": finding.code,
        "fingerprint": fingerprint,
        "severity": _SEVERITIES[finding.severity],
        "location": {"path": path, "lines": {"begin": finding.line or 1}},
    }


FORMAT = Format(name="gitlab", suffix="gitlab.json", render=render)
