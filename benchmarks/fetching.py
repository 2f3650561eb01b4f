"""Asking against lychee: processor time for one link, for few links and for many, on a server that answers at once.

Both ask the same addresses of the loopback, 128 at a time and 10 for one host, without pauses. What starting a
program costs is taken off by a run with one link. lychee reads the links from a note, which costs it next to nothing.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks import ROOT
from benchmarks.asker import AT_ONCE, PER_HOST
from benchmarks.extraction import lychee_program
from benchmarks.measure import timed
from benchmarks.server import serving

BODY_BYTES = 30_000
SIZES = ((2_000, 50), (20_000, 500))
QUICK_SIZES = ((200, 5), (400, 10))


@dataclass(frozen=True, slots=True)
class Row:
    """Seconds for one link: processor and wall, ours and lychee's."""

    method: str
    links: int
    hosts: int
    enrich: tuple[float, float]
    lychee: tuple[float, float]


def measure(runs: int, sizes: Sequence[tuple[int, int]] = SIZES) -> list[Row]:
    """Both programs in turn, ``runs`` times, for HEAD and GET and each number of links and hosts."""
    lychee = lychee_program()
    if lychee is None:
        sys.exit("lychee is not installed; hint: pip install '.[bench]'")
    with (
        tempfile.TemporaryDirectory(prefix="enrich-benchmark-") as name,
        serving("benchmarks.loopback", str(BODY_BYTES)) as port,
    ):
        folder = Path(name)
        return [
            _row(lychee, method, links, hosts, port, folder, runs)
            for method in ("HEAD", "GET")
            for links, hosts in sizes
        ]


def urls_of(links: int, hosts: int, port: int) -> list[str]:
    """Addresses over so many hosts, host by host in turn."""
    return [
        f"http://127.1.{number % hosts >> 8}.{number % hosts & 255}:{port}/page/{number}"
        for number in range(links)
    ]


def _row(lychee: str, method: str, links: int, hosts: int, port: int, folder: Path, runs: int) -> Row:
    ours: list[tuple[float, float]] = []
    theirs: list[tuple[float, float]] = []
    for _ in range(runs):
        theirs.append(_per_link(lychee, method, urls_of(links, hosts, port), folder))
        ours.append(_per_link(None, method, urls_of(links, hosts, port), folder))
    return Row(method, links, hosts, _middle(ours), _middle(theirs))


def _middle(found: list[tuple[float, float]]) -> tuple[float, float]:
    return median(processor for processor, _ in found), median(wall for _, wall in found)


def _per_link(lychee: str | None, method: str, urls: list[str], folder: Path) -> tuple[float, float]:
    """Processor and wall seconds for one link more."""
    one, all_ = (_run(lychee, method, some, folder) for some in (urls[:1], urls))
    more = len(urls) - 1
    return (all_[1] - one[1]) / more, (all_[0] - one[0]) / more


def _run(lychee: str | None, method: str, urls: list[str], folder: Path) -> tuple[float, float]:
    note = folder / "note.md"
    note.write_text("\n".join(urls if lychee is None else [f"- <{url}>" for url in urls]))
    ours = [sys.executable, "-m", "benchmarks.asker", method, str(note)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = ours if lychee is None else _lychee(lychee, method, note)
    return timed(command, folder / "output.txt", folder, environment)


def _lychee(lychee: str, method: str, note: Path) -> list[str]:
    manners = ["--host-concurrency", str(PER_HOST), "--host-request-interval", "0ms"]
    plain = ["--no-progress", "--max-retries", "0", "--method", method.lower()]
    return [lychee, *plain, "--max-concurrency", str(AT_ONCE), *manners, str(note)]


def table(rows: list[Row]) -> str:
    """The result as a Markdown table, with ratios."""
    lines = [
        f"Asking, {AT_ONCE} at a time and {PER_HOST} for one host; GET of {BODY_BYTES / 1000:.0f} KB:",
        "",
        "| | links / hosts | enrich CPU | lychee CPU | ratio of CPU | ratio of wall time |",
        "|---|---|---|---|---|---|",
        *map(_line, rows),
    ]
    return "\n".join(lines)


def _line(row: Row) -> str:
    ours, theirs = row.enrich, row.lychee
    costs = f"{ours[0] * 1e6:.0f} µs | {theirs[0] * 1e6:.0f} µs"
    ratios = f"{ours[0] / theirs[0]:.2f} | {ours[1] / theirs[1]:.2f}"
    return f"| {row.method} | {row.links:,} / {row.hosts} | {costs} | {ratios} |"
