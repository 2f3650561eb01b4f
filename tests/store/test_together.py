"""Questions to the store that wait together."""

from __future__ import annotations

from collections.abc import Sequence

import anyio
import pytest

from enrich.store.together import Together

pytestmark = pytest.mark.anyio


class Slow:
    """Answers each number by its double, once it is let go; keeps what it was asked at once."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.let_go = anyio.Event()
        self.fails = 0

    async def answer(self, numbers: Sequence[int]) -> list[int]:
        self.asked.append(list(numbers))
        await self.let_go.wait()
        if self.fails:
            self.fails -= 1
            raise OSError("no room")
        return [2 * number for number in numbers]


async def begun(
    slow: Slow, together: Together[int, int], found: dict[int, int], tasks: anyio.abc.TaskGroup
) -> None:
    """One question is at work, and three wait."""

    async def ask(number: int) -> None:
        try:
            found[number] = await together.ask(number)
        except OSError:
            found[number] = -1

    for number in range(4):
        tasks.start_soon(ask, number)
        await anyio.wait_all_tasks_blocked()
    assert slow.asked == [[0]]


async def test_what_is_asked_meanwhile_is_answered_with_one_call() -> None:
    slow, found = Slow(), dict[int, int]()
    async with anyio.create_task_group() as tasks:
        await begun(slow, Together(slow.answer), found, tasks)
        slow.let_go.set()
    assert (found, slow.asked) == ({0: 0, 1: 2, 2: 4, 3: 6}, [[0], [1, 2, 3]])


async def test_a_failure_is_told_to_one_and_the_others_ask_again() -> None:
    slow, found = Slow(), dict[int, int]()
    async with anyio.create_task_group() as tasks:
        await begun(slow, Together(slow.answer), found, tasks)
        slow.fails = 2
        slow.let_go.set()
    assert found == {0: -1, 1: -1, 2: 4, 3: 6}


async def test_who_is_cancelled_is_not_asked_for_and_takes_nobody_along() -> None:
    slow, found = Slow(), dict[int, int]()
    together = Together(slow.answer)
    async with anyio.create_task_group() as tasks:
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as cancelled:
                await begun(slow, together, {}, cancelled)
                scope.cancel()
        tasks.start_soon(begun_again, together, found)
        slow.let_go.set()
    assert (found, slow.asked) == ({9: 18}, [[0], [9]])


async def begun_again(together: Together[int, int], found: dict[int, int]) -> None:
    found[9] = await together.ask(9)
