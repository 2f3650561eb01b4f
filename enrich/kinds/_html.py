"""HTML read within bounds.

The parser is fast and, for three shapes of page, not linear. Measured: 488 KiB of nested ``<div>`` take
15 s, one tag with 100,000 attributes 38 s, and 17 KB of ``<p><b a1><p><b a2>…`` grow to 360 MB, because
every paragraph repeats all the formatting that is still open. A linear look at the tags adds up what the
parser would have to do and refuses such a page; what we lose is a title.

The look errs on the side of too much work: it knows neither implied tags nor where foreign content ends
exactly.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

MEDIA_TYPES = ("text/html", "application/xhtml+xml")

ATTRIBUTES_PER_TAG = 256
# Each costs 1 µs here and another in the parser. A saved article of 2025 has 3,400 of them.
TAGS = 500_000
# One step costs about 2.4 ns, so this is 50 ms; a page of 300,000 tags that are 60 deep has 18 million.
NESTING_STEPS = 20_000_000
# One repeated element costs 330 bytes. Real pages have less than two formatting elements open at a tag.
REPEATED_ELEMENTS = 50_000
REPEATED_PER_TAG = 4

_ATTRIBUTE = rb"""[\s/]*+(?:=|[^\s/>=])[^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>]*+))?+"""
# A tag as far as it goes, or a comment; what lacks its end has the last groups empty. Half of all tags have no
# attributes, and the end of those is looked for first.
_TOKEN = re.compile(
    rb"<(?:(/?)([a-zA-Z][^\s/>]*+)(?:(>)|(?:%s){0,%d}+[\s/]*+(>)?)|!--(-?>|.*?--!?>)?)"
    % (_ATTRIBUTE, ATTRIBUTES_PER_TAG),
    re.DOTALL,
)
_ATTRIBUTES = re.compile(rb"(?:%s){%d}" % (_ATTRIBUTE, ATTRIBUTES_PER_TAG + 1))
_RAW_END = {
    name: re.compile(rb"</" + name + rb"(?=[\s/>])", re.IGNORECASE)
    for name in (b"script", b"style", b"textarea", b"title", b"xmp", b"iframe", b"noembed", b"noframes")
}
_SLASH = ord("/")
_VOID = frozenset(
    b"area base br col embed hr img input link meta param source track wbr keygen frame bgsound".split()
)
# Opening one of these closes the one before it, and real pages leave the end tags out.
_CLOSED_BY_NEXT = frozenset(b"p li dd dt td th tr option optgroup tbody thead tfoot html head body".split())
_FORMATTING = frozenset(b"a b big code em font i nobr s small strike strong tt u".split())
# These end foreign content (SVG, MathML), where alone a slash closes an element.
_BREAKOUT = frozenset(
    b"b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing "
    b"menu meta nobr ol p pre ruby s small span strong strike sub sup table tt u ul var".split()
)


_FOREIGN = frozenset((b"svg", b"math"))
_NEVER_OPEN = _VOID | _CLOSED_BY_NEXT


class _Work:
    """The open elements so far, and what the parser has to do because of them."""

    __slots__ = ("foreign", "nesting", "open", "open_formatting", "open_total", "repeated", "tags")

    def __init__(self) -> None:
        self.open: dict[bytes, int] = {}
        self.open_total = self.open_formatting = self.foreign = 0
        self.nesting = self.repeated = self.tags = 0

    def is_too_much(self) -> bool:
        repeats = self.repeated > REPEATED_ELEMENTS + REPEATED_PER_TAG * self.tags
        return self.nesting > NESTING_STEPS or repeats or self.tags > TAGS

    def add(self, name: bytes, end: bool, closed: bool) -> None:
        """Count one tag; ``closed`` says that it ends with a slash."""
        self.tags += 1
        self.nesting += self.open_total
        self.repeated += self.open_formatting
        if end:
            if self.open.get(name):
                self._change(name, -1)
            return
        if self.foreign and name in _BREAKOUT:
            for foreign in _FOREIGN:
                self._change(foreign, -self.open.get(foreign, 0))
        if not (name in _NEVER_OPEN or (closed and self.foreign)):
            self._change(name, 1)

    def _change(self, name: bytes, by: int) -> None:
        self.open[name] = self.open.get(name, 0) + by
        self.open_total += by
        if name in _FORMATTING:
            self.open_formatting += by
        elif name in _FOREIGN:
            self.foreign += by


def is_harmless(page: bytes) -> bool:
    """Whether the parser reads this page in time and memory that grow with its length alone."""
    work, at = _Work(), 0
    while True:
        for token in _TOKEN.finditer(page, at):
            end, name, bare, closing, comment = token.groups()
            if name is None:
                if comment is None:
                    return True  # the rest of the page is one comment
                continue
            if not (bare or closing):
                # Either the page ends inside this tag, or the tag has more attributes than any real one.
                return _ATTRIBUTES.match(page, token.end(2)) is None
            name = name.lower()
            work.add(name, bool(end), page[token.end() - 2] == _SLASH)
            if work.is_too_much():
                return False
            if name in _RAW_END and not (end or work.foreign):
                found = _RAW_END[name].search(page, token.end())
                at = found.start() if found else len(page)
                break
        else:
            return True


def parse(page: bytes) -> LexborHTMLParser | None:
    """The tree of a page in UTF-8, or None for one that the parser could not read in bounded time."""
    from selectolax.lexbor import LexborHTMLParser

    return LexborHTMLParser(page) if is_harmless(page) else None


def text_of(node: LexborNode | None) -> str:
    """The text inside an element with white space collapsed; empty without an element."""
    return " ".join(node.text().split()) if node is not None else ""


def contents(tree: LexborHTMLParser) -> dict[str, list[str]]:
    """What the ``meta`` elements of a page say, by lower-case name or property, in page order."""
    found: dict[str, list[str]] = {}
    for node in tree.css("meta"):
        attributes = node.attributes
        name = attributes.get("property") or attributes.get("name")
        content = attributes.get("content")
        if name and content and content.strip():
            found.setdefault(name.strip().lower(), []).append(content)
    return found
