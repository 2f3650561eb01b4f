"""Our own network for tests, which can be switched off, and a recorder that stands behind it."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import anyio

from enrich.model import CheckResult, Status, Target, TargetState, Verdict
from enrich.network import Network, Outages
from enrich.store.history import Confirmation, merge
from enrich.store.protocol import DueTarget
from enrich.store.recorder import Asked, Recorder

NOW = datetime(2026, 5, 10, 6, tzinfo=UTC)
OK = Verdict(Status.OK, "http-200")
GONE = Verdict(Status.BROKEN, "http-410")
REFUSED = Verdict(Status.UNREACHABLE, "connect-failure")
UNSAFE = Verdict(Status.UNREACHABLE, "tls-failure")
NO_NAME = Verdict(Status.BROKEN, "dns-not-found")
NO_LOOKUP = Verdict(Status.UNREACHABLE, "dns-failure")
WALL = Verdict(Status.BLOCKED, "http-403")
CANARY = "https://canary.example/"


@dataclass
class World:
    """A web that can be switched off, and a store that remembers what it is given."""

    up: bool = True
    invents: bool = False
    known: tuple[str, ...] = (CANARY,)
    answers: int = 0
    answered_from: float = -math.inf
    verified_from: float = -math.inf
    names_resolved: int = 0
    silent_seconds: float = 0.0
    asked_up: list[float] = field(default_factory=list)
    lookups: int = 0
    forgiven: int = 0
    recorded: dict[str, str] = field(default_factory=dict)
    withheld: dict[str, str] = field(default_factory=dict)
    back: list[str] = field(default_factory=list)
    deferred: list[str] = field(default_factory=list)

    def witnesses(self) -> list[str]:
        return []

    async def is_up(self, urls: Sequence[str], *, names: bool = False) -> bool:
        self.asked_up.append(anyio.current_time())
        await anyio.sleep(self.silent_seconds)
        return self.up and bool(urls)

    async def invents_answers(self, *, proxies: bool = True) -> bool:
        self.lookups += 1
        return self.invents

    def forgive(self) -> None:
        self.forgiven += 1

    async def canaries(self) -> tuple[str, ...]:
        return self.known

    async def record(self, results: Sequence[CheckResult], rule: Confirmation) -> list[TargetState]:
        for result in results:
            self.recorded[result.target_id] = result.verdict.reason
            if result.withheld:
                self.withheld[result.target_id] = result.withheld
        return [merge(TargetState(status=Status.OK), result, rule) for result in results]

    async def defer(self, ids: Sequence[str], reason: str) -> None:
        self.deferred += ids

    async def put_back(self, ids: Sequence[str]) -> None:
        self.back += ids

    def answer(self, *, safely: bool = True) -> None:
        """Some host answers."""
        self.answers += 1
        self.answered_from = anyio.current_time()
        self.verified_from = self.answered_from if safely else self.verified_from
        self.names_resolved += 1


@dataclass
class Run:
    world: World
    recorder: Recorder
    outages: Outages
    stopping: anyio.Event

    async def take(self, host: str, verdict: Verdict, number: int = 0, **more: Any) -> None:
        # Asking takes time, so that one can tell what came first.
        await anyio.sleep(0.01)
        await self.outages.take(asked(host, verdict, number, **more))


def asked(
    host: str, verdict: Verdict, number: int = 0, *, was: Status | None = Status.OK, **more: Any
) -> Asked:
    target = Target(id=f"{host}/{number}", url=f"https://{host}/{number}", kind="web", host=host)
    since = more.pop("doubted_since", None)
    due = DueTarget(target=target, wants_metadata=False, was=was, doubted_since=since)
    return Asked(due, CheckResult(target_id=target.id, at=NOW, verdict=verdict), **more)


@asynccontextmanager
async def running(world: World, wait_seconds: float = 300.0) -> AsyncIterator[Run]:
    network = Network(world, world.canaries)
    recorder = Recorder(world, Confirmation(), proofs=network, counted=lambda *_: None)  # type: ignore[arg-type]
    stopping = anyio.Event()
    outages = Outages(network, recorder, world.put_back, wait_seconds=wait_seconds, stopping=stopping)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(recorder.write)
        yield Run(world, recorder, outages, stopping)
        await recorder.close()


async def fail_many(run: Run, count: int, verdict: Verdict = REFUSED, **more: Any) -> None:
    for number in range(count):
        await run.take(f"host-{number}.example", verdict, began=anyio.current_time(), **more)
