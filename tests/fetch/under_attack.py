"""Asks hostile addresses in a process of its own, and says what each cost.

A script: reads a list of `[name, url, deadline in seconds]` from standard input as JSON, and writes one line of JSON
for each. The peak of memory is the kernel's (`VmHWM`), set back before each question: what Python counts leaves out
what zlib and the sockets hold.
"""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path

import anyio

from enrich.fetch.client import Fetcher, FetchSettings
from enrich.model import Failure, Manners, Outcome, Request
from enrich.standstill import run

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def peak_kibibytes() -> int:
    """The most memory that was resident since the last `reset_peak`."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1])


def reset_peak() -> None:
    # 5 sets the high-water mark back (proc(5)); where that is not allowed the peaks only ever look larger.
    with contextlib.suppress(OSError):
        CLEAR.write_text("5")


def described(outcome: Outcome) -> dict[str, object]:
    if isinstance(outcome, Failure):
        return {"gave": str(outcome.kind), "body": 0, "truncated": False}
    return {"gave": str(outcome.status), "body": len(outcome.body), "truncated": outcome.truncated}


async def ask(url: str, deadline_seconds: float) -> dict[str, object]:
    """A new fetcher for each question, so that no lane remembers the last one."""
    settings = FetchSettings(
        user_agent="enrich-test",
        timeout_seconds=deadline_seconds,
        retries=0,
        allow_nets=("127.0.0.0/8",),
        manners_of=lambda _host: Manners(width=1, interval_seconds=0.0),
    )
    async with Fetcher(settings) as asking:
        reset_peak()
        before, began = peak_kibibytes(), anyio.current_time()
        outcome = await asking.fetch(Request(url=url))
        seconds = anyio.current_time() - began
    growth = (peak_kibibytes() - before) / 1024
    return {**described(outcome), "seconds": round(seconds, 2), "growth_mebibytes": round(growth, 1)}


def main() -> None:
    for name, url, deadline_seconds in json.load(sys.stdin):
        told = run(ask, url, deadline_seconds)
        print(json.dumps({"name": name, **told}), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
