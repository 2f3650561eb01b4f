"""Whose turn comes when, and hosts that refuse."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from enrich.model import Manners, Status, Verdict
from enrich.turns import Refusals, challenged, expected_turns, is_refusal, share_of, waiting

NOW = datetime(2026, 11, 21, 2, tzinfo=UTC)
SLOW = Manners(daily_cap=500, check_cap=30, known_as="WeChat")


@pytest.mark.parametrize(
    ("manners", "budget", "is_check", "number", "each"),
    [
        (SLOW, None, False, 500, "a night"),
        (SLOW, None, True, 30, "in each check"),
        (SLOW, 5, False, 5, "in each run"),
        (SLOW, 900, True, 30, "in each check"),
        (Manners(), 5, False, 5, "in each run"),
        (Manners(), None, False, None, "in each run"),
    ],
)
def test_the_share_of_a_host_is_its_smallest_limit(
    manners: Manners, budget: int | None, is_check: bool, number: int | None, each: str
) -> None:
    share = share_of("a.example", manners, budget, is_check=is_check)
    assert (share.number, share.each) == (number, each)


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (4500, "4,500 WeChat links wait for their turn: 500 a night, the last about 2026-11-30"),
        (500, "500 WeChat links wait for their turn: 500 a night, the last about 2026-11-22"),
        (501, "501 WeChat links wait for their turn: 500 a night, the last about 2026-11-23"),
        (1, "1 WeChat link waits for its turn: 500 a night, the last about 2026-11-22"),
    ],
)
def test_how_many_wait_and_when_the_last_one_is_due_is_told_plainly(count: int, told: str) -> None:
    share = share_of("mp.weixin.qq.com", SLOW, None, is_check=False)
    assert waiting(share, count, NOW) == told


def test_a_host_without_a_name_of_its_own_is_called_by_its_address() -> None:
    share = share_of("a.example", Manners(daily_cap=2), None, is_check=False)
    told = waiting(share, 3, NOW, NOW + timedelta(hours=5, seconds=-1))
    assert told == (
        "3 links to a.example wait for their turn: 2 a night, the last about 2026-11-23; "
        "a.example refuses to answer and is left alone until 2026-11-21 07:00 UTC"
    )


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (1, "next time"),
        (2, "the 2nd time from now"),
        (3, "the 3rd time from now"),
        (11, "the 11th time from now"),
        (22, "the 22nd time from now"),
        (112, "the 112th time from now"),
    ],
)
def test_each_waiting_link_says_when_its_turn_is_expected(number: int, told: str) -> None:
    turns = expected_turns(share_of("a.example", SLOW, None, is_check=False))
    assert turns.told(number) == f"its turn is expected {told}: WeChat is asked about 500 links a night"


def test_a_host_without_a_limit_is_asked_in_the_next_run() -> None:
    turns = expected_turns(share_of("a.example", Manners(), None, is_check=False))
    assert turns.told(1) == "a.example had no turn for it in this run; it is asked in the next one"


# --- refusals ---------------------------------------------------------------------------------------


def test_what_is_about_the_link_alone_is_no_refusal() -> None:
    manners = Manners(about_link=frozenset({"wechat-private"}))
    assert is_refusal(Verdict(Status.BLOCKED, "wechat-captcha"), manners)
    assert not is_refusal(Verdict(Status.BLOCKED, "wechat-private"), manners)
    assert not is_refusal(Verdict(Status.BROKEN, "wechat-deleted"), manners)


def test_only_a_host_that_refuses_each_time_is_told_about() -> None:
    refusals = Refusals()
    for host, refused in (("a", True), ("a", True), ("b", True), ("b", False), ("c", False)):
        refusals.note(host, refused=refused)
    assert refusals.of_all() == {"a": 2}
    assert "WeChat answered 2 times with a challenge" in (challenged({"WeChat": 2}) or "")
    assert challenged({}) is None
