"""Asks every address of a list through `Fetcher.fetch`: `python -m benchmarks.asker METHOD FILE`.

As many at a time, and as many for one host, as lychee does by itself; no pauses, no second tries.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, cast

from enrich.fetch.client import Fetcher, FetchSettings
from enrich.model import Manners, Request, Response

AT_ONCE = 128
PER_HOST = 10


async def _work(fetcher: Fetcher, urls: Iterator[str], method: Literal["GET", "HEAD"]) -> int:
    alive = 0
    for url in urls:
        outcome = await fetcher.fetch(Request(url=url, method=method))
        alive += isinstance(outcome, Response) and outcome.status == 200
    return alive


async def _ask_all(urls: list[str], method: Literal["GET", "HEAD"]) -> int:
    settings = FetchSettings(
        user_agent="enrich-benchmark",
        retries=0,
        concurrency=AT_ONCE,
        manners_of=lambda _host: Manners(width=PER_HOST, interval_seconds=0.0),
        allow_nets=("127.0.0.0/8",),
    )
    left = iter(urls)
    async with Fetcher(settings) as fetcher:
        return sum(await asyncio.gather(*(_work(fetcher, left, method) for _ in range(AT_ONCE))))


def main() -> None:
    urls = Path(sys.argv[2]).read_text().split()
    alive = asyncio.run(_ask_all(urls, cast("Literal['GET', 'HEAD']", sys.argv[1])))
    if alive != len(urls):
        sys.exit(f"only {alive} of {len(urls)} answered")


if __name__ == "__main__":
    main()
