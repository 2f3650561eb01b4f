"""What the tests of fetching share: settings that may ask this machine, and a resolver of made-up names."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import anyio
import pytest

from enrich.fetch.client import Fetcher, FetchSettings
from enrich.model import Failure, Manners, Outcome, Request, Response

LOOPBACK = ("127.0.0.0/8",)
EAGER = Manners(width=8, interval_seconds=0.0)


def settings(**changes: Any) -> FetchSettings:
    """With a time-out that only what never answers runs into, no retries, and allowed to ask 127.0.0.0/8."""
    usual: dict[str, Any] = {
        "user_agent": "enrich-test",
        "timeout_seconds": 30.0,
        "connect_timeout_seconds": 20.0,
        "retries": 0,
        "allow_nets": LOOPBACK,
        "manners_of": lambda _host: EAGER,
        "backoff_seconds": 0.01,
    }
    return FetchSettings(**{**usual, **changes})


def fetcher(**changes: Any) -> Fetcher:
    return Fetcher(settings(**changes))


async def ask(url: str, request: dict[str, Any] | None = None, **changes: Any) -> Outcome:
    """What a fetcher of these settings gives for one question; ``request`` is all of it but the address."""
    async with fetcher(**changes) as asking:
        return await asking.fetch(Request(url=url, **(request or {})))


async def until(happened: Callable[[], object]) -> None:
    """Wait for what happens in this event loop, or in others."""
    with anyio.fail_after(60):
        while not happened():  # noqa: ASYNC110 - nobody tells of it
            await anyio.sleep(0.005)


def names(
    table: Mapping[str, Sequence[str] | int], asked: list[str] | None = None
) -> Callable[[str, int], Awaitable[Sequence[str]]]:
    """A resolver of these names: addresses, or the code of the resolver's error. Literals are themselves."""

    async def resolve(host: str, _port: int) -> Sequence[str]:
        if asked is not None:
            asked.append(host)
        if host[0].isdigit() or ":" in host:
            return [host]
        found = table.get(host.removesuffix("."), socket.EAI_NONAME)
        if isinstance(found, int):
            raise socket.gaierror(found, "made up")
        return found

    return resolve


def answer(outcome: Outcome) -> Response:
    """The outcome, which must be a response."""
    if isinstance(outcome, Failure):
        pytest.fail(f"{outcome.kind}: {outcome.detail} ({outcome.url})")
    return outcome


def failure(outcome: Outcome) -> Failure:
    """The outcome, which must be a failure."""
    if isinstance(outcome, Response):
        pytest.fail(f"answered {outcome.status} ({outcome.url})")
    return outcome
