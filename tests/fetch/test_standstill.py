"""What stood still with us is not held against anybody: time-outs and gaps count the time in which we were awake."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from fetching import settings
from internet import Answer, Asked, Internet, command, environment, saved_report
from origin import Wire, serve
from sites import html

import enrich
from enrich.fetch.client import Fetcher
from enrich.model import Failure, Outcome, Request
from enrich.standstill import AwakeLoop
from enrich.working import keep_to_the_clock

HOUR = 3600.0


class Clock:
    """The monotonic clock of a machine that stood still for as long as a test says."""

    def __init__(self) -> None:
        self.stood_still = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.stood_still


class Watch(asyncio.SelectorEventLoop):
    """A loop as any other: its clock goes on."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._shown = clock
        super().__init__()

    def time(self) -> float:
        return self._shown()


def test_an_hour_in_which_nothing_was_done_is_no_time() -> None:
    seconds = [0.0]
    loop = AwakeLoop(lambda: seconds[0])
    try:
        began = loop.time()
        seconds[0] += HOUR
        assert loop.time() - began <= 0.5
        seconds[0] += 0.25
        assert loop.time() - began <= 0.75
        seconds[0] += 0.25
        assert 0.5 <= loop.time() - began <= 1.0, "what it is a little late by counts"
    finally:
        loop.close()


@pytest.mark.parametrize("where", ["head", "body", "second hop"])
@pytest.mark.parametrize(("kind", "is_late"), [(AwakeLoop, False), (Watch, True)])
def test_an_answer_that_waits_for_us_to_wake_up_is_not_late(
    kind: type[AwakeLoop | Watch], is_late: bool, where: str
) -> None:
    clock = Clock()

    async def main() -> Outcome:
        asked, awake = anyio.Event(), anyio.Event()

        async def rest(wire: Wire) -> None:
            if where == "body":
                await wire.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
            asked.set()
            await awake.wait()
            await wire.raw(b"rest" if where == "body" else b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        async def stand_still() -> None:
            await asked.wait()
            clock.stood_still += HOUR
            await asyncio.sleep(0)
            await anyio.sleep(0.05)
            awake.set()

        async with serve() as origin, Fetcher(settings(timeout_seconds=60.0)) as asking:
            origin.troubles["rest"] = rest
            path = "/to/302?/rest" if where == "second hop" else "/rest"
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(stand_still)
                return await asking.fetch(Request(url=origin.url(path), method="GET"))

    outcome = anyio.run(main, backend_options={"loop_factory": lambda: kind(clock)})
    assert isinstance(outcome, Failure) is is_late


@pytest.mark.parametrize("kind", [AwakeLoop, Watch])
def test_a_deadline_comes_at_its_time_all_the_same(kind: type[AwakeLoop | Watch]) -> None:
    clock = Clock()

    async def main() -> bool:
        with anyio.CancelScope(deadline=anyio.current_time() + HOUR) as scope:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(keep_to_the_clock, scope, clock)
                await anyio.sleep(0.05)
                assert not scope.cancel_called
                clock.stood_still += HOUR
                with anyio.fail_after(60):
                    await anyio.sleep_forever()
        return scope.cancelled_caught

    assert anyio.run(main, backend_options={"loop_factory": lambda: kind(clock)})


@pytest.mark.soak
def test_a_program_that_is_stopped_for_longer_than_its_time_out_blames_nobody(
    tmp_path: Path, folder: Path
) -> None:
    asked, awake = threading.Event(), threading.Event()

    def waits(_asked: Asked) -> Answer:
        asked.set()
        assert awake.wait(60)
        return html("here")

    (folder / "notes.md").write_text("<https://patient.example/page>\n")
    arguments = command("run", "notes.md", "--timeout", "10", "--retries", "0", "--no-progress")
    with (
        Internet(tmp_path / "authority", {"patient.example": waits}) as internet,
        subprocess.Popen(arguments, cwd=folder, env=environment(internet)) as process,
    ):
        assert asked.wait(60)
        process.send_signal(signal.SIGSTOP)
        time.sleep(15)
        process.send_signal(signal.SIGCONT)
        time.sleep(0.5)
        awake.set()
        assert process.wait(120) == 0
    assert [row["reason"] for row in saved_report(folder)["targets"]] == ["http-200"]


def test_a_run_within_a_program_has_such_a_loop(folder: Path) -> None:
    loops: list[type] = []

    class Looking(enrich.LogObserver):
        def planned(self, due: int) -> None:
            loops.append(type(asyncio.get_running_loop()))

    (folder / "notes.md").write_text("<ftp://a.example>\n")
    enrich.run(folder / "notes.md", observer=Looking(), cache_dir=str(folder / "cache"))
    assert loops == [AwakeLoop]
