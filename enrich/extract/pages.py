"""Links in HTML pages: notes that a program exported, and pages that somebody saved.

Read by tags and not by a tree, because a report points at the address as it stands in the source. What only
loads in the background (scripts, style sheets, icons) is not what a reader sees or follows, and is left
out. A page may say where it came from: then its relative links lead to the web and not to files beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import urljoin

from enrich.extract.anchors import html_anchors
from enrich.extract.bare import bare_urls, decode_entities
from enrich.extract.control import disabled
from enrich.extract.destinations import wanted
from enrich.extract.found import Found, link_of
from enrich.extract.html import (
    LINK_ATTRIBUTES,
    PICTURES,
    Tag,
    alternative,
    comments_of,
    picture_addresses,
    stripped,
    tags,
    without_tags,
)
from enrich.extract.positions import Span, is_in, lines_of, uncovered
from enrich.front_matter import front_matter, front_matter_value
from enrich.model import DocumentType, Element, Extraction
from enrich.urls import scheme_of

_ATTRIBUTES = {**LINK_ATTRIBUTES, "track": "src"}
_CODE = frozenset({"pre", "code", "kbd", "samp", "tt", "listing"})
_LONGEST_LABEL = 1000

# What browsers take out of an address (WHATWG URL, 4.4).
_LINE_BREAKS = re.compile(r"[\t\r\n]+")


@dataclass(frozen=True, slots=True)
class _Page:
    """A page taken apart: its tags, where its text begins, and the address that relative links are tied to."""

    text: str
    tags: list[Tag]
    body: int
    base: str


def read(text: str) -> Extraction:
    """The links of a page in the order of their places: those of tags, and addresses in its text."""
    page = _page(text)
    lines = lines_of(text)
    off = disabled(text, lines, comments_of(text, page.tags))
    labels = _labels(page)
    found = [*_in_front_matter(page), *_in_tags(page, labels), *_in_text(page, labels.values())]
    return Extraction(
        links=[link_of(text, lines, one, off) for one in sorted(found, key=lambda one: one.start)]
    )


def _page(text: str) -> _Page:
    body = len(front_matter(text))
    found = list(tags(text, body, len(text)))
    bases = (tag.attribute("href") for tag in found if tag.name == "base")
    base = next((decode_entities(text[one.start : one.end]).strip() for one in bases if one), "")
    return _Page(text, found, body, base)


# --- tags -------------------------------------------------------------------------------------------


def _in_tags(page: _Page, labels: dict[int, Span]) -> Iterator[Found]:
    for tag in page.tags:
        if tag.closing:
            continue
        label = labels.get(tag.start)
        text = _readable(page.text, *label) if label else alternative(page.text, tag)
        for start, end, image in _addresses(page.text, tag):
            if (url := _address(page, start, end)) is not None:
                yield Found(start, end, url, Element.HTML, text, image)


def _addresses(text: str, tag: Tag) -> Iterator[tuple[int, int, bool]]:
    """Where the addresses of a tag stand, and whether each is that of a picture."""
    if (attribute := tag.attribute(_ATTRIBUTES.get(tag.name, ""))) is not None:
        start, end = stripped(text, attribute.start, attribute.end)
        if start < end:
            yield start, end, tag.name in PICTURES
    for start, end in picture_addresses(text, tag):
        yield start, end, True


def _address(page: _Page, start: int, end: int) -> str | None:
    """What a browser would open for an address as written; None for what nobody can check."""
    url = wanted(_LINE_BREAKS.sub("", decode_entities(page.text[start:end])))
    if url is None or not page.base or scheme_of(url) is not None:
        return url
    try:
        return urljoin(page.base, url)
    except ValueError:
        return url


def _labels(page: _Page) -> dict[int, Span]:
    """Where the label of each link stands, by the place of its tag: up to the next tag of a link."""
    found: dict[int, Span] = {}
    anchors = [tag for tag in page.tags if tag.name == "a"]
    for tag, following in pairwise(anchors):
        length = following.start - tag.end
        if not tag.closing and following.closing and tag.attribute("href") and length <= _LONGEST_LABEL:
            found[tag.start] = (tag.end, following.start)
    return found


def _readable(text: str, start: int, end: int) -> str | None:
    return " ".join(decode_entities(without_tags(text[start:end])).split()) or None


# --- text -------------------------------------------------------------------------------------------


def _in_front_matter(page: _Page) -> Iterator[Found]:
    for bare in bare_urls(page.text, 0, page.body, code=True):
        yield Found(bare.start, bare.end, bare.url, Element.FRONTMATTER)


def _in_text(page: _Page, labels: Iterable[Span]) -> Iterator[Found]:
    """Addresses that stand in the text between tags, where no link has them for its label."""
    code = _code(page.tags)
    taken = [*((tag.start, tag.end) for tag in page.tags), *labels]
    for start, end in uncovered(taken, page.body, len(page.text)):
        element = Element.CODE if is_in(code, start) else Element.BARE
        for bare in bare_urls(page.text, start, end, bounded=True):
            yield Found(bare.start, bare.end, bare.url, element)


def _code(found: Iterable[Tag]) -> list[Span]:
    """Where code stands, outermost elements alone; an element that never closes is none."""
    spans: list[Span] = []
    name, start, depth = "", 0, 0
    for tag in found:
        if tag.name not in _CODE or (depth and tag.name != name):
            continue
        if not tag.closing:
            name, start, depth = (tag.name, tag.end, 1) if not depth else (name, start, depth + 1)
        elif depth:
            depth -= 1
            if not depth:
                spans.append((start, tag.start))
    return spans


# --- what a page says about itself ------------------------------------------------------------------


def title(text: str) -> str | None:
    """The title of a page: of its front matter, its head, or its first heading."""
    if declared := front_matter_value(text, "title"):
        return declared
    found = _page(text).tags
    return _element(text, found, "title") or _shared_title(text, found) or _element(text, found, "h1")


def _element(text: str, found: list[Tag], name: str) -> str | None:
    """The text of the first element of this name."""
    places = iter(tag for tag in found if tag.name == name)
    opening = next((tag for tag in places if not tag.closing), None)
    closing = next((tag for tag in places if tag.closing), None)
    return _readable(text, opening.end, closing.start) if opening and closing else None


def _shared_title(text: str, found: Iterable[Tag]) -> str | None:
    """The title that a page gives to those who share it: where WeChat's pages have their only one."""
    for tag in found:
        name = tag.attribute("property")
        content = tag.attribute("content")
        if name and content and text[name.start : name.end] == "og:title":
            return _readable(text, content.start, content.end)
    return None


def prose(text: str) -> str:
    """The text between the tags, a line for each piece; the front matter as it stands."""
    page = _page(text)
    between = uncovered(((tag.start, tag.end) for tag in page.tags), page.body, len(text))
    pieces = (decode_entities(text[start:end]).strip() for start, end in between)
    return text[: page.body] + "\n".join(piece for piece in pieces if piece)


DOCUMENT_TYPE = DocumentType(
    name="html",
    suffixes=frozenset({".html", ".htm", ".xhtml"}),
    read=read,
    title=title,
    anchors=html_anchors,
    prose=prose,
)
