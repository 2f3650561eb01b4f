"""How many questions there is room for."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import anyio
import pytest

from enrich.fetch.room import MOST_AT_ONCE, Room, at_once, fitting, most_at_once


@pytest.mark.parametrize(
    ("least", "most", "hosts", "expected"),
    [
        (256, 1024, 1, 256),
        (256, 1024, 200, 400),
        (256, 1024, 9999, 1024),
        (256, 0, 9999, 256),
        (2000, 1024, 1, 2000),
    ],
)
def test_what_is_under_way_grows_with_the_hosts(least: int, most: int, hosts: int, expected: int) -> None:
    assert at_once(least, most, hosts) == expected


@pytest.mark.parametrize(
    ("files", "expected"), [(None, MOST_AT_ONCE), (256, 0), (1024, 256), (4096, MOST_AT_ONCE)]
)
def test_files_that_may_be_open_bound_it(files: int | None, expected: int) -> None:
    assert most_at_once(files) == expected


@pytest.mark.parametrize(
    ("wanted", "files", "expected"),
    [(256, None, 256), (256, 2048, 256), (256, 256, 96), (640, 1024, 480), (4, 0, 1)],
)
def test_few_files_bound_what_is_under_way_and_what_is_kept(
    wanted: int, files: int | None, expected: int
) -> None:
    assert fitting(wanted, files) == expected


@pytest.mark.skipif(sys.platform == "win32", reason="Windows counts no open files")
@pytest.mark.parametrize(
    ("soft", "hard", "expected"), [(256, 4000, 2048), (256, 1000, 1000), (3000, 4000, 3000)]
)
def test_a_run_takes_the_leave_that_it_has_and_gives_up_nothing(
    soft: int, hard: int, expected: int
) -> None:
    code = (
        f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))\n"
        "from enrich.fetch.room import make_room, open_files; make_room(); print(open_files())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert int(done.stdout) == expected


async def _waiting(room: Room, served: list[str], name: str) -> None:
    await room.acquire_on_behalf_of(name)
    served.append(name)


@pytest.mark.anyio
async def test_who_waits_longest_gets_the_place_that_comes_free() -> None:
    room, served = Room(1), list[str]()
    room.acquire_on_behalf_of_nowait("a")
    async with anyio.create_task_group() as tasks:
        for name in ("b", "c"):
            tasks.start_soon(_waiting, room, served, name)
        await anyio.wait_all_tasks_blocked()
        assert served == []
        room.release_on_behalf_of("a")
        with pytest.raises(anyio.WouldBlock):
            room.acquire_on_behalf_of_nowait("d")
        await anyio.wait_all_tasks_blocked()
        assert served == ["b"]
        room.widen(2)
    assert served == ["b", "c"]


@pytest.mark.anyio
@pytest.mark.parametrize("comes_first", ["the place", "the end"])
async def test_a_place_for_somebody_who_was_cut_off_is_the_next_ones(comes_first: str) -> None:
    room, served = Room(1), list[str]()
    room.acquire_on_behalf_of_nowait("a")
    first = asyncio.ensure_future(_waiting(room, served, "b"))
    second = asyncio.ensure_future(_waiting(room, served, "c"))
    await anyio.wait_all_tasks_blocked()
    steps = [lambda: room.release_on_behalf_of("a"), first.cancel]
    for step in steps if comes_first == "the place" else reversed(steps):
        step()
    with pytest.raises(asyncio.CancelledError):
        await first
    await second
    assert served == ["c"]
    room.release_on_behalf_of("c")
    room.acquire_on_behalf_of_nowait("d")
