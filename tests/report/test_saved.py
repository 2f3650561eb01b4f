"""A saved report read row by row: it is the same as one read as a whole, and says where it is none."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from rows import asked_target, made_report, rendered

from enrich.errors import UsageError, hint_of
from enrich.model import (
    EntryLink,
    Finding,
    Metadata,
    Paper,
    Report,
    ReportEntry,
    Repository,
    Severity,
    Suggestion,
)
from enrich.report.saved import read_saved

FACTS: list[Metadata | None] = [Paper(arxiv_id="1", title="文"), Repository(full_name="o/r", stars=3), None]


def whole(count: int = 3) -> Report:
    rows = [
        asked_target(f"url:https://a.example/{number:04}", metadata=FACTS[number % 3])
        for number in range(count)
    ]
    finding = Finding(
        code="redirected", severity=Severity.NOTE, message="]\n", document="a.md", line=1, column=1,
        target=rows[0].id, suggestion=Suggestion("https://b.example/", "http-301"),
    )  # fmt: skip
    entry = ReportEntry(
        document="a.md", line=3, section=["a"], number=1, title="t", topics=[], rating=None, papers=[], code=[],
        article=EntryLink(line=3, url=rows[0].url, target=rows[0].id), others=[], authors=["A"], abstract=None,
        remarks=None,
    )  # fmt: skip
    return replace(made_report(*rows, findings=(finding,)), entries=lambda: [entry])


def saved(folder: Path, text: str) -> Path:
    path = folder / "latest.json"
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


@pytest.mark.parametrize(
    "report", [whole(), whole(1000), made_report()], ids=["small", "many chunks", "empty"]
)
def test_a_report_read_row_by_row_is_the_one_that_was_written(tmp_path: Path, report: Report) -> None:
    with read_saved(saved(tmp_path, text := rendered("json", report))) as found:
        assert rendered("json", found) == text
        assert list(found.targets()) == list(report.targets())
        assert rendered("html", found) == rendered("html", report)


def test_two_may_read_at_the_same_time(tmp_path: Path) -> None:
    report = whole(1000)
    with read_saved(saved(tmp_path, rendered("json", report))) as found:
        pairs = list(zip(found.targets(), found.targets(), strict=True))
        assert [one for one, _ in pairs] == [other for _, other in pairs] == list(report.targets())


def test_a_report_that_is_replaced_meanwhile_is_read_to_its_end(tmp_path: Path) -> None:
    path = saved(tmp_path, rendered("json", whole(1000)))
    with read_saved(path) as found:
        targets = iter(found.targets())
        next(targets)
        (tmp_path / "new.json").write_text(rendered("json", made_report()))
        os.replace(tmp_path / "new.json", path)
        assert sum(1 for _ in targets) == 999
        assert sum(1 for _ in found.entries()) == 1


@pytest.mark.parametrize("indent", [None, 1])
def test_what_somebody_has_formatted_otherwise_is_read_as_well(tmp_path: Path, indent: int | None) -> None:
    text = rendered("json", whole())
    with read_saved(saved(tmp_path, json.dumps(json.loads(text), indent=indent))) as found:
        assert rendered("json", found) == text


@pytest.mark.skipif(os.name == "nt", reason="Windows has no named pipes in folders")
def test_a_pipe_is_read_as_well(tmp_path: Path) -> None:
    os.mkfifo(pipe := tmp_path / "pipe")
    text = rendered("json", whole())
    writer = threading.Thread(target=pipe.write_text, args=(text,), daemon=True)
    writer.start()
    with read_saved(pipe) as found:
        assert rendered("json", found) == text
    writer.join()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: text[: text.index('"findings"')], "is not an enrich report"),
        (lambda text: text.removesuffix("}\n"), "is not an enrich report"),
        (lambda text: text + "{}", "is not an enrich report"),
        (lambda text: text.replace('"documents": [', '"documens": ['), "'documents' is missing"),
        (lambda text: text.replace('"run": {"id":"', '"run": {"id":1,"was":"'), "id"),
        (lambda text: text.replace('"schema_version": 1', '"schema_version": 2'), "schema_version"),
        (lambda text: "", "is not an enrich report"),
        (
            lambda text: text.replace('"status":"ok"', '"status":"fine"', 1),
            "is not an enrich report: .*fine",
        ),
        (lambda text: text.replace("},\n", "}\n", 1), "is not an enrich report"),
        (lambda text: text[::-1].replace("\n,}", "\n}", 1)[::-1], "a comma is missing among its"),
        (lambda text: "},\n,".join(text.rsplit("},\n", 1)), "is not an enrich report"),
    ],
)
def test_what_is_no_whole_report_is_refused_before_anything_is_rendered(
    tmp_path: Path, damage: object, message: str
) -> None:
    path = saved(tmp_path, damage(rendered("json", whole())))  # type: ignore[operator]
    with pytest.raises(UsageError, match=message), read_saved(path):
        pytest.fail("it was taken for a report")


def test_a_report_that_is_not_there_is_told_with_a_way_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read") as raised, read_saved(tmp_path / "no.json"):
        pytest.fail("it was taken for a report")
    assert "enrich run" in str(hint_of(raised.value))
