"""What one walk over a text gathers, and how its text is divided: into sections, into prose and what may be code.

Whatever is found here at a cost is kept in the walk: a hostile text asks for it at each of its characters.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import itemgetter

from enrich.extract.positions import Span

MARKERS = r"[ \t>*+\-0-9.)]*"
HTML_LINE = re.compile(rf"\n{MARKERS}<[A-Za-z/!?]")

# Marks of lists and quotes, and then so much space that the line may be code.
_ITEMS = ("\n- ", "\n* ", "\n+ ")
_NEXT_ITEM = re.compile(r"\n(?=[-*+] [^ \t\n])")
_MARGIN = frozenset((" ", "\t", "\n", ""))
_MARGIN_OR_RULE = _MARGIN | frozenset("|:-")

DEEP = frozenset(" \t>*+-0123456789")
BEFORE_SPACE = DEEP | frozenset(".)")
DEEP_LINE = re.compile(r"[ >*+\-0-9.)]*(?: {4}|\t)")
# Lines behind which deep space means code, and lines that may be code themselves: all but items and prose.
_ITEM = r"(?:[-*+]|[0-9]{1,9}[.)])"
_MARGIN_ITEM = re.compile(rf"{_ITEM} {{1,4}}(?=[^ \t\n])(?!(?:[-*_][ \t]*)+(?:\n|\Z))")
_SPACE = re.compile(r"[ \t]+")
_MOST_LINES_OF_ITEM = 50
_NO_PROSE = re.compile(
    rf"\n[ \t]*(?:{_ITEM}[ \t]+)*"
    rf"(?:[#<>|`~]|[-=*_+:| \t]*(?:\n|\Z)|{_ITEM}(?:[ \t]*(?:\n|\Z)| {{5}}| *\t[ \t]| +\t))"
)


@dataclass(slots=True)
class _Prose:
    """Lines up to ``end`` without a blank one among them, and up to where they are known to be prose and items."""

    end: int
    known: int
    is_prose: bool


@dataclass(slots=True)
class Walk:
    """What one walk over a text from ``start`` gathers: links, doubts and closed fences by their offsets.

    A link is its offset, its URL, and marks. The rest is found when it is asked for.
    """

    text: str
    start: int
    found: list[tuple[int, str, int]] = field(default_factory=list)
    doubts: list[int] = field(default_factory=list)
    fences: list[Span] = field(default_factory=list)
    has_open_anchor: bool = False
    bars_known: int = 0
    html_known: int = 0
    html_line: int = 0
    regions: list[Span] = field(default_factory=list)
    region_ends: dict[str, int] = field(default_factory=dict)
    asked: Span = (0, 0)
    prose: _Prose | None = None


# --- sections ---------------------------------------------------------------------------------------


def border_behind(walk: Walk, offset: int) -> int:
    """The next border behind an offset, as far as fences are known: the end of the text when there is none."""
    if walk.asked[0] <= offset < walk.asked[1]:
        return walk.asked[1]
    blank = walk.text.find("\n\n", offset)
    while blank >= 0 and not _is_border(walk, blank + 2):
        blank = walk.text.find("\n\n", blank + 1)
    border = blank + 2 if blank >= 0 else len(walk.text)
    walk.asked = offset, border
    return border


def border_before(walk: Walk, offset: int, floor: int) -> int:
    """The last border up to an offset; ``floor`` is one."""
    blank = walk.text.rfind("\n\n", floor, offset)
    while blank >= 0 and not _is_border(walk, blank + 2):
        blank = walk.text.rfind("\n\n", floor, blank + 1)
    return blank + 2 if blank >= 0 else floor


def _is_border(walk: Walk, offset: int) -> bool:
    if walk.text[offset : offset + 1] in _MARGIN:
        return False
    index = bisect_right(walk.fences, offset, key=itemgetter(0)) - 1
    return index < 0 or offset == walk.fences[index][0] or offset >= walk.fences[index][1]


def sections_of(walk: Walk) -> Iterator[Span]:
    """The sections with a doubt, in order."""
    walk.asked, end = (0, 0), walk.start
    for doubt in sorted(walk.doubts):
        if doubt >= end:
            start, end = _section(walk, doubt, end)
            yield start, end


def _section(walk: Walk, doubt: int, floor: int) -> Span:
    """The section around a doubt, or the item of a list at the margin, which ends what stands before as well.

    But not in HTML, where an item is none, and which may hold an anchor with items in its label.
    """
    start, end = border_before(walk, doubt, floor), border_behind(walk, doubt)
    if walk.has_open_anchor:
        return start, end
    item = max(walk.text.rfind(mark, start, doubt) for mark in _ITEMS) + 1
    following = _NEXT_ITEM.search(walk.text, doubt, end)
    next_item = following.end() if following is not None else end
    if item > start and _is_item(walk, item, start):
        start = item
    if next_item < end and _is_item(walk, next_item, start):
        end = next_item
    return start, end


def _is_item(walk: Walk, offset: int, start: int) -> bool:
    """Whether what looks like an item is one: not code, and no HTML between it and the ``start`` of its section."""
    if walk.text[offset + 2 : offset + 3] in _MARGIN_OR_RULE or not _is_border(walk, offset):
        return False
    return HTML_LINE.search(walk.text, start - 1, offset) is None


# --- prose and code ---------------------------------------------------------------------------------


def is_perhaps_code(walk: Walk, start: int) -> bool:
    """Whether the line behind the line feed at ``start`` has deep space in front that need not be that of an item."""
    if DEEP_LINE.match(walk.text, start + 1) is None or _is_prose(walk, start):
        return False
    index = bisect_right(walk.regions, start, key=itemgetter(0)) - 1
    return index < 0 or start >= walk.regions[index][1]


def _is_prose(walk: Walk, start: int) -> bool:
    """Whether a line is prose or an item because all lines above it are, up to a blank one."""
    text, known = walk.text, walk.prose
    if known is None or start >= known.end:
        first = text.rfind("\n\n", 0, start + 1) + 1
        last = text.find("\n\n", start)
        is_code = DEEP_LINE.match(text, first + 1) is not None and not _is_in_item(walk, first)
        known = walk.prose = _Prose(last if last >= 0 else len(text), first, not is_code)
    line_end = text.find("\n", start + 1)
    if known.is_prose and _NO_PROSE.search(text, known.known, line_end if line_end >= 0 else len(text)):
        known.is_prose = False
    known.known = max(known.known, start)
    return known.is_prose


def _is_in_item(walk: Walk, start: int) -> bool:
    """Whether a line behind a blank one belongs to an item at the margin, and is not deep enough for code in it.

    Only items may stand at the margin up to a border, and nothing between them may be indented so little that it
    ends their list. A number that begins no list goes on with the item before, so all widths have to agree.
    """
    text, line = walk.text, start
    depth = least = _spaces(text, start + 1)
    for _ in range(_MOST_LINES_OF_ITEM):
        end, line = line, text.rfind("\n", walk.start - 1, line)
        if line < 0:
            return False
        if item := _MARGIN_ITEM.match(text, line + 1, end):
            width = item.end() - item.start()
            if width > least or not 4 <= depth < width + 4:
                return False
            if line < walk.start or text[line - 1] == "\n":
                return True
        elif text[line + 1 : end].strip(" \t"):
            least = min(least, _spaces(text, line + 1))
    return False


def _spaces(text: str, start: int) -> int:
    """How wide the space is that stands there at the beginning of a line (CommonMark, 2.2: a tab stops at fours)."""
    space = _SPACE.match(text, start)
    return len(space[0].expandtabs(4)) if space else 0
