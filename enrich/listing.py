"""Links as lines of text: place, address, and why one is not asked.

Whoever pipes ten thousand notes through this wants what is printed and nothing else, so nothing else is worked
out: no titles and dates, no entries and remarks, and what a link leads to only where that decides something. Every
processor that may be used takes its share.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from enrich.collect import Selection, links_of
from enrich.documents import STDIN, Place, text_at, type_of
from enrich.extract.fast import CODE, DISABLED, ELSEWHERE, IMAGE, spot_of, spots
from enrich.files import is_surely_inside
from enrich.model import Document, Element, Finding, Link, Shown
from enrich.processes import in_order, processors
from enrich.text import fill, joined, printable, unchanged

# So much that another process is worth it, and how much one works on at once.
WORTH_SHARING_BYTES = 4 << 20
BATCH_BYTES = 256 << 10
MOST_PROCESSES = 8

_LONGEST_LINE = 2000


@dataclass(frozen=True, slots=True)
class Listed:
    """The lines of some documents, and the findings that others cannot be read."""

    text: Shown
    unreadable: tuple[Finding, ...]


def is_enough(selection: Selection, places: Sequence[Place]) -> bool:
    """Whether nothing is asked that needs more than texts which can be read again."""
    settings = selection.settings
    choices = ("kind", "include", "exclude", "remap", "git_dates")
    chosen = any(settings[name] for name in choices) or settings.period.since or settings.period.until
    return not chosen and all(place.shown != STDIN for place in places)


def listed(places: Sequence[Place], selection: Selection) -> Iterator[Listed]:
    """The lines for the links of these documents, in order; UsageError for a named one that cannot be read."""
    for place in places:
        if place.named:
            # What was named and cannot be read ends the run before anything is written.
            text_at(place)
    batches = list(_batches(places))
    is_much = len(batches) * BATCH_BYTES >= WORTH_SHARING_BYTES
    processes = min(processors(), MOST_PROCESSES) if is_much else 1
    return in_order(batches, _Work(selection), processes)


def _batches(places: Sequence[Place]) -> Iterator[list[Place]]:
    batch: list[Place] = []
    size = 0
    for place in places:
        batch.append(place)
        size += _size(place)
        if size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _size(place: Place) -> int:
    try:
        return os.stat(place.file).st_size
    except OSError:
        # Reading it says what is wrong.
        return 0


@dataclass(frozen=True, slots=True)
class _Work:
    """What every process does with a batch."""

    selection: Selection

    def __call__(self, places: Sequence[Place]) -> Listed:
        texts: list[Shown] = []
        unreadable: list[Finding] = []
        for place in places:
            decoded = text_at(place)
            if isinstance(decoded, Finding):
                unreadable.append(decoded)
            else:
                texts.append(_lines(place, decoded.text, self.selection))
        return Listed(joined("", texts), tuple(unreadable))


def _lines(place: Place, text: str, selection: Selection) -> Shown:
    """The lines of one document."""
    kind = type_of(place.shown)
    found = spots(text) if kind.name == "markdown" else list(map(spot_of, kind.read(text).links))
    name, document = printable(place.shown), _document(place)

    def note_on(url: str, marks: int) -> str | None:
        return _note(document, url, marks, selection)

    lines = [
        f"{name}:{line}:{column}: {url}{note}\n"
        for line, column, url, marks in found
        if (note := note_on(url, marks) if marks else "") is not None
    ]
    if (
        max(map(len, lines), default=0) <= _LONGEST_LINE
        and (shown := unchanged("".join(lines))) is not None
    ):
        return shown
    one_by_one = (
        fill("{}:{}:{}: {}{}\n", name, line, column, _shown(url), printable(note))
        for line, column, url, marks in found
        if (note := note_on(url, marks)) is not None
    )
    return joined("", one_by_one)


def _shown(url: str) -> Shown:
    known = unchanged(url) if len(url) < _LONGEST_LINE else None
    return printable(url) if known is None else known


def _document(place: Place) -> Document:
    """The document at a place, as far as relative links concern it."""
    return Document(
        path=place.shown,
        text="",
        file=str(place.file),
        root=None if place.root is None else str(place.root),
    )


def _note(document: Document, url: str, marks: int, selection: Selection) -> str | None:
    """Why a link is not asked, in brackets; None for one that does not belong to the run."""
    is_elsewhere = marks & ELSEWHERE
    if is_elsewhere and not is_surely_inside(document, url):
        return _note_elsewhere(document, url, marks, selection)
    if marks & DISABLED:
        return "  (excluded)"
    if marks & CODE:
        return "  (code)"
    return "  (image)" if marks == IMAGE and not selection.settings["check_images"] else ""


def _note_elsewhere(document: Document, url: str, marks: int, selection: Selection) -> str | None:
    """The same for what may lead out of the collection, or has a scheme of its own."""
    link = Link(
        url=url,
        line=0,
        column=0,
        element=Element.CODE if marks & CODE else Element.INLINE,
        image=bool(marks & IMAGE),
        disabled=bool(marks & DISABLED),
    )
    found = links_of(document, [link], selection)[0]
    if found is None:
        return None
    return f"  ({found.skip})" if found.skip else ""
