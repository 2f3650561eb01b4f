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
from collections import Counter
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
_TAG = re.compile(
    rb"<(?P<end>/?)(?P<name>[a-zA-Z][^\s/>]*+)(?:%s){0,%d}+[\s/]*+>" % (_ATTRIBUTE, ATTRIBUTES_PER_TAG)
)
_ATTRIBUTES = re.compile(rb"(?:%s){%d}" % (_ATTRIBUTE, ATTRIBUTES_PER_TAG + 1))
_TAG_NAME = re.compile(rb"</?[a-zA-Z][^\s/>]*+")
_OPENING = re.compile(rb"<(?:[a-zA-Z/]|!--)")
_COMMENT = re.compile(rb"<!--(?:-?>|.*?--!?>)", re.DOTALL)
_RAW_END = {
    name: re.compile(rb"</" + name + rb"(?=[\s/>])", re.IGNORECASE)
    for name in (b"script", b"style", b"textarea", b"title", b"xmp", b"iframe", b"noembed", b"noframes")
}
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


class _Work:
    """The open elements so far, and what the parser has to do because of them."""

    __slots__ = ("nesting", "open", "open_formatting", "open_total", "repeated", "tags")

    def __init__(self) -> None:
        self.open: Counter[bytes] = Counter()
        self.open_total = self.open_formatting = 0
        self.nesting = self.repeated = self.tags = 0

    def is_foreign(self) -> bool:
        return self.open[b"svg"] > 0 or self.open[b"math"] > 0

    def is_too_much(self) -> bool:
        repeats = self.repeated > REPEATED_ELEMENTS + REPEATED_PER_TAG * self.tags
        return self.nesting > NESTING_STEPS or repeats or self.tags > TAGS

    def add(self, name: bytes, end: bool, closed: bool) -> None:
        """Count one tag; ``closed`` says that it ends with a slash."""
        self.tags += 1
        self.nesting += self.open_total
        self.repeated += self.open_formatting
        if name in _BREAKOUT and not end:
            self._change(b"svg", -self.open[b"svg"])
            self._change(b"math", -self.open[b"math"])
        if end:
            self._change(name, -1 if self.open[name] else 0)
        elif not (name in _VOID or name in _CLOSED_BY_NEXT or (closed and self.is_foreign())):
            self._change(name, 1)

    def _change(self, name: bytes, by: int) -> None:
        self.open[name] += by
        self.open_total += by
        if name in _FORMATTING:
            self.open_formatting += by


def is_harmless(page: bytes) -> bool:
    """Whether the parser reads this page in time and memory that grow with its length alone."""
    work, at = _Work(), 0
    while (opening := _OPENING.search(page, at)) is not None:
        at = opening.start()
        if page.startswith(b"<!--", at):
            if (comment := _COMMENT.match(page, at)) is None:
                return True  # the rest of the page is one comment
            at = comment.end()
        elif (tag := _TAG.match(page, at)) is not None:
            name = tag["name"].lower()
            work.add(name, bool(tag["end"]), page[tag.end() - 2] == ord("/"))
            at = tag.end()
            if not tag["end"] and name in _RAW_END and not work.is_foreign():
                found = _RAW_END[name].search(page, at)
                at = found.start() if found else len(page)
        elif (start := _TAG_NAME.match(page, at)) is not None:
            # Either the page ends inside this tag, or the tag has more attributes than any real one.
            return _ATTRIBUTES.match(page, start.end()) is None
        else:
            at += 2
        if work.is_too_much():
            return False
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
