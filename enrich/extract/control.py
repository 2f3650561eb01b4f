"""Comments that switch enrich off for part of a note.

``<!-- enrich-disable -->`` … ``<!-- enrich-enable -->``, ``<!-- enrich-disable-line -->`` and
``<!-- enrich-disable-next-line -->``. Lists of links already hold the same words of markdown-link-check and
linkspector; lychee has none, but people write ``lychee-ignore`` and its ``-start`` and ``-end``, so these count too.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from enrich.extract.positions import Lines

_DIRECTIVE = re.compile(
    r"<!--\s*(?:(?:enrich|markdown-link-check|linkspector|lychee)-"
    r"(?P<word>disable-next-line|disable-line|disable|enable)"
    r"|lychee-ignore(?P<ignore>-start|-end|-next-line|-line)?)\s*-->"
)
_IGNORE = {
    "-start": "disable",
    "-end": "enable",
    "-line": "disable-line",
    "-next-line": "disable-next-line",
}

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Disabled:
    """Where links are switched off: spans in order and apart."""

    spans: list[Span]

    def __contains__(self, offset: int) -> bool:
        index = bisect_right(self.spans, offset, key=lambda span: span[0])
        return index > 0 and offset < self.spans[index - 1][1]


def disabled(text: str, lines: Lines, comments: Iterable[Span]) -> Disabled:
    """Where the comments of a text, given in order, switch links off."""
    spans: list[Span] = []
    since: int | None = None
    before = 0
    for start, end in comments:
        directive = _DIRECTIVE.fullmatch(text, start, end)
        word = _word(text, lines, (start, end), before, directive) if directive else None
        before = end
        if word == "disable":
            since = end if since is None else since
        elif word == "enable" and since is not None:
            spans.append((since, start))
            since = None
        elif word == "disable-line":
            spans.append(lines.span(start, 0, len(text)))
        elif word == "disable-next-line":
            spans.append(lines.span(end, 1, len(text)))
    if since is not None:
        spans.append((since, len(text)))
    return Disabled(_merged(spans))


def _word(text: str, lines: Lines, comment: Span, before: int, directive: re.Match[str]) -> str:
    """What a comment asks for; ``before`` is where the comment before it ends."""
    if directive["word"]:
        return directive["word"]
    if directive["ignore"]:
        return _IGNORE[directive["ignore"]]
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
