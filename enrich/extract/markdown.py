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
from bisect import bisect_right
from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field

from enrich.extract.anchors import markdown_anchors
from enrich.extract.bare import BareUrl, bare_urls, decode_entities, resolve
from enrich.extract.control import Disabled, disabled
from enrich.extract.destinations import (
    Span,
    autolink_span,
    defined_span,
    inline_span,
    is_sized_image,
    wanted,
)
from enrich.extract.found import Found, is_off, link_of
from enrich.extract.html import (
    LINK_ATTRIBUTES,
    Tag,
    alternative,
    component_addresses,
    picture_addresses,
    stripped,
    tags,
)
from enrich.extract.positions import Lines, lines_of
from enrich.extract.syntax import Construct, Definition, constructs, definitions, folded, top_headings
from enrich.front_matter import front_matter, front_matter_value
from enrich.model import DocumentType, Element, Extraction, Link, Remark

# Without any of these there is nothing that could be a link.
_SIGN = re.compile(r"[\[<:]|//|www\.|\.(?:com|org)/|10\.|xiv[ \t]?：", re.IGNORECASE)

_BLANK_LINE = re.compile(r"(?:\r\n|\n|\r(?!\n))[ \t>]*[\r\n]")
_LONGEST_ANCHOR = 1000
_TAG_LIKE = re.compile(r"<[^<>]*>")
_EMPHASIS = re.compile(r"\*+|`+|~~")
_INDENT = re.compile(r"^(?: {4,}|[ ]*\t[ \t]*)", re.MULTILINE)
_MARKUP = re.compile(r"\]\(|`|~~~|<[A-Za-z][A-Za-z0-9+.-]*:|\]\[")

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


@dataclass(slots=True)
class _Layer:
    """What reading a text gives: links, places no bare URL may stand in, code, HTML, and what it hides."""

    found: list[Found] = field(default_factory=list)
    taken: list[Span] = field(default_factory=list)
    code: list[Span] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)
    hidden: list[Span] = field(default_factory=list)
    defined: MutableMapping[str, Definition] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    last_comment_end: int | None = None


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
    layer = _layer(text, body)
    gaps = list(_gaps([*layer.taken, *layer.code], body, len(text)))
    off = disabled(text, lines, _comments(text, layer))
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


def _comments(text: str, layer: _Layer) -> list[Span]:
    return sorted((tag.start, tag.end) for tag in layer.tags if text.startswith("<!--", tag.start))


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


def _find(text: str, body: int, layer: _Layer, gaps: Iterable[Span]) -> Iterator[Found]:
    for bare in bare_urls(text, 0, body, code=True):
        yield Found(bare.start, bare.end, bare.url, Element.FRONTMATTER)
    yield from layer.found
    for start, end in layer.code:
        for bare in bare_urls(text, start, end, code=True):
            yield Found(bare.start, bare.end, bare.url, Element.CODE)
    for start, end in gaps:
        for bare in bare_urls(text, start, end):
            yield _found_bare(text, bare, layer)


def _found_bare(text: str, bare: BareUrl, layer: _Layer) -> Found:
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


def _layer(text: str, body: int) -> _Layer:
    """All layers of a text in one, without what a comment hides."""
    layer = _read(text, body)
    if layer.hidden:
        starts = [start for start, _end in layer.hidden]

        def shown(start: int) -> bool:
            index = bisect_right(starts, start) - 1
            return index < 0 or start >= layer.hidden[index][1]

        layer.tags = [tag for tag in layer.tags if shown(tag.start)]
        layer.found = [one for one in layer.found if shown(one.start)]
        layer.code = [span for span in layer.code if shown(span[0])]
        layer.taken += layer.hidden
    _read_tags(text, layer)
    return layer


def _gaps(spans: list[Span], start: int, end: int) -> Iterator[Span]:
    """What spans leave uncovered; they may overlap."""
    for span_start, span_end in sorted(spans):
        if span_start > start:
            yield start, span_start
        start = max(start, span_end)
    if start < end:
        yield start, end


# --- Markdown ---------------------------------------------------------------------------------------


def _read(
    text: str,
    start: int,
    end: int | None = None,
    *,
    source: str | None = None,
    outer: MutableMapping[str, Definition] | None = None,
) -> _Layer:
    """Read ``text[start:end]`` as Markdown; ``source`` replaces it, character for character.

    ``outer`` are definitions around it, and given only for what stands inside a block of HTML.
    """
    source = text[start:end] if source is None else source
    own = {folded(one.name): _moved(one, start) for one in definitions(source)}
    layer = _Layer(defined=ChainMap(own, outer) if outer else own)
    for construct in constructs(source, defined=outer):
        construct.start += start
        construct.end += start
        construct.label_end += start
        match construct.sort:
            case "link" | "image":
                _read_link(text, construct, layer)
            case "html":
                layer.tags.extend(tags(text, construct.start, construct.end))
                layer.taken.append((construct.start, construct.end))
            case "html-block":
                if outer is None:
                    _read_html_block(text, construct, layer)
            case "mark":
                layer.taken.append((construct.start, construct.end))
            case _ if not construct.inside:
                layer.code.append((construct.start, construct.end))
    _read_definitions(text, own, layer)
    return layer


def _moved(definition: Definition, by: int) -> Definition:
    return Definition(definition.name, definition.destination, definition.start + by, definition.end + by)


def _read_link(text: str, construct: Construct, layer: _Layer) -> None:
    """Note a link or image, and where its URL stands."""
    span: Span | None = None
    if construct.link_type == "autolink":
        span = autolink_span(text, construct)
    elif construct.link_type == "reference":
        name = folded(construct.reference)
        layer.used.add(name)
        span = defined_span(text, layer.defined[name]) if name in layer.defined else None
    elif construct.link_type == "inline":
        span = inline_span(text, construct)
    if construct.destination:
        layer.taken.append((construct.start, construct.end))
    resolved = decode_entities if construct.link_type == "autolink" else resolve
    if span is not None and (url := wanted(resolved(text[span[0] : span[1]]))) is not None:
        layer.found.append(_found_link(construct, span, url))


def _found_link(construct: Construct, span: Span, url: str) -> Found:
    image = construct.sort == "image"
    if construct.link_type == "autolink":
        return Found(*span, url, Element.AUTOLINK)
    if construct.link_type == "reference":
        use = construct.start + image
        return Found(*span, url, Element.REFERENCE, construct.label, image, use)
    return Found(*span, url, Element.INLINE, construct.label, image)


def _read_definitions(text: str, own: Mapping[str, Definition], layer: _Layer) -> None:
    """Cover the definitions, and note those that nothing uses."""
    for name, definition in own.items():
        layer.taken.append((definition.start, definition.end))
        if definition.destination == "#":
            # `[//]: # (words)` is how people write a comment that no renderer shows.
            continue
        if name in layer.used or (span := defined_span(text, definition)) is None:
            continue
        if (url := wanted(resolve(text[span[0] : span[1]]))) is not None:
            layer.found.append(Found(*span, url, Element.REFERENCE))


# --- HTML -------------------------------------------------------------------------------------------


def _read_html_block(text: str, block: Construct, layer: _Layer) -> None:
    """Note the tags of a block of raw HTML, then read what stands between them as Markdown."""
    found = list(tags(text, block.start, block.end))
    layer.tags.extend(found)
    layer.taken.extend((tag.start, tag.end) for tag in found)
    _hide(text, block, found, layer)
    between = "".join(text[start:end] for start, end in _gaps(_spans(found), block.start, block.end))
    if not _MARKUP.search(between) and not (layer.defined and "[" in between):
        return
    inner = _read(
        text, block.start, block.end, source=_without_tags(text, block, found), outer=layer.defined
    )
    if not any(tag.attribute("markdown") for tag in found):
        for one in inner.found:
            if one.element != Element.REFERENCE or one.used_at is not None:
                one.remark = "not-rendered"
    layer.used |= inner.used
    layer.found.extend(inner.found)
    layer.taken.extend(inner.taken)
    layer.code.extend(inner.code)


def _hide(text: str, block: Construct, found: list[Tag], layer: _Layer) -> None:
    """Note what a comment hides that begins in this block and ends behind it.

    A blank line ends the block for Markdown, but not the comment for the browser that reads the result.
    """
    last = found[-1] if found else None
    if last is None or last.end < block.end or not text.startswith("<!--", last.start):
        return
    if text.endswith("-->", last.start, last.end) or (layer.hidden and last.start < layer.hidden[-1][1]):
        return
    if layer.last_comment_end is None:
        layer.last_comment_end = text.rfind("-->")
    if last.start < layer.last_comment_end:
        layer.hidden.append((last.start, text.find("-->", last.end) + 3))


def _spans(found: Iterable[Tag]) -> list[Span]:
    return [(tag.start, tag.end) for tag in found]


def _without_tags(text: str, block: Construct, found: list[Tag]) -> str:
    """The block with tags and indents overwritten by letters, so that neither means anything.

    Letters and not spaces: four spaces would make a block of code.
    """
    pieces: list[str] = []
    position = block.start
    for tag in found:
        pieces += (text[position : tag.start], "x" * (tag.end - tag.start))
        position = tag.end
    source = "".join((*pieces, text[position : block.end]))
    return _INDENT.sub(lambda indent: "x" * len(indent[0]), source)


def _read_tags(text: str, layer: _Layer) -> None:
    """Links of all tags, in order, so that an anchor finds its end in another fragment."""
    ordered = sorted(layer.tags, key=lambda tag: tag.start)
    for tag, following in zip(ordered, _next_anchors(ordered), strict=True):
        if tag.closing:
            continue
        for address in picture_addresses(text, tag):
            _read_attribute(text, address, alternative(text, tag), layer, image=True)
        for address in component_addresses(text, tag):
            _read_attribute(text, address, None, layer, image=False)
        attribute = tag.attribute(LINK_ATTRIBUTES.get(tag.name, ""))
        if attribute is None:
            continue
        label = _anchor_label(text, tag, following) if tag.name == "a" else None
        if label is not None:
            layer.taken.append(label)
        read = _label_text(text[label[0] : label[1]]) if label else alternative(text, tag)
        span = stripped(text, attribute.start, attribute.end)
        _read_attribute(text, span, read, layer, image=tag.name == "img")


def _read_attribute(text: str, span: Span, read: str | None, layer: _Layer, *, image: bool) -> None:
    if (url := wanted(decode_entities(text[span[0] : span[1]]))) is not None:
        layer.found.append(Found(*span, url, Element.HTML, read, image))


def _next_anchors(ordered: list[Tag]) -> list[Tag | None]:
    """For each tag the next anchor tag behind it, opening or closing."""
    following: list[Tag | None] = []
    last: Tag | None = None
    for tag in reversed(ordered):
        following.append(last)
        if tag.name == "a":
            last = tag
    return following[::-1]


def _anchor_label(text: str, tag: Tag, following: Tag | None) -> Span | None:
    """Where an anchor's label stands, if it closes before the next anchor and within its paragraph."""
    if following is None or not following.closing or following.start - tag.end > _LONGEST_ANCHOR:
        return None
    if _BLANK_LINE.search(text, tag.end, following.start):
        return None
    return tag.end, following.start


def _label_text(label: str) -> str | None:
    plain = _EMPHASIS.sub("", _TAG_LIKE.sub("", label))
    return " ".join(decode_entities(plain).split()) or None


DOCUMENT_TYPE = DocumentType(
    name="markdown",
    suffixes=frozenset({".md", ".markdown", ".mdx", ".qmd", ".rmd"}),
    read=read,
    title=title,
    anchors=markdown_anchors,
)
