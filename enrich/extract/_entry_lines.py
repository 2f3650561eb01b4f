"""The lines of a note as a reader sees them: links as single marks, markup that only places text left out.

Read line by line and not as a Markdown tree, because the notes that this is for break the tree: without a
blank line behind ``</div>`` a whole entry is raw HTML, and a bullet that lost its three spaces has left its
list. People indent, number and label all the same, and line by line those signs are still there.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from enrich.extract.positions import lines_of
from enrich.front_matter import front_matter
from enrich.model import Element, Link

LINK = "\ufffc"
"""Stands for a link in the body of a line: the object replacement character."""

_QUOTE = re.compile(r"[ \t]{0,3}(?:>[ \t]?)+")
_MARKER = re.compile(r"(?:[-*+•]|(\d{1,9})[.)、．])(?:[ \t\u3000]+|$)")
_TASK = re.compile(r"^\[[ xX]\][ \t]+")
_HEADING = re.compile(r"(#{1,6})(?:[ \t]+|$)(.*)$")
_HEADING_END = re.compile(r"(?:^|[ \t])#+$")
_UNDERLINE = re.compile(r"[ \t]{0,3}(?:(=+)|-{2,})[ \t]*$")
_RULE = re.compile(r"[ \t]{0,3}(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})$")
_FENCE = re.compile(r"[ \t]*(?:>[ \t]?)*(?:[-*+][ \t]+)?(`{3,}|~{3,})")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_TAG = re.compile(r"<[/!a-zA-Z][^<>]*>")
_UNREADABLE = re.compile(f"[\u200b-\u200d\u2060\ufeff{LINK}]")
_FIRST_OF_MARKER = frozenset("-*+•0123456789")
_ANCHOR_END = re.compile(r"</a\s*>", re.IGNORECASE)
_AFTER_URL = re.compile(
    r"[ \t]*>?(?:[ \t]+(?:\"[^\"]{0,300}\"|'[^']{0,300}'|\([^()]{0,300}\)))?[ \t]*[)）]"
)
_ESCAPED = re.compile(r"\\[\[\]\\]")
_BRACKET = re.compile(r"[\[\]]")
_NONE: frozenset[int] = frozenset()

_Span = tuple[int, int, int]
"""Where the construct of a link begins and ends in its line, and the link's index."""


@dataclass(slots=True)
class Line:
    """One line, or what stands between two ``<br>`` of one. Not frozen, which would double the time to make it.

    ``body`` is what follows quote marks, indent and list marker, with ``LINK`` in place of each of ``links``
    (indexes). ``badges`` are those of them that wrap a picture. ``marker`` is the list marker's sort and
    ``order`` its number. ``level`` is that of a heading, else 0. ``broken`` lines end in ``<br>``.
    """

    number: int
    body: str
    after_blank: bool
    links: tuple[int, ...] = ()
    badges: frozenset[int] = _NONE
    indent: int = 0
    quoted: bool = False
    marker: str = ""
    order: int | None = None
    level: int = 0
    rule: bool = False
    continued: bool = False
    broken: bool = False


def lines(text: str, links: Sequence[Link]) -> Iterator[Line]:
    """The lines that hold something to read: no front matter, no code, no comments, no empty ones."""
    # Each for a blank, so that columns stay what they are.
    text = _UNREADABLE.sub(" ", text.removeprefix("\ufeff"))
    by_line = _links_by_line(links)
    blank = True
    underlined = False
    for number, raw, following in _readable(text):
        if not raw or underlined:
            blank = True
            underlined = False
            continue
        underlined = blank and _is_underlined(raw, following)
        for line in _pieces(_line(number, raw, links, by_line.get(number), blank)):
            if underlined and not line.marker:
                line.level = 1 if following.lstrip()[0] == "=" else 2
            # Pictures and lone tags do not tell whether what follows is a new paragraph.
            blank = blank and not (line.body or line.rule)
            yield line


def _is_underlined(raw: str, following: str) -> bool:
    """Whether a line is a heading by what stands below it (CommonMark 4.3)."""
    if following[:1] not in "=- " or not _UNDERLINE.match(following):
        return False
    return raw[0] not in "|<>#" and not _MARKER.match(raw.lstrip())


def _links_by_line(links: Sequence[Link]) -> dict[int, list[int]]:
    """Indexes of the links that may belong to an entry, by the line in which a reader meets them."""
    found: dict[int, list[int]] = {}
    for index, link in enumerate(links):
        unused = link.element is Element.REFERENCE and link.used_at is None
        if unused or link.element in (Element.CODE, Element.FRONTMATTER):
            continue
        line = link.used_at[0] if link.used_at else link.line
        found.setdefault(line, []).append(index)
    return found


def _readable(text: str) -> Iterator[tuple[int, str, str]]:
    """Number, text and following text of each line outside front matter, fenced code and comments."""
    starts = lines_of(text).starts
    first = bisect_left(starts, len(front_matter(text)))
    rows = [text[start:end].rstrip() for start, end in pairwise((*starts[first:], len(text)))]
    fence = ""
    comment = False
    for place, (raw, following) in enumerate(zip(rows, (*rows[1:], ""), strict=False), start=first + 1):
        if comment:
            comment = "-->" not in raw
        elif fence:
            closing = _FENCE.match(raw)
            if closing and closing[1].startswith(fence) and not raw[closing.end() :].strip("`~ \t"):
                fence = ""
        elif ("```" in raw or "~~~" in raw) and (opening := _FENCE.match(raw)):
            fence = opening[1]
        elif "<!--" in raw and "-->" not in raw:
            comment = True
        else:
            yield place, raw, following


def _line(number: int, raw: str, links: Sequence[Link], indexes: Sequence[int] | None, blank: bool) -> Line:
    """The line with its marks read off, tags still in it."""
    line = Line(number, raw, blank)
    if indexes:
        line.body, line.links, line.badges = _marked(raw, links, indexes)
    elif raw[-1] in "-*_ " and _RULE.match(raw):
        line.body, line.rule = "", True
        return line
    if ">" in line.body[:4] and (quote := _QUOTE.match(line.body)):
        line.body, line.quoted = line.body[quote.end() :], True
    _read_marker(line)
    if line.body[:1] == "#" and not line.marker and (heading := _HEADING.match(line.body)):
        line.level, line.body = len(heading[1]), _HEADING_END.sub("", heading[2].rstrip())
    return line


def _read_marker(line: Line) -> None:
    """Read indent and list marker off the body."""
    stripped = line.body.lstrip(" \t\u3000")
    lead = line.body[: len(line.body) - len(stripped)]
    line.indent = len(lead.expandtabs(4)) if lead else 0
    line.body = stripped
    if stripped[:1] in _FIRST_OF_MARKER and (marker := _MARKER.match(stripped)):
        line.marker = "number" if marker[1] else "bullet"
        line.order = int(marker[1]) if marker[1] else None
        line.body = _TASK.sub("", stripped[marker.end() :])


def _pieces(line: Line) -> Iterator[Line]:
    """The line without tags, cut at line breaks that stand within it."""
    if "<" not in line.body:
        line.body = line.body.strip()
        yield line
        return
    line.broken = "<br" in line.body[-8:].lower()
    first, *rest = (_TAG.sub("", part).strip() for part in _BREAK.split(line.body))
    links, taken = line.links, first.count(LINK)
    line.body, line.links = first, links[:taken]
    yield line
    for part in rest:
        count = part.count(LINK)
        if part:
            yield Line(
                line.number, part, False, links[taken : taken + count], line.badges, line.indent, line.quoted,
                continued=True, broken=line.broken,
            )  # fmt: skip
        taken += count


# --- links as marks -----------------------------------------------------------------------------------


def _marked(
    raw: str, links: Sequence[Link], indexes: Sequence[int]
) -> tuple[str, tuple[int, ...], frozenset[int]]:
    """The line with each link's construct replaced by a mark; pictures are taken out altogether."""
    spans = sorted(_spans(raw, links, indexes))
    pieces: list[str] = []
    kept: list[int] = []
    badges: list[int] = []
    position = 0
    for start, end, index in spans:
        if start < position:
            if links[index].image and kept:
                badges.append(kept[-1])
            continue
        pieces.append(raw[position:start])
        if not links[index].image:
            pieces.append(LINK)
            kept.append(index)
        position = end
    pieces.append(raw[position:])
    return "".join(pieces), tuple(kept), frozenset(badges) if badges else _NONE


def _spans(raw: str, links: Sequence[Link], indexes: Sequence[int]) -> list[_Span]:
    """Where the constructs of a line's links stand."""
    found: list[_Span] = []
    brackets: dict[int, int] | None = None
    anchors: list[int] | None = None
    floor = 0
    for index in indexes:
        link = links[index]
        start = (link.used_at[1] if link.used_at else link.column) - 1
        end = start + len(link.written or link.url)
        if link.element is Element.INLINE or link.element is Element.REFERENCE:
            brackets = _brackets(raw) if brackets is None else brackets
            start, end = (_inline if link.used_at is None else _reference)(raw, brackets, start, end)
        elif link.element is Element.HTML:
            if anchors is None:
                anchors = [match.start() for match in _ANCHOR_END.finditer(raw)]
            start, end = _anchor(raw, anchors, link, floor, start, end)
        elif link.element is Element.AUTOLINK:
            start, end = start - 1, end + 1
        floor = max(floor, end)
        found.append((max(start, 0), min(end, len(raw)), index))
    return found


def _brackets(raw: str) -> dict[int, int]:
    """For each bracket its counterpart."""
    plain = _ESCAPED.sub("  ", raw) if "\\" in raw else raw
    if plain.count("[") == plain.count("]") == 1:
        # As in most lines with a link.
        opening, closing = plain.index("["), plain.index("]")
        return {opening: closing, closing: opening} if opening < closing else {}
    found: dict[int, int] = {}
    waiting: list[int] = []
    for bracket in _BRACKET.finditer(plain):
        if bracket[0] == "[":
            waiting.append(bracket.start())
        elif waiting:
            opening, closing = waiting.pop(), bracket.start()
            found[opening], found[closing] = closing, opening
    return found


def _inline(raw: str, brackets: dict[int, int], start: int, end: int) -> tuple[int, int]:
    """From the bracket of the label, or the exclamation mark before it, to behind the closing one."""
    after = _AFTER_URL.match(raw, end)
    # Up to a handful of blanks and an angle bracket stand between `](` and the URL.
    label_end = raw.rfind("](", max(0, start - 8), start)
    opening = brackets.get(label_end, max(label_end, 0) if label_end >= 0 else start)
    image = opening > 0 and raw[opening - 1] == "!"
    return opening - image, after.end() if after else end


def _reference(raw: str, brackets: dict[int, int], start: int, _end: int) -> tuple[int, int]:
    end = brackets.get(start, start)
    if raw[end + 1 : end + 2] == "[" and end + 1 in brackets:
        end = brackets[end + 1]
    image = start > 0 and raw[start - 1] == "!"
    return start - image, end + 1


def _anchor(raw: str, anchors: list[int], link: Link, floor: int, start: int, end: int) -> tuple[int, int]:
    opening = raw.rfind("<", floor, start)
    closing = raw.find(">", end) + 1 or end
    if link.text and not link.image:
        following = bisect_left(anchors, closing)
        closing = raw.find(">", anchors[following]) + 1 if following < len(anchors) else closing
    return (opening if opening >= 0 else start), closing
