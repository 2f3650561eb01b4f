"""The rules behind a verdict, as sentences with their arithmetic. Pure.

The rules themselves are in `enrich.store.history` (what a check does to what is known), `enrich.mass_change` and
`enrich.store.due`. Here they are only told, of one target, with its own numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from enrich.mass_change import BELIEVED_AFTER
from enrich.model import ALIVE, Manners, Status, TargetState
from enrich.registry import reason_of
from enrich.spelling import numbered
from enrich.store.due import Due, Remembered, Why
from enrich.store.history import (
    NOT_THE_TARGET,
    UNSTABLE_CHANGES,
    UNSTABLE_WITHIN,
    Confirmation,
)
from enrich.store.knowledge import Change, Check, Known
from enrich.store.protocol import Ages

MINUTE_FORMAT = "%Y-%m-%d %H:%M"


def moment(when: datetime) -> str:
    """A moment as people read it, in UTC."""
    return f"{when:{MINUTE_FORMAT}} UTC"


def duration(seconds: float) -> str:
    """``7 days``, ``1 day``, ``90 s``: the largest unit that gives a whole number."""
    for unit, length in (("day", 86400), ("hour", 3600)):
        if seconds and seconds % length == 0:
            return numbered(int(seconds / length), unit)
    return f"{seconds:g} s"


# --- what counts ------------------------------------------------------------------------------------


def counts_as(check: Check) -> str:
    """What the rules made of a check."""
    if check.withheld:
        return "not believed"
    if check.status in ALIVE:
        return "alive"
    if check.status is Status.BLOCKED or check.reason in NOT_THE_TARGET:
        return "cannot tell"
    return "failed"


def since(known: Known) -> tuple[datetime, bool] | None:
    """Since when a target stands where it stands, and whether that is known to be the very beginning."""
    state = known.state
    if state.failed_checks and state.first_failed_at:
        return state.first_failed_at, True
    if state.status in ALIVE:
        back = next((change.at for change in known.changes if change.became == "alive"), None)
        return (back, True) if back else (known.first_alive_at, False) if known.first_alive_at else None
    return None


# --- the verdict ------------------------------------------------------------------------------------


def verdict_rules(known: Known, rule: Confirmation, ages: Ages, due: Due) -> Iterator[str]:
    """Which rules made the verdict that stands, and what would change it."""
    state = known.state
    if state.status is None:
        yield "No answer was stored yet, so there is no verdict."
        return
    yield from _kept(known)
    if state.status in ALIVE:
        yield from _alive(state)
    elif state.failed_checks:
        yield from _failing(state, rule, ages, due)
    else:
        yield (
            "Such an answer says more about the way there than about the page: it never counts as a failure, "
            "and nothing is confirmed by it."
        )
    yield from _unstable(known.changes, known.state.attempted_at)


def _kept(known: Known) -> Iterator[str]:
    """That an older verdict stands, and why the last answer did not replace it."""
    state = known.state
    if not known.checks or not state.checked_at or state.attempted_at == state.checked_at:
        return
    last = known.checks[0]
    asked = f"It was asked again on {moment(last.at)} and gave {last.status} ({last.reason})."
    if last.withheld:
        yield (
            f"{asked} Very many others seemed gone in the same run, so that this is not believed yet (mass change): "
            f"the verdict of {moment(state.checked_at)} is kept."
        )
    elif counts_as(last) == "cannot tell":
        yield f"{asked} That cannot tell whether the page is there: the verdict of {moment(state.checked_at)} is kept."
    else:
        yield f"{asked} That does not bring it back: the verdict of {moment(state.checked_at)} is kept."


def _alive(state: TargetState) -> Iterator[str]:
    if state.first_failed_at is not None:
        yield (
            f"It has seemed gone since {moment(state.first_failed_at)}. A run that sees the same on or after "
            f"{moment(state.first_failed_at + BELIEVED_AFTER)} believes it; one answer that it is there ends the doubt."
        )
        return
    yield "The last answer that tells says that it is there. One such answer takes all failures back: none is counted."


def _failing(state: TargetState, rule: Confirmation, ages: Ages, due: Due) -> Iterator[str]:
    assert state.first_failed_at is not None, "a failed check has a first failure"
    first = moment(state.first_failed_at)
    if state.confirmed:
        times = "1 check" if state.failed_checks == 1 else f"{state.failed_checks} checks"
        yield f"Confirmed: it failed in {times} since {first}, and nothing showed it alive since then."
        yield "One answer that it is there would take all of it back."
        return
    enough = state.failed_checks > rule.checks
    told = (
        f"{state.failed_checks} checks"
        if enough
        else f"{state.failed_checks} of {rule.checks} checks needed"
    )
    yield (
        f"Not confirmed yet: it failed in {told}, the first on {first}; "
        f"from the first to the last there must be {duration(rule.days * 86400)}."
    )
    if state.certain_since is not None:
        yield (
            f"The answer of {moment(state.certain_since)} is certain by itself, so that a second one like it, at least "
            f"{duration(rule.certain_days * 86400)} later, is enough."
        )
    if state.status is Status.UNREACHABLE:
        yield "No answer is no proof: it becomes broken only by being confirmed."
    elif state.reason is not None and not reason_of(state.reason).certain:
        yield "It was asked twice in the same run before it was called broken."
    if (earliest := confirmed_from(state, rule, ages, due)) is not None:
        yield f"By nightly runs it can be confirmed on {earliest:%Y-%m-%d} at the earliest."


def confirmed_from(state: TargetState, rule: Confirmation, ages: Ages, due: Due) -> datetime | None:
    """The first moment at which the streak of failures can be confirmed, if every coming check fails like the last."""
    if state.first_failed_at is None or state.attempted_at is None:
        return None
    following = due.at or state.attempted_at
    missing = max(rule.checks - state.failed_checks, 1)
    by_count = following + timedelta(seconds=(missing - 1) * ages.broken)
    found = [max(by_count, state.first_failed_at + timedelta(days=rule.days))]
    if state.certain_since is not None and state.reason and reason_of(state.reason).certain:
        found.append(max(following, state.certain_since + timedelta(days=rule.certain_days)))
    return min(found)


def _unstable(changes: tuple[Change, ...], now: datetime | None) -> Iterator[str]:
    lately = [change for change in changes if now and change.at > now - UNSTABLE_WITHIN]
    if len(lately) >= UNSTABLE_CHANGES:
        yield (
            f"It went or came back {len(lately)} times within {UNSTABLE_WITHIN.days} days, which is unstable "
            f"from {UNSTABLE_CHANGES} on."
        )


# --- the next question ------------------------------------------------------------------------------


def due_reason(due: Due, known: Remembered, ages: Ages) -> str:
    """Why it is due when it is."""
    if due.why is Why.ALIVE and (spread := ages.spread_by_kind.get(known.kind, 0.0)):
        age = ages.by_kind[known.kind][0]
        return (
            f"what opens is asked again after {in_days(age)}, {in_days(spread)} more or fewer, so that not all "
            "links are due in one night"
        )
    return _REASONS[due.why].format(
        ok=in_days(ages.by_kind[known.kind][0]),
        metadata=in_days(ages.by_kind[known.kind][1]),
        broken=in_days(ages.broken),
        blocked=in_days(ages.blocked),
        unreachable=in_days(ages.unreachable),
        confirmed=in_days(ages.confirmed),
        max_age=in_days(ages.max_age or 0.0),
    )


_REASONS = {
    Why.NEVER_ASKED: "it was never asked",
    Why.NOT_BELIEVED: "what the cache holds of it is nothing that enrich writes, so that it counts as never asked",
    Why.WRONG_CLOCK: "the last question is dated in the future, so that some clock was wrong",
    Why.ALWAYS: "it is looked at in every run, since that costs nothing",
    Why.MAX_AGE: "--max-age says to ask again after {max_age}",
    Why.ALIVE: "what opens is asked again after {ok}",
    Why.CONFIRMED: "what is confirmed broken is asked again after {confirmed}, more or less",
    Why.HOPELESS: "such an address hardly ever opens, so that it is asked again after {confirmed} and after all others",
    Why.BLOCKED: "what could not be told is asked again after {blocked}",
    Why.BROKEN: "what is broken and not confirmed is asked again after {broken}",
    Why.UNREACHABLE: "what gave no answer is asked again after {unreachable}",
    Why.METADATA: "its metadata are renewed after {metadata}",
}


def in_days(seconds: float) -> str:
    """An age in words. Those of a day or more count from two hours earlier, for jobs that begin a little early."""
    days = round(seconds / 86400)
    return duration(days * 86400) if days and abs(seconds - days * 86400) <= 2 * 3600 else duration(seconds)


def manners_in_words(manners: Manners) -> str:
    """``4 at a time, 0.1 s apart``, and the caps where there are any."""
    shortest, longest = manners.interval_seconds, manners.interval_seconds + manners.jitter_seconds
    apart = f"{shortest:g} s apart" if shortest == longest else f"{shortest:g} to {longest:g} s apart"
    if not longest:
        apart = "without a pause"
    told = [f"{manners.width} at a time", apart]
    if manners.daily_cap is not None:
        told.append(f"at most {manners.daily_cap} a day")
    if manners.check_cap is not None:
        told.append(f"at most {manners.check_cap} in one check")
    return ", ".join(told)
