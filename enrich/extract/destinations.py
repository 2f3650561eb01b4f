"""Where the destination of a Markdown link stands, and what somebody means by it.

The parser gives a destination resolved and the range of the whole construct. A report points at the first
character of the URL as written, so that is looked up in the source, by the rules of CommonMark 6.3.
"""

from __future__ import annotations

import re

from enrich.extract.bare import with_scheme
from enrich.extract.placeholders import is_template
from enrich.extract.positions import Span
from enrich.extract.syntax import Construct, Definition

_OUT_OF_SCOPE = re.compile(r"(?:data|mailto):", re.IGNORECASE)

# Markup between `]` and the URL: in a block quote the line break brings quote marks along.
_GAP = r"(?:[ \t]|(?:\r\n?|\n)[ \t>]*)*(<?)"
_BEFORE_INLINE_URL = re.compile(rf"\]\({_GAP}")
_BEFORE_DEFINED_URL = re.compile(rf"\[(?:[^\[\]\\]|\\.)*\]:{_GAP}", re.DOTALL)
_IN_ANGLES = re.compile(r"(?:[^<>\\\r\n]+|\\.)*")
_PLAIN = re.compile(r"(?:[^\x00-\x20\x7f()\\]+|\\[!-/:-@\[-`{-~]|\\)*")

# Sentence marks end an autolink too: seven of 945 were met with prose before the `>`. Behind a bar Slack has the label.
_MARK_IN_AUTOLINK = re.compile(r"[|，。；：！？、《》【】「」『』“”‘’（）]")
_OPENS = {"》": "《", "】": "【", "」": "「", "』": "『", "”": "“", "’": "‘", "）": "（"}
_OPENINGS = frozenset(_OPENS.values())

_SIZE = re.compile(r"[ \t]+=[0-9]*%?x[0-9]*%?[ \t]*\)")
_OPENS_IMAGE = re.compile(r"!\[[^\[\]\n]{0,990}\]\(")
_LONGEST_OPENING = 1000


def wanted(url: str) -> str | None:
    """What a person would open for an explicit destination; None for what nobody can check.

    Relative destinations are kept as they are, and those that only lack a scheme get one.
    """
    if not url or is_template(url) or _OUT_OF_SCOPE.match(url):
        return None
    return with_scheme(url) or url


def autolink_span(text: str, construct: Construct) -> Span:
    """Where the address in `<…>` stands; prose that it swallowed is none of it, and no pair of brackets is prose."""
    start, end = construct.start + 1, construct.end - 1
    opened: list[str] = []
    for mark in _MARK_IN_AUTOLINK.finditer(text, start, end):
        if mark[0] in _OPENINGS:
            opened.append(mark[0])
        elif not opened or opened.pop() != _OPENS.get(mark[0]):
            return start, mark.start()
    return start, end


def inline_span(text: str, construct: Construct) -> Span | None:
    """Where the address of `[…](…)` stands; None where there is none."""
    opening = _BEFORE_INLINE_URL.search(text, construct.label_end, construct.end)
    return _destination(text, opening, construct.end) if opening else None


def defined_span(text: str, definition: Definition) -> Span | None:
    """Where the address of `[…]: …` stands; None where there is none."""
    opening = _BEFORE_DEFINED_URL.match(text, definition.start, definition.end)
    return _destination(text, opening, definition.end) if opening else None


def is_sized_image(text: str, start: int, end: int) -> bool:
    """Whether an address is that of `![](… =600x)`, as some editors have it, which is no image to CommonMark."""
    opening = text.rfind("![", max(0, start - _LONGEST_OPENING), start)
    if opening < 0 or _SIZE.match(text, end) is None:
        return False
    return _OPENS_IMAGE.fullmatch(text, opening, start) is not None


def _destination(text: str, opening: re.Match[str], limit: int) -> Span:
    """Where a destination stands: in angle brackets, or up to white space or an unbalanced `)`."""
    start = position = opening.end()
    if opening[1]:
        closed = _IN_ANGLES.match(text, start, limit)
        return start, closed.end() if closed else start
    depth = 0
    while True:
        plain = _PLAIN.match(text, position, limit)
        position = plain.end() if plain else position
        mark = text[position] if position < limit else ""
        if mark == "(":
            depth += 1
        elif mark == ")" and depth:
            depth -= 1
        else:
            return start, position
        position += 1
