"""Both programs whole, as a user runs them: reading notes, asking, remembering, and writing a JSON report.

Each case is a world of loopback addresses (`origin`), the options that make both programs do the same in it, and what
enrich aims at. lychee and enrich run in turn; every answer of the last turn is compared.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks import ROOT, agreement
from benchmarks.extraction import lychee_program
from benchmarks.measure import Cost, median_cost, watched
from benchmarks.origin import Counts, Origin, World, serving

NOTES = 100
# Both say by their exit code that links are broken.
ENRICH_CODES, LYCHEE_CODES = frozenset({0, 1}), frozenset({0, 2})

PLAIN = World(links=20_000, hosts=500)
TLS = replace(PLAIN, tls=True)
REAL = replace(PLAIN, median_milliseconds=150.0, trouble=True)
ONE_HOST = World(links=2_000, hosts=1)

_CHECK = ("check", "notes", "--allow-net", "127.0.0.0/8", "--no-progress")
_REPORT = ("--format", "json", "--output", "enrich.json")
_RUN = ("run", "notes", "--allow-net", "127.0.0.0/8", "--no-progress", "--reports-dir", ".")
_LYCHEE = ("notes", "--no-progress", "--format", "json", "--output", "lychee.json")


def _manners(at_once: int, *, retries: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The options of both for so many questions at once, ten of them to one host and none apart from another."""
    ours = ("--concurrency", str(at_once), "--host-concurrency", "10", "--host-interval", "0")
    theirs = (
        *("--max-concurrency", str(at_once), "--host-concurrency", "10"),
        *("--host-request-interval", "0ms"),
    )
    return (*ours, "--retries", str(retries)), (*theirs, "--max-retries", str(retries))


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One comparison. ``aims`` are the ratios of wall time, processor and memory that enrich aims at.

    ``again`` is a second run of enrich with what its store learned, against the same run of lychee; ``warm`` runs
    both once before, so that nothing is asked.
    """

    name: str
    told: str
    world: World
    enrich: tuple[str, ...]
    lychee: tuple[str, ...]
    aims: tuple[float | None, float | None, float | None]
    report: str = "enrich.json"
    again: bool = False
    warm: bool = False


_FAST, _LYCHEE_FAST = _manners(512, retries=1)
_PLAIN, _LYCHEE_PLAIN = _manners(128, retries=0)
_HEAD = ("--method", "head")
_TIMEOUT = ("--timeout", "8")

CASES = (
    Case(
        name="a", told="realistic latency, default manners of both", world=REAL,
        enrich=(*_CHECK, *_REPORT), lychee=_LYCHEE, aims=(0.4, None, 0.4),
    ),
    Case(
        name="b", told="the same, both told to go fast", world=REAL,
        enrich=(*_CHECK, *_REPORT, *_FAST, *_TIMEOUT),
        lychee=(*_LYCHEE, *_HEAD, *_LYCHEE_FAST, *_TIMEOUT), aims=(1.0, 1.2, 0.3),
    ),
    Case(
        name="b-again", told="the same, with the store of a first run", world=REAL,
        enrich=(*_CHECK, *_REPORT, *_FAST, *_TIMEOUT, "--refresh"),
        lychee=(*_LYCHEE, *_HEAD, *_LYCHEE_FAST, *_TIMEOUT), aims=(0.7, None, None), again=True,
    ),
    Case(
        name="c-head", told="no latency, plain HEAD", world=PLAIN,
        enrich=(*_CHECK, *_REPORT, *_PLAIN), lychee=(*_LYCHEE, *_HEAD, *_LYCHEE_PLAIN), aims=(1.5, 1.5, 0.4),
    ),
    Case(
        name="c-tls-head", told="no latency, TLS, HEAD", world=TLS,
        enrich=(*_CHECK, *_REPORT, *_PLAIN), lychee=(*_LYCHEE, *_HEAD, *_LYCHEE_PLAIN), aims=(1.5, 1.5, 0.4),
    ),
    Case(
        name="c-tls-get", told="no latency, TLS, pages (enrich run)", world=TLS, report="latest.json",
        enrich=(*_RUN, *_PLAIN), lychee=(*_LYCHEE, *_LYCHEE_PLAIN), aims=(0.5, 0.5, 0.6),
    ),
    Case(
        name="d", told="one host, no latency, default manners of both", world=ONE_HOST,
        enrich=(*_CHECK, *_REPORT), lychee=_LYCHEE, aims=(None, None, None),
    ),
    Case(
        name="f", told="warm store, nothing due; lychee --cache", world=PLAIN, warm=True,
        enrich=(*_CHECK, *_REPORT, *_PLAIN), lychee=(*_LYCHEE, *_HEAD, *_LYCHEE_PLAIN, "--cache"), aims=(5.0, None, None),
    ),
)  # fmt: skip
NAMES = tuple(case.name for case in CASES)


def quick(case: Case) -> Case:
    """The same case in seconds: a smaller world, in which nobody is waited for for long."""
    if case.world is ONE_HOST:
        return replace(case, world=replace(ONE_HOST, links=40))
    world = replace(case.world, links=400, hosts=10)
    if not world.trouble:
        return replace(case, world=world)
    world = replace(world, median_milliseconds=20.0, slow_milliseconds=300.0)
    short = ("--timeout", "1")
    return replace(case, world=world, enrich=_with(case.enrich, short), lychee=_with(case.lychee, short))


def _with(options: tuple[str, ...], other: tuple[str, str]) -> tuple[str, ...]:
    """Options with another value for one of them."""
    if other[0] not in options:
        return (*options, *other)
    place = options.index(other[0])
    return (*options[:place], *other, *options[place + 2 :])


@dataclass(frozen=True, slots=True)
class Turn:
    """What one run of one program cost, and what it did to the origin."""

    cost: Cost
    counts: Counts


@dataclass(frozen=True, slots=True)
class Result:
    """All turns of a case, and how many links the programs disagree on, by what enrich and lychee said."""

    case: Case
    enrich: Sequence[Turn]
    lychee: Sequence[Turn]
    differing: Counter[tuple[str, str]] = field(default_factory=Counter)

    def ratios(self) -> tuple[float, float, float]:
        ours, theirs = (median_cost([turn.cost for turn in turns]) for turns in (self.enrich, self.lychee))
        return ours.wall / theirs.wall, ours.processor / theirs.processor, ours.memory / theirs.memory


@dataclass(frozen=True, slots=True)
class _Rig:
    """A running origin, notes that lead to it, and the programs."""

    folder: Path
    origin: Origin
    lychee: str

    def turn(self, command: Sequence[str], accepted: frozenset[int]) -> Turn:
        environment = {
            name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
        }
        environment |= {"PYTHONPATH": str(ROOT), "NO_PROXY": "127.0.0.0/8"}
        if self.origin.ca_file.exists():
            environment["SSL_CERT_FILE"] = str(self.origin.ca_file)
        self.origin.counts()
        cost = watched(command, self.folder / "output.txt", self.folder, environment, accepted)
        return Turn(cost, self.origin.counts())

    def enrich(self, case: Case) -> Turn:
        return self.turn([sys.executable, "-m", "enrich", *case.enrich], ENRICH_CODES)

    def asks_lychee(self, case: Case) -> Turn:
        return self.turn([self.lychee, *case.lychee], LYCHEE_CODES)

    def forget(self) -> None:
        """Take away what enrich remembers; lychee remembers only where it is told to."""
        shutil.rmtree(self.folder / "cache", ignore_errors=True)


def measure(cases: Sequence[Case], runs: int) -> Iterator[Result]:
    """Each case in turn, ``runs`` times; one that has a first run in another shares its turns of lychee."""
    lychee = lychee_program()
    if lychee is None:
        sys.exit("lychee is not installed; hint: pip install '.[bench]'")
    with tempfile.TemporaryDirectory(prefix="enrich-benchmark-") as name:
        for case in cases:
            with _rig(case.world, Path(name), lychee) as rig:
                yield _measured(rig, case, runs)


@contextmanager
def _rig(world: World, above: Path, lychee: str) -> Iterator[_Rig]:
    folder = above / "work"
    with serving(world, above) as origin:
        shutil.rmtree(folder, ignore_errors=True)
        _write(origin.urls(), folder / "notes")
        yield _Rig(folder, origin, lychee)
    (above / origin.ca_file.name).unlink(missing_ok=True)


def _write(urls: list[str], folder: Path) -> None:
    """Notes in which the links of a host lie far apart, as they do in real ones."""
    folder.mkdir(parents=True)
    random.Random(1).shuffle(urls)  # noqa: S311 - the same notes every time, and no secret
    for number in range(NOTES):
        lines = "\n".join(f"- <{url}>" for url in urls[number::NOTES])
        (folder / f"{number:03}.md").write_text(f"# Note {number}\n\n{lines}\n", encoding="utf-8")


def _measured(rig: _Rig, case: Case, runs: int) -> Result:
    ours: list[Turn] = []
    theirs: list[Turn] = []
    if case.warm:
        rig.asks_lychee(case)
        rig.enrich(case)
    for _ in range(runs):
        theirs.append(rig.asks_lychee(case))
        if not case.warm:
            rig.forget()
        if case.again:
            rig.enrich(case)
        ours.append(rig.enrich(case))
    said = agreement.of_enrich(rig.folder / case.report)
    differing = agreement.differing(
        said, agreement.of_lychee(rig.folder / "lychee.json", rig.origin.urls())
    )
    return Result(case, ours, theirs, differing)


def table(results: Sequence[Result], runs: int) -> str:
    """The results as a Markdown table, then what the origin saw and where answers differ."""
    lines = [
        f"Whole programs, in turn, medians of {runs}:" if runs > 1 else "Whole programs, one run:",
        "",
        "| case | enrich | lychee | ratio of wall | of CPU | of memory | requests | aim |",
        "|---|---|---|---|---|---|---|---|",
        *map(_line, results),
        "",
        *map(_seen, results),
    ]
    return "\n".join(lines)


def _line(result: Result) -> str:
    case, world = result.case, result.case.world
    ours, theirs = (median_cost([turn.cost for turn in turns]) for turns in (result.enrich, result.lychee))
    wall, processor, memory = result.ratios()
    asked = f"{result.enrich[-1].counts.requests:,} / {result.lychee[-1].counts.requests:,}"
    aims = " / ".join("–" if aim is None else f"{aim:g}" for aim in case.aims)
    told = f"{case.name}: {case.told}; {world.links:,} links, {_hosts(world.hosts)}"
    ratios = f"{wall:.2f} | {processor:.2f} | {memory:.2f}"
    return f"| {told} | {ours.wall:.2f} s | {theirs.wall:.2f} s | {ratios} | {asked} | {aims} |"


def _hosts(count: int) -> str:
    return "1 host" if count == 1 else f"{count} hosts"


def _seen(result: Result) -> str:
    """What tells how both asked, and whether they came to the same."""
    told = "; ".join(
        f"{name} {_asked(turns[-1])}"
        for name, turns in (("enrich", result.enrich), ("lychee", result.lychee))
    )
    return f"- {result.case.name}: {told}; {_disagreement(result.differing)}."


def _asked(turn: Turn) -> str:
    counts = turn.counts
    if not counts.requests:
        return "asked nothing"
    gap = f"{counts.least_gap * 1000:.0f} ms apart at least"
    return f"{counts.connections:,} connections, {counts.most_at_once} at once on a host, {gap}"


def _disagreement(differing: Counter[tuple[str, str]]) -> str:
    if not differing:
        return "the same answer for every link"
    pairs = (
        f"{count} {ours} by enrich and {theirs} by lychee"
        for (ours, theirs), count in sorted(differing.items())
    )
    return f"{differing.total()} answers differ ({', '.join(pairs)})"
