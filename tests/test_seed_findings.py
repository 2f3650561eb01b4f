"""The findings of the seeds, with the titles that their links really have.

Whole runs over the five notes where they lie: the first finds the targets, then what each stands for goes into the
cache as a check would record it, then a second run reports. Nobody is asked, so that it takes seconds.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import pytest
from offline import offline
from requirements import shared
from seed_truth import RENAMED, titles, truth_of

from enrich.model import CheckResult, Status, Suggestion, Verdict
from enrich.store.history import Confirmation
from enrich.store.sqlite import SqliteStore

NOW = datetime(2026, 11, 21, 6, tzinfo=UTC)
FOUND = {"arxiv": "arxiv-found", "github": "github-found", "wechat": "wechat-article", "web": "http-200"}


def checked(row: Mapping[str, Any], named: Mapping[str, str]) -> CheckResult:
    moved = RENAMED.get(row["id"])
    status, reason = (Status.REDIRECTED, "github-renamed") if moved else (Status.OK, FOUND[row["kind"]])
    suggestion = Suggestion(moved, "github-renamed") if moved else None
    source = {"arxiv": "arxiv", "github": "github"}.get(row["kind"], "page")
    return CheckResult(
        target_id=row["id"], at=NOW, verdict=Verdict(status, reason, suggestion=suggestion),
        wanted_metadata=True, metadata=truth_of(row, named), metadata_source=source,
    )  # fmt: skip


async def record(cache: Path, results: list[CheckResult]) -> None:
    async with SqliteStore(cache) as store:
        await store.begin(version="1", options="{}", now=NOW, fresh=True)
        await store.record(results, Confirmation())
        await store.finish(complete=True, now=NOW)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("seeds")
    seeds, named = shared() / "corpus" / "seeds", titles(shared() / "gold")
    rows = [row for row in offline(folder, str(seeds))["targets"] if row["kind"] in FOUND]
    results = [checked(row, named) for row in rows if row["status"] == "skipped"]
    anyio.run(record, folder / "cache" / "enrich.sqlite3", results)
    known = sum(result.metadata is not None for result in results)
    sys.stdout.write(f"{known} of {len(results)} targets with what they stand for\n")
    assert known > 200
    return offline(folder, str(seeds))


# What a reader sees, each opened and read; line and code. The words of entry 3 are about a way to segment images, its
# paper and its code about the pruning of language models.
EXPECTED = {
    "cvpr2020.md": {
        (113, "duplicate-target"),
        (125, "duplicate-target"),
        (163, "redirected"),
        (245, "redirected"),
    },
    "daily-2021-04-25.md": {(line, "not-rendered") for line in (16, 18, 19, 32, 34, 35, 36, 44, 46, 47)},
    "daily-2022-05-10.md": {(33, "title-mismatch"), (34, "title-mismatch")},
    "deep-learning-44.md": {(174, "https-available")},
    "notes-2021-05.md": {(7, "redirected")},
}


@pytest.mark.parametrize("document", EXPECTED)
def test_a_note_with_true_titles_has_the_findings_that_a_reader_has(
    report: dict[str, Any], document: str
) -> None:
    found = {(row["line"], row["code"]) for row in report["findings"] if row["document"].endswith(document)}
    sys.stdout.write(f"{document}: {sorted(found - EXPECTED[document])} too many\n")
    assert found == EXPECTED[document]


def test_the_paper_of_another_article_is_told_with_both_sides_and_where_it_stands(
    report: dict[str, Any],
) -> None:
    paper, code = (row for row in report["findings"] if row["code"] == "title-mismatch")
    assert (paper["target"], paper["severity"]) == ("arxiv:2204.00408", "warning")
    assert (code["target"], code["severity"]) == ("github:princeton-nlp/cofipruning", "warning")
    for part in (
        "语义Affinity",
        "“Structured Pruning Learns Compact and Accurate Models”",
        "arXiv",
        "correct",
    ):
        assert part in paper["message"]
    links = {row["id"]: row["links"] for row in report["targets"]}
    assert [paper["column"]] == [link["column"] for link in links[paper["target"]]]
