"""What one more check does to what is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.model import CheckResult, Status, TargetState, Verdict
from enrich.store.history import Confirmation, merge

START = datetime(2026, 1, 1, 6, tzinfo=UTC)
RULE = Confirmation()

VERDICTS = {
    "ok": Verdict(Status.OK, "http-200"),
    "moved": Verdict(Status.REDIRECTED, "http-301"),
    "404": Verdict(Status.BROKEN, "http-404"),
    "deleted": Verdict(Status.BROKEN, "wechat-deleted"),
    "timeout": Verdict(Status.UNREACHABLE, "timeout"),
    "captcha": Verdict(Status.BLOCKED, "wechat-captcha"),
    "resolver": Verdict(Status.UNREACHABLE, "dns-failure"),
    "provider": Verdict(Status.UNREACHABLE, "provider-failure"),
}


def after(*checks: tuple[float, str]) -> TargetState:
    """The state after checks at so many days, each with a verdict."""
    state = TargetState()
    for day, name in checks:
        result = CheckResult(target_id="x", at=START + timedelta(days=day), verdict=VERDICTS[name])
        state = merge(state, result, RULE)
    return state


@pytest.mark.parametrize(
    ("checks", "status", "confirmed"),
    [
        ([(0, "404")], "broken", False),
        ([(0, "404"), (1, "404"), (2, "404")], "broken", False),
        ([(0, "404"), (3, "404"), (6, "404")], "broken", True),
        ([(0, "404"), (6, "404")], "broken", False),
        ([(0, "deleted")], "broken", False),
        ([(0, "deleted"), (0.5, "deleted")], "broken", False),
        ([(0, "deleted"), (1, "deleted")], "broken", True),
        ([(0, "timeout"), (3, "timeout")], "unreachable", False),
        ([(0, "timeout"), (3, "timeout"), (6, "timeout")], "broken", True),
        ([(0, "timeout"), (2, "deleted")], "broken", False),
        ([(0, "404"), (3, "ok"), (6, "404")], "broken", False),
        ([(0, "deleted"), (1, "deleted"), (2, "ok")], "ok", False),
        ([(0, "deleted"), (2, "timeout")], "broken", False),
        ([(0, "404"), (1, "timeout")], "unreachable", False),
        ([(0, "ok"), (1, "timeout")], "unreachable", False),
        ([(0, "ok"), (1, "captcha")], "ok", False),
        ([(0, "moved"), (1, "resolver")], "redirected", False),
        ([(0, "404"), (1, "provider")], "broken", False),
        ([(0, "captcha"), (1, "resolver")], "unreachable", False),
        ([(0, "captcha")], "blocked", False),
        ([(0, "timeout"), (3, "captcha"), (6, "timeout")], "unreachable", False),
    ],
)
def test_a_history_gives_its_verdict(checks: list[tuple[float, str]], status: str, confirmed: bool) -> None:
    state = after(*checks)
    assert (state.status, state.confirmed) == (status, confirmed)


def test_an_answer_that_could_not_tell_keeps_the_older_verdict_and_its_time() -> None:
    state = after((0, "ok"), (3, "captcha"))
    assert (state.reason, state.checked_at, state.attempted_at) == (
        "http-200",
        START,
        START + timedelta(days=3),
    )
    assert state.detail is not None
    assert "wechat-captcha" in state.detail


def test_one_success_takes_all_failures_back() -> None:
    state = after((0, "ok"), (1, "404"), (4, "404"), (8, "404"), (9, "ok"))
    assert (state.failed_checks, state.first_failed_at, state.certain_since) == (0, None, None)
    assert state.last_ok_at == START + timedelta(days=9)


def test_a_failure_remembers_when_the_target_was_last_alive() -> None:
    assert after((0, "ok"), (5, "404")).last_ok_at == START


@given(st.lists(st.tuples(st.floats(0, 3), st.sampled_from(sorted(VERDICTS))), max_size=12))
def test_what_is_not_the_targets_fault_never_makes_it_broken(steps: list[tuple[float, str]]) -> None:
    day, checks = 0.0, []
    for gap, name in steps:
        day += gap
        checks.append((day, name))
    blameless = [(when, name) for when, name in checks if name in ("captcha", "resolver", "provider")]
    assert after(*blameless).status is not Status.BROKEN
    # And whatever happened before, such an answer leaves a definite verdict as it was.
    before = after(*checks)
    afterwards = after(*checks, (day + 1, "captcha"))
    if before.status in (Status.OK, Status.REDIRECTED, Status.BROKEN):
        assert (afterwards.status, afterwards.reason) == (before.status, before.reason)
