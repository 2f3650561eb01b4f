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
from dataclasses import dataclass, field

from enrich.extract.bare import bare_urls, decode_entities, is_template, resolve
from enrich.extract.html import LINK_ATTRIBUTES, Tag, tags
from enrich.extract.positions import Lines, lines_of
from enrich.extract.syntax import Construct, Definition, constructs, definitions, folded, top_headings
from enrich.front_matter import front_matter, front_matter_value
from enrich.model import DocumentType, Element, Extraction, Link

# Schemes that mean something without two slashes; `std::vector` and `localhost:80` are no URLs.
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://\S|(?:https?|javascript|magnet|urn):\S", re.IGNORECASE)
_WWW = re.compile(r"www\.[^\s./]+\.", re.IGNORECASE)
_UNWANTED_SCHEME = re.compile(r"(?:data|mailto):", re.IGNORECASE)

# Markup between `]` and the URL: in a block quote the line break brings quote marks along.
_BEFORE_INLINE_URL = re.compile(r"\]\((?:[ \t]|(?:\r\n?|\n)[ \t>]*)*(<?)")
_BEFORE_DEFINED_URL = re.compile(r"\[(?:[^\[\]\\]|\\.)*\]:(?:[ \t]|(?:\r\n?|\n)[ \t>]*)*(<?)", re.DOTALL)
_IN_ANGLES = re.compile(r"(?:[^<>\\\r\n]+|\\.)*")
_PLAIN = re.compile(r"(?:[^\x00-\x20\x7f()\\]+|\\[!-/:-@\[-`{-~]|\\)*")

# Sentence marks end an autolink too: seven of 945 were met with prose before the `>`.
_PROSE_IN_AUTOLINK = re.compile(r"[，。；：！？、》】」』”’）]")

_BLANK_LINE = re.compile(r"[\r\n][ \t>]*[\r\n]")
_LONGEST_ANCHOR = 1000
_TAG_LIKE = re.compile(r"<[^<>]*>")
_EMPHASIS = re.compile(r"\*+|`+|~~")
_INDENT = re.compile(r"^(?: {4,}|[ ]*\t[ \t]*)", re.MULTILINE)

Span = tuple[int, int]


@dataclass(slots=True)
class _Found:
    """A link whose URL stands in ``text[start:end]``; ``used_at`` is the offset of a reference's use."""

    start: int
    end: int
    url: str
    element: Element
    text: str | None = None
    image: bool = False
    used_at: int | None = None


@dataclass(slots=True)
class _Layer:
    """What reading a text gives: links, places no bare URL may stand in, code, and HTML."""

    found: list[_Found] = field(default_factory=list)
    taken: list[Span] = field(default_factory=list)
    code: list[Span] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)


def extract(text: str) -> list[Link]:
    """Every absolute link of a Markdown text, ordered by place. Never raises, linear in time."""
    text = _readable(text)
    lines = lines_of(text)
    found = sorted(_find(text), key=lambda one: (one.start, one.used_at or 0))
    return [_link(text, lines, one) for one in found]


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


def _link(text: str, lines: Lines, found: _Found) -> Link:
    line, column = lines.place(found.start)
    written = text[found.start : found.end]
    return Link(
        url=found.url,
        line=line,
        column=column,
        element=found.element,
        written=written if written != found.url else None,
        text=found.text,
        image=found.image,
        used_at=None if found.used_at is None else lines.place(found.used_at),
    )


def _find(text: str) -> Iterator[_Found]:
    if ":" not in text and "www." not in text.lower():
        return
    body = len(front_matter(text))
    for bare in bare_urls(text, 0, body, code=True):
        yield _Found(bare.start, bare.end, bare.url, Element.FRONTMATTER)
    layer = _read(text, body)
    _read_tags(text, layer)
    yield from layer.found
    for start, end in layer.code:
        for bare in bare_urls(text, start, end, code=True):
            yield _Found(bare.start, bare.end, bare.url, Element.CODE)
    for start, end in _gaps([*layer.taken, *layer.code], body, len(text)):
        for bare in bare_urls(text, start, end):
            yield _Found(bare.start, bare.end, bare.url, Element.BARE)


def _gaps(spans: list[Span], start: int, end: int) -> Iterator[Span]:
    """What spans leave uncovered; they may overlap."""
    for span_start, span_end in sorted(spans):
        if span_start > start:
            yield start, span_start
        start = max(start, span_end)
    if start < end:
        yield start, end


# --- Markdown ---------------------------------------------------------------------------------------


def _read(text: str, start: int, end: int | None = None, *, source: str | None = None) -> _Layer:
    """Read ``text[start:end]`` as Markdown; ``source`` replaces it, character for character."""
    layer = _Layer()
    source = text[start:end] if source is None else source
    nested = end is not None
    defined = [_moved(definition, start) for definition in definitions(source)]
    by_name = {folded(definition.name): definition for definition in defined}
    used: set[str] = set()
    for construct in constructs(source):
        construct.start += start
        construct.end += start
        construct.label_end += start
        match construct.sort:
            case "link" | "image":
                _read_link(text, construct, by_name, used, layer)
            case "html":
                layer.tags.extend(tags(text, construct.start, construct.end))
                layer.taken.append((construct.start, construct.end))
            case "html-block":
                if not nested:
                    _read_html_block(text, construct, layer)
            case "mark":
                layer.taken.append((construct.start, construct.end))
            case _ if not construct.inside:
                layer.code.append((construct.start, construct.end))
    _read_definitions(text, by_name, used, layer)
    return layer


def _moved(definition: Definition, by: int) -> Definition:
    return Definition(definition.name, definition.destination, definition.start + by, definition.end + by)


def _read_link(
    text: str, construct: Construct, by_name: dict[str, Definition], used: set[str], layer: _Layer
) -> None:
    """Note a link or image, and where its URL stands."""
    if construct.link_type == "autolink":
        span: Span | None = _autolink_span(text, construct)
    elif construct.link_type == "reference":
        name = folded(construct.reference)
        used.add(name)
        span = _defined_span(text, by_name[name]) if name in by_name else None
    else:
        span = _inline_span(text, construct)
    if construct.destination:
        layer.taken.append((construct.start, construct.end))
    resolved = decode_entities if construct.link_type == "autolink" else resolve
    if span is not None and (url := _wanted(resolved(text[span[0] : span[1]]))) is not None:
        layer.found.append(_found_link(construct, span, url))


def _found_link(construct: Construct, span: Span, url: str) -> _Found:
    image = construct.sort == "image"
    if construct.link_type == "autolink":
        return _Found(*span, url, Element.AUTOLINK)
    if construct.link_type == "reference":
        use = construct.start + image
        return _Found(*span, url, Element.REFERENCE, construct.label, image, use)
    return _Found(*span, url, Element.INLINE, construct.label, image)


def _read_definitions(text: str, by_name: dict[str, Definition], used: set[str], layer: _Layer) -> None:
    """Cover the definitions, and note those that nothing uses."""
    for name, definition in by_name.items():
        layer.taken.append((definition.start, definition.end))
        if name in used or (span := _defined_span(text, definition)) is None:
            continue
        if (url := _wanted(resolve(text[span[0] : span[1]]))) is not None:
            layer.found.append(_Found(*span, url, Element.REFERENCE))


def _wanted(url: str) -> str | None:
    """What a person would open for an explicit destination; None for what is out of scope."""
    if is_template(url) or _UNWANTED_SCHEME.match(url):
        return None
    if _ABSOLUTE.match(url):
        return url
    return f"http://{url}" if _WWW.match(url) else None


def _autolink_span(text: str, construct: Construct) -> Span:
    start, end = construct.start + 1, construct.end - 1
    prose = _PROSE_IN_AUTOLINK.search(text, start, end)
    return start, prose.start() if prose else end


def _inline_span(text: str, construct: Construct) -> Span | None:
    opening = _BEFORE_INLINE_URL.search(text, construct.label_end, construct.end)
    return _destination(text, opening, construct.end) if opening else None


def _defined_span(text: str, definition: Definition) -> Span | None:
    opening = _BEFORE_DEFINED_URL.match(text, definition.start, definition.end)
    return _destination(text, opening, definition.end) if opening else None


def _destination(text: str, opening: re.Match[str], limit: int) -> Span:
    """Where a destination stands, by CommonMark 6.3: in angle brackets, or up to white space or `)`."""
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


# --- HTML -------------------------------------------------------------------------------------------


def _read_html_block(text: str, block: Construct, layer: _Layer) -> None:
    """Note the tags of a block of raw HTML, then read what stands between them as Markdown."""
    found = list(tags(text, block.start, block.end))
    layer.tags.extend(found)
    layer.taken.extend((tag.start, tag.end) for tag in found)
    between = "".join(text[start:end] for start, end in _gaps(_spans(found), block.start, block.end))
    if "](" not in between and "`" not in between and "~~~" not in between:
        return
    inner = _read(text, block.start, block.end, source=_without_tags(text, block, found))
    layer.found.extend(inner.found)
    layer.taken.extend(inner.taken)
    layer.code.extend(inner.code)


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
        attribute = tag.attribute(LINK_ATTRIBUTES.get(tag.name, ""))
        if attribute is None or tag.closing:
            continue
        label = _anchor_label(text, tag, following) if tag.name == "a" else None
        span = _stripped(text, attribute.start, attribute.end)
        url = _wanted(decode_entities(text[span[0] : span[1]]))
        if label is not None:
            layer.taken.append(label)
        if url is not None:
            read = _label_text(text[label[0] : label[1]]) if label else _alternative(text, tag)
            layer.found.append(_Found(*span, url, Element.HTML, read, tag.name == "img"))


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


def _alternative(text: str, tag: Tag) -> str | None:
    """The alternative text of an image."""
    attribute = tag.attribute("alt")
    return decode_entities(text[attribute.start : attribute.end]).strip() or None if attribute else None


def _stripped(text: str, start: int, end: int) -> Span:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def read(text: str) -> Extraction:
    """All that a Markdown text holds."""
    return Extraction(links=extract(text))


def anchors(_text: str) -> list[str]:
    """The names that a ``#fragment`` may have in this text."""
    return []


DOCUMENT_TYPE = DocumentType(
    name="markdown",
    suffixes=frozenset({".md", ".markdown", ".mdx", ".qmd", ".rmd"}),
    read=read,
    title=title,
    anchors=anchors,
)
