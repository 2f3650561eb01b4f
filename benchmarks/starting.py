"""Start-up: how long a person waits for the shortest answers there are, against lychee's."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.extraction import lychee_program
from benchmarks.measure import timed

_NOTE = "# Note\n\n[one](https://a.example/1) and <https://b.example/2>\n"


def measure(runs: int) -> list[tuple[str, float, float]]:
    """What is asked, and the median seconds of enrich and of lychee, in turn."""
    lychee = lychee_program()
    if lychee is None:
        sys.exit("lychee is not installed; hint: pip install '.[bench]'")
    with tempfile.TemporaryDirectory(prefix="enrich-benchmark-") as name:
        folder = Path(name)
        (folder / "note.md").write_text(_NOTE, encoding="utf-8")
        enrich = [sys.executable, "-m", "enrich"]
        pairs = {
            "help": ([*enrich, "--help"], [lychee, "--help"]),
            "links of one note": ([*enrich, "links", "note.md"], [lychee, "--dump", "note.md"]),
        }
        return [(what, *_medians(ours, theirs, folder, runs)) for what, (ours, theirs) in pairs.items()]


def _medians(ours: Sequence[str], theirs: Sequence[str], folder: Path, runs: int) -> tuple[float, float]:
    root = str(Path(__file__).resolve().parents[1])
    environment = os.environ | {"PYTHONPATH": root}
    output = folder / "out"
    walls = [
        (timed(ours, output, folder, environment)[0], timed(theirs, output, folder, environment)[0])
        for _ in range(runs)
    ]
    return median(wall for wall, _ in walls), median(wall for _, wall in walls)


def table(measured: Sequence[tuple[str, float, float]]) -> str:
    rows = [
        f"| {what} | {ours:.3f} s | {theirs:.3f} s | {ours / theirs:.2f} |"
        for what, ours, theirs in measured
    ]
    return "\n".join(["Start-up:", "", "| | enrich | lychee | ratio |", "|---|---|---|---|", *rows])
