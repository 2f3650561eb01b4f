"""Extraction against lychee: all links of a great many Markdown notes, on as many processors as there are.

Both print one link a line. lychee prints the address; enrich its place, too, reads notes that raw HTML hides from
Markdown, and gets URLs in Chinese text right, so that the numbers of lines differ.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import ROOT
from benchmarks.inputs import made_notes, notes_of, repeated, write
from benchmarks.measure import Cost, cost, median_cost

CORPUS = ROOT.parent / "shared" / "corpus"
QUICK_BYTES = 200_000


@dataclass(frozen=True, slots=True)
class Result:
    """The median cost of both programs over the same files, and how many links each printed."""

    bytes: int
    files: int
    enrich: Cost
    lychee: Cost
    enrich_links: int
    lychee_links: int


def lychee_program() -> str | None:
    """Where lychee lies: beside this interpreter, as its package installs it, or on the path."""
    beside = Path(sys.executable).parent / "lychee"
    return str(beside) if beside.exists() else shutil.which("lychee")


def measure(size: int, runs: int) -> Result:
    """Both programs in turn, ``runs`` times, over ``size`` bytes of notes."""
    lychee = lychee_program()
    if lychee is None:
        sys.exit("lychee is not installed; hint: pip install '.[bench]'")
    notes = notes_of(CORPUS) if CORPUS.is_dir() else made_notes()
    with tempfile.TemporaryDirectory(prefix="enrich-benchmark-") as name:
        folder, elsewhere = Path(name, "notes"), Path(name, "elsewhere")
        elsewhere.mkdir()
        written = write(repeated(notes, size), folder)
        ours = [sys.executable, "-m", "enrich", "links", "--format", "text", str(folder)]
        theirs = [lychee, "--dump", str(folder)]
        return _compared(ours, theirs, elsewhere, runs, written, len(list(folder.iterdir())))


def _compared(
    ours: Sequence[str], theirs: Sequence[str], folder: Path, runs: int, written: int, files: int
) -> Result:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    our_output, their_output = folder / "enrich.txt", folder / "lychee.txt"
    costs: list[tuple[Cost, Cost]] = []
    # The first run warms the caches of both and does not count.
    for _ in range(runs + 1):
        theirs_now = cost(theirs, their_output, folder, environment)
        ours_now = cost(ours, our_output, folder, environment)
        costs.append((ours_now, theirs_now))
    return Result(
        bytes=written,
        files=files,
        enrich=median_cost([ours for ours, _ in costs[1:]]),
        lychee=median_cost([theirs for _, theirs in costs[1:]]),
        enrich_links=our_output.read_bytes().count(b"\n"),
        lychee_links=their_output.read_bytes().count(b"\n"),
    )


def table(result: Result) -> str:
    """The result as a Markdown table, with ratios."""
    ours, theirs = result.enrich, result.lychee
    rows = [
        ("wall", f"{ours.wall:.2f} s", f"{theirs.wall:.2f} s", ours.wall / theirs.wall),
        (
            "processor",
            f"{ours.processor:.2f} s",
            f"{theirs.processor:.2f} s",
            ours.processor / theirs.processor,
        ),
        (
            "memory",
            f"{ours.memory / 1e6:.0f} MB",
            f"{theirs.memory / 1e6:.0f} MB",
            ours.memory / theirs.memory,
        ),
        (
            "links",
            f"{result.enrich_links:,}",
            f"{result.lychee_links:,}",
            result.enrich_links / result.lychee_links,
        ),
    ]
    lines = [
        f"Extraction, {result.bytes / 1e6:.0f} MB in {result.files:,} files:",
        "",
        "| | enrich links | lychee --dump | ratio |",
        "|---|---|---|---|",
        *(f"| {name} | {ours} | {theirs} | {ratio:.2f} |" for name, ours, theirs, ratio in rows),
    ]
    return "\n".join(lines)
