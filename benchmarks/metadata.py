"""Metadata: what it takes to learn of ten thousand repositories and ten thousand papers.

Asked one by one, GitHub's hourly budget would be spent twice over, and arXiv's three seconds between two questions would
take the whole night. So both are asked in batches, and what counts is how many requests reach the APIs. They are local
ones (`benchmarks.apis`), which as mirrors of one's own are asked without arXiv's pause. All that the report says of each
repository and each paper is compared with what the APIs know.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import dropwhile, takewhile
from pathlib import Path
from typing import Any

from benchmarks import ROOT, apis
from benchmarks.measure import Cost, cost_of_one
from benchmarks.server import serving

COUNT = 10_000
QUICK_COUNT = 150
ITEMS_OF_A_NOTE = 50
# What arXiv's terms of use ask for between two questions.
ARXIV_PAUSE_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class _Sort:
    """One sort of things: the address of the one with a number, and what is known of it."""

    plural: str
    address: Callable[[int], str]
    known: Callable[[int], Mapping[str, Any]]


_SORTS = {
    apis.GITHUB: _Sort(
        "repositories", lambda number: f"https://github.com/{apis.repository_name(number)}", apis.repository
    ),
    apis.ARXIV: _Sort(
        "papers", lambda number: f"https://arxiv.org/abs/{apis.paper_id(number)}", apis.paper
    ),
}


@dataclass(frozen=True, slots=True)
class Learnt:
    """What it cost to learn of so many things of one sort; all that the report says of them is right."""

    sort: str
    count: int
    requests: int
    cost: Cost


def measure(count: int, runs: int) -> list[Learnt]:
    """The run in the middle of so many, each with a new cache and notes about one sort alone."""
    return [
        sorted((_learnt(name, count) for _ in range(runs)), key=lambda one: one.cost.processor)[runs // 2]
        for name in _SORTS
    ]


def _learnt(name: str, count: int) -> Learnt:
    sort = _SORTS[name]
    with (
        tempfile.TemporaryDirectory(prefix="enrich-benchmark-") as place,
        serving("benchmarks.apis") as port,
    ):
        folder = Path(place)
        _write_notes(sort, count, folder / "notes")
        cost = _run(port, folder)
        asked = _counts(port)
        _insist_on_metadata(sort, count, folder / "reports" / "latest.json")
    if set(asked) != {name}:
        sys.exit(f"{name} alone should have been asked, not {', '.join(asked)}")
    return Learnt(sort.plural, count, asked[name], cost)


def _write_notes(sort: _Sort, count: int, folder: Path) -> None:
    folder.mkdir()
    for first in range(0, count, ITEMS_OF_A_NOTE):
        numbers = range(first, min(first + ITEMS_OF_A_NOTE, count))
        items = "".join(f"{number}. [Number {number}]({sort.address(number)})\n" for number in numbers)
        (folder / f"{first:06}.md").write_text(f"# Note {first}\n\n{items}", encoding="utf-8")


def _run(port: int, folder: Path) -> Cost:
    base = f"http://127.0.0.1:{port}"
    mirrors = ["--github-api-url", base, "--arxiv-api-url", f"{base}/api/query", "--no-datacite"]
    options = ["--no-progress", "--host-interval", "0", "--allow-net", "127.0.0.0/8", *mirrors]
    (folder / "enrich.toml").write_text('[report]\nformats = ["json"]\n')
    command = [sys.executable, "-m", "enrich", "run", "notes", *options]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "GITHUB_TOKEN": apis.TOKEN}
    return cost_of_one(command, folder / "output", folder, environment)


def _counts(port: int) -> dict[str, int]:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(f"http://127.0.0.1:{port}/counts") as answer:
        counts: dict[str, int] = json.load(answer)
    return counts


# --- whether the report is right --------------------------------------------------------------------


def _insist_on_metadata(sort: _Sort, count: int, report: Path) -> None:
    """Whoever learns nothing, or the wrong things, does it with few requests."""
    number_of = {sort.address(number): number for number in range(count)}
    for url, metadata in _metadata(report):
        said = metadata or {}
        known = sort.known(number_of.pop(url))
        if wrong := [fact for fact, value in known.items() if said.get(fact) != value]:
            sys.exit(f"{url}: the report is wrong about {', '.join(wrong)}: {said}")
    if number_of:
        sys.exit(f"the report lacks {len(number_of)} targets, such as {next(iter(number_of))}")


def _metadata(report: Path) -> Iterator[tuple[str, Mapping[str, Any] | None]]:
    """Row by row: what a benchmark has in memory counts for the programs that it starts, too."""
    with report.open(encoding="utf-8") as file:
        rows = dropwhile(lambda line: not line.endswith('"targets": [\n'), file)
        next(rows)
        for line in takewhile(lambda line: not line.startswith("]"), rows):
            row = json.loads(line.rstrip().removesuffix(","))
            yield row["url"], row["metadata"]


# --- the table --------------------------------------------------------------------------------------


def table(found: Sequence[Learnt]) -> str:
    lines = [
        "Metadata, from local APIs, all of them compared with what the APIs know:",
        "",
        "| | requests | things a request | wall | processor | memory | arXiv's pauses would add |",
        "|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *map(_line, found)])


def _line(one: Learnt) -> str:
    pauses = (one.requests - 1) * ARXIV_PAUSE_SECONDS if one.sort == _SORTS[apis.ARXIV].plural else 0.0
    return (
        f"| {one.count:,} {one.sort} | {one.requests} | {one.count / one.requests:.0f} | {one.cost.wall:.2f} s "
        f"| {one.cost.processor:.2f} s | {one.cost.memory / 1e6:.0f} MB | {pauses:.0f} s |"
    )
