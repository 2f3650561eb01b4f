"""The places of links in a Markdown text, many times as fast as reading it.

`enrich.extract.markdown` is right and takes its time, most of it for text that holds neither link nor doubt.
Here one pattern walks over what could matter and takes only what cannot be anything else: a link on one line
whose label and address hold no markup, a URL in running text that ends where every rule ends it, a tag with plain
attributes, closed code. Whatever else it meets is a doubt. The section in which a doubt stands goes to the exact
reader: the text from one line that begins at the margin behind a blank line to the next. No construct of Markdown
reaches over such a border but fences, some sorts of HTML, comments, front matter and reference definitions; fences
are followed here, and a text with any of the others is read exactly as a whole.

So nothing here decides what a link is. No rule is needed for being right, only for being fast, and the tests hold
both readers against each other.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from operator import itemgetter

from enrich.extract import markdown
from enrich.extract._fast_tokens import (
    ANCHOR,
    ATTRIBUTES,
    CODE_SPAN,
    IMAGE_OF,
    INNER,
    LINK,
    OPEN,
    OUTER,
    PATH,
    READ_EXACTLY,
    REGION,
    SOURCE_OF,
    TICKS,
    TOKEN,
    URL,
)
from enrich.extract._fast_walk import (
    BEFORE_SPACE,
    DEEP_LINE,
    HTML_LINE,
    MARKERS,
    Walk,
    border_before,
    border_behind,
    is_perhaps_code,
    sections_of,
)
from enrich.extract.bare import bare_urls, decode_entities
from enrich.extract.control import may_switch
from enrich.extract.destinations import wanted
from enrich.extract.html import LINK_ATTRIBUTES
from enrich.extract.positions import Span
from enrich.front_matter import front_matter
from enrich.model import Element, Link

# What decides whether a link is asked; the last is for a URL that does not begin as a web page's.
IMAGE, CODE, DISABLED, ELSEWHERE = 1, 2, 4, 8

# Line, column, URL, and marks of those above. There are millions: a record would cost as much as finding the link.
Spot = tuple[int, int, str, int]

# Without any of these, text with a doubt in it holds no link. Not told by a flag to ignore case, with which the engine
# looks at every place instead of skipping to the characters that they begin with.
_SIGN = re.compile(
    rf"\](?=\()|:(?=//)|<(?=(?i:{'|'.join(LINK_ATTRIBUTES)}|[a-z][a-z0-9+.-]*:))|[wW](?=[wW]\.)|\.(?=(?i:com|org)/)"
    r"|[xX](?=[iI][vV][ \t]?[:：])|1(?=0\.)"
)
_IN_CODE = re.compile(r":(?=//)|w(?=[wW]\.)|W(?=[wW]\.)")

_LONGEST_INDENT = 1000
_DEFINITION = re.compile(r"\[(?:[^\[\]\\]|\\[\s\S])*\]:")
# An item that is nothing but the box of a task has no text that a deep line behind it could go on with: it is code.
_EMPTY_TASK = re.compile(r"\[[ \txX]\][ \t]*\n[ \t>\n]")
_BEFORE_DEFINITION = re.compile(rf"{MARKERS}(?:\[[ xX]\] )?")
_TABLE_RULE = re.compile(rf"{MARKERS}[|:\- \t]*(?:\n|\Z)")
_TAG = re.compile(r"<[A-Za-z/!?]")
_REGION_NAME = re.compile(r"script|style|pre|textarea", re.IGNORECASE)
_PREFORMATTED = re.compile(rf"pre{ATTRIBUTES} ?>")
_REGION_END = re.compile(r"</(script|style|pre|textarea)", re.IGNORECASE)
_FENCE = re.compile(r"(`{3,})[^`\n]*\n")
_CLOSING = re.compile(r"\n {0,3}```+[ \t]*(?=\n|\Z)")
_BLANK_WITHIN = re.compile(r"\n[ \t]*\n")
_CODE_IN_TEXT = re.compile(r"`{3,}[^`\n]+`")
_WEB = ("http://", "https://")


class _Beyond(Exception):  # noqa: N818 - a jump out of this file's own depths, not an error
    """The text holds something that may reach over a border: it has to be read exactly as a whole."""


def spots(text: str) -> list[Spot]:
    """The links of a Markdown text, as `markdown.links` gives them, as far as a list of them shows."""
    if "\r" in text and "\r" in (text := text.replace("\r\n", "\n")):
        return _exact(text)
    if text.startswith("\ufeff"):
        return _exact(text)
    try:
        return _read(text)
    except _Beyond:
        return _exact(text)


def _exact(text: str) -> list[Spot]:
    return [spot_of(link) for link in markdown.links(text)]


def spot_of(link: Link, line: int = 0) -> Spot:
    """A link as a spot; ``line`` is the one in the whole text, where that is another."""
    marks = IMAGE if link.image else 0
    marks |= CODE if link.element == Element.CODE else 0
    marks |= DISABLED if link.disabled else 0
    return line or link.line, link.column, link.url, marks | _elsewhere(link.url)


def _read(text: str) -> list[Spot]:
    """The links of a text whose lines end in line feeds."""
    above = front_matter(text) if text.startswith(("---", "+++")) else ""
    # With a line feed in front every line begins behind one, and their count is a line's number.
    text = f"\n{text}"
    walk = Walk(text, len(above) + 1)
    _take_tokens(walk)
    walk.doubts += [task.start() for task in _EMPTY_TASK.finditer(text, walk.start)]
    found = _placed(walk)
    sections = list(sections_of(walk)) if walk.doubts else []
    _leave_out(sections, walk.found, found)
    if exact := [*_front(above), *_read_sections(text, sections)]:
        found = sorted(found + exact)
    return found


def _take_tokens(walk: Walk) -> None:
    """Note the links beyond doubt, and the doubts."""
    position = walk.start
    while position >= 0:
        position = _take_tokens_to_fence(walk, position)


def _take_tokens_to_fence(walk: Walk, position: int) -> int:
    """Take tokens up to a closed fence; where to go on behind it, or -1 at the end of the text."""
    found = walk.found
    for token in TOKEN.finditer(walk.text, position):
        sort = token.lastindex
        if sort is None:
            continue
        if sort == LINK and "%s" not in (url := token[LINK]):
            found.append((token.start(LINK), url, 0))
        elif sort == URL:
            _take_url(walk, token)
        elif sort == TICKS and len(token[TICKS]) > 1 and (behind := _fence(walk, token.start())):
            return behind
        else:
            _take_rarer(walk, token, sort)
    return -1


def _take_tags_in_code(walk: Walk, start: int, end: int) -> None:
    """In HTML there is no code, but tags and comments."""
    if _TAG.search(walk.text, start, end) is None:
        return
    if _is_in_html(walk, start):
        if walk.text.find("<!", start, end) >= 0:
            raise _Beyond
        walk.doubts.append(start)


def _take_url(walk: Walk, token: re.Match[str]) -> None:
    text, colon = walk.text, token.start()
    start = colon - 5 if text[colon - 1] == "s" else colon - 4
    if text[start - 1] == "'":
        # Which ends at the next one.
        walk.doubts.append(start)
    walk.found.append((start, text[start : token.end(URL)], 0))


def _take_rarer(walk: Walk, token: re.Match[str], sort: int) -> None:
    if sort in (LINK, PATH, ANCHOR):
        _take_destination(walk, token, sort, 0)
    elif sort in (IMAGE_OF, SOURCE_OF):
        _take_destination(walk, token, sort, IMAGE)
    elif sort == OUTER:
        _take_destination(walk, token, INNER, IMAGE)
        _take_destination(walk, token, OUTER, 0)
    elif sort == CODE_SPAN:
        start, end = token.start(), token.end(CODE_SPAN) + 1
        _take_code(walk, start, end)
        _take_tags_in_code(walk, start, end)
    elif sort == REGION:
        _take_region(walk, token.end(REGION))
    else:
        _take_mark(walk, token.start(), sort)


def _take_mark(walk: Walk, start: int, sort: int) -> None:
    """Take what is no find but a bar or a doubt, by the character it begins with."""
    mark = walk.text[start]
    if mark == "|":
        _take_bar(walk, start)
    elif mark in READ_EXACTLY or (mark == "[" and _defines(walk.text, start)):
        raise _Beyond
    else:
        walk.has_open_anchor |= sort == OPEN
        walk.doubts.append(start)


def _take_bar(walk: Walk, bar: int) -> None:
    """Doubt a rule: in a table a bar ends a cell whatever it stands in, and cells too many are left out."""
    if bar < walk.bars_known:
        return
    line, end = walk.text.rfind("\n", 0, bar) + 1, walk.text.find("\n", bar)
    walk.bars_known = end if end >= 0 else len(walk.text)
    if _TABLE_RULE.match(walk.text, line):
        walk.doubts.append(bar)


def _take_destination(walk: Walk, token: re.Match[str], group: int, marks: int) -> None:
    written = token[group]
    if written.startswith(_WEB) and "%s" not in written and ";" not in written:
        # No pattern takes a brace, which any other placeholder needs.
        walk.found.append((token.start(group), written, marks))
        return
    url = wanted(decode_entities(written) if ";" in written else written)
    if url is not None:
        walk.found.append((token.start(group), url, marks | _elsewhere(url)))


def _elsewhere(url: str) -> int:
    return 0 if url.startswith(_WEB) else ELSEWHERE


def _take_code(walk: Walk, start: int, end: int) -> None:
    if _IN_CODE.search(walk.text, start, end):
        urls = bare_urls(walk.text, start, end, code=True)
        walk.found += [(found.start, found.url, CODE | _elsewhere(found.url)) for found in urls]


def _defines(text: str, start: int) -> bool:
    """Whether a reference or a footnote is defined here, which may be used anywhere."""
    line = _line_before(text, start)
    if _DEFINITION.match(text, start) is None:
        return False
    return line < 0 or _BEFORE_DEFINITION.fullmatch(text, line, start) is not None


def _line_before(text: str, offset: int) -> int:
    """Where the line begins, or -1 when that is further away than anybody indents."""
    return text.rfind("\n", max(0, offset - _LONGEST_INDENT), offset) + 1 or -1


# --- fences and regions -----------------------------------------------------------------------------


def _fence(walk: Walk, start: int) -> int:
    """The end of the fence that opens at ``start``, or 0 when these are other marks of code.

    Raises `_Beyond` where it is not plain that a fence opens and closes here.
    """
    text = walk.text
    line = _line_before(text, start)
    indent = text[line:start] if line >= 0 else "-"
    if indent.strip(" \t>*+-0123456789.)"):
        return 0
    if (opening := _FENCE.match(text, start)) is None:
        if _CODE_IN_TEXT.match(text, start):
            return 0
        raise _Beyond
    if indent.strip(" \t") or _html_swallows(walk, line):
        raise _Beyond
    end = _fence_end(text, indent, opening)
    walk.fences.append((line, end))
    if DEEP_LINE.match(indent) and _BLANK_WITHIN.search(text, start, end):
        # Prose after all, perhaps, where code ends with its paragraph.
        walk.doubts.append(start)
    _take_code(walk, start, end)
    return end


def _fence_end(text: str, indent: str, opening: re.Match[str]) -> int:
    """Where the closing marks end. Those of an indented fence are sought at the same indent.

    An indented fence may be one, in an item or not, or code itself, or prose with code in it; whichever it is, what
    opens it closes it again as long as nothing between is indented less.
    """
    marks = opening[1]
    if indent:
        closing = re.compile(rf"\n{indent}{marks}[ \t]*(?=\n|\Z)")
    else:
        closing = _CLOSING if len(marks) == 3 else re.compile(rf"\n {{0,3}}{marks}`*[ \t]*(?=\n|\Z)")
    close = closing.search(text, opening.end() - 1)
    if close is None or "\t" in close[0].removeprefix(f"\n{indent}"):
        raise _Beyond
    if indent:
        lines = text[opening.end() : close.start()].split("\n")
        if "```" in text[opening.end() : close.start()] or not all(
            one.startswith(indent) or not one.strip(" \t") for one in lines
        ):
            raise _Beyond
    return close.end()


def _html_swallows(walk: Walk, line: int) -> bool:
    """Whether a line of HTML stands before this one in the section; if not before the fence before, then since."""
    floor = walk.fences[-1][1] if walk.fences else walk.start
    if walk.text.find("<", floor, line) < 0:
        return False
    return HTML_LINE.search(walk.text, border_before(walk, line, floor) - 1, line) is not None


def _is_in_html(walk: Walk, offset: int) -> bool:
    """Whether a line of HTML begins before this in the section. Offsets have to ascend."""
    for line in HTML_LINE.finditer(walk.text, max(walk.html_known, walk.start) - 1, offset):
        walk.html_line = line.end()
    walk.html_known = offset
    return walk.html_line > 0 and border_behind(walk, walk.html_line) > offset


def _take_region(walk: Walk, name_start: int) -> None:
    """See that HTML which a blank line does not end is closed before the next border."""
    if walk.text.startswith("!--", name_start):
        _take_comment(walk, name_start)
        return
    named = _REGION_NAME.match(walk.text, name_start)
    if named is None:
        raise _Beyond
    name = named[0].lower()
    if name_start >= walk.region_ends.get(name, 0):
        close = _REGION_END.search(walk.text, name_start, border_behind(walk, name_start))
        if close is None or close[1].lower() != name:
            raise _Beyond
        walk.region_ends[name] = close.end()
    if walk.text[name_start - 2] == "\n" and _PREFORMATTED.match(walk.text, name_start):
        # HTML as any other, but for blank lines in it; none of its lines is code.
        end = walk.text.find("\n", walk.region_ends[name])
        walk.regions.append((name_start, end if end >= 0 else len(walk.text)))
    else:
        walk.doubts.append(name_start)


def _take_comment(walk: Walk, start: int) -> None:
    """See that a comment is closed before the next border, and switches nothing off behind it."""
    # Readers differ on whether `<!-->` is one already, so that one is closed by the next.
    end = walk.text.find("-->", start + 3, border_behind(walk, start))
    if end < 0 or may_switch(walk.text, start, end):
        raise _Beyond
    walk.doubts.append(start)


# --- sections ---------------------------------------------------------------------------------------


def _leave_out(sections: Sequence[Span], links: Sequence[tuple[int, str, int]], spots: list[Spot]) -> None:
    """Take the spots of what stands in these sections out."""
    for start, end in reversed(sections):
        first = bisect_left(links, start, key=itemgetter(0))
        last = bisect_left(links, end, first, key=itemgetter(0))
        spots[first:last] = []


def _front(above: str) -> list[Spot]:
    """The links in front matter, where URLs stand as in code."""
    return _exact(above) if above and _IN_CODE.search(above) else []


def _read_sections(text: str, sections: Sequence[Span]) -> list[Spot]:
    """The links of these sections, read exactly, as one text."""
    # The first line is empty, so that no section is taken for front matter.
    pieces, starts, moves = ["\n"], [0], [0]
    line, last, above = 0, 0, 2
    for start, end in sections:
        line += text.count("\n", last, start)
        last = start
        if _SIGN.search(text, start, end):
            pieces += text[start:end], "\n"
            starts.append(above)
            moves.append(line - above)
            above += text.count("\n", start, end) + 1
    if len(pieces) == 1:
        return []
    links = markdown.links("".join(pieces))
    return [spot_of(link, link.line + moves[bisect_right(starts, link.line) - 1]) for link in links]


# --- places -----------------------------------------------------------------------------------------


def _placed(walk: Walk) -> list[Spot]:
    """The links with line and column. Doubts those on lines that may be code."""
    text = walk.text
    find_last, count = text.rfind, text.count
    placed: list[Spot] = []
    line, line_start, before, may_be_code = 0, 0, 0, False
    for at, url, marks in walk.found:
        if (line_end := find_last("\n", before, at)) >= 0:
            line += count("\n", before, at)
            line_start = line_end
            # Most items have too little space in front for code, which need not cost a call. No link ends so early.
            may_be_code = (
                text[line_start + 4] in BEFORE_SPACE or "\t" in text[line_start + 1 : line_start + 4]
            ) and is_perhaps_code(walk, line_start)
        before = at
        if may_be_code:
            walk.doubts.append(at)
        placed.append((line, at - line_start, url, marks))
    return placed
