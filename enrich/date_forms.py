"""The forms in which people write a date, and what only looks like one. Pure; the standard library alone.

Met in 5,677 notes: ``2022.5.10``, ``2018-11-05~2018-11-09``, ``2018-12-17~12-21``, ``20210429``, ``2021/10/13``,
``2021年4月5日``; month and day are as often unpadded as not. Nothing is a date here without its month, since
"CVPR2020" is the name of a conference, and nothing whose day does not exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

EARLIEST_YEAR = 1990
LATEST_YEAR = 2100
# With its label and its marks; no line that is longer is a date and nothing else.
_LONGEST_DATE = 200


class Span(NamedTuple):
    """First and last day in ISO form, or a month twice. A single day is a span of one."""

    begin: str
    end: str


YEAR = r"(?P<year>(?:19|20)\d\d|2100)"
# Set apart as careful typesetters do it, but not the first half of another word: 2022.5.10 日报.
_DAY_MARK = r"(?:[日号]|\s[日号](?=[至到星周]|\W|\Z))?"
_RANGE_END = (
    r"(?:(?:(?P<end_year>\d{4})\s?[-./年]\s?)?(?P<end_month>\d{1,2})\s?[-./月]\s?)?(?P<end_day>\d{1,2})"
    + _DAY_MARK
    + r"(?![\d:])"
)

# A hyphen may also lead to a title that begins with a number, so there a range has to end the text or to name
# its last day in full.
_RANGE = (
    r"(?:\s{0,3}(?:[~～至到]|(?=[-–—_][\d\s./年月日号-]{0,24}(?:\Z|[）)】\]])"
    r"|[-–—]\s{0,3}\d{4}[-./年]\d{1,2}[-./月]\d{1,2})[-–—_])\s{0,3}" + _RANGE_END + ")?"
)

# 2022.5.10, 2022年5月10日, 2018-12-17~12-21; the same separator twice, so that 2021.3-4 is no date,
# and no dot or v before it, which makes a version.
DAY = re.compile(
    rf"(?<![\d.vV]){YEAR}"
    r"(?:(?P<mark>[-./_])(?P<month>\d{1,2})(?P=mark)|\s?年\s?(?P<han_month>\d{1,2})\s?月\s?)"
    rf"(?P<day>\d{{1,2}}){_DAY_MARK}(?!\d){_RANGE}"
)
# A hyphen and four digits may be a time of day.
_COMPACT_END = r"(?P<end_month>[01]\d)(?P<end_day>[0-3]\d)(?!\d)"
COMPACT_DAY = re.compile(
    rf"(?<!\d){YEAR}(?P<month>[01]\d)(?P<day>[0-3]\d)(?!\d)"
    rf"(?:\s{{0,3}}(?:[-–—_~～至到]\s{{0,3}}(?P<end_year>(?:19|20)\d\d)|[~～至到]\s{{0,3}}){_COMPACT_END})?"
)
HAN_MONTH = re.compile(rf"(?<!\d){YEAR}\s?年\s?(?P<month>\d{{1,2}})\s?月(?:份|(?!\s?\d))")
BRACKETED_MONTH = re.compile(rf"[（(【\[]\s*{YEAR}[-./](?P<month>\d{{1,2}})\s*[）)】\]]")
MONTH = re.compile(
    rf"(?<![\d.A-Za-z]){YEAR}(?:[-_.](?P<month>\d{{1,2}})|(?P<compact>[01]\d))(?![\d.]|[-_]\d)"
)
_PLAIN_MONTH = re.compile(rf"{YEAR}[-/](?P<month>\d{{1,2}})(?![\d./-])")

_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ORDINAL = r"(?:st|nd|rd|th)?"
_NAME = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t|tember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_BEFORE_YEAR = r"(?:,\s?|[\s-])"
# Dec 10, 2020; March 31st, 2021; 10 Dec 2020; 10th of December, 2020. The first day of several is none.
ENGLISH_DAY = re.compile(
    rf"(?<!\w)(?:(?P<day_before>\d{{1,2}}){_ORDINAL}[\s-](?:of\s)?)?(?P<name>{_NAME})\.?"
    rf"(?(day_before)|\s(?P<day>\d{{1,2}}){_ORDINAL}){_BEFORE_YEAR}{YEAR}(?!\w)"
    rf"(?!\s?(?:[-–—~]|to|until|till|through)\s?(?:\d{{1,2}}{_ORDINAL}[\s-])?{_NAME}(?!\w))",
    re.IGNORECASE,
)
_ENGLISH_MONTH = re.compile(rf"(?P<name>{_NAME})\.?{_BEFORE_YEAR}{YEAR}(?!\w)", re.IGNORECASE)
# What stands before the year of one of these two.
BEFORE_ENGLISH_YEAR = re.compile(
    rf"(?<!\w)(?:\d{{1,2}}{_ORDINAL}[\s-](?:of\s)?)?{_NAME}\.?(?:\s\d{{1,2}}{_ORDINAL})?{_BEFORE_YEAR}\Z",
    re.IGNORECASE,
)

_TAG = re.compile(r"<[^<>]{1,200}>")
_DECORATION = re.compile(r"\\(?=[\[\]()*_.~-])|[*`]|~~|(?<!\w)_+|_+(?!\w)")
_LABEL_BEFORE = re.compile(r"\s*【[^】]{0,60}】\s*(?=\d)")
_OPENING = r"(?:\[\[|[（(【\[「])?\s?"
WEEKDAY = (
    r"(?:[（(]?(?:(?:星期|周|礼拜)[一二三四五六日天末]"
    r"|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?)[）)]?,?)"
)
_TIME = (
    r"(?:[T\s]?\s?(?:凌晨|早上|上午|中午|下午|傍晚|晚上)?\s?\d{1,2}[:：]\d{2}(?:[:：]\d{2})?(?:\.\d+)?\s?(?:[ap]m)?"
    r"\s?\(?(?:[A-Z]{1,4})?(?:[+-]\d{1,2}:?\d{0,2})?\)?)"
)
# A calendar in front, a rule on both sides.
_ORNAMENT = r"(?:[\u2013\u2014\u2600-\u27bf\U0001f300-\U0001faff]{1,4}\ufe0f?\s?)?"
_BEFORE = re.compile(rf"{_ORNAMENT}{_OPENING}(?:{WEEKDAY}\s?)?", re.IGNORECASE)
_AFTER = re.compile(
    rf"\s?{WEEKDAY}?{_TIME}?\s?(?:\]\]|[）)】\]」])?\s?{WEEKDAY}?\s?(?:[（(【][^（()【】）]{{0,60}}[）)】])?[.。:：]?\s?{_ORNAMENT}",
    re.IGNORECASE,
)
_LEADING = re.compile(rf"\W{{0,12}}(?:{WEEKDAY}\s?)?", re.IGNORECASE)
_CLOSING = re.compile(r"[*_~`\\\])）】」]*")


def iso(year: str | None, month: str | int | None, day: str | None = None) -> str | None:
    """ISO text of a real day, or of a month, between 1990 and 2100."""
    try:
        found = date(int(year or 0), int(month or 0), int(day or 1))
    except ValueError:
        return None
    if not EARLIEST_YEAR <= found.year <= LATEST_YEAR:
        return None
    return found.isoformat() if day else found.isoformat()[:7]


def span(match: re.Match[str] | None) -> Span | None:
    """What a match of one of the forms names; a range whose end is no later day is its beginning.

    An end in January needs no year to lie behind a beginning in December.
    """
    if match is None:
        return None
    groups = match.groupdict()
    month = groups.get("month") or groups.get("han_month") or groups.get("compact") or _named(groups)
    day = groups.get("day") or groups.get("day_before")
    begin = iso(groups["year"], month, day)
    if begin is None or groups.get("end_day") is None:
        return None if begin is None else Span(begin, begin)
    end_month = groups["end_month"] or month
    turns = groups["end_year"] is None and (int(month or 0), int(end_month or 0)) == (12, 1)
    end_year = groups["end_year"] or str(int(groups["year"] or 0) + turns)
    return Span(begin, max(begin, iso(end_year, end_month, groups["end_day"]) or begin))


def _named(groups: dict[str, str | None]) -> int:
    name = groups.get("name")
    return _MONTH_NAMES.index(name[:3].lower()) + 1 if name else 0


def first(text: str, *forms: re.Pattern[str]) -> Span | None:
    """The first real date of the first form that has one: what only looks like one must not hide it."""

    def dates(form: re.Pattern[str]) -> Iterator[Span]:
        return (found for match in form.finditer(text) if (found := span(match)) is not None)

    return next((found for form in forms for found in dates(form)), None)


def at(text: str, start: int, forms: Iterable[re.Pattern[str]]) -> tuple[Span, int] | None:
    """The date that begins at an offset, in the first form that fits, and where it ends."""
    for form in forms:
        match = form.match(text, start)
        if match is not None and (found := span(match)) is not None:
            return found, match.end()
    return None


_DAY_FORMS = (DAY, COMPACT_DAY, ENGLISH_DAY)
_WHOLE_FORMS = (*_DAY_FORMS, _ENGLISH_MONTH, HAN_MONTH, _PLAIN_MONTH)


def value(text: str) -> Span | None:
    """The date with which a value begins, perhaps behind a weekday or in the brackets of a link, whatever follows."""
    before = _BEFORE.match(text)
    found = at(
        text, before.end() if before else 0, (*_DAY_FORMS, _ENGLISH_MONTH, MONTH, HAN_MONTH, _PLAIN_MONTH)
    )
    return found and found[0]


def plain(text: str) -> str:
    """A line without its tags and marks of emphasis, with single blanks."""
    if "<" in text:
        text = _TAG.sub(" ", text)
    return " ".join(_DECORATION.sub("", text).split())


def whole(text: str, *more: re.Pattern[str]) -> Span | None:
    """The date that a text is, and nothing else but a weekday, a time of day, or a label in brackets.

    ``more`` are forms that only the place of the text tells from a number.
    """
    text = text.strip()
    if len(text) > _LONGEST_DATE:
        return None
    text = plain(text)
    label = _LABEL_BEFORE.match(text)
    start = label.end() if label else 0
    before = _BEFORE.match(text, start)
    found = at(text, before.end() if before else start, (*_WHOLE_FORMS, *more))
    if found is None or _AFTER.fullmatch(text, found[1]) is None:
        return None
    return found[0]


def leading(text: str, *more: re.Pattern[str]) -> tuple[Span, str] | None:
    """The day with which a text begins, or a date of ``more`` forms, behind marks of any sort, and what follows it."""
    head = text[:80]
    opening = _LEADING.match(head)
    found = at(head, opening.end() if opening else 0, (*_DAY_FORMS, *more))
    if found is None:
        return None
    closing = _CLOSING.match(text, found[1])
    return found[0], text[closing.end() if closing else found[1] :]
