"""What a Markdown parser says about a text, in code points: the one module that knows pyromark.

pyromark (pulldown-cmark) is fast and gives byte ranges, but a range covers a whole construct, reference
definitions are no events, and URLs without markup are plain text to it. So constructs come out of here
with enough to find the rest in the source.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pyromark

from enrich.extract.positions import code_points

# No front matter: the parser takes any text between two rules for it. No smart punctuation: it rewrites.
_OPTIONS = (
    pyromark.Options.ENABLE_TABLES
    | pyromark.Options.ENABLE_FOOTNOTES
    | pyromark.Options.ENABLE_STRIKETHROUGH
    | pyromark.Options.ENABLE_TASKLISTS
    | pyromark.Options.ENABLE_HEADING_ATTRIBUTES
)

# A label of more pieces than this is an attack: images may nest without end, each with all inside it.
_MOST_PIECES = 1000

Sort = Literal["link", "image", "code", "code-block", "html", "html-block", "mark"]
LinkType = Literal["inline", "reference", "autolink", "email"]

_LINK_TYPES: dict[str, LinkType] = {
    "Inline": "inline",
    "Reference": "reference",
    "Collapsed": "reference",
    "Shortcut": "reference",
    "ReferenceUnknown": "reference",
    "CollapsedUnknown": "reference",
    "ShortcutUnknown": "reference",
    "Autolink": "autolink",
    "Email": "email",
}
_LEAVES: dict[str, Sort] = {"Code": "code", "InlineHtml": "html", "FootnoteReference": "mark"}


@dataclass(slots=True)
class Construct:
    """A piece of markup in ``text[start:end]``.

    For links and images: ``label`` is their text as read, ``label_end`` where the text inside the
    brackets ends, ``destination`` is resolved, ``reference`` the definition's name as used, and
    ``inside`` tells that it is part of another's label.
    """

    sort: Sort
    start: int
    end: int
    label_end: int = 0
    label: str | None = None
    destination: str = ""
    link_type: LinkType = "inline"
    reference: str = ""
    inside: bool = False


@dataclass(slots=True)
class Definition:
    """A reference definition in ``text[start:end]``."""

    name: str
    destination: str
    start: int
    end: int


def constructs(text: str, *, defined: Mapping[str, Definition] | None = None) -> list[Construct]:
    """The constructs that matter for links, outer ones before inner ones' ends; code points.

    ``defined`` are definitions, by folded name, that stand outside of ``text``.
    """

    def look_up(link: Any) -> tuple[str, str] | None:
        definition = defined.get(folded(link["reference"])) if defined else None
        return (definition.destination, "") if definition else None

    reader = _Reader()
    events: Iterable[tuple[Any, Any]] = pyromark.events_with_range(
        text, options=_OPTIONS, broken_link_callback=look_up if defined else None
    )
    for event, span in events:
        # Most events are text outside of links, which says nothing: a tenth of the time of exact reading.
        if reader.open or not ("Text" in event or "End" in event):
            reader.read(event, span["start"], span["end"])
    found = reader.found
    offsets = code_points(text, (at for one in found for at in (one.start, one.end, one.label_end)))
    for one in found:
        one.start, one.end, one.label_end = offsets[one.start], offsets[one.end], offsets[one.label_end]
    return found


def definitions(text: str) -> list[Definition]:
    """The reference definitions of a text. Of several with one name only the first counts."""
    if "]:" not in text:
        return []
    found = pyromark.reference_definitions(text, options=_OPTIONS)
    spans = [(value["span"]["start"], value["span"]["end"]) for value in found.values()]
    offsets = code_points(text, (at for span in spans for at in span))
    return [
        Definition(name, value["dest"], offsets[start], offsets[end])
        for (name, value), (start, end) in zip(found.items(), spans, strict=True)
    ]


def folded(name: str) -> str:
    """A reference's name as names are compared: white space collapsed, case folded (CommonMark 4.7)."""
    return " ".join(name.split()).casefold()


def top_headings(text: str) -> Iterator[tuple[str, bool]]:
    """Headings of level one, lazily: the text as read, and whether a single link is all they hold."""
    inside: list[tuple[str, Any]] | None = None
    events: Iterable[tuple[Any, Any]] = pyromark.events_with_range(text, options=_OPTIONS)
    for event, _span in events:
        name, value = _named(event)
        if name == "Start" and isinstance(value, dict) and value.get("Heading", {}).get("level") == "H1":
            inside = []
        elif name == "End" and value == {"Heading": "H1"} and inside is not None:
            yield " ".join("".join(_text(*event) for event in inside).split()), _is_one_link(inside)
            inside = None
        elif inside is not None:
            inside.append((name, value))


def _is_one_link(events: list[tuple[str, Any]]) -> bool:
    first, last = (events[0], events[-1]) if events else (None, None)
    links = sum(name == "End" and value == "Link" for name, value in events)
    opens = first is not None and first[0] == "Start" and isinstance(first[1], dict) and "Link" in first[1]
    return opens and last == ("End", "Link") and links == 1


def _named(event: Any) -> tuple[str, Any]:
    if isinstance(event, str):
        return event, None
    ((name, value),) = event.items()
    return name, value


def _text(name: str, value: Any) -> str:
    if name in {"Text", "Code"}:
        return str(value)
    return " " if name in {"SoftBreak", "HardBreak"} else ""


@dataclass(slots=True)
class _Reader:
    """Collects constructs from events; ``open`` are the links and images around the present event.

    ``images`` counts the images among those.
    """

    found: list[Construct] = field(default_factory=list)
    open: list[tuple[Construct, int]] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    images: int = 0

    def read(self, event: Any, start: int, end: int) -> None:
        name, value = _named(event)
        if self.open:
            if name == "End" and value in ("Link", "Image"):
                self._close()
            elif end > self.open[-1][0].label_end:
                self.open[-1][0].label_end = end
            if piece := _text(name, value):
                self.pieces.append(piece)
        if name == "Start":
            self._start(value, start, end)
        elif name in _LEAVES and self.images == 0:
            self.found.append(Construct(_LEAVES[name], start, end, inside=bool(self.open)))

    def _start(self, value: Any, start: int, end: int) -> None:
        if value == "HtmlBlock":
            self.found.append(Construct("html-block", start, end))
        elif isinstance(value, dict):
            ((tag, data),) = value.items()
            if tag == "CodeBlock":
                self.found.append(Construct("code-block", start, end))
            elif tag in {"Link", "Image"}:
                self._open("link" if tag == "Link" else "image", data, start, end)

    def _open(self, sort: Sort, data: Any, start: int, end: int) -> None:
        construct = Construct(
            sort,
            start,
            end,
            label_end=start + (1 if sort == "link" else 2),
            destination=data["dest_url"],
            link_type=_LINK_TYPES[data["link_type"]],
            reference=data["id"],
            inside=bool(self.open),
        )
        # What stands inside an image is its alternative text, whatever it looks like.
        if self.images == 0:
            self.found.append(construct)
        self.images += sort == "image"
        self.open.append((construct, len(self.pieces)))

    def _close(self) -> None:
        construct, first = self.open.pop()
        self.images -= construct.sort == "image"
        label = " ".join("".join(self.pieces[first : first + _MOST_PIECES]).split())
        construct.label = label or None
        if self.open:
            outer = self.open[-1][0]
            outer.label_end = max(outer.label_end, construct.end)
        else:
            self.pieces.clear()


@dataclass(slots=True)
class Heading:
    """A heading that begins at ``start``: its text as read, pictures left out, and the id written behind it."""

    start: int
    text: str
    id: str | None = None


def headings(text: str) -> list[Heading]:
    """The headings of a text, in order; code points."""
    found: list[Heading] = []
    inside, pictures = False, 0
    events: Iterable[tuple[Any, Any]] = pyromark.events_with_range(text, options=_OPTIONS)
    for event, span in events:
        name, value = _named(event)
        tag = next(iter(value)) if name in ("Start", "End") and isinstance(value, dict) else value
        if tag == "Heading":
            inside = name == "Start"
            if inside:
                found.append(Heading(span["start"], "", value["Heading"]["id"]))
        elif inside and tag == "Image":
            pictures += 1 if name == "Start" else -1
        elif inside and not pictures and name in ("Text", "Code"):
            found[-1].text += str(value)
    offsets = code_points(text, (heading.start for heading in found))
    for heading in found:
        heading.start = offsets[heading.start]
    return found
