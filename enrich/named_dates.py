"""The date in a name that somebody gave: the title of a note, or its file.

A title also names what the note is about, and "TensorRT 2020.1.2" is a version. Nothing in the number tells: JetBrains,
Unity and OpenVINO count by the year, the quarter and the repair. What stands before it does. In the notes that were
read every date of a title stands in brackets or behind a Chinese word; where somebody writes "Daily 2021.4.5" the word
is one for writing down. So a date with dots is a version behind any other Latin word, unless month and day have two
digits each, as no version of those has. A version taken for a date hides the note from `--since`, and a date taken for
a version only leaves the word to the file name.
"""

from __future__ import annotations

import re

from enrich import date_forms
from enrich.date_forms import (
    BRACKETED_MONTH,
    COMPACT_DAY,
    DAY,
    ENGLISH_DAY,
    HAN_MONTH,
    MONTH,
    WEEKDAY,
    YEAR,
    Span,
)

_VERSION_WORD = re.compile(
    r"(?:(?<![a-z])v(?:er(?:sion)?)?\.?|(?<![a-z])release|版本号?|(?:专业|社区|旗舰|企业|破解|教育)版)[ \t:：_-]{0,2}\Z",
    re.IGNORECASE,
)
# 2020.1.2.3, 2020.1.2.x, 2021.3.16f1, 2020.1.2-rc1, 2020.1.2+, 2021.3.16 LTS
_VERSION_GOES_ON = re.compile(
    r"\.[\dx*]|\+(?!\d)|[a-z]{1,5}\d|[ \t_-]?(?:版本|(?:lts|sp|alpha|beta|rc\d?|release)(?![a-z]))",
    re.IGNORECASE,
)
_LATIN_WORD = re.compile(r"([A-Za-z]+)[0-9+#.]*[ \t_-]{0,2}\Z")
_WRITING = re.compile(
    r"(?:\A|(?<=[a-z])(?=[A-Z]))(?i:arxiv|blogs?|bookmarks?|changelog|changes|daily|days?|diary|dates?|digest|issue"
    r"|journal|learning|links?|logs?|meetings?|memos?|minutes|monthly|news|newsletter|notes?|papers?|posts?|readings?"
    r"|recap|reports?|reviews?|seminar|study|summary|talks?|today|todos?|trending|updated?|updates|weekly|weeks?|work"
    r"|and|at|by|from|in|of|on|to|since|till|until|mon|tues?|wed|thu|fri|sat|sun|[a-z]{3,6}day|ai|cv|dl|ml|nlp|rl|leetcode|kaggle|github)\Z"
)

# The numbers of a card index are the minute in which a card was begun: 202103041530 title.
_MINUTE = re.compile(
    rf"{YEAR}(?P<month>[01]\d)(?P<day>[0-3]\d)(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?(?![\d.])", re.ASCII
)

# A day in English is the date of what it names alone, in brackets, or at the end behind a mark.
_ALONE = re.compile(rf"(?:\A|[（(\[【]|\s[-–—|·]\s|[:：])\s?(?:{WEEKDAY}\s)?\Z", re.IGNORECASE)
_OPENED = re.compile(r"[（(\[【][^）)\]】]*\Z")
_CLOSED = re.compile(r"\s?[）)\]】]")
_ENDED = re.compile(r"\s*\Z")
# What stands before a date is looked at no farther than this, since a title may hold many dates.
_LONGEST_HEAD = 80
_DIGITS_OF_A_DAY = 4


def in_title(title: str) -> Span | None:
    """A day anywhere in a title; a month, or a day in English, only where it cannot be something else."""
    for form in (DAY, COMPACT_DAY, HAN_MONTH, BRACKETED_MONTH):
        for match in form.finditer(title):
            if not _is_version(title, match) and (found := date_forms.span(match)) is not None:
                return found
    return _in_english(title)


def in_file_name(stem: str) -> Span | None:
    """The date in a file name such as ``2018-8-26-x``, ``20210429``, ``notes-2021-05`` or ``March 31st, 2021``."""
    for form in (DAY, COMPACT_DAY, HAN_MONTH, MONTH):
        for match in form.finditer(stem):
            if not _is_dotted_version(stem, match) and (found := date_forms.span(match)) is not None:
                return found
    return date_forms.span(_MINUTE.match(stem)) or _in_english(stem)


def _is_version(title: str, match: re.Match[str]) -> bool:
    groups = match.groupdict()
    if groups.get("end_day") is not None or "day" not in groups:
        return False
    return _VERSION_WORD.search(_head(title, match)) is not None or _is_dotted_version(title, match)


def _is_dotted_version(name: str, match: re.Match[str]) -> bool:
    """Whether numbers with dots count something, by what stands around them; of a range they are days."""
    groups, head = match.groupdict(), _head(name, match)
    if name[match.end("year")] != "." or groups.get("end_day") is not None:
        return False
    if _VERSION_WORD.search(head) or _VERSION_GOES_ON.match(name, match.end()):
        return True
    word = _LATIN_WORD.search(head)
    if word is None or len(groups["month"]) + len(groups.get("day") or "") == _DIGITS_OF_A_DAY:
        return False
    return _WRITING.search(word[1]) is None


def _head(name: str, match: re.Match[str]) -> str:
    return name[max(0, match.start() - _LONGEST_HEAD) : match.start()]


def _in_english(name: str) -> Span | None:
    for match in ENGLISH_DAY.finditer(name):
        head = (max(0, match.start() - _LONGEST_HEAD), match.start())
        follows = _CLOSED if _OPENED.search(name, *head) else _ENDED
        if _ALONE.search(name, *head) and follows.match(name, match.end()):
            return date_forms.span(match)
    return None
