"""Growth: does a link cost more among a million than among ten thousand?

A whole `enrich run` over notes of our own making, with a new cache and the JSON report, against a server on every
address of 127.0.0.0/8 that answers at once. Addresses are in no order, as real ones are not: a table that takes
them in sorted order would look better than it is. Then the same notes again, when nothing is due, and the report of the
first run rendered anew. What counts is the time of the processor for a link, since it does not depend on what else the
machine does, and the memory of the whole.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from benchmarks import ROOT
from benchmarks.measure import Cost, cost_of_one
from benchmarks.server import serving

# Links and hosts. What others are compared with comes second, and once more on a single host.
SIZES = ((1_000, 10), (10_000, 100), (10_000, 1), (100_000, 1_000))
FULL_SIZES = (*SIZES, (1_000_000, 10_000))
QUICK_SIZES = ((50, 1), (200, 2))
LINKS_OF_A_NOTE = 100
NOTES_OF_A_FOLDER = 500
FORMATS = ("json", "csv", "html")
# A web page is read for its title; of a PDF the headers are enough.
MEDIA_TYPE = "application/pdf"


@dataclass(frozen=True, slots=True)
class Grown:
    """What so many links cost in the first run and in the second, and what the report of it costs in each format."""

    links: int
    hosts: int
    first: Cost
    second: Cost
    report_bytes: int
    rendered: dict[str, Cost]


def measure(sizes: Sequence[tuple[int, int]]) -> list[Grown]:
    """One number of links and hosts after the other, each with a cache of its own."""
    with serving("benchmarks.loopback", "0", MEDIA_TYPE) as port:
        return [_grown(links, hosts, port) for links, hosts in sizes]


def _grown(links: int, hosts: int, port: int) -> Grown:
    with tempfile.TemporaryDirectory(prefix="enrich-benchmark-") as name:
        return _grown_in(Path(name), links, hosts, port)


def _grown_in(folder: Path, links: int, hosts: int, port: int) -> Grown:
    write_notes(links, hosts, port, folder / "notes")
    (folder / "enrich.toml").write_text('[report]\nformats = ["json"]\n')
    first = _run(folder)
    _insist_on_answers(folder / "reports" / "latest.json", links)
    second = _run(folder)
    _insist_on_answers(folder / "reports" / "latest.json", links)
    return Grown(
        links=links,
        hosts=hosts,
        first=first,
        second=second,
        report_bytes=(folder / "reports" / "latest.json").stat().st_size,
        rendered={name: _enrich(["report", "--format", name], folder) for name in FORMATS},
    )


def _run(folder: Path) -> Cost:
    polite = ["--host-interval", "0", "--allow-net", "127.0.0.0/8"]
    return _enrich(["run", "notes", "--no-progress", *polite], folder)


def _enrich(arguments: Sequence[str], folder: Path) -> Cost:
    command = [sys.executable, "-m", "enrich", *arguments]
    return cost_of_one(command, folder / "output", folder, os.environ | {"PYTHONPATH": str(ROOT)})


def _insist_on_answers(report: Path, links: int) -> None:
    """A run that did not ask would be the fastest."""
    with report.open(encoding="utf-8") as file:
        summary = next(line for line in file if line.startswith('"summary": '))
    counted = json.loads(summary.removeprefix('"summary": ').rstrip().removesuffix(","))
    if counted["by_status"]["ok"] != links:
        sys.exit(f"only {counted['by_status']['ok']} of {links} links are ok")


def write_notes(links: int, hosts: int, port: int, folder: Path) -> None:
    """Notes of a hundred links each, over so many hosts in turn."""
    for note in range(-(-links // LINKS_OF_A_NOTE)):
        first = note * LINKS_OF_A_NOTE
        path = folder / f"{note // NOTES_OF_A_FOLDER:03}" / f"2022-{note % 12 + 1:02}-note-{note:06}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        items = (
            _item(number, number % hosts, port)
            for number in range(first, min(first + LINKS_OF_A_NOTE, links))
        )
        path.write_text(f"# Note {note}\n\n" + "".join(items), encoding="utf-8")


def _item(number: int, host: int, port: int) -> str:
    token = blake2b(number.to_bytes(8), digest_size=10).hexdigest()
    address = f"127.{1 + (host >> 16)}.{host >> 8 & 255}.{host & 255}"
    return f"- [A method for task {number}](http://{address}:{port}/{token}/{number}): 一种方法\n"


# --- the table --------------------------------------------------------------------------------------


def table(found: Sequence[Grown]) -> str:
    """The result as Markdown tables: the runs, and the report of the largest."""
    return "\n".join([*_runs(found), "", *_reports(found[-1])])


def _runs(found: Sequence[Grown]) -> list[str]:
    usual = found[1]
    return [
        f"Growth; ratios to the same run of {usual.links:,} links on {usual.hosts} hosts:",
        "",
        "| links / hosts | run | wall a link | processor a link | ratio | links/s | memory | report |",
        "|---|---|---|---|---|---|---|---|",
        *(
            _line(one, name, cost, base)
            for name in ("first", "second")
            for one in found
            for cost, base in [(getattr(one, name), getattr(usual, name).processor / usual.links)]
        ),
    ]


def _line(one: Grown, name: str, cost: Cost, base: float) -> str:
    wall, processor = cost.wall / one.links, cost.processor / one.links
    times = f"{wall * 1e6:.0f} µs | {processor * 1e6:.0f} µs | {processor / base:.2f} | {one.links / cost.wall:,.0f}"
    sizes = f"{cost.memory / 1e6:.0f} MB | {one.report_bytes / 1e6:.1f} MB"
    return f"| {one.links:,} / {one.hosts:,} | {name} | {times} | {sizes} |"


def _reports(one: Grown) -> list[str]:
    return [
        f"`enrich report` of the last, {one.links:,} targets in {one.report_bytes / 1e6:.1f} MB:",
        "",
        "| format | wall | processor | memory |",
        "|---|---|---|---|",
        *(
            f"| {name} | {cost.wall:.2f} s | {cost.processor:.2f} s | {cost.memory / 1e6:.0f} MB |"
            for name, cost in one.rendered.items()
        ),
    ]
