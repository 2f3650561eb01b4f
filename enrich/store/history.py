"""What one more check does to what is known of a target. Pure.

Three sorts of answers are told apart. A success takes everything back. A failure of the target counts
towards *confirmed*. What says more about us, the network or a bot wall than about the target neither
counts nor overwrites a definite verdict; it only moves the time of the next question. Beside these, a *broken*
that came with too many others at once is withheld: it is noted, and believed when it is seen again.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from enrich.model import ALIVE, CheckResult, Status, TargetState, Verdict
from enrich.registry import reason_of

DEFINITE = ALIVE | {Status.BROKEN}

# Trouble of the resolver or of a provider, and a network that wants its user to log in first (RFC 6585 section 6):
# nothing was learned about the target.
NOT_THE_TARGET = frozenset({"dns-failure", "provider-failure", "forbidden-address", "http-511"})

# So many changes between being there and not, within so long, and a target is called unstable.
UNSTABLE_CHANGES = 4
UNSTABLE_WITHIN = timedelta(days=30)


class Side(enum.StrEnum):
    """On which side of the only line that matters a target stands. What could not be told crosses it never."""

    ALIVE = "alive"
    BROKEN = "broken"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """When a failure is confirmed. A certain one needs 2 checks at least ``certain_days`` apart."""

    checks: int = 3
    days: float = 6.0
    certain_days: float = 1.0


def is_inconclusive(verdict: Verdict) -> bool:
    """Whether an answer says nothing definite about the target itself."""
    return verdict.status is Status.BLOCKED or verdict.reason in NOT_THE_TARGET


def merge(old: TargetState, result: CheckResult, rule: Confirmation) -> TargetState:
    """The state after one more check; ``old`` is an empty state for a target never asked."""
    if result.withheld is not None:
        return _withheld(old, result, result.withheld)
    if result.verdict.status in ALIVE:
        return _stated(result, result.at)
    if is_inconclusive(result.verdict):
        return _not_told(old, result)
    return _failed(old, result, rule)


def _stated(result: CheckResult, last_ok_at: datetime | None) -> TargetState:
    """The new verdict, with no failures behind it."""
    return TargetState(
        status=result.verdict.status,
        reason=result.verdict.reason,
        detail=result.verdict.detail,
        http_status=result.http_status,
        final_url=result.final_url,
        suggestion=result.verdict.suggestion,
        checked_at=result.at,
        attempted_at=result.at,
        attempts=result.attempts,
        last_ok_at=last_ok_at,
    )


def _withheld(old: TargetState, result: CheckResult, why: str) -> TargetState:
    """The older verdict stands and nothing is counted, but it is remembered since when there is a doubt."""
    since = old.first_failed_at or result.at
    return replace(old, attempted_at=result.at, first_failed_at=since, detail=why)


def _not_told(old: TargetState, result: CheckResult) -> TargetState:
    """A definite verdict stands, with a word on the attempt; else the new one is all there is."""
    if old.status in DEFINITE:
        note = f"asked again, without an answer to go by: {result.verdict.reason}"
        return replace(old, attempted_at=result.at, detail=note)
    return _with_streak(_stated(result, old.last_ok_at), old)


def _with_streak(state: TargetState, old: TargetState) -> TargetState:
    return replace(
        state,
        first_failed_at=old.first_failed_at,
        certain_since=old.certain_since,
        failed_checks=old.failed_checks,
        confirmed=old.confirmed,
    )


def _failed(old: TargetState, result: CheckResult, rule: Confirmation) -> TargetState:
    broken = result.verdict.status is Status.BROKEN
    certain = broken and reason_of(result.verdict.reason).certain
    state = replace(
        _stated(result, old.last_ok_at),
        # Of a doubt that was withheld, nothing counts: the streak begins with the first failure that is believed.
        first_failed_at=(old.first_failed_at if old.failed_checks else None) or result.at,
        failed_checks=old.failed_checks + 1,
        certain_since=old.certain_since or (result.at if certain else None),
    )
    # What was confirmed stays so until a sign of life, whatever sort of failure comes after it.
    state = replace(state, confirmed=old.confirmed or _is_confirmed(state, result.at, certain, rule))
    if broken:
        return state
    if old.status is Status.BROKEN and (old.confirmed or old.certain_since):
        # A time-out does not bring a deleted article back.
        return replace(
            _with_streak(old, state), attempted_at=result.at, confirmed=old.confirmed or state.confirmed
        )
    return replace(state, status=Status.BROKEN) if state.confirmed else state


def _is_confirmed(state: TargetState, now: datetime, certain: bool, rule: Confirmation) -> bool:
    if certain and state.certain_since and now - state.certain_since >= timedelta(days=rule.certain_days):
        return True
    assert state.first_failed_at is not None, "a failed check has a first failure"
    span = now - state.first_failed_at
    return state.failed_checks >= rule.checks and span >= timedelta(days=rule.days)


def side_of(state: TargetState) -> Side | None:
    """Where a target stands by all that is known; None where nothing definite was ever seen.

    A wall or a resolver's trouble after a failure leaves the failure standing, whatever the status shows by then.
    """
    if not state.failed_checks:
        return Side.ALIVE if state.last_ok_at else None
    return Side.BROKEN if state.status is Status.BROKEN else Side.UNREACHABLE


def has_crossed(old: TargetState, new: TargetState) -> bool:
    """Whether a check took a target from alive to failing or back."""
    was, now = side_of(old), side_of(new)
    return was is not None and now is not None and (was is Side.ALIVE) is not (now is Side.ALIVE)
