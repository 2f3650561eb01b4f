"""What a command costs: wall time, processor time of it and all it starts, and memory of all of them together.

Time and memory are measured in runs of their own, since looking at the memory of a process stops it for a moment.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

SAMPLE_SECONDS = 0.01
# For runs of minutes, which nobody wants to wait for twice: looked at so seldom, they do not get longer. What is over
# before that is looked at more often, the longer between two looks the longer it has lasted.
SELDOM_SECONDS = 0.2
SHARE_BETWEEN_LOOKS = 0.1
SUCCESS = frozenset({0})


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds and bytes. ``memory`` is the peak of the sum over all processes, shared pages counted once."""

    wall: float
    processor: float
    memory: float


def median_cost(costs: Sequence[Cost]) -> Cost:
    return Cost(
        wall=median(cost.wall for cost in costs),
        processor=median(cost.processor for cost in costs),
        memory=median(cost.memory for cost in costs),
    )


def cost(command: Sequence[str], output: Path, folder: Path, environment: Mapping[str, str]) -> Cost:
    """Run a command twice in a folder, its output to a file and its messages nowhere."""
    wall, processor = timed(command, output, folder, environment)
    return Cost(wall, processor, _memory(command, output, folder, environment))


def timed(
    command: Sequence[str], output: Path, folder: Path, environment: Mapping[str, str]
) -> tuple[float, float]:
    """Run a command once; wall and processor seconds."""
    once = cost_of_one(command, output, folder, environment)
    return once.wall, once.processor


def cost_of_one(command: Sequence[str], output: Path, folder: Path, environment: Mapping[str, str]) -> Cost:
    """Run a command once, where twice takes too long or changes what is found; its memory as the kernel counts it,
    which is the peak of the largest process alone, and never less than that of whoever starts it."""
    with _started(command, output, folder, environment) as process:
        begin = time.perf_counter()
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
    _insist(process, command)
    kilobytes = used.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    return Cost(wall, used.ru_utime + used.ru_stime, kilobytes * 1024)


def watched(
    command: Sequence[str],
    output: Path,
    folder: Path,
    environment: Mapping[str, str],
    accepted: Container[int] = SUCCESS,
) -> Cost:
    """Run a command once and look at its memory now and then; for runs that are long or that cannot be repeated."""
    peak = 0
    with _started(command, output, folder, environment) as process:
        begin = time.perf_counter()
        while not (done := os.wait4(process.pid, os.WNOHANG))[0]:
            peak = max(peak, _memory_now(process.pid))
            lasted = SHARE_BETWEEN_LOOKS * (time.perf_counter() - begin)
            _until_over(process.pid, max(SAMPLE_SECONDS / 2, min(SELDOM_SECONDS, lasted)))
        wall = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(done[1])
    _insist(process, command, accepted)
    return Cost(wall, done[2].ru_utime + done[2].ru_stime, float(peak))


def _until_over(pid: int, seconds: float) -> None:
    """Wait until a child is over, at most so long; it is left for whoever asks what it used."""
    watch = os.pidfd_open(pid)
    try:
        select.select([watch], [], [], seconds)
    finally:
        os.close(watch)


def _memory(command: Sequence[str], output: Path, folder: Path, environment: Mapping[str, str]) -> float:
    peak = 0
    with _started(command, output, folder, environment) as process:
        while process.poll() is None:
            peak = max(peak, _memory_now(process.pid))
            time.sleep(SAMPLE_SECONDS)
    _insist(process, command)
    return float(peak)


def _memory_now(pid: int) -> int:
    return sum(_proportional_size(one) for one in _tree(pid))


def _started(
    command: Sequence[str], output: Path, folder: Path, environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    with output.open("wb") as file:
        return subprocess.Popen(  # noqa: S603 - commands of ours
            command, stdout=file, stderr=subprocess.DEVNULL, cwd=folder, env=dict(environment)
        )


def _insist(
    process: subprocess.Popen[bytes], command: Sequence[str], accepted: Container[int] = SUCCESS
) -> None:
    if process.returncode not in accepted:
        sys.exit(f"{' '.join(command[:3])} … ended with exit code {process.returncode}")


def _tree(pid: int) -> Iterator[int]:
    """A process and all below it."""
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return
    for child in children.split():
        yield from _tree(int(child))


def _proportional_size(pid: int) -> int:
    """The memory of a process, a page that several share counted by halves or less; 0 once it is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))
