"""Comments that switch enrich off for part of a note.

``<!-- enrich-disable -->`` … ``<!-- enrich-enable -->``, ``<!-- enrich-disable-line -->`` and
``<!-- enrich-disable-next-line -->``. Lists of links already hold the same words of markdown-link-check and
linkspector; lychee has none, but people write ``lychee-ignore`` and its ``-start`` and ``-end``, so these count too.
A reason may follow, behind a colon or two hyphens.

reStructuredText has comments of its own, ``.. enrich-disable``. Behind one there is a blank line, so that the next
line is the next that holds something.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from enrich.extract.positions import Lines, Span, is_in

_WORDS = (
    r"(?:(?:enrich|markdown-link-check|linkspector|lychee)-"
    r"(?P<word>disable-next-line|disable-line|disable|enable)"
    r"|lychee-ignore(?P<ignore>-start|-end|-next-line|-line)?)(?:\s*(?:[:：]|--(?!>)).*)?"
)
_DIRECTIVE = re.compile(rf"<!--\s*{_WORDS}\s*-->", re.DOTALL)
_REST_DIRECTIVE = re.compile(rf"[ \t]*\.\.\s+{_WORDS}\s*", re.DOTALL)
_ANY_WORD = re.compile("enrich-|markdown-link-check-|linkspector-|lychee-")
_ALONE_ON_LINE = re.compile(r"^[ \t]*(<!--[^<>\n]{1,1000}-->)[ \t]*\r?$", re.MULTILINE)
_BLANK = re.compile(r"\s*")
_IGNORE = {
    "-start": "disable",
    "-end": "enable",
    "-line": "disable-line",
    "-next-line": "disable-next-line",
}

_Asked = tuple[str, Span, Span]
"""What a comment asks for, where it stands, and the line that it is about if it is about one."""


@dataclass(frozen=True, slots=True)
class Disabled:
    """Where links are switched off: spans in order and apart."""

    spans: list[Span]

    def __contains__(self, offset: int) -> bool:
        return is_in(self.spans, offset)


def disabled(text: str, lines: Lines, comments: Iterable[Span]) -> Disabled:
    """Where the comments of a text, given in order, switch links off."""
    return _disabled(_asked(text, lines, comments), len(text))


def disabled_in_rest(text: str, lines: Lines, comments: Iterable[Span]) -> Disabled:
    """Where the comments of a reStructuredText, given in order, switch links off."""
    return _disabled(_asked_in_rest(text, lines, comments), len(text))


def may_switch(text: str, start: int, end: int) -> bool:
    """Whether what stands there may be a comment that switches something. Yes may be in vain."""
    return _ANY_WORD.search(text, start, end) is not None


def comments_alone(text: str) -> list[Span]:
    """The HTML comments of a plain text, in which only what fills its line can be meant as one."""
    return [comment.span(1) for comment in _ALONE_ON_LINE.finditer(text)]


def _asked(text: str, lines: Lines, comments: Iterable[Span]) -> Iterator[_Asked]:
    before = 0
    for start, end in comments:
        if directive := _DIRECTIVE.fullmatch(text, start, end):
            word = _word(text, lines, (start, end), before, directive)
            here = word == "disable-line"
            about = lines.span(start, 0, len(text)) if here else lines.span(end, 1, len(text))
            yield word, (start, end), about
        before = end


def _asked_in_rest(text: str, lines: Lines, comments: Iterable[Span]) -> Iterator[_Asked]:
    for start, end in comments:
        if directive := _REST_DIRECTIVE.fullmatch(text, start, end):
            blank = _BLANK.match(text, end)
            following = lines.span(blank.end() if blank else end, 0, len(text))
            yield _plain_word(directive) or "disable-next-line", (start, end), following


def _disabled(asked: Iterable[_Asked], length: int) -> Disabled:
    spans: list[Span] = []
    since: int | None = None
    for word, (start, end), about in asked:
        if word == "disable":
            since = end if since is None else since
        elif word == "enable" and since is not None:
            spans.append((since, start))
            since = None
        elif word in ("disable-line", "disable-next-line"):
            spans.append(about)
    if since is not None:
        spans.append((since, length))
    return Disabled(_merged(spans))


def _plain_word(directive: re.Match[str]) -> str | None:
    return directive["word"] or _IGNORE.get(directive["ignore"] or "")


def _word(text: str, lines: Lines, comment: Span, before: int, directive: re.Match[str]) -> str:
    """What a comment asks for; ``before`` is where the comment before it ends."""
    if word := _plain_word(directive):
        return word
    # Alone on its line it is about the next one, else about its own.
    start, end = comment
    first, last = lines.span(start, 0, len(text))
    # Of many comments on a line only the first looks at the line.
    alone = before <= first and not text[first:start].strip() and not text[end:last].strip()
    return "disable-next-line" if alone else "disable-line"


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged
