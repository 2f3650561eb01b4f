"""Reads documents that were found.

A file that cannot be read costs one finding. Only a file that was *named* and cannot be read is an error, since
then somebody meant it.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

from enrich.decoding import MAX_BYTES, Decoded, Unreadable, decode
from enrich.discovery import STDIN, Place
from enrich.errors import UsageError
from enrich.model import Document, DocumentType, Finding
from enrich.registry import document_type, finding_codes
from enrich.regular_files import bytes_of
from enrich.text import printable


def type_of(path: str) -> DocumentType:
    """The document type by the suffix of a path; Markdown for what nobody claims, such as standard input."""
    kind = document_type(os.path.splitext(path)[1].lower()) or document_type(".md")
    assert kind is not None, "Markdown is among the types"
    return kind


def text_at(place: Place, data: bytes | Finding | None = None) -> Decoded | Finding:
    """The text at a place, of what was read there already if anything was; else as `data_at`."""
    data = data_at(place) if data is None else data
    try:
        return data if isinstance(data, Finding) else decode(data)
    except Unreadable as error:
        return _refused(place, error)


def data_at(place: Place) -> bytes | Finding:
    """The bytes at a place, or the finding that they cannot be read; UsageError if it was named."""
    try:
        return _bytes(place)
    except Unreadable as error:
        return _refused(place, error)


def _refused(place: Place, error: Unreadable) -> Finding:
    if place.named:
        raise UsageError(f"{printable(place.shown)}: {error}") from None
    return _unreadable(place.shown, str(error))


def document_at(place: Place) -> Document:
    """Where a document lies, without anything that is in it."""
    return Document(
        path=place.shown,
        text="",
        file=None if place.shown == STDIN else place.file,
        root=None if place.root is None else str(place.root),
    )


def read(place: Place, data: bytes | Finding | None = None) -> Document | Finding:
    """The document at a place, of what was read there already if anything was; else as `data_at`."""
    # Whoever lists links needs no dates.
    from enrich.dates import chosen, document_dates

    decoded = text_at(place, data)
    if isinstance(decoded, Finding):
        return decoded
    kind = type_of(place.shown)
    title = kind.title(decoded.text)
    dates = document_dates(place.dated, kind.prose(decoded.text), title)
    date, source = chosen(dates)
    return replace(
        document_at(place),
        text=decoded.text,
        title=title,
        date=date,
        date_source=source,
        dates=dates,
        remarks=() if decoded.damage is None else (decoded.damage,),
    )


def names_in(file: Path) -> list[str] | None:
    """The names that a ``#fragment`` may have in a file; None for what is no document or cannot be read."""
    kind = document_type(file.suffix.lower())
    if kind is None or kind.anchors is None:
        return None
    try:
        return kind.anchors(decode(bytes_of(file, follow=False)).text)
    except Unreadable:
        return None


def _unreadable(path: str, why: str) -> Finding:
    code = finding_codes()["unreadable-document"]
    return Finding(code=code.code, severity=code.severity, message=f"not read: {why}", document=path)


def _bytes(place: Place) -> bytes:
    if place.unread is not None:
        raise Unreadable(place.unread)
    if place.shown == STDIN:
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    return bytes_of(place.file, follow=place.named)
