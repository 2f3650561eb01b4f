"""How records stand in the columns of the cache, and come back from them.

Moments are whole milliseconds since 1970 in UTC.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from enrich.model import Status, Suggestion, Target, TargetState
from enrich.store.database import Row

STATE_COLUMNS = (
    "status", "reason", "detail", "http_status", "final_url", "suggestion_url", "suggestion_reason", "checked_at",
    "attempted_at", "attempts", "confirmed", "first_failed_at", "certain_since", "failed_checks", "last_ok_at",
)  # fmt: skip
STATUSES = {status.value: status for status in Status}
_NEVER_ASKED = TargetState()


def milliseconds(when: datetime | None) -> int | None:
    """A moment as it is stored."""
    return None if when is None else round(when.timestamp() * 1000)


def moment(stored: int | None) -> datetime | None:
    """A stored moment."""
    return None if stored is None else datetime.fromtimestamp(stored / 1000, UTC)


def second(stored: int | None) -> datetime | None:
    """The moment without the fraction, as reports show it."""
    return None if stored is None else _second(stored // 1000)


# A run asks many in the same second, and a report shows three moments of each.
@lru_cache(maxsize=1024)
def _second(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def suggestion_of(url: str | None, reason: str | None) -> Suggestion | None:
    """A suggestion out of its two columns."""
    return Suggestion(url, reason) if url and reason else None


def state_of(row: Row) -> TargetState:
    """The state of a target out of a row that has the `STATE_COLUMNS`."""
    return state_from([row[column] for column in STATE_COLUMNS])


def state_from(stored: Sequence[Any]) -> TargetState:
    """A state out of the values of the `STATE_COLUMNS`, in their order.

    Where thousands are read, a row is taken apart at once: each look at a column by its name goes through all names.
    """
    if not any(stored):
        return _NEVER_ASKED
    (status, reason, detail, http_status, final_url, suggestion_url, suggestion_reason, checked_at, attempted_at,
     attempts, confirmed, first_failed_at, certain_since, failed_checks, last_ok_at) = stored  # fmt: skip
    return TargetState(
        status=STATUSES[status] if status else None,
        reason=reason,
        detail=detail,
        http_status=http_status,
        final_url=final_url,
        suggestion=suggestion_of(suggestion_url, suggestion_reason),
        checked_at=moment(checked_at),
        attempted_at=moment(attempted_at),
        attempts=attempts,
        confirmed=bool(confirmed),
        first_failed_at=moment(first_failed_at),
        certain_since=moment(certain_since),
        failed_checks=failed_checks,
        last_ok_at=moment(last_ok_at),
    )


def state_values(state: TargetState) -> tuple[Any, ...]:
    """A state as values of the `STATE_COLUMNS`, in their order."""
    suggestion = state.suggestion
    return (
        state.status and state.status.value, state.reason, state.detail, state.http_status, state.final_url,
        suggestion and suggestion.url, suggestion and suggestion.reason, milliseconds(state.checked_at),
        milliseconds(state.attempted_at), state.attempts, int(state.confirmed), milliseconds(state.first_failed_at),
        milliseconds(state.certain_since), state.failed_checks, milliseconds(state.last_ok_at),
    )  # fmt: skip


def target_of(row: Row) -> Target:
    """A target out of its row."""
    return Target(
        id=row["id"], url=row["url"], kind=row["kind"], host=row["host"], parent=row["parent"],
        stands_for=row["stands_for"],
    )  # fmt: skip
