"""Targets to metadata, where an API answers for many at once and for reachability too.

What an API cannot decide is given back and asked at its own address, with the manners of that host; what it has no
budget left for waits for a later run.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

import anyio

from enrich.asking import Asking
from enrich.backlog import Queue
from enrich.model import ALIVE, Api, CheckResult, Found, Kind, Outcome, Request, Status
from enrich.registry import kinds
from enrich.store.protocol import DueTarget
from enrich.store.recorder import Asked
from enrich.urls import host_of

# Targets handed to a lookup at once; it makes batches of them. Bounded for memory's sake.
TAKEN_AT_ONCE = 2000


async def look_up(asking: Asking, name: str) -> None:
    """Ask the API of one kind about all its due targets; undecided ones become due at their own address."""
    kind = kinds()[name]
    count = dict(await asking.store.due_by_api()).get(name, 0)
    asking.backlog.begin(queue := queue_of(kind, asking.api), count)
    while not asking.stopping.is_set() and await asking.outages.may_ask():
        due = await asking.store.take_for_api(name, TAKEN_AT_ONCE)
        if not due:
            break
        await _look_up_some(asking, kind, due)
    asking.backlog.end(queue)


def queue_of(kind: Kind, api: Api) -> Queue:
    """Where the targets of a kind stand in line for its API."""
    return Queue(host_of(kind.api_url(api) or kind.name), kind.batch_size)


async def _look_up_some(asking: Asking, kind: Kind, due: list[DueTarget]) -> None:
    assert kind.look_up is not None, "only kinds with an API have targets that ask one"
    waiting = {one.target.id: one for one in due}
    undecided: list[str] = []
    unasked: list[str] = []
    deferred: dict[str, list[str]] = {}
    began = anyio.current_time()
    with ExitStack() as in_hand:
        async for found in kind.look_up([one.target for one in due], _api(asking, due, in_hand)):
            one = waiting.pop(found.target_id)
            asking.backlog.done(queue_of(kind, asking.api))
            if found.verdict is None:
                (unasked if found.unasked else undecided).append(found.target_id)
            elif found.verdict.status is Status.SKIPPED:
                deferred.setdefault(found.verdict.reason, []).append(found.target_id)
            else:
                await asking.outages.take(Asked(one, _result(asking, one, found), began=began))
    for reason, ids in deferred.items():
        await asking.store.defer(ids, reason)
        asking.backlog.defer(len(ids))
    await asking.store.release_unasked(unasked)
    await asking.store.release([*undecided, *waiting])


def _api(asking: Asking, due: list[DueTarget], in_hand: ExitStack) -> Api:
    """What a lookup may use, with what the cache knows of its targets.

    An answer is about a hundred targets, which are under way until the next question. There is none once the run is
    to end: what was answered before has been handed on by then, and whoever waits is cut off.
    """

    async def fetch(request: Request) -> Outcome:
        in_hand.close()
        if asking.stopping.is_set():
            await anyio.sleep_forever()
        outcome = await asking.api.fetch(request)
        in_hand.enter_context(asking.under_way.one())
        return outcome

    async def pause(seconds: float) -> None:
        in_hand.close()
        await asking.api.pause(seconds)

    return replace(
        asking.api,
        fetch=fetch,
        pause=pause,
        alive=frozenset(one.target.id for one in due if one.was in ALIVE),
        lacking=frozenset(one.target.id for one in due if one.lacks_metadata),
    )


def _result(asking: Asking, one: DueTarget, found: Found) -> CheckResult:
    assert found.verdict is not None, "undecided targets are given back"
    return CheckResult(
        target_id=found.target_id,
        at=asking.now(),
        verdict=found.verdict,
        http_status=found.http_status,
        attempts=found.attempts,
        metadata=found.metadata,
        metadata_source=found.source if found.metadata else None,
        wanted_metadata=one.wants_metadata,
        alias=found.alias,
    )
