"""Runs of the command on a cluster of this machine, and what the hosts that it asked saw of it.

The judge is the origin's own log beside the store: who asked what and when, whatever any process believes of itself.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path

from internet import command, environment
from origin import Arrival, Origin

ENGINE = "dask:local=3"
GAP_SECONDS = 0.05
OPTIONS = ("--allow-private", "--host-interval", str(GAP_SECONDS), "--host-concurrency", "1")


def hosts(count: int) -> list[str]:
    """Addresses of this machine, each of which is a site of its own."""
    return [f"127.0.3.{number}" for number in range(1, count + 1)]


def write_notes(folder: Path, urls: Iterable[str]) -> None:
    (folder / "notes.md").write_text(
        "# Notes\n\n" + "".join(f"- <{url}>\n" for url in urls), encoding="utf-8"
    )


class Running:
    """A run of the command in a folder. Its lines on standard error are read while it runs."""

    def __init__(self, folder: Path, url: str, *options: str, env: Mapping[str, str] | None = None) -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            command("run", "notes.md", "--cache", url, "-v", *OPTIONS, *options),
            cwd=folder,
            env=environment(None, PYTHONUNBUFFERED="1", **(env or {})),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        self.lines.extend(line.rstrip("\n") for line in self.process.stderr)

    @property
    def said(self) -> str:
        return "\n".join(line for line in self.lines if not line.startswith("checked "))

    def wait(self, seconds: float = 300) -> int:
        code = self.process.wait(seconds)
        self._reader.join(60)
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code

    def end(self) -> None:
        """Leave nothing behind, whatever became of the test."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.wait()

    def workers(self) -> list[int]:
        """The worker processes of its cluster."""
        return [
            pid for pid, parent, line in processes() if parent == self.process.pid and "spawn_main" in line
        ]


def processes() -> Iterator[tuple[int, int, str]]:
    """All processes with those that began them and their command lines."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                status = (entry / "stat").read_text(encoding="utf-8", errors="replace")
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            except OSError:
                continue
            yield int(entry.name), int(status.rpartition(")")[2].split()[1]), line


def until(is_true: Callable[[], bool], running: Running | None = None, seconds: float = 120) -> None:
    """Wait for something to happen while a run goes on."""
    end = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < end, running.said if running else "it did not happen"
        assert running is None or running.process.poll() is None, running.said
        time.sleep(0.01)


def by_host(arrivals: Iterable[Arrival]) -> Mapping[str, list[Arrival]]:
    found: defaultdict[str, list[Arrival]] = defaultdict(list)
    for arrival in arrivals:
        found[arrival.headers["host"].partition(":")[0]].append(arrival)
    return found


def least_gap(origin: Origin) -> float:
    """The shortest time between two requests to one host, by the origin's clock."""
    moments = [sorted(one.at for one in arrivals) for arrivals in by_host(origin.arrivals).values()]
    return min(later - earlier for at in moments for earlier, later in pairwise(at))


def asked_again(origin: Origin) -> int:
    """How many requests came more than once: the same question to the same address."""
    asked = Counter((one.headers["host"], one.method, one.target) for one in origin.arrivals)
    return sum(count - 1 for (_, _, target), count in asked.items() if target != "/robots.txt")
