"""Links as lines of text: place, address, and why one is not asked.

Whoever pipes ten thousand notes through this wants what is printed and nothing else, so nothing else is worked
out: no titles and dates, no entries and remarks, and what a link leads to only where that decides something. Every
processor that may be used takes its share.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING

from enrich.decoding import Decoded
from enrich.discovery import STDIN, Place, Places
from enrich.documents import document_at, text_at, type_of
from enrich.extract.fast import CODE, DISABLED, ELSEWHERE, IMAGE, Spot, spot_of, spots
from enrich.files import is_surely_inside
from enrich.model import Document, Element, Link, Shown
from enrich.processes import in_order, processors
from enrich.selection import Selection, resolved_link
from enrich.text import fill, printable, stacked, unchanged

if TYPE_CHECKING:
    from enrich.model import Finding

# So much that another process is worth it, and how much one works on at once: 2 ms. At the end one process waits for
# what the other has ahead, and to send a batch takes 0.01 ms.
WORTH_SHARING_BYTES = 4 << 20
BATCH_BYTES = 128 << 10
MOST_PROCESSES = 8

_LONGEST_LINE = 2000
# Of a text that cannot be shown as it is.
_LINES_AT_ONCE = 10


@dataclass(frozen=True, slots=True)
class Listed:
    """The lines of some documents, and the findings that others cannot be read."""

    text: Shown
    unreadable: tuple[Finding, ...]


def is_enough(selection: Selection, places: Places) -> bool:
    """Whether nothing is asked that needs more than texts which can be read again."""
    settings = selection.settings
    choices = ("kind", "include", "exclude", "remap", "git_dates")
    chosen = any(settings[name] for name in choices) or settings.period.since or settings.period.until
    is_read_once = isinstance(places, Sequence) and any(place.shown == STDIN for place in places)
    return not chosen and not is_read_once


def listed(places: Places, selection: Selection) -> Iterator[Listed]:
    """The lines for the links of these documents, in order; UsageError for a named one that cannot be read."""
    for place in places if isinstance(places, Sequence) else ():
        if place.named:
            # What was named and cannot be read ends the run before anything is written.
            text_at(place)
    batches = _batches(places)
    # Workers start as soon as it is plain that they are worth it, and not when the last document is found.
    first = list(islice(batches, WORTH_SHARING_BYTES // BATCH_BYTES))
    is_much = len(first) * BATCH_BYTES >= WORTH_SHARING_BYTES
    processes = min(processors(), MOST_PROCESSES) if is_much else 1
    image = "" if selection.settings["check_images"] else "  (image)"
    notes = [_note_on(marks, image) for marks in range(2 * ELSEWHERE)]
    return in_order(chain(first, batches), _Work(selection, notes), processes)


def _batches(places: Iterable[Place]) -> Iterator[list[Place]]:
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
    """What every process does with a batch. ``notes`` are those on links to the web and inside, by their marks."""

    selection: Selection
    notes: Sequence[str]

    def __call__(self, places: Sequence[Place]) -> Listed:
        texts: list[Shown] = []
        unreadable: list[Finding] = []
        for place in places:
            decoded = text_at(place)
            if isinstance(decoded, Decoded):
                texts.append(_lines(place, decoded.text, self))
            else:
                unreadable.append(decoded)
        return Listed(stacked(texts), tuple(unreadable))


def _note_on(marks: int, image: str) -> str:
    """Why a link with such marks is not asked, in brackets; ``image`` is said of an image on the web."""
    if marks & DISABLED:
        return "  (excluded)"
    if marks & CODE:
        return "  (code)"
    return image if marks == IMAGE else ""


def _lines(place: Place, text: str, work: _Work) -> Shown:
    """The lines of one document."""
    kind = type_of(place.shown)
    found = spots(text) if kind.name == "markdown" else list(map(spot_of, kind.read(text).links))
    if not found:
        return fill("")
    name, notes = _shown(place.shown), work.notes
    document: Document | None = None

    def note_on(url: str, marks: int) -> str | None:
        nonlocal document
        document = document or document_at(place)
        if is_surely_inside(document, url):
            return notes[marks]
        return _note_elsewhere(document, url, marks, work.selection)

    def line_of(spot: Spot) -> Shown:
        line, column, url, marks = spot
        note = notes[marks] if marks < ELSEWHERE else note_on(url, marks)
        shown = fill("{}:{}:{}: {}{}\n", name, line, column, _shown(url), printable(note or ""))
        return fill("") if note is None else shown

    lines = [
        f"{name}:{line}:{column}: {url}{note}\n"
        if (note := notes[marks] if marks < ELSEWHERE else note_on(url, marks)) is not None
        else ""
        for line, column, url, marks in found
    ]
    if (shown := _as_they_are(lines)) is not None:
        return shown
    parts = []
    for start in range(0, len(lines), _LINES_AT_ONCE):
        part = slice(start, start + _LINES_AT_ONCE)
        shown = _as_they_are(lines[part])
        parts.append(stacked(map(line_of, found[part])) if shown is None else shown)
    return stacked(parts)


def _as_they_are(lines: Sequence[str]) -> Shown | None:
    """The text that lines make, where all of it can be shown as it is.

    A line break within a name or an address would make a line of its own, which says what its author wants.
    """
    text = "".join(lines)
    if max(map(len, lines), default=0) > _LONGEST_LINE or text.count("\n") != sum(map(bool, lines)):
        return None
    return unchanged(text)


def _shown(words: str) -> Shown:
    known = unchanged(words) if len(words) < _LONGEST_LINE and "\n" not in words else None
    return printable(words) if known is None else known


def _note_elsewhere(document: Document, url: str, marks: int, selection: Selection) -> str | None:
    """The note on what may lead out of the collection, or has a scheme of its own; None for what is not of the run."""
    link = Link(
        url=url,
        line=0,
        column=0,
        element=Element.CODE if marks & CODE else Element.INLINE,
        image=bool(marks & IMAGE),
        disabled=bool(marks & DISABLED),
    )
    resolved = resolved_link(document, link, selection)
    if resolved is None:
        return None
    _, skip = resolved
    return f"  ({skip})" if skip else ""
