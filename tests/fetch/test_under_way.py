"""What counts as under way when a run is to end."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import pytest
from fetching import fetcher
from origin import Answer, serve

from enrich.model import Manners, Request

pytestmark = pytest.mark.anyio


async def test_a_question_is_under_way_from_its_turn_to_the_end_of_its_redirects() -> None:
    one_by_one = Manners(width=1, interval_seconds=0.0)
    async with (
        serve("0.0.0.0") as origin,
        fetcher(manners_of=lambda _host: one_by_one, timeout_seconds=60.0) as asking,
        anyio.create_task_group() as tasks,
    ):
        silent = origin.url("/silent")
        origin.script("/moved", Answer(302, {"Location": silent}))
        assert asking.under_way.count == 0
        for _ in range(3):
            tasks.start_soon(asking.fetch, Request(url=silent))
        await until(lambda: bool(origin.asked("/silent")))
        assert asking.under_way.count == 1, "the others wait for their first turn"
        tasks.start_soon(asking.fetch, Request(url=origin.url("/moved", "127.0.0.2")))
        await until(lambda: asking.lanes()["127.0.0.1"].waiting == 3)
        assert asking.under_way.count == 2, "the last one waits in the middle of its way"
        tasks.cancel_scope.cancel()
    assert asking.under_way.count == 0


async def until(happened: Callable[[], bool]) -> None:
    with anyio.fail_after(30):
        while not happened():  # noqa: ASYNC110 - neither the server nor a lane tells anybody
            await anyio.sleep(0.01)
