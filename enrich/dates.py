"""The date of a document. Pure; the standard library alone.

In 5,677 notes of 76 repositories a full date stood in the file name of 1,729, in the path of 155, in the
front matter of 140, in the title of 118, on the first line of 40 and behind a label of 13. More than half carry
none, and what looks like one in the running text is the date of a conference or of a paper: that is never taken.
Nor is a year alone, since "CVPR2020" is the name of a conference and "2020-Paper" that of a living list.

Sources may disagree: in one post the front matter says 2017-12-18 and the file name 2018-09-03. What its
author wrote for readers comes first, so the order is title, first line, label, front matter, file name, path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import combinations

from enrich import date_forms
from enrich.date_forms import (
    COMPACT_DAY,
    DAY,
    ENGLISH_DAY,
    MONTH,
    WEEKDAY,
    YEAR,
    Span,
    iso,
)
from enrich.front_matter import front_matter, front_matter_value
from enrich.model import Dated, DateSource
from enrich.named_dates import in_file_name, in_title
from enrich.periods import days

# The keys of static site generators: when a post was written, else when it changed.
_WRITTEN_KEYS = ("date", "created", "date created", "created_at", "published", "pubDate", "publishDate")
_CHANGED_KEYS = ("updated", "date modified", "lastmod", "last_modified_at", "modified")

# A label says something of the whole document near its head or at its foot, and of one item in between.
_HEAD_LINES = 30
_FOOT_LINES = 10
_HEAD_CHARACTERS = 8000
_FOOT_CHARACTERS = 2000
_LONGEST_LABELLED_LINE = 200

# "时间" alone is no label: on line 5 of a list of papers it says when a conference takes place. Nor is "Date",
# which also stands in front matter that is not at the front.
_CHANGED = (
    r"(?:本文|本页|本文档|文章|文档|页面|列表|数据)?(?:于|最后一次|最近一次|最后|最近|上次|最新|今日)?"
    r"(?:更新|修改|修订)(?:今日|最新)?(?:时间|日期|于|至|到)?"
    r"|(?:this\s\w{1,20}\swas\s)?(?:last(?:ly)?[\s_-]?)?(?:updated?|modified|revised|edited)(?:\s(?:on|at|time|date))?"
)
_WRITTEN = (
    r"更新(?:开始|起始)(?:时间|日期)|(?:创建|建立|撰写|发布|发表|收藏|整理|记录|写作|编写)(?:时间|日期|于)|[写记作]于|日期"
    r"|(?:date\s)?(?:created|published|posted|written|started)(?:\s(?:on|at|date))?"
)
_LABEL = re.compile(
    rf"[（(【\[]?\s?(?:(?P<written>{_WRITTEN})|(?P<changed>{_CHANGED}))\s?[】\]]?\s?[:：]?\s?(?=\W?\w)",
    re.IGNORECASE,
)
_BETWEEN_LABELS = re.compile(r"[|｜，；;·•]|<br\s?/?>|(?:&nbsp;)+|\s{3,}", re.IGNORECASE)
_YEAR_AND_MORE = re.compile(r"(?:19|20)\d\d(?:[\W_]|\s?年\s?)?\d|\s(?:19|20)\d\d|2100")
_LINE_MARK = re.compile(r"\s{0,3}(?:#{1,6}\s|>\s?|[-*+]\s)*")
_HEADING = re.compile(r"\s{0,3}(?P<marks>#{1,6})(?!#)")
_LIST_ITEM = re.compile(r"\s*(?:[-*+]|\d{1,9}[.)])\s")
_DATED_HEADING = re.compile(
    rf"^ {{0,3}}#{{2,6}}[^\w\n]{{0,12}}(?:(?:19|20)\d\d[-./_年\d]|(?:{WEEKDAY}\s)?{ENGLISH_DAY.pattern})",
    re.MULTILINE | re.IGNORECASE,
)
_FENCE = re.compile(r"\s*(?:```|~~~)")

_PATH_YEAR = re.compile(rf"{YEAR}年?")
_PATH_MONTH = re.compile(r"(?P<month>\d{1,2})月?")
_PATH_YEAR_MONTH = re.compile(rf"{YEAR}(?:[-_.年]?(?P<month>\d{{2}})|[-_.年](?P<short>\d))月?")
_PATH_MONTH_DAY = re.compile(r"(?P<month>\d{2})[-_.]?(?P<day>\d{2})")
_PATH_DAY = re.compile(r"(?P<day>\d{1,2})[日号]?(?:[-~_](?P<end_day>\d{1,2})[日号]?)?")


def chosen(dates: Sequence[Dated]) -> tuple[str | None, DateSource]:
    """The date and source that count among all that there are, in the order in which they are believed.

    ISO text, ``2022-05-10`` or ``2021-05``; None and ``none`` when no source has one.
    """
    return (dates[0].date, dates[0].source) if dates else (None, "none")


def document_dates(path: str, text: str, title: str | None) -> tuple[Dated, ...]:
    """What all sources say about the date of a document, the one that is believed first.

    ``path`` has forward slashes. Of a range the end counts.
    """
    text = text.removeprefix("\ufeff")
    above = front_matter(text)
    head = text[len(above) : len(above) + _HEAD_CHARACTERS].splitlines()
    found = (
        _dated("title", in_title(title or "")),
        _dated("first-line", _on_first_line(head, text)),
        *_labelled(head, text),
        _in_front_matter(above),
        _dated("filename", in_file_name(_stem(path.rpartition("/")[2]))),
        _dated("path", _in_path(path)),
    )
    return tuple(one for one in found if one is not None)


def _dated(source: DateSource, span: Span | None, updated: bool = False) -> Dated | None:
    if span is None:
        return None
    begin = span.begin if span.begin != span.end else None
    return Dated(date=span.end, source=source, begin=begin, updated=updated)


# --- title and text ---------------------------------------------------------------------------------


def _on_first_line(head: Sequence[str], text: str) -> Span | None:
    """The date that the first line is, or the line below a title; the first item of a list is no such line."""
    lines = (line for line in head if line.strip())
    first = next(lines, "")
    heading = _HEADING.match(first)
    if heading is not None and heading["marks"] == "#":
        first = next(lines, "")
        heading = _HEADING.match(first)
    if _LIST_ITEM.match(first) or (heading is not None and _is_log(text)):
        return None
    return date_forms.whole(first[heading.end() if heading else 0 :].lstrip(" >"))


def _is_log(text: str) -> bool:
    """Whether several headings are dated, so that the first of them dates what stands below it alone."""
    headings = _DATED_HEADING.finditer(text)
    next(headings, None)
    return next(headings, None) is not None


def _labelled(head: Sequence[str], text: str) -> tuple[Dated, ...]:
    """Dates behind a label on lines of their own: the latest change, then when it was begun."""
    found = [one for line in _label_lines(head, text) for one in _on_labelled_line(line)]
    changed = max((one for one in found if one.updated), key=lambda one: one.date, default=None)
    written = next((one for one in found if not one.updated), None)
    return tuple(one for one in (changed, written) if one is not None)


def _label_lines(head: Sequence[str], text: str) -> Iterator[str]:
    """The lines near the head and at the foot that are no code and may hold a date."""
    lines = [line for line in head if line.strip()]
    yield from _outside_fences(lines[:_HEAD_LINES])
    if len(lines) > _HEAD_LINES or len(text) > _HEAD_CHARACTERS:
        # The first piece may be the rest of a line.
        foot = [line for line in text[-_FOOT_CHARACTERS:].splitlines()[1:] if line.strip()]
        yield from _outside_fences(foot[-_FOOT_LINES:])


def _outside_fences(lines: Sequence[str]) -> Iterator[str]:
    inside = False
    for line in lines:
        if _FENCE.match(line):
            inside = not inside
        elif not inside and len(line) <= _LONGEST_LABELLED_LINE and _YEAR_AND_MORE.search(line):
            yield line


def _on_labelled_line(line: str) -> Iterator[Dated]:
    """The labelled dates of a line that holds nothing else, as ``创建于 2021.3.1 | 更新于 2022.7.10``."""
    mark = _LINE_MARK.match(line)
    for part in _BETWEEN_LABELS.split(line[mark.end() if mark else 0 :]):
        part = date_forms.plain(part)
        label = _LABEL.match(part)
        span = date_forms.whole(part[label.end() :], MONTH) if label else None
        dated = _dated("label", span, updated=label is not None and label["changed"] is not None)
        if dated is not None and (dated.updated or dated.begin is None):
            # A range without a change, "日期：6.14-6.19", is when something else takes place.
            yield dated


def _in_front_matter(above: str) -> Dated | None:
    for key in (*_WRITTEN_KEYS, *_CHANGED_KEYS) if above else ():
        span = date_forms.value(front_matter_value(above, key) or "")
        if (found := _dated("front-matter", span, updated=key in _CHANGED_KEYS)) is not None:
            return found
    return None


# --- name and folders -------------------------------------------------------------------------------


def _in_path(path: str) -> Span | None:
    """The date that folders and file name make together, such as ``202205/0510.md``, ``2018/05/16.md``.

    The innermost folders that name a year and a month decide. ``2017/2/2.1.md`` is the first week of
    February to its author, so only the month is taken.
    """
    *folders, name = path.split("/")
    parts = [*folders, _stem(name)]
    for index in range(len(folders) - 1, -1, -1):
        if found := _from_folders(parts[index : index + 3]) or date_forms.first(folders[index], DAY):
            return found
        if found := date_forms.span(COMPACT_DAY.fullmatch(folders[index])):
            return found
    return None


def _stem(name: str) -> str:
    stem, dot, _suffix = name.rpartition(".")
    return stem if dot else name


def _from_folders(parts: list[str]) -> Span | None:
    """The date of path parts that begin with a year, or with a year and a month."""
    if (both := _PATH_YEAR_MONTH.fullmatch(parts[0])) is not None:
        return _below(both["year"], both["month"] or both["short"], parts[1:])
    year = _PATH_YEAR.fullmatch(parts[0])
    if year is None:
        return None
    if (month := _PATH_MONTH.fullmatch(parts[1])) is not None:
        return _below(year["year"], month["month"], parts[2:])
    if (day := _PATH_MONTH_DAY.fullmatch(parts[1])) is not None:
        return _single(iso(year["year"], day["month"], day["day"]))
    return None


def _below(year: str, month: str, parts: list[str]) -> Span | None:
    """The day that the next part names within a month, else the month."""
    whole_month = _single(iso(year, month))
    if not parts:
        return whole_month
    repeated = _PATH_MONTH_DAY.fullmatch(parts[0])
    if repeated is not None and int(repeated["month"]) == int(month):
        return _single(iso(year, month, repeated["day"])) or whole_month
    day = _PATH_DAY.fullmatch(parts[0])
    if day is None:
        return whole_month
    begin, end = iso(year, month, day["day"]), iso(year, month, day["end_day"] or day["day"])
    return Span(begin, max(begin, end)) if begin and end else whole_month


def _single(date_text: str | None) -> Span | None:
    return None if date_text is None else Span(date_text, date_text)


# --- sources that disagree --------------------------------------------------------------------------


def disagree(dates: Sequence[Dated]) -> bool:
    """Whether two sources of one document cannot both be right.

    A month agrees with each of its days, and a range with what it meets. The date of a change agrees with all
    that is older: a living list keeps the date of its first day in its name.
    """
    return any(_apart(one, other) for one, other in combinations(dates, 2))


def _apart(one: Dated, other: Dated) -> bool:
    if one.source == "git" or other.source == "git":
        # Notes are put into a repository years after they were written, and change for years after that.
        return False
    one_first, one_last = _reach(one)
    other_first, other_last = _reach(other)
    return one_last < other_first or other_last < one_first


def _reach(dated: Dated) -> tuple[date, date]:
    first = date.min if dated.updated else days(dated.begin or dated.date)[0]
    return first, days(dated.date)[1]
