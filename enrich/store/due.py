"""When a target is asked again, and which rule says so: `planning` decides it by a query, this says it of one. Pure.

The two are held together by a test that asks both.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from enrich.model import ALIVE, Status, TargetState
from enrich.store.ages import jitter
from enrich.store.columns import milliseconds, moment
from enrich.store.protocol import Ages


class Why(StrEnum):
    """What makes a target due when it is."""

    NEVER_ASKED = "never-asked"
    NOT_BELIEVED = "not-believed"
    WRONG_CLOCK = "wrong-clock"
    ALWAYS = "always"
    MAX_AGE = "max-age"
    ALIVE = "alive"
    CONFIRMED = "confirmed"
    HOPELESS = "hopeless"
    BLOCKED = "blocked"
    BROKEN = "broken"
    UNREACHABLE = "unreachable"
    METADATA = "metadata"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What the next question depends on.

    ``attempted_status`` is that of the last answer, believed or not. ``asked_last`` is true of addresses that hardly
    ever open (`Identity.last`), ``described`` of those that may have metadata, ``second_hand`` of metadata from a
    source that only stands in for the right one.
    """

    target_id: str
    kind: str
    state: TargetState
    attempted_status: Status | None
    metadata_tried_at: datetime | None
    metadata_fetched_at: datetime | None
    believed: bool = True
    asked_last: bool = False
    described: bool = True
    second_hand: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """From when on a run asks, and why; None for at once."""

    at: datetime | None
    why: Why


def next_check(known: Remembered, ages: Ages, now: datetime) -> Due:
    """When the first run asks that begins late enough."""
    verdict = _verdict_due(known, ages, now)
    metadata = _metadata_due(known, ages, now)
    if metadata is None or verdict.at is None or (metadata.at is not None and metadata.at >= verdict.at):
        return verdict
    return metadata


def _verdict_due(known: Remembered, ages: Ages, now: datetime) -> Due:
    asked = known.state.attempted_at
    if not known.believed:
        return Due(None, Why.NOT_BELIEVED)
    if asked is None:
        return Due(None, Why.NEVER_ASKED)
    if asked > now:
        return Due(None, Why.WRONG_CLOCK)
    ok, _ = ages.by_kind[known.kind]
    if ok == 0:
        return Due(None, Why.ALWAYS)
    if ages.max_age is not None:
        return Due(_later(asked, ages.max_age), Why.MAX_AGE)
    if known.attempted_status in ALIVE:
        return _spread(known, asked, ok, ages.spread_by_kind.get(known.kind, 0.0), Why.ALIVE)
    if known.state.status is Status.BROKEN and known.state.confirmed:
        return _spread(known, asked, ages.confirmed, ages.confirmed_spread, Why.CONFIRMED)
    match known.attempted_status:
        case Status.BLOCKED:
            return _blocked_due(known, asked, ages)
        case Status.BROKEN:
            return Due(_later(asked, ages.broken), Why.BROKEN)
    return Due(_later(asked, ages.unreachable), Why.UNREACHABLE)


def _blocked_due(known: Remembered, asked: datetime, ages: Ages) -> Due:
    if known.asked_last:
        return Due(_later(asked, ages.confirmed), Why.HOPELESS)
    return Due(_later(asked, ages.blocked), Why.BLOCKED)


def _metadata_due(known: Remembered, ages: Ages, now: datetime) -> Due | None:
    """When metadata alone are a reason to ask; None where they wait for the next check or are not wanted."""
    if not (ages.metadata and known.described) or (
        known.state.status is not None and known.state.status not in ALIVE
    ):
        return None
    ok, age = ages.by_kind[known.kind]
    tried = known.metadata_tried_at
    has_them = known.metadata_fetched_at == tried and not known.second_hand
    if tried is None or tried > now:
        return Due(None, Why.METADATA)
    if has_them and age > ok and ages.max_age is None:
        return None
    lasting = age if has_them else ages.unreachable
    return Due(_later(tried, lasting if ages.max_age is None else ages.max_age), Why.METADATA)


def _later(when: datetime, seconds: float, more_milliseconds: int = 0) -> datetime | None:
    return moment((milliseconds(when) or 0) + round(seconds * 1000) + more_milliseconds)


def _spread(known: Remembered, asked: datetime, age: float, spread: float, why: Why) -> Due:
    shift = jitter(known.target_id, milliseconds(asked) or 0, round(spread * 1000))
    return Due(_later(asked, age, shift), why)
