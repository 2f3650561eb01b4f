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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from enrich.extract import markdown
from enrich.extract.bare import bare_urls, decode_entities
from enrich.extract.control import may_switch
from enrich.extract.destinations import wanted
from enrich.extract.html import LINK_ATTRIBUTES
from enrich.front_matter import front_matter
from enrich.model import Element, Link

# What decides whether a link is asked; the last is for a URL that does not begin as a web page's.
IMAGE, CODE, DISABLED, ELSEWHERE = 1, 2, 4, 8

# Line, column, URL, and marks of those above. There are millions: a record would cost as much as finding the link.
Spot = tuple[int, int, str, int]
Span = tuple[int, int]

# --- what is beyond doubt ---------------------------------------------------------------------------

_WORDS = r"[^\[\]<>`\\\n\x00\x0b\x0c]*"
_LABEL = rf"(?!\^){_WORDS}(?:\[(?!\^){_WORDS}\](?![(\[:]){_WORDS})*"
_DESTINATION = r"[^\s()<>\[\]{}\\`|\"';\x00-\x1f\x7f]+"
_ATTRIBUTES = r"(?: (?!src=|srcset=|poster=)[a-z][a-z-]*=(?:\"[^\"<>`\[\]\\\n]*\"|'[^'<>`\[\]\\\n]*'|[A-Za-z0-9%#]+))*"
# Without a URL, or a host that stands for one.
_PLAIN = r"[^\[\]<>`\\\n\x00\x0b\x0c:：/.]*(?:(?<![wW])\.[^\[\]<>`\\\n\x00\x0b\x0c:：/.]*)*"
_PLAIN_CODE = r"[^`\n\x00\x0b\x0c:.<]*(?:(?::(?!//)|(?<![wW])\.|<(?![A-Za-z/!?]))[^`\n\x00\x0b\x0c:.<]*)*"
_SOURCE = r"[^\s\"<>`\[\]{}\\|]+"
_TAGS = (
    r"(?:b|br|center|details|div|em|font|h[1-6]|hr|i|li|ol|p|small|span|strong|sub|summary|sup"
    r"|table|tbody|td|th|thead|tr|u|ul)"
)
# A URL of running text without anything that may end it or not, and what ends every URL.
_SAFE = r"[A-Za-z0-9/._=?&#+-]*"
_REST = rf"[A-Za-z0-9](?:{_SAFE}(?:(?::[0-9]|/~[A-Za-z0-9]){_SAFE})?[A-Za-z0-9/=&#+-])?"
_END = r"[.,:?!*_]*(?=[\s<>)\]}|\"`、。，；：（）《》【】！？]|\*\*|\Z)"
_PAPER = r"[ \t]?(?:[0-9]{4}\.|[A-Za-z.-]+/[0-9])"

# Every branch begins with a literal, so that the engine skips to the next of these characters. What has no group
# needs no look, and groups without a name are doubts.
_TOKEN = re.compile(
    # A link to the web, and another; brackets that are none; an image in a link; other brackets; an image.
    rf"\[(?:{_LABEL}\](?:\( ?(?:(?P<link>https?://{_DESTINATION})|(?P<path>{_DESTINATION})) ?\))"
    rf"|{_PLAIN}\](?:\(\)|(?![(\[:]))|(?<!!\[)!\[{_LABEL}\]\((?P<inner>{_DESTINATION})\)\]\((?P<outer>{_DESTINATION})\)|())"
    rf"|!\[{_LABEL}\]\( ?(?P<image>{_DESTINATION}) ?\)"
    # A line break; tags without an address; an image; an anchor; what a blank line may not end; other tags.
    rf"|<(?!br ?/?>)(?:/?{_TAGS}{_ATTRIBUTES} ?/?>|img{_ATTRIBUTES} src=\"(?P<source>{_SOURCE})\"{_ATTRIBUTES} ?/?>"
    rf"|a(?: (?:id|name)=\"[^\"<>`\[\]\\\n]*\")+ ?/?>|/(?:a|pre)>"
    rf"|a href=\"(?P<anchor>{_SOURCE})\"{_ATTRIBUTES}>[^<>\[\]`\\\n]{{0,900}}</a>"
    r"|(?=!|\?|(?i:script|style|pre|textarea))(?P<region>)|(?=[Aa][^A-Za-z0-9-])(?P<open>)|(?=[A-Za-z/])())"
    # Code on one line; fences and other code.
    rf"|`(?:(?!`){_PLAIN_CODE}`(?!`)|(?!`)(?P<code>[^`\n\x00\x0b\x0c]+)`(?!`)|(?P<ticks>`*))"
    # A URL; other URLs; what may be the name of a page.
    rf"|:(?://(?:(?:(?<=http://)|(?<=https://))(?P<url>{_REST}){_END}|(?<=[pPsS]://)()))"
    rf"|x(?=[iI][vV][ \t]?[:：]{_PAPER})()|X(?=[iI][vV][ \t]?[:：]{_PAPER})()"
    r"|/(?:(?<=[bB]\.[cC][oO][mM]/)|(?<=[qQ]\.[cC][oO][mM]/)|(?<=[vViI]\.[oO][rR][gG]/)|(?<=10\.[0-9]{4}/)|(?<=10\.[0-9]{5}/)"
    r"|(?<=10\.[0-9]{6}/)|(?<=10\.[0-9]{7}/)|(?<=10\.[0-9]{8}/)|(?<=10\.[0-9]{9}/))()"
    r"|w(?<![A-Za-z0-9_./@-]w)(?=[wW]{2}\.)()|W(?<![A-Za-z0-9_./@-]W)(?=[wW]{2}\.)()"
    # Escaped markup, and the attributes of a heading, which hide what they hold.
    r"|\\(?=[\[\]`<!\\(])()"
    r"|\{(?=[^{}\n]*\]\()()"
    # What may rule a table: a bar before a column's dashes, or at the end of a line.
    r"|\|[ \t]*(?::?-|(?=\n|\Z))()"
    # Fences of the other sort, and characters that every parser sees in its own way.
    "|~(?=~~)()|\x00()|\x0b()|\x0c()"
)
_LINK, _PATH, _INNER, _OUTER, _IMAGE, _SOURCE_OF, _ANCHOR, _OPEN, _REGION, _CODE_SPAN, _TICKS, _URL = (
    _TOKEN.groupindex[name]
    for name in (
        "link",
        "path",
        "inner",
        "outer",
        "image",
        "source",
        "anchor",
        "open",
        "region",
        "code",
        "ticks",
        "url",
    )
)
_READ_EXACTLY = frozenset("~\x00\x0b\x0c")

# Without any of these, text with a doubt in it holds no link.
_SIGN = re.compile(
    rf"\]\(|://|<(?:{'|'.join(LINK_ATTRIBUTES)}|[a-z][a-z0-9+.-]*:)|ww\.|\.(?:com|org)/|xiv[ \t]?[:：]|10\.",
    re.IGNORECASE,
)
# Not told by a flag to ignore case, with which the engine looks at every place instead of skipping to these characters.
_IN_CODE = re.compile(r":(?=//)|w(?=[wW]\.)|W(?=[wW]\.)")

_LONGEST_INDENT = 1000
_MARKERS = r"[ \t>*+\-0-9.)]*"
_DEFINITION = re.compile(r"\[(?:[^\[\]\\]|\\[\s\S])*\]:")
_BEFORE_DEFINITION = re.compile(rf"{_MARKERS}(?:\[[ xX]\] )?")
_TABLE_RULE = re.compile(rf"{_MARKERS}[|:\- \t]*(?:\n|\Z)")
_TAG = re.compile(r"<[A-Za-z/!?]")
_HTML_LINE = re.compile(rf"\n{_MARKERS}<[A-Za-z/!?]")
_REGION_NAME = re.compile(r"script|style|pre|textarea", re.IGNORECASE)
_PREFORMATTED = re.compile(rf"pre{_ATTRIBUTES} ?>")
_REGION_END = re.compile(r"</(script|style|pre|textarea)", re.IGNORECASE)
_FENCE = re.compile(r"(`{3,})[^`\n]*\n")
_BLANK_WITHIN = re.compile(r"\n[ \t]*\n")
_CODE_IN_TEXT = re.compile(r"`{3,}[^`\n]+`")
_WEB = ("http://", "https://")

# Marks of lists and quotes, and then so much space that the line may be code.
_ITEMS = ("\n- ", "\n* ", "\n+ ")
_NEXT_ITEM = re.compile(r"\n(?=[-*+] [^ \t\n])")
_MARGIN = frozenset((" ", "\t", "\n", ""))
_MARGIN_OR_RULE = _MARGIN | frozenset("|:-")

_DEEP = frozenset(" \t>*+-0123456789")
_BEFORE_SPACE = _DEEP | frozenset(".)")
_DEEP_LINE = re.compile(r"[ >*+\-0-9.)]*(?: {4}|\t)")
# Lines behind which deep space means code, and lines that may be code themselves: all but items and prose.
_ITEM = r"(?:[-*+]|[0-9]{1,9}[.)])"
_MARGIN_ITEM = re.compile(rf"{_ITEM} {{1,4}}(?=[^ \t\n])(?!(?:[-*_][ \t]*)+(?:\n|\Z))")
_SPACE = re.compile(r"[ \t]+")
_MOST_LINES_OF_ITEM = 50
_NO_PROSE = re.compile(
    rf"\n[ \t]*(?:{_ITEM}[ \t]+)*"
    rf"(?:[#<>|`~]|[-=*_+:| \t]*(?:\n|\Z)|{_ITEM}(?:[ \t]*(?:\n|\Z)| {{5}}| *\t[ \t]| +\t))"
)


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
    walk = _Walk(text, len(above) + 1)
    _take_tokens(walk)
    found = _placed(walk)
    sections = list(_sections(walk)) if walk.doubts else []
    _leave_out(sections, walk.found, found)
    if exact := [*_front(above), *_read_sections(text, sections)]:
        found = sorted(found + exact)
    return found


@dataclass(slots=True)
class _Prose:
    """Lines up to ``end`` without a blank one among them, and up to where they are known to be prose and items."""

    end: int
    known: int
    is_prose: bool


@dataclass(slots=True)
class _Walk:
    """What one walk over a text from ``start`` gathers: links, doubts and closed fences by their offsets.

    A link is its offset, its URL, and marks. The rest is found when it is asked for, and
    kept, since a hostile text asks often.
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


def _take_tokens(walk: _Walk) -> None:
    """Note the links beyond doubt, and the doubts."""
    position = walk.start
    while position >= 0:
        position = _take_tokens_to_fence(walk, position)


def _take_tokens_to_fence(walk: _Walk, position: int) -> int:
    """Take tokens up to a closed fence; where to go on behind it, or -1 at the end of the text."""
    found = walk.found
    for token in _TOKEN.finditer(walk.text, position):
        sort = token.lastindex
        if sort is None:
            continue
        if sort == _LINK and "%s" not in (url := token[_LINK]):
            found.append((token.start(_LINK), url, 0))
        elif sort == _URL:
            _take_url(walk, token)
        elif sort == _TICKS and len(token[0]) > 2 and (behind := _fence(walk, token.start())):
            return behind
        else:
            _take_rarer(walk, token, sort)
    return -1


def _take_tags_in_code(walk: _Walk, token: re.Match[str]) -> None:
    """In HTML there is no code, but tags and comments."""
    if _TAG.search(token[0]) is None:
        return
    if _is_in_html(walk, token.start()):
        if "<!" in token[0]:
            raise _Beyond
        walk.doubts.append(token.start())


def _take_url(walk: _Walk, token: re.Match[str]) -> None:
    text, colon = walk.text, token.start()
    start = colon - 5 if text[colon - 1] == "s" else colon - 4
    if text[start - 1] == "'":
        # Which ends at the next one.
        walk.doubts.append(start)
    walk.found.append((start, text[start : token.end(_URL)], 0))


def _take_rarer(walk: _Walk, token: re.Match[str], sort: int) -> None:
    if sort in (_LINK, _PATH, _ANCHOR):
        _take_destination(walk, token, sort, 0)
    elif sort in (_IMAGE, _SOURCE_OF):
        _take_destination(walk, token, sort, IMAGE)
    elif sort == _OUTER:
        _take_destination(walk, token, _INNER, IMAGE)
        _take_destination(walk, token, _OUTER, 0)
    elif sort == _CODE_SPAN:
        _take_code(walk, token.start(), token.end())
        _take_tags_in_code(walk, token)
    elif sort == _REGION:
        _take_region(walk, token.end())
    elif token[0].startswith("|"):
        _take_bar(walk, token.start())
    elif token[0] in _READ_EXACTLY or (token[0] == "[" and _defines(walk.text, token.start())):
        raise _Beyond
    else:
        walk.has_open_anchor |= sort == _OPEN
        walk.doubts.append(token.start())


def _take_bar(walk: _Walk, bar: int) -> None:
    """Doubt a rule: in a table a bar ends a cell whatever it stands in, and cells too many are left out."""
    if bar < walk.bars_known:
        return
    line, end = walk.text.rfind("\n", 0, bar) + 1, walk.text.find("\n", bar)
    walk.bars_known = end if end >= 0 else len(walk.text)
    if _TABLE_RULE.match(walk.text, line):
        walk.doubts.append(bar)


def _take_destination(walk: _Walk, token: re.Match[str], group: int, marks: int) -> None:
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


def _take_code(walk: _Walk, start: int, end: int) -> None:
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


def _fence(walk: _Walk, start: int) -> int:
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
    if _DEEP_LINE.match(indent) and _BLANK_WITHIN.search(text, start, end):
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
    closing = re.compile(
        rf"\n {{0,3}}{marks}`*[ \t]*(?=\n|\Z)" if not indent else rf"\n{indent}{marks}[ \t]*(?=\n|\Z)"
    )
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


def _html_swallows(walk: _Walk, line: int) -> bool:
    """Whether a line of HTML stands before this one in the section; if not before the fence before, then since."""
    floor = walk.fences[-1][1] if walk.fences else walk.start
    return _HTML_LINE.search(walk.text, _border_before(walk, line, floor) - 1, line) is not None


def _is_in_html(walk: _Walk, offset: int) -> bool:
    """Whether a line of HTML begins before this in the section. Offsets have to ascend."""
    for line in _HTML_LINE.finditer(walk.text, max(walk.html_known, walk.start) - 1, offset):
        walk.html_line = line.end()
    walk.html_known = offset
    return walk.html_line > 0 and _border_behind(walk, walk.html_line) > offset


def _take_region(walk: _Walk, name_start: int) -> None:
    """See that HTML which a blank line does not end is closed before the next border."""
    if walk.text.startswith("!--", name_start):
        _take_comment(walk, name_start)
        return
    named = _REGION_NAME.match(walk.text, name_start)
    if named is None:
        raise _Beyond
    name = named[0].lower()
    if name_start >= walk.region_ends.get(name, 0):
        close = _REGION_END.search(walk.text, name_start, _border_behind(walk, name_start))
        if close is None or close[1].lower() != name:
            raise _Beyond
        walk.region_ends[name] = close.end()
    if walk.text[name_start - 2] == "\n" and _PREFORMATTED.match(walk.text, name_start):
        # HTML as any other, but for blank lines in it; none of its lines is code.
        end = walk.text.find("\n", walk.region_ends[name])
        walk.regions.append((name_start, end if end >= 0 else len(walk.text)))
    else:
        walk.doubts.append(name_start)


def _take_comment(walk: _Walk, start: int) -> None:
    """See that a comment is closed before the next border, and switches nothing off behind it."""
    # Readers differ on whether `<!-->` is one already, so that one is closed by the next.
    end = walk.text.find("-->", start + 3, _border_behind(walk, start))
    if end < 0 or may_switch(walk.text, start, end):
        raise _Beyond
    walk.doubts.append(start)


# --- sections ---------------------------------------------------------------------------------------


def _border_behind(walk: _Walk, offset: int) -> int:
    """The next border behind an offset, as far as fences are known: the end of the text when there is none."""
    if walk.asked[0] <= offset < walk.asked[1]:
        return walk.asked[1]
    blank = walk.text.find("\n\n", offset)
    while blank >= 0 and not _is_border(walk, blank + 2):
        blank = walk.text.find("\n\n", blank + 1)
    border = blank + 2 if blank >= 0 else len(walk.text)
    walk.asked = offset, border
    return border


def _border_before(walk: _Walk, offset: int, floor: int) -> int:
    """The last border up to an offset; ``floor`` is one."""
    blank = walk.text.rfind("\n\n", floor, offset)
    while blank >= 0 and not _is_border(walk, blank + 2):
        blank = walk.text.rfind("\n\n", floor, blank + 1)
    return blank + 2 if blank >= 0 else floor


def _is_border(walk: _Walk, offset: int) -> bool:
    if walk.text[offset : offset + 1] in _MARGIN:
        return False
    index = bisect_right(walk.fences, offset, key=itemgetter(0)) - 1
    return index < 0 or offset == walk.fences[index][0] or offset >= walk.fences[index][1]


def _sections(walk: _Walk) -> Iterator[Span]:
    """The sections with a doubt, in order."""
    walk.asked, end = (0, 0), walk.start
    for doubt in sorted(walk.doubts):
        if doubt >= end:
            start, end = _section(walk, doubt, end)
            yield start, end


def _section(walk: _Walk, doubt: int, floor: int) -> Span:
    """The section around a doubt, or the item of a list at the margin, which ends what stands before as well.

    But not in HTML, where an item is none, and which may hold an anchor with items in its label.
    """
    start, end = _border_before(walk, doubt, floor), _border_behind(walk, doubt)
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


def _is_item(walk: _Walk, offset: int, start: int) -> bool:
    """Whether what looks like an item is one: not code, and no HTML between it and the ``start`` of its section."""
    if walk.text[offset + 2 : offset + 3] in _MARGIN_OR_RULE or not _is_border(walk, offset):
        return False
    return _HTML_LINE.search(walk.text, start - 1, offset) is None


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


def _placed(walk: _Walk) -> list[Spot]:
    """The links with line and column. Doubts those on lines that may be code."""
    text = walk.text
    find_last, count = text.rfind, text.count
    placed: list[Spot] = []
    line, line_start, before, may_be_code = 0, 0, 0, False
    for at, url, marks in walk.found:
        if (line_end := find_last("\n", before, at)) >= 0:
            line += count("\n", before, at)
            line_start = line_end
            # Most items have too little space in front for code, which need not cost a call.
            may_be_code = (
                text[line_start + 1] in _DEEP
                and (text[line_start + 3] in _BEFORE_SPACE or "\t" in text[line_start + 1 : line_start + 3])
                and _may_be_code(walk, line_start)
            )
        before = at
        if may_be_code:
            walk.doubts.append(at)
        placed.append((line, at - line_start, url, marks))
    return placed


def _may_be_code(walk: _Walk, start: int) -> bool:
    """Whether the line behind the line feed at ``start`` has deep space in front that need not be that of an item."""
    if _DEEP_LINE.match(walk.text, start + 1) is None or _is_prose(walk, start):
        return False
    index = bisect_right(walk.regions, start, key=itemgetter(0)) - 1
    return index < 0 or start >= walk.regions[index][1]


def _is_prose(walk: _Walk, start: int) -> bool:
    """Whether a line is prose or an item because all lines above it are, up to a blank one."""
    text, known = walk.text, walk.prose
    if known is None or start >= known.end:
        first = text.rfind("\n\n", 0, start + 1) + 1
        last = text.find("\n\n", start)
        is_code = _DEEP_LINE.match(text, first + 1) is not None and not _is_in_item(walk, first)
        known = walk.prose = _Prose(last if last >= 0 else len(text), first, not is_code)
    line_end = text.find("\n", start + 1)
    if known.is_prose and _NO_PROSE.search(text, known.known, line_end if line_end >= 0 else len(text)):
        known.is_prose = False
    known.known = max(known.known, start)
    return known.is_prose


def _is_in_item(walk: _Walk, start: int) -> bool:
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
