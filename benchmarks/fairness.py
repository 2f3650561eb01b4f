"""Fairness: do links that are listed host by host take longer than the same links interleaved?

A checker that takes links in the order of the notes lets one host's pause hold up all others. Here 100 hosts have
20 links each, at addresses of this machine; each is asked one by one with a pause. What counts is the time from the
first request that the server sees to the last, so that starting a process is left out.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks import ROOT

HOSTS, LINKS = 100, 20
QUICK_HOSTS = 5
INTERVAL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Result:
    """Median seconds from the first request to the last, for both orders of the same links."""

    hosts: int
    by_host: float
    interleaved: float


def measure(hosts: int, runs: int) -> Result:
    """Both orders in turn, ``runs`` times."""
    by_host, interleaved = asyncio.run(_measure(hosts, runs))
    return Result(hosts, median(by_host), median(interleaved))


async def _measure(hosts: int, runs: int) -> tuple[list[float], list[float]]:
    seen: list[float] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            seen.append(time.monotonic())
            status = b"404 Not Found" if b"/robots.txt" in head else b"200 OK"
            writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    names = [f"127.0.1.{number}" for number in range(1, hosts + 1)]
    first = await asyncio.start_server(answer, names[0], 0)
    port = first.sockets[0].getsockname()[1]
    others = await asyncio.start_server(answer, names[1:], port)
    links = [[f"http://{name}:{port}/{number}" for number in range(LINKS)] for name in names]
    orders = (
        [link for host in links for link in host],
        [link for turn in zip(*links, strict=True) for link in turn],
    )
    spent: tuple[list[float], list[float]] = ([], [])
    async with first, others:
        for _ in range(runs):
            for order, seconds in zip(orders, spent, strict=True):
                seen.clear()
                await _check(order)
                seconds.append(seen[-1] - seen[0])
    return spent


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


def _write(links: Sequence[str], folder: str) -> None:
    Path(folder, "notes.md").write_text("\n".join(f"- <{link}>" for link in links), encoding="utf-8")


async def _check(links: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="enrich-benchmark-") as folder:
        _write(links, folder)
        options = [
            "--allow-net",
            "127.0.0.0/8",
            "--host-concurrency",
            "1",
            "--host-interval",
            str(INTERVAL_SECONDS),
        ]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "enrich", "check", "notes.md", "-q", *options,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "NO_PROXY": "127.0.0.0/8"},
            stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        if await process.wait():
            sys.exit(f"enrich check ended with exit code {process.returncode}")


def table(result: Result) -> str:
    """The result as a Markdown table."""
    return "\n".join(
        (
            f"{result.hosts} hosts of {LINKS} links, one at a time, {INTERVAL_SECONDS:g} s apart",
            "",
            "| order of the links | first request to last |",
            "|---|---|",
            f"| host by host | {result.by_host:.2f} s |",
            f"| interleaved | {result.interleaved:.2f} s |",
            f"| ratio | {result.by_host / result.interleaved:.2f} |",
        )
    )
