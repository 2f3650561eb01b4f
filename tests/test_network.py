"""Our own network's trouble, with a virtual clock and a local function for the web."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import anyio
import pytest
import trio.testing
from own_network import (
    GONE,
    NO_LOOKUP,
    NO_NAME,
    NOW,
    OK,
    REFUSED,
    UNSAFE,
    WALL,
    World,
    asked,
    fail_many,
    running,
)

from enrich.errors import StorageError
from enrich.model import CheckResult, Status, TargetState, Verdict
from enrich.network import Network, Outages
from enrich.store.history import Confirmation
from enrich.store.recorder import HEARSAY_KEPT, HEARSAY_SECONDS, RESULTS_WAITING, Asked, Recorder

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "trio", {"clock": trio.testing.MockClock(autojump_threshold=0)}


# --- asking nobody without a reason ------------------------------------------------------------------


async def test_a_run_in_which_answers_come_asks_no_canary_and_looks_nothing_up() -> None:
    world = World()
    async with running(world) as run:
        for number in range(100):
            world.answer()
            await run.take(f"host-{number}.example", GONE if number % 7 == 0 else OK)
        assert await run.outages.settle()
        await run.recorder.conclude(NOW)
    assert (world.asked_up, world.lookups) == ([], 0)
    assert len(world.recorded) == 100


async def test_a_failure_is_stated_after_an_answer_without_asking_a_canary() -> None:
    world = World()
    async with running(world) as run:
        await run.take("down.example", REFUSED)
        world.answer()
        await run.take("up.example", OK)
        assert await run.outages.settle()
    assert world.recorded == {"down.example/0": "connect-failure", "up.example/0": "http-200"}
    assert world.asked_up == []


async def test_the_first_three_hosts_failing_is_a_reason_to_ask_a_canary() -> None:
    world = World()
    async with running(world) as run:
        await fail_many(run, 2)
        assert world.asked_up == []
        await fail_many(run, 3)
    assert len(world.asked_up) == 1


@pytest.mark.parametrize(("up", "stated"), [(True, ["last.example/0"]), (False, [])])
async def test_a_failure_without_a_later_answer_is_stated_if_a_canary_answers(
    up: bool, stated: list[str]
) -> None:
    world = World(up=up)
    async with running(world) as run:
        await run.take("last.example", REFUSED)
        assert await run.outages.settle() is up
    assert list(world.recorded) == stated


# --- outages ----------------------------------------------------------------------------------------


async def test_an_outage_pauses_all_asking_until_a_canary_answers() -> None:
    world = World(up=False)
    moments: list[float] = []
    async with running(world) as run, anyio.create_task_group() as tasks:

        async def come_back() -> None:
            await anyio.sleep(100.0)
            world.up = True

        async def ask_on() -> None:
            await anyio.sleep(1.0)
            assert await run.outages.may_ask()
            moments.append(anyio.current_time() - started)

        world.answer()
        await run.recorder.defer(["closed.example/0"], "host-deferred")
        started = anyio.current_time()
        tasks.start_soon(come_back)
        tasks.start_soon(ask_on)
        await fail_many(run, 25)
    (moment,) = moments
    assert 100.0 <= moment <= 130.0
    assert world.recorded == {}
    assert len(world.back) >= 20
    assert world.back[0] == "closed.example/0", "what was deferred since its host took no connection"
    assert world.forgiven == 1


async def test_what_was_under_way_when_an_outage_ended_is_asked_again() -> None:
    world = World()
    async with running(world) as run:
        before = anyio.current_time()
        world.answer()
        await fail_many(run, 20)
        assert len(world.back) == 20
        await anyio.sleep(1.0)
        await run.take("late.example", REFUSED, began=before)
        world.answer()
        await run.take("up.example", OK)
    assert world.back[-1] == "late.example/0"
    assert "late.example/0" not in world.recorded


async def test_what_fails_again_after_an_outage_is_believed() -> None:
    world = World()
    async with running(world) as run:
        world.answer()
        await fail_many(run, 20)
        await anyio.sleep(1.0)
        await run.take("host-3.example", REFUSED, began=anyio.current_time())
        world.answer()
        await run.take("up.example", OK)
    assert world.back.count("host-3.example/0") == 1
    assert world.recorded["host-3.example/0"] == "connect-failure"


@pytest.mark.parametrize(("was", "again"), [(Status.OK, 20), (None, 0)])
async def test_where_the_network_was_up_all_along_only_what_was_alive_is_asked_again(
    was: Status | None, again: int
) -> None:
    world = World()
    async with running(world) as run:
        world.answer()
        await fail_many(run, 20, was=was)
        assert len(world.back) == again
        assert len(run.recorder.held) == 20 - again
        assert await run.outages.settle()
    assert len(world.recorded) == 20 - again


async def test_a_wait_is_announced_but_not_a_question_that_is_answered_at_once() -> None:
    told: list[float] = []
    world = World(up=False)
    network = Network(world, world.canaries)
    recorder = Recorder(world, Confirmation(), proofs=network, counted=lambda *_: None)  # type: ignore[arg-type]
    outages = Outages(
        network,
        recorder,
        world.put_back,
        wait_seconds=300.0,
        stopping=anyio.Event(),
        waiting=told.append,
    )
    for number in range(3):
        await outages.take(asked(f"host-{number}.example", REFUSED))
    assert told == [30.0]
    await recorder.close()
    await recorder.write()


async def test_who_hands_in_a_result_does_not_wait_for_a_writer_that_is_gone() -> None:
    world, fine = World(), Verdict(Status.OK, "http-200")

    async def full(_results: Sequence[CheckResult], _rule: Confirmation) -> list[TargetState]:
        raise StorageError("the disk is full")

    world.record = full  # type: ignore[method-assign]
    network = Network(world, world.canaries)
    recorder = Recorder(world, Confirmation(), proofs=network, counted=lambda *_: None)  # type: ignore[arg-type]
    async with anyio.create_task_group() as tasks:
        for number in range(RESULTS_WAITING):
            await recorder.put(asked("host.example", fine, number, was=None))
        tasks.start_soon(_handed_in_vain, recorder, asked("host.example", fine, RESULTS_WAITING, was=None))
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(StorageError):
            await recorder.write()


async def _handed_in_vain(recorder: Recorder, one: Asked) -> None:
    with pytest.raises(anyio.BrokenResourceError):
        await recorder.put(one)


@pytest.mark.parametrize("wait_seconds", [300.0, 10.0])
async def test_patience_with_an_outage_ends(wait_seconds: float) -> None:
    world = World(up=False)
    started = anyio.current_time()
    async with running(world, wait_seconds) as run:
        world.answer()
        await fail_many(run, 30)
        assert not await run.outages.may_ask()
        assert run.outages.lost
        assert anyio.current_time() - started == pytest.approx(wait_seconds, abs=1.0)
        assert len(run.recorder.held) == 30
    assert world.recorded == {}
    assert len(world.asked_up) < 20


@pytest.mark.parametrize("up", [True, False])
async def test_hosts_left_alone_are_waited_for_only_while_the_network_is_down(up: bool) -> None:
    world = World(up=up)
    async with running(world, 60.0) as run:
        world.answer()
        await run.take("host.example", REFUSED)
        await run.recorder.defer(["host.example/1"], "host-deferred")
        started = anyio.current_time()
        await run.outages.wait_if_down()
        assert run.outages.lost is not up
        assert anyio.current_time() - started == pytest.approx(0.0 if up else 60.0, abs=1.0)
        assert world.back == [], "it is the host that is down, or the network for good"


async def test_hosts_left_alone_have_their_turn_when_the_network_is_back() -> None:
    world = World(up=False)
    async with running(world, 60.0) as run, anyio.create_task_group() as tasks:
        world.answer()
        await run.take("host.example", REFUSED)
        await run.recorder.defer(["host.example/1"], "host-deferred")

        async def come_back() -> None:
            await anyio.sleep(10.0)
            world.up = True

        tasks.start_soon(come_back)
        await run.outages.wait_if_down()
        assert not run.outages.lost
        assert world.back == ["host.example/1", "host.example/0"]


async def test_a_look_that_is_cut_off_loses_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()

    async def slow(*, proxies: bool = True) -> bool:
        await anyio.sleep(20.0)
        return False

    async with running(world) as run:
        await run.take("plain.example", OK, plain=True)
        monkeypatch.setattr(world, "invents_answers", slow)
        with anyio.move_on_after(5.0):
            await run.outages.settle()
        assert len(run.recorder.hearsay) == 1
        monkeypatch.undo()
        assert await run.outages.settle()
    assert world.recorded == {"plain.example/0": "http-200"}


@pytest.mark.parametrize("invents", [False, True])
async def test_a_look_for_invented_names_that_is_cut_off_decides_nothing(invents: bool) -> None:
    world = World(invents=invents)
    look = world.invents_answers

    async def slow(*, proxies: bool = True) -> bool:
        await anyio.sleep(20.0)
        return await look(proxies=proxies)

    async with running(world) as run:
        await run.take("typo.example", NO_NAME)
        await anyio.sleep(1.0)
        world.answer()
        world.invents_answers = slow  # type: ignore[method-assign]
        with anyio.move_on_after(5.0):
            await run.take("fine.example", OK)
        assert [asked.result.target_id for asked in run.recorder.held] == ["typo.example/0"]
        world.invents_answers = look  # type: ignore[method-assign]
        assert await run.outages.settle() is not invents
        assert [asked.result.target_id for asked in run.recorder.doubtful] == (
            [] if invents else ["typo.example/0"]
        )
    assert world.recorded == {"fine.example/0": "http-200"}


async def test_a_result_is_kept_whose_asker_is_cut_off_while_it_waits_for_room() -> None:
    world = World()
    store, may_go_on = world.record, anyio.Event()

    async def slow_record(results: Sequence[CheckResult], rule: Confirmation) -> list[TargetState]:
        await may_go_on.wait()
        return await store(results, rule)

    world.record = slow_record  # type: ignore[method-assign]
    handed_in = 0
    async with running(world) as run:
        with anyio.move_on_after(600.0):
            while True:
                handed_in += 1
                await run.recorder.put(asked("host.example", OK, handed_in, was=None))
                await anyio.lowlevel.checkpoint()
        assert handed_in > RESULTS_WAITING
        may_go_on.set()
    assert len(world.recorded) == handed_in


@pytest.mark.parametrize("silent_seconds", [0.0, 100.0])
async def test_an_interrupt_ends_the_wait_at_once(silent_seconds: float) -> None:
    world = World(up=False, silent_seconds=silent_seconds)
    started = anyio.current_time()
    async with running(world) as run, anyio.create_task_group() as tasks:

        async def interrupt() -> None:
            await anyio.sleep(5.0)
            run.stopping.set()

        tasks.start_soon(interrupt)
        await fail_many(run, 20)
        assert anyio.current_time() - started == pytest.approx(5.0, abs=1.0)
    assert not run.outages.lost


async def test_without_anybody_to_ask_a_hopeless_run_ends_after_a_while() -> None:
    world = World(known=())
    async with running(world) as run:
        await fail_many(run, 30, was=None)
        assert await run.outages.may_ask()
        await anyio.sleep(16.0)
        assert not await run.outages.may_ask()
    assert world.asked_up == []


async def test_a_failed_look_up_is_not_cleared_by_hosts_whose_names_were_known() -> None:
    world = World(up=False)
    async with running(world) as run:
        world.answer()
        await run.take("first.example", OK)
        await run.take("unheard.example", NO_LOOKUP)
        world.answered_from = world.verified_from = anyio.current_time()
        await run.take("first.example", OK, 1)
        assert not await run.outages.settle()
    assert list(world.recorded) == ["first.example/0", "first.example/1"]


async def test_a_failure_of_https_is_not_cleared_by_an_answer_over_http() -> None:
    world = World(up=False)
    async with running(world) as run:
        await run.take("safe.example", UNSAFE)
        world.answer(safely=False)
        await run.take("plain.example", OK, plain=True)
        assert [one.due.target.host for one in run.recorder.held] == ["safe.example"]


async def test_an_answer_to_a_question_from_before_a_failure_does_not_clear_it() -> None:
    world = World(up=False)
    async with running(world) as run:
        before = anyio.current_time()
        await anyio.sleep(1.0)
        await run.take("down.example", REFUSED)
        world.answer()
        world.answered_from = world.verified_from = before
        await run.take("slow.example", OK)
        assert [one.due.target.host for one in run.recorder.held] == ["down.example"]
        world.answered_from = world.verified_from = anyio.current_time()
        await run.take("up.example", OK)
        assert run.recorder.held == []


# --- lying networks ---------------------------------------------------------------------------------


async def test_what_comes_over_http_waits_for_a_certificate_somewhere() -> None:
    world = World()
    async with running(world) as run:
        world.answer(safely=False)
        await run.take("plain.example", GONE, plain=True, was=None)
        await anyio.sleep(HEARSAY_SECONDS - 1)
        world.answer()
        await run.take("safe.example", OK)
        assert list(world.recorded) == []
        await anyio.sleep(1.0)
        await run.take("safe.example", OK)
    assert world.recorded == {"plain.example/0": "http-410", "safe.example/0": "http-200"}
    assert (world.asked_up, world.lookups) == ([], 1)


@pytest.mark.parametrize("verdict", [OK, GONE, WALL, Verdict(Status.BROKEN, "http-404")])
async def test_where_names_are_invented_nothing_over_http_is_believed(verdict: Verdict) -> None:
    world = World(invents=True)
    async with running(world) as run:
        for number in range(5):
            world.answer()
            await run.take("safe.example", OK, number)
            await run.take("plain.example", verdict, number, plain=True)
        assert not await run.outages.settle()
    assert set(world.recorded) == {f"safe.example/{number}" for number in range(5)}
    assert len(run.recorder.hearsay) == 5
    assert world.lookups == 1


async def test_where_names_are_invented_no_name_is_missing() -> None:
    world = World(invents=True)
    async with running(world) as run:
        await run.take("missing.example", NO_NAME)
        world.answer()
        await run.take("safe.example", OK)
        assert not await run.outages.settle()
    assert run.recorder.lied_to
    assert list(world.recorded) == ["safe.example/0"]


async def test_a_portal_that_lets_no_certificate_through_is_not_believed() -> None:
    world = World(up=False)
    async with running(world) as run:
        world.answer(safely=False)
        await run.take("plain.example", OK, plain=True)
        await run.take("safe.example", UNSAFE)
        assert not await run.outages.settle()
    assert run.recorder.lied_to
    assert world.recorded == {}


@pytest.mark.parametrize(("unsafe", "believed"), [(2, True), (3, False)])
async def test_without_canaries_hosts_without_a_certificate_speak_against_the_network(
    unsafe: int, believed: bool
) -> None:
    world = World(known=())
    async with running(world) as run:
        world.answer(safely=False)
        for number in range(unsafe):
            await run.take(f"safe-{number}.example", UNSAFE, was=None)
        await run.take("plain.example", OK, plain=True, was=None)
        await run.outages.settle()
    assert ("plain.example/0" in world.recorded) is believed


async def test_notes_without_any_https_do_not_wait_for_ever() -> None:
    world = World(known=())
    async with running(world) as run:
        for number in range(HEARSAY_KEPT + 50):
            world.answer(safely=False)
            await run.take("plain.example", OK, number, plain=True)
        assert len(run.recorder.hearsay) == 50
        assert await run.outages.settle()
    assert len(world.recorded) == HEARSAY_KEPT + 50
    assert world.lookups == 2


async def test_a_portal_that_takes_over_in_mid_run_is_not_believed() -> None:
    world = World()
    async with running(world) as run:
        for number in range(HEARSAY_KEPT):
            world.answer()
            await run.take("plain.example", OK, number, plain=True)
        world.answer()
        await anyio.sleep(HEARSAY_SECONDS + 1)
        await run.take("plain.example", OK, HEARSAY_KEPT, plain=True)
        await anyio.sleep(0.1)
        before = len(world.recorded)
        assert before >= HEARSAY_KEPT - 1
        world.invents = True
        for number in range(30):
            world.answer()
            await run.take("plain.example", GONE, 1000 + number, plain=True)
        assert not await run.outages.settle()
    assert len(world.recorded) == before
