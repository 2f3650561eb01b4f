"""The date of a document, and periods of dates. Pure; the standard library alone.

In 5,677 notes of 76 repositories a full date stood in the file name of 1,729, in the path of 155, in the
front matter of 140 and in the title of 118. More than half carry none, and what looks like one in the
running text is the date of a conference or of a paper: that is never taken. Nor is a year alone, since
"CVPR2020" is the name of a conference and "2020-Paper" that of a living list.

Sources may disagree: in one post the front matter says 2017-12-18 and the file name 2018-09-03. What its
author wrote for readers comes first, so the order is title, front matter, file name, path.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from enrich.errors import UsageError
from enrich.front_matter import front_matter_value
from enrich.model import DateSource

EARLIEST_YEAR = 1990
LATEST_YEAR = 2100

_YEAR = r"(?P<year>(?:19|20)\d\d|2100)"
_RANGE_END = (
    r"(?:(?:(?P<end_year>\d{4})[-./年])?(?P<end_month>\d{1,2})[-./月])?(?P<end_day>\d{1,2})日?(?![\d:])"
)

# A hyphen may also lead to a title that begins with a number, so there a range has to end the text.
_RANGE = r"(?:\s*(?:[~～至到]|(?=[-–—_][\d\s./年月日-]*(?:\Z|[）)】\]]))[-–—_])\s*" + _RANGE_END + ")?"

# 2022.5.10, 2022年5月10日, 2018-12-17~12-21; the same separator twice, so that 2021.3-4 is no date,
# and no dot or v before it, which makes a version.
_DAY = re.compile(
    rf"(?<![\d.vV]){_YEAR}"
    r"(?:(?P<mark>[-./_])(?P<month>\d{1,2})(?P=mark)|\s?年\s?(?P<han_month>\d{1,2})\s?月\s?)"
    rf"(?P<day>\d{{1,2}})日?(?!\d){_RANGE}"
)
_COMPACT_DAY = re.compile(rf"(?<!\d){_YEAR}(?P<month>[01]\d)(?P<day>[0-3]\d)(?!\d)")
_HAN_MONTH = re.compile(rf"(?<!\d){_YEAR}\s?年\s?(?P<month>\d{{1,2}})\s?月(?!\s?\d)")
_BRACKETED_MONTH = re.compile(rf"[（(【\[]\s*{_YEAR}[-./](?P<month>\d{{1,2}})\s*[）)】\]]")
_MONTH = re.compile(
    rf"(?<![\d.A-Za-z]){_YEAR}(?:[-_.](?P<month>\d{{1,2}})|(?P<compact>[01]\d))(?![\d.]|[-_]\d)"
)

_PATH_YEAR = re.compile(rf"{_YEAR}年?")
_PATH_MONTH = re.compile(r"(?P<month>\d{1,2})月?")
_PATH_YEAR_MONTH = re.compile(rf"{_YEAR}(?:[-_.年]?(?P<month>\d{{2}})|[-_.年](?P<short>\d))月?")
_PATH_MONTH_DAY = re.compile(r"(?P<month>\d{2})[-_.]?(?P<day>\d{2})")
_PATH_DAY = re.compile(r"(?P<day>\d{1,2})日?(?:[-~_](?P<end_day>\d{1,2})日?)?")


def document_date(path: str, text: str, title: str | None) -> tuple[str | None, DateSource]:
    """The date of a document as ISO text, ``2022-05-10`` or ``2021-05``, and where it stands.

    ``path`` has forward slashes. Of a range the end counts. None and ``none`` when no source has one.
    """
    sources: tuple[tuple[DateSource, Callable[[], str | None]], ...] = (
        ("title", lambda: date_in_title(title or "")),
        (
            "front-matter",
            lambda: date_in_value(front_matter_value(text.removeprefix("\ufeff"), "date") or ""),
        ),
        ("filename", lambda: date_in_file_name(path.rpartition("/")[2])),
        ("path", lambda: date_in_path(path)),
    )
    for source, read in sources:
        if (found := read()) is not None:
            return found, source
    return None, "none"


def date_in_title(title: str) -> str | None:
    """A day anywhere in a title; a month only where it cannot be a version or a number."""
    return _first(_day, _DAY, title) or _first(_day, _COMPACT_DAY, title) or _month_in_title(title)


def date_in_value(value: str) -> str | None:
    """A value that begins with a date, whatever time of day follows."""
    return (
        _day(_DAY.match(value))
        or _day(_COMPACT_DAY.match(value))
        or _month(_MONTH.match(value))
        or _month(_HAN_MONTH.match(value))
    )


def date_in_file_name(name: str) -> str | None:
    """The date in a file name such as ``2018-8-26-x.md``, ``20210429.md`` or ``notes-2021-05.md``."""
    stem = _stem(name)
    return (
        _first(_day, _DAY, stem)
        or _first(_day, _COMPACT_DAY, stem)
        or _first(_month, _HAN_MONTH, stem)
        or _first(_month, _MONTH, stem)
    )


def date_in_path(path: str) -> str | None:
    """The date that folders and file name make together, such as ``202205/0510.md``, ``2018/05/16.md``.

    The innermost folders that name a year and a month decide. ``2017/2/2.1.md`` is the first week of
    February to its author, so only the month is taken.
    """
    *folders, name = path.split("/")
    parts = [*folders, _stem(name)]
    for index in range(len(folders) - 1, -1, -1):
        found = _date_from_folders(parts[index:]) or _first(_day, _DAY, folders[index])
        if found or (found := _day(_COMPACT_DAY.fullmatch(folders[index]))):
            return found
    return None


def _stem(name: str) -> str:
    stem, dot, _suffix = name.rpartition(".")
    return stem if dot else name


def _first(
    read: Callable[[re.Match[str] | None], str | None], pattern: re.Pattern[str], text: str
) -> str | None:
    """The first match that is a real date: a number that only looks like one must not hide it."""
    return next((found for match in pattern.finditer(text) if (found := read(match))), None)


def _month_in_title(title: str) -> str | None:
    return _first(_month, _HAN_MONTH, title) or _first(_month, _BRACKETED_MONTH, title)


def _day(match: re.Match[str] | None) -> str | None:
    """The day a match names, or the end of its range where that is a later day."""
    if match is None:
        return None
    groups = match.groupdict()
    begin = _iso(groups["year"], groups["month"] or groups.get("han_month"), groups["day"])
    end = _iso(
        groups.get("end_year") or groups["year"],
        groups.get("end_month") or groups["month"] or groups.get("han_month"),
        groups.get("end_day") or groups["day"],
    )
    return max(begin, end) if begin and end else begin


def _month(match: re.Match[str] | None) -> str | None:
    if match is None:
        return None
    groups = match.groupdict()
    return _iso(groups["year"], groups["month"] or groups.get("compact"))


def _date_from_folders(parts: list[str]) -> str | None:
    """The date of path parts that begin with a year, or with a year and a month."""
    if (both := _PATH_YEAR_MONTH.fullmatch(parts[0])) is not None:
        return _date_below(both["year"], both["month"] or both["short"], parts[1:])
    year = _PATH_YEAR.fullmatch(parts[0])
    if year is None:
        return None
    if (month := _PATH_MONTH.fullmatch(parts[1])) is not None:
        return _date_below(year["year"], month["month"], parts[2:])
    if (day := _PATH_MONTH_DAY.fullmatch(parts[1])) is not None:
        return _iso(year["year"], day["month"], day["day"])
    return None


def _date_below(year: str, month: str, parts: list[str]) -> str | None:
    """The day that the next part names within a month, else the month."""
    if not parts:
        return _iso(year, month)
    repeated = _PATH_MONTH_DAY.fullmatch(parts[0])
    if repeated is not None and int(repeated["month"]) == int(month):
        return _iso(year, month, repeated["day"]) or _iso(year, month)
    day = _PATH_DAY.fullmatch(parts[0])
    if day is None:
        return _iso(year, month)
    begin, end = _iso(year, month, day["day"]), _iso(year, month, day["end_day"] or day["day"])
    return max(begin, end) if begin and end else _iso(year, month)


def _iso(year: str | None, month: str | None, day: str | None = None) -> str | None:
    """ISO text of a real day, or of a month, between 1990 and 2100."""
    try:
        found = date(int(year or 0), int(month or 0), int(day or 1))
    except ValueError:
        return None
    if not EARLIEST_YEAR <= found.year <= LATEST_YEAR:
        return None
    return found.isoformat() if day else found.isoformat()[:7]


# --- periods ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Period:
    """From ``since`` to ``until``, both included; None is open."""

    since: date | None
    until: date | None

    def holds(self, date_text: str) -> bool:
        """Whether a date, ``2022-05-10`` or ``2021-05``, lies within; a month counts if any day does."""
        first, last = _whole(date_text)
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


_PERIOD = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?", re.ASCII)


def _end_of_period(option: str, text: str) -> tuple[date, date]:
    try:
        days = _whole(text) if _PERIOD.fullmatch(text) else None
    except ValueError:
        days = None
    if days is None:
        raise UsageError(f"{option}: {text!r} is not a date; write 2021, 2021-01 or 2021-01-15")
    return days


def _whole(text: str) -> tuple[date, date]:
    """First and last day of a year, month or day in ISO form; ValueError for what does not exist."""
    year, month, day = [*map(int, text.split("-")), 0, 0][:3]
    if day:
        return date(year, month, day), date(year, month, day)
    last_month = month or 12
    date(year, last_month, 1)
    return date(year, month or 1, 1), date(year, last_month, monthrange(year, last_month)[1])
