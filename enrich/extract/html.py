"""Links in the attributes of HTML, with their places.

A parser builds a tree and forgets where things stood, and Markdown cuts HTML into fragments that are no
document; so this reads tags, comments and nothing else, by the rules of the HTML tokenizer that matter
for finding attributes. It never looks back: a tag that never closes costs its own length.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from enrich.extract.bare import decode_entities
from enrich.extract.positions import Span

# Where browsers find the address of what a reader sees or follows.
LINK_ATTRIBUTES = {
    "a": "href",
    "area": "href",
    "audio": "src",
    "embed": "src",
    "iframe": "src",
    "img": "src",
    "object": "data",
    "source": "src",
    "video": "src",
}

# Pictures, of which there may be one for each size of screen, and the one that stands for a film.
PICTURES = frozenset({"img", "source"})
_POSTER = {"video": "poster"}

# MDX knows parts of a page by their capital, and what they do with an address is their own affair. A path is that of a
# page of the site, whichever file makes it.
_COMPONENT = re.compile(r"<[A-Z][A-Za-z0-9]*[a-z]")
_OF_COMPONENTS = frozenset({"href", "link", "src", "to", "url"})
_WEB = re.compile(r"\s*https?://", re.IGNORECASE)

# Their content is text whatever it looks like (HTML standard, 13.1.2.1), and none of it is for readers.
_RAW_TEXT = frozenset({"script", "style", "textarea"})

_OPENING = re.compile(r"<(?:(!--)|([!?])|(/?)([A-Za-z][A-Za-z0-9-]*)(?=[\s/>]))")
_ATTRIBUTE = re.compile(r"[\s/]*([^\s\"'<>/=][^\s\"'<>/=]*)(?:[\s]*=[\s]*)?")
_HAS_VALUE = re.compile(r"=\s*\Z")
_UNQUOTED = re.compile(r"[^\s\"'<>`]+")
_SKIPPED = re.compile(r"[\s/\"'=`]+")
# What looks like a tag in a label or a heading, where none is read for its address.
_TAG_LIKE = re.compile(r"<[^<>]*>")
_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute whose value stands, as written, in ``text[start:end]``; quotes are not part of it."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag or comment in ``text[start:end]``; the name is in lower case, or ``!`` for what is no tag."""

    name: str
    start: int
    end: int
    closing: bool = False
    attributes: tuple[Attribute, ...] = ()

    def attribute(self, name: str) -> Attribute | None:
        """The first attribute of that name, as browsers do."""
        return next((attribute for attribute in self.attributes if attribute.name == name), None)


def tags(text: str, start: int, end: int) -> Iterator[Tag]:
    """The tags of ``text[start:end]`` in order, comments and raw text among them as ``!``."""
    position = start
    while (opening := _OPENING.search(text, position, end)) is not None:
        tag, position = _tag(text, opening, end)
        if tag is None:
            continue
        yield tag
        if tag.name in _RAW_TEXT and not tag.closing:
            closing = re.compile(f"</{tag.name}", re.IGNORECASE).search(text, position, end)
            stop = closing.start() if closing else end
            yield Tag("!", position, stop)
            position = stop


def comments_of(text: str, found: Iterable[Tag]) -> list[Span]:
    """Where the comments among tags stand, in the order of these."""
    return [(tag.start, tag.end) for tag in found if text.startswith("<!--", tag.start)]


def without_tags(text: str) -> str:
    """A label or a heading without what looks like a tag in it."""
    return _TAG_LIKE.sub("", text)


def alternative(text: str, tag: Tag) -> str | None:
    """The alternative text of an image."""
    attribute = tag.attribute("alt")
    return decode_entities(text[attribute.start : attribute.end]).strip() or None if attribute else None


def picture_addresses(text: str, tag: Tag) -> Iterator[Span]:
    """Where the addresses of pictures stand that a tag has besides its own: of its ``srcset`` or ``poster``."""
    if (poster := tag.attribute(_POSTER.get(tag.name, ""))) is not None:
        start, end = stripped(text, poster.start, poster.end)
        if start < end:
            yield start, end
    if tag.name in PICTURES and (candidates := tag.attribute("srcset")) is not None:
        yield from _candidates(text, candidates)


def component_addresses(text: str, tag: Tag) -> Iterator[Span]:
    """Where the addresses on the web stand that a component of MDX has."""
    if _COMPONENT.match(text, tag.start):
        for attribute in tag.attributes:
            if attribute.name in _OF_COMPONENTS and _WEB.match(text, attribute.start, attribute.end):
                yield stripped(text, attribute.start, attribute.end)


def _candidates(text: str, attribute: Attribute) -> Iterator[Span]:
    """Where the addresses of a list stand; each but the last has a comma behind its width, or behind itself."""
    is_address = True
    for word in _WORD.finditer(text, attribute.start, attribute.end):
        start, end = word.span()
        if not is_address:
            comma = text.find(",", start, end)
            is_address = comma >= 0
            start = comma + 1
        if is_address:
            stop = start + len(text[start:end].rstrip(","))
            if start < stop:
                yield start, stop
            is_address = stop < end or start == end


def stripped(text: str, start: int, end: int) -> Span:
    """A span without the white space at its ends."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _tag(text: str, opening: re.Match[str], end: int) -> tuple[Tag | None, int]:
    """The tag that opens here, and where to read on; None when it never closes."""
    comment, declaration, slash, name = opening.groups()
    if comment or declaration:
        stop = _after(text, "-->" if comment else ">", opening.end(), end)
        return Tag("!", opening.start(), stop), stop
    attributes, stop = _attributes(text, opening.end(), end)
    if stop >= end or text[stop] != ">":
        return None, stop
    return Tag(name.lower(), opening.start(), stop + 1, slash == "/", tuple(attributes)), stop + 1


def _after(text: str, mark: str, start: int, end: int) -> int:
    found = text.find(mark, start, end)
    return found + len(mark) if found >= 0 else end


def _attributes(text: str, position: int, end: int) -> tuple[list[Attribute], int]:
    """The attributes from ``position`` on, and where reading them stopped: at `>`, `<` or the end."""
    found: list[Attribute] = []
    while position < end and text[position] not in "<>":
        if name := _ATTRIBUTE.match(text, position, end):
            value_start, value_end, position = name.end(), name.end(), name.end()
            if _HAS_VALUE.search(name[0]):
                value_start, value_end, position = _value(text, name.end(), end)
            found.append(Attribute(name[1].lower(), value_start, value_end))
        else:
            skipped = _SKIPPED.match(text, position, end)
            position = skipped.end() if skipped else position + 1
    return found, position


def _value(text: str, position: int, end: int) -> tuple[int, int, int]:
    """Start and end of an attribute's value, and where to read on. An open quote is no quote."""
    quote = text[position : position + 1] if position < end else ""
    if quote and quote in "\"'":
        closing = text.find(quote, position + 1, end)
        if closing >= 0:
            return position + 1, closing, closing + 1
        position += 1
    unquoted = _UNQUOTED.match(text, position, end)
    stop = unquoted.end() if unquoted else position
    return position, stop, stop
