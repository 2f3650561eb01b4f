"""Dated items and headings: what a log says about the date of each of its links.

Of 5,677 notes 20 were logs, with hundreds of links each: ``- 2020-12-10：[…]``, ``- \\[2021/10/13\\] […]``,
``#### 20210331`` above a list, a table with a column of dates, or lines that begin with a day. Whoever asks for
the links since January means these days, not that of the file.

A log is told by its repetition. One line of prose that happens to begin with a day makes no log, whereas a heading
or a list item that is nothing but a day leaves no doubt. Code is passed over, and so is front matter.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from enrich import date_forms
from enrich.date_forms import BEFORE_ENGLISH_YEAR, BRACKETED_MONTH, HAN_MONTH, MONTH, Span
from enrich.extract.positions import LINE_END
from enrich.front_matter import front_matter
from enrich.model import Link

# A cheap look at a text before it is read line by line: nearly all notes are no logs.
_LIKELY = re.compile(
    r"20\d\d(?:[-./_年\s]?\s?\d|(?<=[0-9BCEGHLNPRTVYbceghlnprtvy.,][ ,-]20\d\d)(?P<english>)(?!\w))"
)
_LONGEST_ENGLISH = 30
_MARKS_ALONE = re.compile(
    rf"\W*(?:(?:\d{{1,9}}[.)]|\[[xX]\])\s\W*)?(?:{date_forms.WEEKDAY}\s?)?", re.IGNORECASE
)
_LONGEST_MARKS = 40
_TITLE_MARK = re.compile(r" {0,3}#(?!#)")
_SECTION_MARK = re.compile(r" {0,3}##")

_HEADING = re.compile(r" {0,3}(#{1,6})(?!#)(.*)")
_UNDERLINE = re.compile(r" {0,3}(?:(=)=*|--+)[ \t]*$")
_ITEM = re.compile(r"([ \t]*)(?:[-*+]|\d{1,9}[.)])(?:[ \t]+|$)(?:\[[ xX]\]\s)?(.*)")
_FENCE = re.compile(r"\s*(?:[-*+]\s{1,4})?(`{3,}|~{3,})")
_TABLE_RULE = re.compile(r"\|?[\s:]*-[-\s:|]*$")
_CELL_END = re.compile(r"(?<!\\)\|")
# "## [1.2.0] - 2021-03-04", as a changelog has it.
_RELEASE = re.compile(r"\s?\[?v?\d{1,5}(?:\.\w{1,10}){1,3}\]?(?:\([^()\s]*\))?\s{0,3}(?:[-–—/:]\s?|(?=\())")
# "## Reading (2022.5.10)": what such a heading says besides its day, and what differs from one day to the next.
_DAY_AT_END = re.compile(r"\s*([^\s（(].{0,80}?)\s*[（(【\[]([^（）()【】\[\]]{6,40})[）)】\]]\s*$")
_COUNTED = re.compile(r"[\d零〇一二三四五六七八九十百\s]+")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_MONTH_IN_BRACKETS = re.compile(rf"[*_~`\s]{{0,4}}\\?{BRACKETED_MONTH.pattern}")
# What may follow the day of an item: nothing, a colon, a bar, a gap, a link. A comma makes a sentence of it unless a
# link follows at once, and so does "before": "前" and "后" alone also begin words such as "前端".
_ITEM_GOES_ON = re.compile(
    r"(?!\s{0,3}(?:[之以][前后]|以来|[前后](?:的|\W|$)))(?:$|[:：|｜\s\[【(（<《]|[,，、]\s?(?:\*\*)?(?:\[|<?https?://))"
)
# A line that begins with a day is prose more often than an item, so that there a link has to follow, or the day
# is one itself.
_LINE_GOES_ON = re.compile(r"\s{0,3}[:：|｜]?\s{0,3}(?:\*\*)?(?:\[|<?https?://)|\([^()\s]*\)")

_INDENT_OF_CHILD = 2
# A line that is nothing but a date stands for a heading below all headings, a line that begins with one below that.
_MARKED_LEVEL = 7
_LINE_LEVEL = 8


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A dated stretch. ``level`` is that of a heading, 0 for an item of a list, which has an indent instead.

    ``sure`` is whether its date leaves no doubt by itself.
    """

    first: int
    date: str
    level: int = 0
    indent: int = 0
    sure: bool = False


@dataclass(slots=True)
class _Reading:
    """What one pass over the lines has gathered: stretches still open, outermost first, and ended ones.

    ``repeated`` is what headings with a day at their end say in several places.
    """

    repeated: frozenset[str] = frozenset()
    sections: list[_Stretch] = field(default_factory=list)
    items: list[_Stretch] = field(default_factory=list)
    ended: list[tuple[_Stretch, int]] = field(default_factory=list)
    after_blank: bool = True
    in_table: bool = False

    def end_sections(self, line: int, level: int) -> None:
        """Before a heading of this level: the sections of the same level or a deeper one end."""
        while self.sections and self.sections[-1].level >= level:
            self.ended.append((self.sections.pop(), line - 1))

    def end_items(self, line: int, indent: int = 0) -> None:
        """Before what stands at this indent: the items that it is not a part of end."""
        while self.items and self.items[-1].indent + _INDENT_OF_CHILD > indent:
            self.ended.append((self.items.pop(), line - 1))


def item_dates(text: str) -> list[tuple[int, int, str]]:
    """The dated stretches of a log as (first line, last line, date), lines from 1; none where there is no log.

    They are in the order of their first lines, and nest: an item in a dated section has its own date. Takes time
    in proportion to the text.
    """
    if not _may_be_log(text):
        return []
    lines = LINE_END.split(text)
    above = len(LINE_END.findall(front_matter(text.removeprefix("\ufeff"))))
    ended = _without_title(_read(lines, above).ended)
    if len(ended) < 2 and not any(one.sure for one, _last in ended):
        return []
    spans = ((one.first, last, one.date) for one, last in ended)
    return sorted(spans, key=lambda span: (span[0], -span[1]))


def dated(links: Sequence[Link], text: str) -> list[Link]:
    """The links, each with the date of the innermost dated stretch in which it is used."""
    if not links or not (spans := item_dates(text)):
        return list(links)
    # Of two stretches that hold a line the later lies within the earlier. They nest no deeper than the text is
    # indented, so that this takes no more than the length of the text.
    by_line = {line: date for first, last, date in spans for line in range(first, last + 1)}
    return [_with_date(link, by_line.get((link.used_at or (link.line,))[0])) for link in links]


def _with_date(link: Link, date: str | None) -> Link:
    return link if date is None else replace(link, date=date)


def _may_be_log(text: str) -> bool:
    """Whether a date stands at the head of a line, behind marks alone, or in several titles or rows of tables."""
    position = start = faint = 0
    while (match := _LIKELY.search(text, position)) is not None:
        start = max(text.rfind(end, position, match.start()) for end in "\r\n") + 1 or start
        if (date_start := _date_start(text, start, match)) < 0:
            position = match.end()
            continue
        head = text[start:date_start]
        faint += "|" in head or _TITLE_MARK.match(head) is not None
        if faint > 1 or _SECTION_MARK.match(head):
            return True
        if len(head) <= _LONGEST_MARKS and not _TITLE_MARK.match(head) and _MARKS_ALONE.fullmatch(head):
            return True
        ending = LINE_END.search(text, match.end())
        position = start = ending.end() if ending else len(text)
    return False


def _date_start(text: str, line: int, year: re.Match[str]) -> int:
    """Where what looks like a date begins in its line; -1 when there is a year without day and month."""
    if year["english"] is None:
        return year.start()
    before = BEFORE_ENGLISH_YEAR.search(text, max(line, year.start() - _LONGEST_ENGLISH), year.start())
    return before.start() if before else -1


def _without_title(ended: Sequence[tuple[_Stretch, int]]) -> list[tuple[_Stretch, int]]:
    """Without the only heading of level one, or the only marked line: these date the document."""
    levels = Counter(one.level for one, _last in ended)
    return [
        (one, last) for one, last in ended if one.level not in (1, _MARKED_LEVEL) or levels[one.level] > 1
    ]


# --- one pass over the lines ------------------------------------------------------------------------


def _read(lines: Sequence[str], above: int) -> _Reading:
    """The stretches of a text, of which so many lines above are front matter."""
    reading = _Reading(_repeated(lines))
    for number, line in _outside_fences(lines, above):
        if not line.strip():
            reading.end_sections(number, _LINE_LEVEL)
            reading.after_blank, reading.in_table = True, False
            continue
        following = lines[number] if number < len(lines) else ""
        reading.after_blank = _take(reading, number, line, following)
    reading.end_items(len(lines) + 1)
    reading.end_sections(len(lines) + 1, 0)
    return reading


def _repeated(lines: Sequence[str]) -> frozenset[str]:
    """What several headings say besides the day at their end, as notes of many days in one file do.

    With a year among it, it is the name of a conference, and the day is when that takes place.
    """
    headings = (_HEADING.match(line) for line in lines if line.lstrip(" ").startswith("#"))
    ends = (_DAY_AT_END.match(heading[2].rstrip(" \t#")) for heading in headings if heading)
    said = Counter(_COUNTED.sub("", end[1]) for end in ends if end and not _YEAR.search(end[1]))
    return frozenset(words for words, count in said.items() if words and count > 1)


def _outside_fences(lines: Sequence[str], above: int) -> Iterator[tuple[int, str]]:
    """The lines that are no code, numbered from 1."""
    fence = ""
    for number, line in enumerate(lines[above:], above + 1):
        if fence:
            closing = line.strip()
            if closing.startswith(fence) and not closing.strip(fence[0]):
                fence = ""
        elif (opening := _FENCE.match(line)) is not None:
            fence = opening[1]
        else:
            yield number, line


def _take(reading: _Reading, number: int, line: str, following: str) -> bool:
    """Take one line in; whether the next one begins a block as if a blank line stood between."""
    if (heading := _HEADING.match(line)) is not None:
        _open_section(
            reading, number, len(heading[1]), _of_heading(heading[2].rstrip(" \t#"), reading.repeated)
        )
        return True
    if _TABLE_RULE.match(line) and ("|" in line or reading.in_table):
        reading.in_table = True
        return False
    if reading.in_table and "|" in line:
        _take_row(reading, number, line)
    elif _is_rule(line):
        reading.end_items(number)
    elif (item := _ITEM.match(line)) is not None:
        _take_item(reading, number, len(item[1].expandtabs(4)), item[2])
    else:
        _take_text(reading, number, line, following)
    return False


def _is_rule(line: str) -> bool:
    if line.lstrip()[0] not in "-*_":
        return False
    marks = "".join(line.split())
    return len(marks) > 2 and not marks.strip(marks[0])


def _open_section(reading: _Reading, number: int, level: int, found: tuple[str, bool] | None) -> None:
    reading.end_items(number)
    reading.end_sections(number, level)
    if found is not None:
        date, sure = found
        reading.sections.append(_Stretch(number, date, level, sure=sure and 1 < level < _MARKED_LEVEL))


def _take_row(reading: _Reading, number: int, line: str) -> None:
    """A row of a table is dated by the first of its cells that is a date."""
    cells = (date_forms.whole(cell) for cell in _CELL_END.split(line) if "20" in cell)
    span = next((span for span in cells if span is not None), None)
    if span is not None:
        reading.ended.append((_Stretch(number, span.end), number))


def _take_item(reading: _Reading, number: int, indent: int, text: str) -> None:
    reading.end_items(number, indent)
    reading.end_sections(number, _LINE_LEVEL)
    if (found := _of_item(text)) is not None:
        date, sure = found
        reading.items.append(_Stretch(number, date, indent=indent, sure=sure))


def _take_text(reading: _Reading, number: int, line: str, following: str) -> None:
    if reading.after_blank:
        reading.end_items(number, len(line[: -len(line.lstrip())].expandtabs(4)))
    if reading.items or "20" not in line[:_LONGEST_MARKS]:
        return
    if (span := date_forms.whole(line)) is not None:
        underline = _UNDERLINE.match(following)
        if underline is not None:
            _open_section(reading, number, 1 if underline[1] else 2, (span.end, True))
        elif reading.after_blank:
            _open_section(reading, number, _MARKED_LEVEL, (span.end, False))
    elif (span := _leading(line, _LINE_GOES_ON)) is not None:
        _open_section(reading, number, _LINE_LEVEL, (span.end, False))


# --- the date of one line ---------------------------------------------------------------------------


def _of_heading(text: str, repeated: frozenset[str]) -> tuple[str, bool] | None:
    """The date of a heading, and whether it is nothing else."""
    end = _DAY_AT_END.match(text) if repeated else None
    if end is not None and _COUNTED.sub("", end[1]) in repeated and not _YEAR.search(end[1]):
        span = date_forms.whole(end[2])
        return None if span is None else (span.end, False)
    if "20" not in text[:_LONGEST_MARKS]:
        return None
    if (span := date_forms.whole(text, MONTH)) is not None:
        return span.end, True
    release = _RELEASE.match(text)
    span = date_forms.whole(text[release.end() :]) if release else _leading(text, _ITEM_GOES_ON)
    return None if span is None else (span.end, False)


def _of_item(text: str) -> tuple[str, bool] | None:
    """The date of an item of a list, and whether it is nothing else."""
    if "20" not in text[:_LONGEST_MARKS]:
        return None
    if (found := date_forms.leading(text, HAN_MONTH)) is not None and not found[1].strip():
        return found[0].end, True
    if (span := date_forms.whole(text)) is not None:
        return span.end, True
    if (span := date_forms.span(_MONTH_IN_BRACKETS.match(text))) is not None:
        return span.end, False
    return (found[0].end, False) if found is not None and _ITEM_GOES_ON.match(found[1]) else None


def _leading(text: str, goes_on: re.Pattern[str]) -> Span | None:
    """The day that a text begins with, where what follows is fit to follow the date of an item."""
    found = date_forms.leading(text)
    return found[0] if found is not None and goes_on.match(found[1]) else None
