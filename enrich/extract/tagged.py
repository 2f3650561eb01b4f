"""Links in the HTML that people mix into Markdown, for centred pictures and the like.

A tag and its end may stand in two constructs, so that all tags of a text are read in one go, after its Markdown.
"""

from __future__ import annotations

import re

from enrich.extract.bare import decode_entities
from enrich.extract.destinations import wanted
from enrich.extract.found import Found
from enrich.extract.html import (
    LINK_ATTRIBUTES,
    Tag,
    alternative,
    component_addresses,
    picture_addresses,
    stripped,
    without_tags,
)
from enrich.extract.layers import Layer
from enrich.extract.positions import Span
from enrich.model import Element

_BLANK_LINE = re.compile(r"(?:\r\n|\n|\r(?!\n))[ \t>]*[\r\n]")
_LONGEST_ANCHOR = 1000
_EMPHASIS = re.compile(r"\*+|`+|~~")


def read_tags(text: str, layer: Layer) -> None:
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


def _read_attribute(text: str, span: Span, read: str | None, layer: Layer, *, image: bool) -> None:
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
    plain = _EMPHASIS.sub("", without_tags(label))
    return " ".join(decode_entities(plain).split()) or None
