"""SARIF 2.1.0, for code scanning: results at their places, rules with help, at most 5,000 by severity.

GitHub takes no file with more results (its documentation, "SARIF support for code scanning"), and tells one night's
results from another's by ``primaryLocationLineHash`` alone. Ours is made of what the finding is about, not of where
it stands, so that a line above it may come and go.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any
from urllib.parse import quote

from enrich import __version__
from enrich.model import Finding, Format, Report, ReportTarget, Severity, Shown
from enrich.registry import finding_codes, reasons
from enrich.report._findings import (
    Fingerprints,
    help_of,
    message,
    most_urgent,
    path_in_repository,
    severity_of,
    targets_of,
)
from enrich.text import fill, json_array, json_row, sarif

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
MOST_RESULTS = 5000
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def render(report: Report) -> Iterator[Shown]:
    found = most_urgent(report, most=MOST_RESULTS)
    placed = [finding for finding in found if finding.document is not None]
    codes = sorted({finding.code for finding in placed} | set(finding_codes()) | set(reasons()))
    places = {code: place for place, code in enumerate(codes)}
    driver = {"name": "enrich", "semanticVersion": __version__, "rules": [_rule(code) for code in codes]}
    yield fill('{{"$schema": {}, "version": "2.1.0", "runs": [{{\n', json_row(SCHEMA))
    yield fill('"tool": {},\n', json_row({"driver": driver}))
    yield fill('"columnKind": "unicodeCodePoints",\n')
    yield fill('"invocations": {},\n', json_row([_invocation(report, found)]))
    yield fill('"results": ')
    targets, prints = targets_of(report, placed), Fingerprints()
    yield from json_array(
        json_row(
            _result(
                finding,
                path_in_repository(report, finding.document or ""),
                targets.get(finding.target or ""),
                places[finding.code],
                prints.of(finding),
            )
        )
        for finding in placed
    )
    yield fill("}}]}}\n")


def _rule(code: str) -> dict[str, Any]:
    told = help_of(code)
    sentence, _, _ = told.partition(". ")
    return {
        "id": code,
        "shortDescription": _text(sentence.rstrip(".") + "."),
        "fullDescription": _text(told),
        "help": _text(told),
        "defaultConfiguration": {"level": _LEVELS[severity_of(code)]},
        "properties": {"tags": ["links"]},
    }


def _text(said: str) -> dict[str, str]:
    return {"text": str(sarif(said))}


def _invocation(report: Report, found: list[Finding]) -> dict[str, Any]:
    """How the run went; GitHub refuses results without a place, so that these are told here too."""
    unplaced = (finding for finding in found if finding.document is None)
    told = chain(
        ((warning.code, warning.message) for warning in report.run.warnings),
        ((finding.code, finding.message) for finding in unplaced),
    )
    notices = [
        {"descriptor": {"id": code}, "level": "warning", "message": _text(said)} for code, said in told
    ]
    return {"executionSuccessful": report.run.complete, "toolExecutionNotifications": notices}


def _result(
    finding: Finding, path: str, target: ReportTarget | None, rule_index: int, fingerprint: str
) -> dict[str, Any]:
    place = {
        "artifactLocation": {"uri": _uri(path), "uriBaseId": "%SRCROOT%"},
        "region": _region(finding, target),
    }
    return {
        "ruleId": finding.code,
        "ruleIndex": rule_index,
        "level": _LEVELS[finding.severity],
        "message": _text(message(finding, target)),
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"primaryLocationLineHash": fingerprint},
    }


def _uri(document: str) -> str:
    return quote(document.encode("utf-8", "replace"), safe="/._-~")


def _region(finding: Finding, target: ReportTarget | None) -> dict[str, int]:
    region = {"startLine": finding.line or 1}
    if finding.column is None:
        return region
    region["startColumn"] = finding.column
    here = (finding.document, finding.line, finding.column)
    for link in target.links if target else ():
        if (link.document, link.line, link.column) == here:
            # Past the last character (SARIF 3.30.8).
            return region | {"endColumn": finding.column + len(link.written or link.url)}
    return region


FORMAT = Format(name="sarif", suffix="sarif", render=render)
