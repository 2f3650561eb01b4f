"""Findings that take a memory, from one real run to the next: told once, told until somebody acts, never told twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from internet import Asked, Internet, environment, run_enrich, saved_report
from sites import TOKEN, Answer, GitHub, Repo, html

PAGE, REPOSITORY = "https://page.example/words", "https://github.com/Fern/Growth"
TOLD = ("recovered", "unstable", "github-recreated")


@pytest.fixture
def github() -> GitHub:
    return GitHub({"fern/growth": Repo("Fern/Growth", 7, stars=10)})


@pytest.fixture
def gone() -> set[str]:
    """The paths that answer 410 for the time being."""
    return set()


@pytest.fixture
def internet(tmp_path: Path, github: GitHub, gone: set[str]) -> Iterator[Internet]:
    def page(asked: Asked) -> Answer:
        return html("Gone", status=410) if asked.path in gone else html("Words")

    with Internet(tmp_path, {"api.github.com": github.api, ".example": page}) as running:
        yield running


def enrich(folder: Path, internet: Internet, day: int, *args: str) -> CompletedProcess[str]:
    now = f"2026-05-{day:02}T03:00:00Z"
    return run_enrich(args, folder, environment(internet, ENRICH_NOW=now, GITHUB_TOKEN=TOKEN))


def test_what_happened_is_told_by_the_runs_that_it_concerns(
    tmp_path: Path, internet: Internet, github: GitHub, gone: set[str]
) -> None:
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "a.md").write_text(f"# Words\n\n{PAGE} and {REPOSITORY}\n", encoding="utf-8")

    def told(day: int, *options: str) -> list[str]:
        done = enrich(folder, internet, day, "run", "--no-progress", "--refresh", *options, "a.md")
        assert done.returncode == 0, done.stderr
        return [one["code"] for one in saved_report(folder)["findings"] if one["code"] in TOLD]

    gone.add("/words")
    assert told(1) == []
    gone.clear()
    github.repos["fern/growth"] = Repo("Fern/Growth", 9000, stars=13)
    assert told(2) == ["recovered", "github-recreated"]
    stable = [
        enrich(folder, internet, day, "report", "--format", "json", "--stable").stdout for day in (2, 3)
    ]
    assert stable[0] == stable[1]
    assert "recovered" in stable[0]
    assert told(3) == ["github-recreated"]
    gone.add("/words")
    assert told(4, "--ignore", "github-recreated") == []
    gone.clear()
    assert told(5, "--ignore", "github-recreated") == ["recovered"]
    gone.add("/words")
    assert told(6) == ["unstable", "github-recreated"]

    about = json.loads(
        enrich(folder, internet, 6, "explain", "github:fern/growth", "--format", "json").stdout
    )
    assert [stars for _, stars in about["stars"]] == [10, 13, 13, 13, 13, 13]
    assert (about["first_repository_id"], about["metadata"]["repository_id"]) == (7, 9000)
    assert (about["stars_gained"], about["stars_gained_since"]) == (3, "2026-05-01")
