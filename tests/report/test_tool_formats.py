"""What other programs read: code scanning, test results, comments on pull requests, spreadsheets."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from npm import published
from rows import NOW, asked_target, made_report, rendered, report_link

from enrich.model import Article, Finding, Report, Severity, Status, Suggestion
from enrich.registry import finding_codes, formats, reasons
from enrich.report.sarif import MOST_RESULTS

GONE = "https://a.example/gone"


def finding(code: str = "http-404", line: int = 3, **more: Any) -> Finding:
    given: dict[str, Any] = {
        "severity": Severity.ERROR, "message": "It answered 404", "document": "notes/a b.md", "column": 7,
        "target": f"url:{GONE}",
    }  # fmt: skip
    return Finding(code=code, line=line, **(given | more))


def red() -> Report:
    """One gone, one archived, one that nobody can tell, one fine."""
    links = [report_link(GONE, document="notes/a b.md")]
    gone = asked_target(
        f"url:{GONE}", Status.BROKEN, "http-404", confirmed=True, first_failed_at=NOW, links=links
    )
    walled = asked_target("url:https://b.example/", Status.BLOCKED, "bot-wall", detail="a wall")
    fine = asked_target("url:https://c.example/", metadata=Article(title="标题", account="号"))
    better = Suggestion("https://a.example/new", "http-301")
    archived = finding(
        "github-archived", 9, severity=Severity.WARNING, message="o/r is archived", target=fine.id
    )
    note = finding("https-available", 1, severity=Severity.NOTE, message="write https", target=fine.id)
    return made_report(gone, walled, fine, findings=(note, archived, finding(suggestion=better)))


def scan(made: Report) -> dict[str, Any]:
    (run,) = json.loads(rendered("sarif", made))["runs"]
    found: dict[str, Any] = run
    return found


# --- SARIF ------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def sarif_schema() -> dict[str, Any]:
    """The published schema, as a package of its makers carries it."""
    text = published("@microsoft/jest-sarif@1.0.0-beta.0", "lib/schemas/sarif-2.1.0-rtm.5.json")
    schema: dict[str, Any] = json.loads(text)
    return schema


@pytest.mark.parametrize(
    "made", [red(), made_report(), made_report(complete=False)], ids=["red", "empty", "cut"]
)
def test_sarif_is_valid_by_its_published_schema(sarif_schema: dict[str, Any], made: Report) -> None:
    jsonschema.validate(json.loads(rendered("sarif", made)), sarif_schema)


def test_a_result_stands_at_the_whole_address_and_says_what_to_do() -> None:
    first = scan(red())["results"][0]
    assert first["ruleId"] == "http-404"
    assert first["level"] == "error"
    (location,) = first["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "notes/a%20b.md", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 3, "startColumn": 7, "endColumn": 7 + len(GONE)},
    }
    assert first["message"]["text"] == (
        f"{GONE}: It answered 404; try https://a.example/new; confirmed, since 2026-05-10; "
        "last seen alive 2026-05-10"
    )


def test_every_code_is_a_rule_with_help() -> None:
    rules = scan(red())["tool"]["driver"]["rules"]
    assert {rule["id"] for rule in rules} >= {*finding_codes(), *reasons()}
    assert all(rule["help"]["text"] and rule["shortDescription"]["text"].endswith(".") for rule in rules)
    (levels,) = (rule["defaultConfiguration"]["level"] for rule in rules if rule["id"] == "github-archived")
    assert levels == "warning"
    assert all(rules[one["ruleIndex"]]["id"] == one["ruleId"] for one in scan(red())["results"])


def test_a_status_without_a_declaration_of_its_own_is_a_rule_too() -> None:
    (result,) = scan(made_report(findings=(finding("http-418"),)))["results"]
    assert result["ruleId"] == "http-418"


def test_a_fingerprint_survives_lines_that_come_and_go() -> None:
    twice = (finding(line=3), finding(line=8))
    moved = (finding(line=5), finding(line=10))
    prints = [
        [one["partialFingerprints"] for one in scan(made_report(findings=findings))["results"]]
        for findings in (twice, moved)
    ]
    assert prints[0] == prints[1]
    assert prints[0][0] != prints[0][1]


def test_of_too_many_results_the_most_urgent_are_kept() -> None:
    notes = tuple(
        finding("https-available", line, severity=Severity.NOTE) for line in range(1, MOST_RESULTS + 1)
    )
    results = scan(made_report(findings=(*notes, finding(line=9000))))["results"]
    assert len(results) == MOST_RESULTS
    assert results[0]["locations"][0]["physicalLocation"]["region"]["startLine"] == 9000


def test_what_has_no_place_is_told_of_the_run_and_is_no_result() -> None:
    run = scan(made_report(findings=(finding("internal-error", document=None),), complete=False))
    assert run["results"] == []
    (invocation,) = run["invocations"]
    assert not invocation["executionSuccessful"]
    told = [one["descriptor"]["id"] for one in invocation["toolExecutionNotifications"]]
    assert told == ["network-down", "internal-error"]


# --- test results -----------------------------------------------------------------------------------


def test_junit_has_a_suite_for_each_document_and_counts_right() -> None:
    suites = ElementTree.fromstring(rendered("junit", red()))
    assert {name: suites.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "4", "failures": "1", "errors": "0", "skipped": "1",
    }  # fmt: skip
    assert [suite.get("name") for suite in suites] == ["a.md", "notes/a b.md"]
    for suite in suites:
        assert suite.get("tests") == str(len(suite))
        assert suite.get("failures") == str(len(suite.findall(".//failure")))
    (failure,) = suites.iter("failure")
    assert failure.get("message") == "http-404"
    assert (failure.text or "").startswith("notes/a b.md:3:7: It answered 404; try https://a.example/new")
    (skipped,) = suites.iter("skipped")
    assert skipped.get("message") == "bot-wall: a.md:3:7: a wall"


def test_a_run_without_trouble_has_a_passed_case_for_each_document() -> None:
    suites = ElementTree.fromstring(rendered("junit", made_report(asked_target("url:https://c.example/"))))
    assert (suites.get("tests"), suites.get("failures")) == ("1", "0")


# --- comments on pull requests ----------------------------------------------------------------------


def test_rdjson_says_the_same_with_lines() -> None:
    table = json.loads(rendered("rdjson", red()))
    assert table["source"] == {"name": "enrich"}
    assert [one["severity"] for one in table["diagnostics"]] == ["ERROR", "WARNING", "INFO"]
    first = table["diagnostics"][0]
    assert first["location"] == {"path": "notes/a b.md", "range": {"start": {"line": 3}}}
    assert first["code"] == {"value": "http-404"}
    assert first["message"].startswith(f"{GONE}: It answered 404; try")


def test_gitlab_has_what_its_documentation_asks_for() -> None:
    rows = json.loads(rendered("gitlab", red()))
    assert [one["severity"] for one in rows] == ["major", "minor", "info"]
    for row in rows:
        assert row.keys() == {"description", "check_name", "fingerprint", "severity", "location"}
        assert isinstance(row["location"]["lines"]["begin"], int)
    assert len({row["fingerprint"] for row in rows}) == len(rows)


def test_annotations_are_the_most_urgent_first_and_leave_notes_out() -> None:
    lines = rendered("github", red()).splitlines()
    assert lines[0].startswith(
        f"::error file=notes/a b.md,line=3,col=7,title=http-404::{GONE}: It answered 404"
    )
    assert lines[1].startswith("::warning file=notes/a b.md,line=9,col=7,title=github-archived::")
    assert lines[2] == "3 links in 1 document, 3 targets: 1 ok, 1 broken, 1 blocked"
    assert len(lines) == 3


def test_an_annotation_is_one_command_whatever_it_quotes() -> None:
    hostile = finding(message="100%, a\n::error::b", document="a,b:c.md", target=None)
    (line, _) = rendered("github", made_report(findings=(hostile,))).splitlines()
    assert line == "::error file=a%2Cb%3Ac.md,line=3,col=7,title=http-404::100%25, a\\x0a::error::b"


# --- spreadsheets -----------------------------------------------------------------------------------


def test_csv_has_a_line_for_each_link_and_opens_as_utf_8() -> None:
    text = rendered("csv", red())
    assert text.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text[1:], newline="")))
    assert [(row["document"], row["line"], row["status"]) for row in rows] == [
        ("notes/a b.md", "3", "broken"),
        ("a.md", "3", "blocked"),
        ("a.md", "3", "ok"),
    ]
    assert rows[2]["title"] == "标题"
    assert rows[2]["by"] == "号"
    assert rows[0]["confirmed"] == "true"
    assert rows[0]["first_failed_at"] == "2026-05-10T06:00:00Z"
    assert all(None not in row and None not in row.values() for row in rows)


def test_a_link_that_stands_twice_has_two_lines() -> None:
    twice = asked_target(
        "url:https://a.example/", links=[report_link("https://a.example/", n) for n in (1, 2)]
    )
    assert rendered("csv", made_report(twice)).count("\n") == 3


# --- all of them ------------------------------------------------------------------------------------


def test_formats_are_written_under_names_of_their_own() -> None:
    suffixes = [form.suffix for form in formats().values()]
    assert len(set(suffixes)) == len(suffixes)


def test_a_saved_report_renders_in_every_format(tmp_path: Path) -> None:
    from enrich.report import json as json_report

    saved = json_report.load(rendered("json", red()), "x.json")
    for name in formats():
        assert rendered(name, saved) == rendered(name, red())


def test_a_saved_report_with_a_code_of_another_version_is_rendered() -> None:
    unknown = replace(finding(), code="not-invented-yet")
    for name in ("sarif", "junit", "rdjson", "gitlab", "github", "text", "markdown"):
        assert "not-invented-yet" in rendered(name, made_report(findings=(unknown,)))
