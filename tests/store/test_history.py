"""What one more check does to what is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
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
    "hotel": Verdict(Status.UNREACHABLE, "http-511"),
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
        ([(0, "ok"), (1, "hotel")], "ok", False),
        ([(0, "hotel"), (3, "hotel"), (6, "hotel")], "unreachable", False),
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
    blameless = [(when, name) for when, name in checks if name in UNKNOWN_NAMES]
    assert after(*blameless).status is not Status.BROKEN
    # And whatever happened before, such an answer leaves a definite verdict as it was.
    before = after(*checks)
    afterwards = after(*checks, (day + 1, "captcha"))
    if before.status in (Status.OK, Status.REDIRECTED, Status.BROKEN):
        assert (afterwards.status, afterwards.reason) == (before.status, before.reason)


# --- the rules as a model ---------------------------------------------------------------------------

ALIVE_NAMES, UNKNOWN_NAMES = ("ok", "moved"), ("captcha", "resolver", "provider", "hotel")
STEPS = st.lists(
    st.tuples(st.sampled_from([0.0, 0.4, 1.0, 2.0, 3.0, 6.0, 30.0]), st.sampled_from(sorted(VERDICTS))),
    min_size=1,
    max_size=14,
)


def at_days(steps: list[tuple[float, str]]) -> list[tuple[float, str]]:
    """Gaps to days."""
    day, found = 0.0, []
    for gap, name in steps:
        day += gap
        found.append((day, name))
    return found


def streak(checks: list[tuple[float, str]]) -> list[tuple[float, str]]:
    """The failures since the last sign of life; what could not be told is not among them."""
    found: list[tuple[float, str]] = []
    for check in checks:
        if check[1] in ALIVE_NAMES:
            found = []
        elif check[1] not in UNKNOWN_NAMES:
            found.append(check)
    return found


def confirmed_by(failures: list[tuple[float, str]]) -> bool:
    """The rule as written: seen as certain twice, a day apart; else three times, six days from first to last.

    It may have come true at any check of the streak, and stays true until a sign of life.
    """
    for count in range(1, len(failures) + 1):
        part = failures[:count]
        days = [day for day, name in part if name == "deleted"]
        if part[-1][1] == "deleted" and days[-1] - days[0] >= 1:
            return True
        if count >= 3 and part[-1][0] - part[0][0] >= 6:
            return True
    return False


@given(STEPS)
@example([(0, "deleted"), (1, "deleted"), (0, "404")])
def test_one_bad_answer_never_makes_a_link_dead(steps: list[tuple[float, str]]) -> None:
    checks = at_days(steps)
    state = after(*checks)
    if len(streak(checks)) < 2:
        assert not state.confirmed
    assert state.confirmed == confirmed_by(streak(checks))
    if state.confirmed:
        assert state.status is Status.BROKEN


@given(STEPS)
def test_one_good_answer_revives_whatever_was(steps: list[tuple[float, str]]) -> None:
    checks = at_days(steps)
    state = after(*checks, (checks[-1][0] + 1, "ok"))
    assert (state.status, state.confirmed, state.failed_checks) == (Status.OK, False, 0)
    assert (state.first_failed_at, state.certain_since) == (None, None)


@given(STEPS)
def test_what_could_not_be_told_never_counts(steps: list[tuple[float, str]]) -> None:
    checks = at_days(steps)
    told = after(*[check for check in checks if check[1] not in UNKNOWN_NAMES])
    state = after(*checks)
    assert (state.failed_checks, state.confirmed) == (told.failed_checks, told.confirmed)
    assert (state.first_failed_at, state.certain_since) == (told.first_failed_at, told.certain_since)
    assert state.last_ok_at == told.last_ok_at
    if told.status is not None and told.status is not Status.UNREACHABLE:
        assert (state.status, state.reason) == (told.status, told.reason)


@given(STEPS)
def test_failures_are_counted_since_the_last_sign_of_life(steps: list[tuple[float, str]]) -> None:
    checks = at_days(steps)
    failures, state = streak(checks), after(*checks)
    assert state.failed_checks == len(failures)
    first = START + timedelta(days=failures[0][0]) if failures else None
    assert state.first_failed_at == first


@given(STEPS, st.data())
def test_whatever_was_withheld_confirms_nothing_and_begins_no_streak(
    steps: list[tuple[float, str]], data: st.DataObject
) -> None:
    """As if a withheld check had not been made, but for the doubt that it leaves on a link that is alive."""
    state, believed = TargetState(), []
    for day, name in at_days(steps):
        withheld = "so many at once" if name in ("404", "deleted") and data.draw(st.booleans()) else None
        result = CheckResult(
            target_id="x", at=START + timedelta(days=day), verdict=VERDICTS[name], withheld=withheld
        )
        state = merge(state, result, RULE)
        if withheld is None:
            believed.append((day, name))
    told = after(*believed)
    assert (state.status, state.reason) == (told.status, told.reason)
    assert (state.failed_checks, state.confirmed) == (told.failed_checks, told.confirmed)
    assert (state.last_ok_at, state.certain_since) == (told.last_ok_at, told.certain_since)
    if state.failed_checks:
        assert state.first_failed_at == told.first_failed_at


@given(STEPS, st.sampled_from(["404", "deleted"]))
def test_what_is_withheld_leaves_everything_but_the_doubt(
    steps: list[tuple[float, str]], name: str
) -> None:
    checks = at_days(steps)
    before = after(*checks)
    at = START + timedelta(days=checks[-1][0] + 1)
    result = CheckResult(target_id="x", at=at, verdict=VERDICTS[name], withheld="so many at once")
    state = merge(before, result, RULE)
    assert (state.status, state.reason, state.checked_at) == (
        before.status,
        before.reason,
        before.checked_at,
    )
    assert (state.failed_checks, state.confirmed) == (before.failed_checks, before.confirmed)
    assert (state.attempted_at, state.first_failed_at) == (at, before.first_failed_at or at)
