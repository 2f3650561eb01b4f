"""A Markdown text in layers: what its constructs say, and what stands between the tags of raw HTML in it.

What surprised us: a raw HTML block swallows Markdown. Without a blank line behind `</div>` the next list is HTML to
the parser and a list of links to the one who wrote it, so the tags of such a block are covered and the rest is read
as Markdown again.
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field

from enrich.extract.bare import decode_entities, resolve
from enrich.extract.destinations import autolink_span, defined_span, inline_span, wanted
from enrich.extract.found import Found
from enrich.extract.html import Tag, tags
from enrich.extract.positions import Span, is_in, uncovered
from enrich.extract.syntax import Construct, Definition, constructs, definitions, folded
from enrich.model import Element

_INDENT = re.compile(r"^(?: {4,}|[ ]*\t[ \t]*)", re.MULTILINE)
_MARKUP = re.compile(r"\]\(|`|~~~|<[A-Za-z][A-Za-z0-9+.-]*:|\]\[")


@dataclass(slots=True)
class Layer:
    """What reading a text gives: links, places no bare URL may stand in, code, HTML, and what it hides."""

    found: list[Found] = field(default_factory=list)
    taken: list[Span] = field(default_factory=list)
    code: list[Span] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)
    hidden: list[Span] = field(default_factory=list)
    defined: MutableMapping[str, Definition] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    last_comment_end: int | None = None


def layer_of(text: str, body: int) -> Layer:
    """All layers of a text in one, without what a comment hides."""
    layer = _read(text, body)
    if layer.hidden:
        layer.tags = [tag for tag in layer.tags if not is_in(layer.hidden, tag.start)]
        layer.found = [one for one in layer.found if not is_in(layer.hidden, one.start)]
        layer.code = [span for span in layer.code if not is_in(layer.hidden, span[0])]
        layer.taken += layer.hidden
    return layer


def _read(
    text: str,
    start: int,
    end: int | None = None,
    *,
    source: str | None = None,
    outer: MutableMapping[str, Definition] | None = None,
) -> Layer:
    """Read ``text[start:end]`` as Markdown; ``source`` replaces it, character for character.

    ``outer`` are definitions around it, and given only for what stands inside a block of HTML.
    """
    source = text[start:end] if source is None else source
    own = {folded(one.name): _moved(one, start) for one in definitions(source)}
    layer = Layer(defined=ChainMap(own, outer) if outer else own)
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


def _read_link(text: str, construct: Construct, layer: Layer) -> None:
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


def _read_definitions(text: str, own: Mapping[str, Definition], layer: Layer) -> None:
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


# --- raw HTML ---------------------------------------------------------------------------------------


def _read_html_block(text: str, block: Construct, layer: Layer) -> None:
    """Note the tags of a block of raw HTML, then read what stands between them as Markdown."""
    found = list(tags(text, block.start, block.end))
    layer.tags.extend(found)
    layer.taken.extend((tag.start, tag.end) for tag in found)
    _hide(text, block, found, layer)
    between = "".join(text[start:end] for start, end in uncovered(_spans(found), block.start, block.end))
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


def _hide(text: str, block: Construct, found: list[Tag], layer: Layer) -> None:
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
