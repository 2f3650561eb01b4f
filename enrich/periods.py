"""Periods of dates: what ``--since`` and ``--until`` name. Pure; the standard library alone.

Apart from the forms in which notes write their dates, since every command reads its settings and few read dates.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from enrich.errors import UsageError

_PERIOD = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Period:
    """From ``since`` to ``until``, both included; None is open."""

    since: date | None
    until: date | None

    def holds(self, date_text: str) -> bool:
        """Whether a date, ``2022-05-10`` or ``2021-05``, lies within; a month counts if any day does."""
        first, last = days(date_text)
        return (self.since is None or last >= self.since) and (self.until is None or first <= self.until)


def parse_period(since: str | None, until: str | None) -> Period:
    """The period that ``--since`` and ``--until`` name; both ends count as a whole.

    Raises UsageError for what is no date, and for an end before its beginning.
    """
    first = None if since is None else _end_of_period("--since", since)[0]
    last = None if until is None else _end_of_period("--until", until)[1]
    if first and last and first > last:
        raise UsageError(f"--since: {since!r} lies after --until {until!r}; swap them")
    return Period(first, last)


def _end_of_period(option: str, text: str) -> tuple[date, date]:
    try:
        found = days(text) if _PERIOD.fullmatch(text) else None
    except ValueError:
        found = None
    if found is None:
        raise UsageError(f"{option}: {text!r} is not a date; write 2021, 2021-01 or 2021-01-15")
    return found


def days(date_text: str) -> tuple[date, date]:
    """First and last day of a year, month or day in ISO form; ValueError for what does not exist."""
    year, month, day = [*map(int, date_text.split("-")), 0, 0][:3]
    if day:
        return date(year, month, day), date(year, month, day)
    last_month = month or 12
    date(year, last_month, 1)
    return date(year, month or 1, 1), date(year, last_month, monthrange(year, last_month)[1])
