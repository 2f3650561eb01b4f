"""How long collections of a million, ten million and a hundred million links take, by the code that asks them.

The real scheduler is run in virtual time (`scale_run`), which shows a closed form to be right: the functions of
`enrich.bounds` with the manners that are in the code. For greater collections the closed form is used. What surprised
us: processors have next to no part in it. Ten hosts decide, and more machines shorten nothing but the long tail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.extraction import CORPUS
from benchmarks.scale_mix import BY_API, CLASSES, DOI, GITHUB, TAIL, class_of, measured_mix, mix_of_notes
from benchmarks.scale_run import Pass, Plan, default_settings, foretold, simulated
from benchmarks.scale_web import AGENCY, HOUR, POINTS, answer_seconds
from enrich.bounds import Bound, gap_of, questions, rough, seconds_left, told
from enrich.config import Settings
from enrich.kinds._github_lookup import RESERVE
from enrich.lookup import queue_of
from enrich.model import Api, Outcome, Request
from enrich.registry import kinds
from enrich.turns import share_of

SIMULATED = 4_000
# So many that WeChat's articles do not fit one night.
SIMULATED_NIGHTS = 30_000
QUICK_SIMULATED = 1_000
COMPUTED = (1_000_000, 10_000_000, 100_000_000)
QUICK_COMPUTED = (1_000_000,)
WORKERS = (1, 4)
# What is over sooner is decided by single answers.
LONG_SECONDS = 300.0
# Of the hosts that a run names before it begins, so many are shown.
TOLD = 8


# --- the closed form ----------------------------------------------------------------------------------


def computed(plan: Plan) -> Pass:
    """The same by arithmetic: the slowest host of each class, the places of the workers, and their processors."""
    settings, collection = default_settings(), plan.collection
    seconds = {BY_API[kind]: _by_api(settings, kind, count) for kind, count in collection.by_api.items()}
    nights, in_all = 1, 0
    for host, count in collection.hosts.items():
        share = share_of(host, settings.manners_of(host), None, is_check=False).number or count
        nights = max(nights, questions(count, share))
        asked = asked_of(settings, host, min(count, share))
        in_all += asked
        own = max(_alone(settings, host, asked), _agency(settings, host, count) if plan.facts else 0.0)
        seconds[class_of(host)] = max(seconds.get(class_of(host), 0.0), own)
    each = max(plan.cost_seconds, answer_seconds("") / settings["concurrency"])
    seconds[TAIL] = max(seconds.get(TAIL, 0.0), in_all * each / plan.workers)
    return Pass(seconds={name: seconds[name] for name in CLASSES if name in seconds}, nights=nights)


def asked_of(settings: Settings, host: str, targets: int) -> int:
    """How many questions so many targets of a host are: robots.txt is read where there is a second address."""
    return targets + (targets > 1 and settings.reads_robots(host))


def _alone(settings: Settings, host: str, asked: int, batch: int = 1) -> float:
    """How long a host takes that nothing else delays."""
    manners = settings.manners_of(host)
    return seconds_left(asked, gap_of(manners), manners.width, answer_seconds(host), batch)


def _agency(settings: Settings, host: str, count: int) -> float:
    """How long the agency behind doi.org takes, which is asked what each DOI stands for."""
    return _alone(settings, AGENCY, count) if class_of(host) == DOI else 0.0


def _by_api(settings: Settings, kind: str, count: int) -> float:
    queue = queue_of(kinds()[kind], Api(fetch=_nobody))
    seconds = _alone(settings, queue.host, count, queue.batch)
    if BY_API[kind] != GITHUB:
        return seconds
    # A query for a hundred costs a point; what is left for others is not spent.
    return max(seconds, questions(count, queue.batch) / (POINTS * (1 - RESERVE)) * HOUR)


async def _nobody(request: Request) -> Outcome:
    raise AssertionError(f"arithmetic asks nobody for {request.url}")


# --- the table ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """A collection, what was simulated of it, if so, and what the closed form says."""

    name: str
    plan: Plan
    simulated: Pass | None
    computed: Pass

    @property
    def shown(self) -> Pass:
        return self.simulated or self.computed

    @property
    def differences(self) -> Mapping[str, float]:
        """By what part of it the simulated time of each class is off the computed one, where that is long."""
        if self.simulated is None:
            return {}
        return {
            name: abs(seconds / self.computed.seconds[name] - 1)
            for name, seconds in self.simulated.seconds.items()
            if self.computed.seconds[name] >= LONG_SECONDS
        }


@dataclass(frozen=True, slots=True)
class Result:
    """The rows, and what a run says before it begins of the slow hosts of so many links."""

    rows: Sequence[Row]
    foretold_links: int
    foretold: Sequence[Bound]


def measure() -> Result:
    """Simulate small collections and the real notes, where they are; compute the great ones."""
    small = [("", plan) for plan in _plans(SIMULATED)]
    small.append(("", Plan(collection=measured_mix(SIMULATED_NIGHTS))))
    if CORPUS.is_dir():
        small.append((" (real notes)", Plan(collection=mix_of_notes(CORPUS))))
    return _result(small, COMPUTED)


def measure_quickly() -> Result:
    """The same with little."""
    return _result([("", plan) for plan in _plans(QUICK_SIMULATED)], QUICK_COMPUTED)


def _result(small: Sequence[tuple[str, Plan]], great_links: Sequence[int]) -> Result:
    rows = [Row(name, plan, simulated(plan), computed(plan)) for name, plan in small]
    great = [plan for links in great_links for plan in _plans(links)]
    rows += [Row("", plan, None, computed(plan)) for plan in great]
    first = great[0].collection
    return Result(rows, first.links, foretold(first))


def _plans(links: int) -> list[Plan]:
    """All that is known of everything, by one worker and by several; and verdicts alone."""
    collection = measured_mix(links)
    plans = [Plan(collection=collection, workers=workers) for workers in WORKERS]
    return [*plans, Plan(collection=collection, workers=WORKERS[-1], facts=False)]


def table(result: Result) -> str:
    """The rows as a Markdown table: as simulated, and in brackets by arithmetic."""
    heads = ("links", "hosts", "asks for", "workers", *CLASSES, "nights", "bound by")
    apart = max((most for row in result.rows for most in row.differences.values()), default=0.0)
    lines = [
        "Asking for everything once, in virtual time and in brackets by arithmetic.",
        f"Where it takes five minutes or more, both differ by {100 * apart:.1f} % at most.",
        "",
        f"| {' | '.join(heads)} |",
        f"|{'---|' * len(heads)}",
        *(f"| {' | '.join(_cells(row))} |" for row in result.rows),
        "",
        f"Before it begins, a run of the {result.foretold_links:,} says by manners alone:",
        "",
        *(f"- {told(bound)}" for bound in result.foretold[:TOLD]),
    ]
    return "\n".join(lines)


def _cells(row: Row) -> list[str]:
    plan = row.plan
    sizes = [f"{plan.collection.links:,}{row.name}", f"{len(plan.collection.hosts):,}"]
    times = [_time(row, name) for name in CLASSES]
    how = ["facts" if plan.facts else "verdicts", str(plan.workers)]
    return [*sizes, *how, *times, f"{row.shown.nights:,}", ", then ".join(row.shown.slowest_first[:2])]


def _time(row: Row, name: str) -> str:
    form = row.computed.seconds.get(name)
    if form is None:
        return "–"
    return f"{rough(row.simulated.seconds[name])} ({rough(form)})" if row.simulated else f"({rough(form)})"
