"""No answer costs more than its share of memory and time, whatever a server sends.

The questions are asked in a process of its own, whose peak of memory the kernel measures; `pytest -m bombs -s`
prints the table. In a plain run all attacks share one process; the long test gives each a new one, more time to
do harm, and its full size.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from origin import Origin, serve_in_thread
from requirements import ROOT, require

from enrich.model import FailureKind

pytestmark = pytest.mark.bombs

MOST_MEBIBYTES = 150
CAP_BYTES = 4 << 20

# Where nothing but the deadline ends it; elsewhere it ends by itself, and no machine is too slow for that.
DEADLINE_SECONDS, FULL_DEADLINE_SECONDS = 0.7, 3.0
PATIENCE_SECONDS = 60.0
# What may pass between the deadline and the outcome, on a machine that does other things too: no attack has an end.
GRACE_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Attack:
    """A path of the origin, what may be said of it, and how much of its body may be kept."""

    name: str
    path: str
    gives: tuple[str, ...]
    body: int = 0
    full: str | None = None

    def deadline(self, seconds: float) -> float:
        """For how long to ask, where so much is enough for what has no end."""
        return seconds if TIMEOUT in self.gives else PATIENCE_SECONDS


TIMEOUT = str(FailureKind.TIMEOUT)
TOO_LARGE = str(FailureKind.TOO_LARGE)
PROTOCOL = str(FailureKind.PROTOCOL)
CIRCLES = str(FailureKind.TOO_MANY_REDIRECTS)

ATTACKS = (
    Attack("gzip bomb", "/zeros/128", ("200",), CAP_BYTES, full="/zeros/1024"),
    Attack("gzip in gzip", "/zeros/128?twice=1", ("200",), full="/zeros/1024?twice=1"),
    Attack("br, which nobody asked for", "/bytes/2000000?coding=br", ("200",)),
    Attack("zstd, which nobody asked for", "/bytes/2000000?coding=zstd", ("200",)),
    Attack("302 with a large body", "/big-redirect/64", ("200",), 100, full="/big-redirect/512"),
    Attack("302 with an endless body", "/long-redirect", ("200",), 100),
    Attack("endless body", "/endless", ("200",), CAP_BYTES),
    Attack("endless headers", "/flood/headers", (TOO_LARGE,)),
    Attack("endless header", "/flood/one-header", (TOO_LARGE,)),
    Attack("endless reason phrase", "/flood/phrase", (TOO_LARGE,)),
    Attack("header of 50 MB", "/big-headers/4000", (TOO_LARGE,), full="/big-headers/48829"),
    Attack("200,000 headers", "/many-headers/20000", (TOO_LARGE,), full="/many-headers/200000"),
    Attack("dripping body", "/drip", (TIMEOUT,)),
    Attack("dripping headers", "/drip-headers", (TIMEOUT,)),
    Attack("slow endless 100 Continue", "/endless-hundred", (TIMEOUT, PROTOCOL)),
    Attack("fast endless 100 Continue", "/flood/hundred", (TIMEOUT, PROTOCOL, TOO_LARGE)),
    Attack("fast endless 103 Early Hints", "/flood/hints", (TIMEOUT, PROTOCOL, TOO_LARGE)),
    Attack("endless trailers", "/flood/trailers", (TOO_LARGE, PROTOCOL, "200")),
    Attack("endless chunk extension", "/flood/extension", (TOO_LARGE, PROTOCOL)),
    Attack("endless chunks of one byte", "/flood/small-chunks", (TIMEOUT, "200"), CAP_BYTES),
    Attack("endless chunks with long extensions", "/flood/wide-chunks", (TIMEOUT, "200"), CAP_BYTES),
    Attack("endless empty lines", "/flood/empty-lines", (TOO_LARGE, PROTOCOL, TIMEOUT)),
    Attack("redirect loop", "/loop", (CIRCLES,)),
    Attack("redirects without end", "/redirect/100000", (CIRCLES,)),
)


@dataclass(frozen=True, slots=True)
class Cost:
    """What an attack cost, as `under_attack.py` tells it."""

    name: str
    gave: str
    body: int
    truncated: bool
    seconds: float
    growth_mebibytes: float

    def __str__(self) -> str:
        body = f"{self.body:>9}{'+' if self.truncated else ' '}"
        return (
            f"{self.name:36} {self.gave:20} {body} {self.seconds:6.2f} s {self.growth_mebibytes:7.1f} MiB"
        )


def attack(origin: Origin, attacks: list[tuple[str, str, float]]) -> Iterator[Cost]:
    """Ask these paths in a process of its own, each for so long, and print and return what each cost."""
    script = Path(__file__).with_name("under_attack.py")
    ran = subprocess.run(
        [sys.executable, str(script)],
        cwd=ROOT,
        input=json.dumps([(name, origin.url(path), seconds) for name, path, seconds in attacks]),
        capture_output=True,
        encoding="utf-8",
        timeout=60 + 5 * sum(seconds for _, _, seconds in attacks),
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    for line in ran.stdout.splitlines():
        cost = Cost(**json.loads(line))
        sys.stdout.write(f"{cost}\n")
        yield cost


def judge(attacked: Attack, cost: Cost, seconds: float) -> None:
    assert cost.gave in attacked.gives
    assert cost.body <= attacked.body
    assert cost.growth_mebibytes < MOST_MEBIBYTES
    assert cost.seconds < attacked.deadline(seconds) + GRACE_SECONDS


@pytest.fixture(autouse=True)
def _measurable() -> None:
    require("proc", Path("/proc/self/status").exists(), "the peak of memory is read from /proc")


@pytest.fixture(scope="module")
def costs() -> dict[str, Cost]:
    """All attacks, one after the other in one process."""
    with serve_in_thread() as origin:
        attacks = [(each.name, each.path, each.deadline(DEADLINE_SECONDS)) for each in ATTACKS]
        return {cost.name: cost for cost in attack(origin, attacks)}


@pytest.mark.parametrize("attacked", [pytest.param(each, id=each.name) for each in ATTACKS])
def test_an_attack_costs_little_memory_and_ends_by_its_deadline(
    attacked: Attack, costs: dict[str, Cost]
) -> None:
    judge(attacked, costs[attacked.name], DEADLINE_SECONDS)


@pytest.mark.soak
@pytest.mark.parametrize("attacked", [pytest.param(each, id=each.name) for each in ATTACKS])
def test_an_attack_of_full_size_costs_as_little(attacked: Attack) -> None:
    seconds = attacked.deadline(FULL_DEADLINE_SECONDS)
    with serve_in_thread() as origin:
        [cost] = attack(origin, [(attacked.name, attacked.full or attacked.path, seconds)])
    judge(attacked, cost, FULL_DEADLINE_SECONDS)
