"""The real notes that lie beside the project: read where they lie, and compared with what people found."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from internet import PROJECT, environment, run_enrich, saved_report
from requirements import shared

MINIMUM_FOUND = 0.98

Rows = list[dict[str, Any]]


def gold(folder: Path) -> Rows:
    files = sorted((folder / "gold").glob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def truth() -> Rows:
    return gold(shared())


@pytest.fixture(scope="module")
def found() -> Rows:
    done = run_enrich(["links", "seeds", "--format", "jsonl"], shared() / "corpus", environment(None))
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def lines_of(row: dict[str, Any]) -> set[int]:
    """A reference link counts as found at its use or at its definition."""
    used = row.get("used_at")
    return {row["line"], row.get("def_line", row["line"]), used[0] if used else row["line"]}


def places(rows: Rows, document: str) -> set[tuple[str, int, str]]:
    return {(row[document], line, row["url"]) for row in rows for line in lines_of(row)}


def test_nearly_every_link_that_a_person_found_is_found(truth: Rows, found: Rows) -> None:
    required = [row for row in truth if not row.get("optional")]
    seen = places(found, "document")
    missed = [
        row for row in required if not any((row["file"], n, row["url"]) in seen for n in lines_of(row))
    ]
    sys.stdout.write(f"{len(required) - len(missed)} of {len(required)} found\n")
    assert len(missed) <= (1 - MINIMUM_FOUND) * len(required), missed


def test_nothing_is_found_that_is_not_there(truth: Rows, found: Rows) -> None:
    known = places(truth, "file")
    web = [row for row in found if row["url"].startswith(("http:", "https:"))]
    invented = [
        row for row in web if not any((row["document"], n, row["url"]) in known for n in lines_of(row))
    ]
    sys.stdout.write(f"{len(invented)} of {len(web)} invented\n")
    assert len(invented) <= (1 - MINIMUM_FOUND) * len(web), invented


def test_every_link_that_is_found_is_at_its_place(truth: Rows, found: Rows) -> None:
    columns: dict[tuple[str, int, str], set[int]] = {}
    for row in truth:
        columns.setdefault((row["file"], row["line"], row["url"]), set()).add(row["col"])
    known = [row for row in found if (row["document"], row["line"], row["url"]) in columns]
    wrong = [row for row in known if row["column"] not in columns[row["document"], row["line"], row["url"]]]
    sys.stdout.write(f"{len(known) - len(wrong)} of {len(known)} places right\n")
    assert len(known) > 250
    assert wrong == []


def test_the_whole_collection_is_reported_without_a_network(tmp_path: Path) -> None:
    start = time.perf_counter()
    options = [
        "--offline",
        "--cache-dir",
        str(tmp_path / "cache"),
        "--reports-dir",
        str(tmp_path / "reports"),
    ]
    done = run_enrich(["run", str(shared() / "corpus"), *options], tmp_path, environment(None), timeout=300)
    sys.stdout.write(f"{time.perf_counter() - start:.1f} s\n")
    assert done.returncode == 0, done.stderr
    report = saved_report(tmp_path)
    schema = json.loads((PROJECT / "enrich" / "report" / "schema.json").read_text(encoding="utf-8"))
    errors = [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(report)]
    assert errors[:3] == []
    documents = [path for path in (shared() / "corpus").rglob("*") if path.suffix in {".md", ".markdown"}]
    assert report["summary"]["documents"] + report["summary"]["documents_skipped"] == len(documents)
    assert report["summary"]["documents_skipped"] == 0
    assert report["run"]["requests"] == 0
    # What lies inside the collection is judged without a network; nothing else is called fine without one.
    assert {row["status"] for row in report["targets"] if row["kind"] != "file"} <= {"skipped", "broken"}
    needs_no_network = {"arxiv-bad-id", "invalid-url", "file-missing", "anchor-missing"}
    assert {row["reason"] for row in report["targets"] if row["status"] == "broken"} <= needs_no_network
