"""Links in Markdown notes.

The parser finds what Markdown calls a link; three things it does not find matter as much. URLs that
stand in running text. HTML that people mix in for centred pictures. And Markdown that a raw HTML block
swallows: without a blank line behind `</div>` the next list is HTML to the parser and a list of links to
the one who wrote it.

So the text is read in layers. Constructs are found first and their places taken; what no construct covers
is scanned for bare URLs; inside HTML blocks the tags are covered and the rest is read as Markdown again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from enrich.extract.anchors import markdown_anchors
from enrich.extract.bare import BareUrl, bare_urls
from enrich.extract.control import Disabled, disabled
from enrich.extract.destinations import is_sized_image
from enrich.extract.found import Found, is_off, link_of
from enrich.extract.html import comments_of
from enrich.extract.layers import Layer, layer_of
from enrich.extract.positions import Lines, Span, lines_of, uncovered
from enrich.extract.syntax import folded, top_headings
from enrich.extract.tagged import read_tags
from enrich.front_matter import front_matter, front_matter_value
from enrich.model import DocumentType, Element, Extraction, Link, Remark

# Without any of these there is nothing that could be a link.
_SIGN = re.compile(r"[\[<:]|//|www\.|\.(?:com|org)/|10\.|xiv[ \t]?：", re.IGNORECASE)

# What stands before a bare URL where somebody meant a link or a definition. A full-width bracket is
# the commonest slip of all who type Chinese.
_OPENS_LINK = re.compile(r"(?<!\\)\](?:\([ \t]*<?|（)\Z")
_OPENS_DEFINITION = re.compile(r"\]:[ \t]*<?\Z")
_LONGEST_NAME = 999

_MESSAGES = {
    "not-rendered": "This Markdown link stands in a block of raw HTML and is shown as plain text. "
    "A blank line before it ends the block.",
    "unbalanced-markdown": "This looks like a Markdown link and is none: the brackets around the address do not "
    "pair, or it holds a space.",
    "malformed-url": "This address is misspelt, or has marks or invisible characters around it, so that no "
    "browser opens what was meant.",
}

_CUT_IN_TWO = "White space cuts this address in two, so that only a part of it is one."


@dataclass(frozen=True, slots=True)
class _Reading:
    """The links of a text, and what remarks on them are made from."""

    links: list[Link]
    lines: Lines
    found: list[Found]
    gaps: list[Span]
    off: Disabled


def read(text: str) -> Extraction:
    """Every link of a Markdown text, ordered by place, and what is wrong with them. Never raises, linear in time.

    Relative links are those with markup: inline, reference, image and HTML.
    """
    # Whoever lists links needs none.
    from enrich.extract.entries import entries

    text = _readable(text)
    if (reading := _reading(text)) is None:
        return Extraction(links=[])
    return Extraction(
        links=reading.links,
        remarks=_remarks(text, reading.lines, reading.found, reading.gaps, reading.off),
        entries=entries(text, reading.links),
    )


def links(text: str) -> list[Link]:
    """The links of `read`, for those to whom neither remarks nor entries matter."""
    reading = _reading(_readable(text))
    return [] if reading is None else reading.links


def _reading(text: str) -> _Reading | None:
    """The links of a text and what they were made from; None where nothing could be a link."""
    if not _SIGN.search(text):
        return None
    lines = lines_of(text)
    body = len(front_matter(text))
    layer = layer_of(text, body)
    read_tags(text, layer)
    gaps = list(uncovered([*layer.taken, *layer.code], body, len(text)))
    off = disabled(text, lines, sorted(comments_of(text, layer.tags)))
    found = sorted(_find(text, body, layer, gaps), key=lambda one: (one.start, one.used_at or 0))
    return _Reading([link_of(text, lines, one, off) for one in found], lines, found, gaps, off)


def title(text: str) -> str | None:
    """The title as read: of the front matter, else the first heading of level one; None without either.

    Where every entry of a collection is a heading of level one that is wholly a link, none is the title.
    """
    text = _readable(text)
    if declared := front_matter_value(text, "title"):
        return declared
    headings = top_headings(text[len(front_matter(text)) :])
    first, is_link = next(headings, (None, False))
    if is_link and next(headings, None) is not None:
        return None
    return first or None


def _readable(text: str) -> str:
    """Without a byte order mark, and without lone surrogates, which have no UTF-8 form."""
    text = text.removeprefix("\ufeff")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def _remarks(
    text: str, lines: Lines, found: Iterable[Found], gaps: Iterable[Span], off: Disabled
) -> list[Remark]:
    """What is wrong with the links, and addresses in running text that are too misspelt to be links."""
    # Whoever lists links needs none of this either.
    from enrich.extract.malformed import intended, joined, malformed_urls, without_space

    noted: list[tuple[int, str, str, str | None]] = []
    for one in found:
        if is_off(one, off):
            continue
        place = one.start if one.used_at is None else one.used_at
        if one.remark is not None:
            whole = without_space(text, one.start) if one.remark == "unbalanced-markdown" else None
            noted.append((place, one.remark, _MESSAGES[one.remark], whole))
        if one.element != Element.CODE and (better := intended(one.url)) is not None:
            noted.append((place, "malformed-url", _MESSAGES["malformed-url"], better))
        if one.element == Element.BARE and one.remark is None and (whole := joined(text, one.start)):
            noted.append((place, "malformed-url", _CUT_IN_TWO, whole))
    for start, end in gaps:
        noted += (
            (bad.start, "malformed-url", _MESSAGES["malformed-url"], bad.intended)
            for bad in malformed_urls(text, start, end)
            if bad.start not in off
        )
    return [_remark(lines, *one) for one in sorted(noted, key=lambda one: one[:2])]


def _remark(lines: Lines, offset: int, code: str, message: str, suggestion: str | None) -> Remark:
    line, column = lines.place(offset)
    return Remark(code=code, message=message, line=line, column=column, suggestion=suggestion)


def _find(text: str, body: int, layer: Layer, gaps: Iterable[Span]) -> Iterator[Found]:
    for bare in bare_urls(text, 0, body, code=True):
        yield Found(bare.start, bare.end, bare.url, Element.FRONTMATTER)
    yield from layer.found
    for start, end in layer.code:
        for bare in bare_urls(text, start, end, code=True):
            yield Found(bare.start, bare.end, bare.url, Element.CODE)
    for start, end in gaps:
        for bare in bare_urls(text, start, end):
            yield _found_bare(text, bare, layer)


def _found_bare(text: str, bare: BareUrl, layer: Layer) -> Found:
    """A bare URL, unless it belongs to a second definition of a name, which nothing can use."""
    found = Found(bare.start, bare.end, bare.url, Element.BARE)
    before = text[max(0, bare.start - 8) : bare.start]
    if _OPENS_LINK.search(before):
        found.remark = "unbalanced-markdown"
        found.image = is_sized_image(text, bare.start, bare.end)
    elif layer.defined and _OPENS_DEFINITION.search(before):
        opening = text.rfind("[", max(0, bare.start - _LONGEST_NAME), bare.start)
        name = text[opening + 1 : text.rfind("]", opening, bare.start)]
        if opening >= 0 and folded(name) in layer.defined:
            found.element = Element.REFERENCE
    return found


DOCUMENT_TYPE = DocumentType(
    name="markdown",
    suffixes=frozenset({".md", ".markdown", ".mdx", ".qmd", ".rmd"}),
    read=read,
    title=title,
    anchors=markdown_anchors,
)
