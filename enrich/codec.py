"""Records to JSON and back, at the edges of the program.

msgspec encodes dataclasses as they are, but does not decode a union of several: the ``type`` of metadata
is looked at first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from enrich.model import Article, Metadata, Page, Paper, Repository

METADATA_TYPES: Mapping[str, type[Metadata]] = {
    "article": Article,
    "page": Page,
    "paper": Paper,
    "repository": Repository,
}

_encoder = msgspec.json.Encoder()


def encode(record: object) -> bytes:
    """A record as one line of JSON, keys in field order."""
    return _encoder.encode(record)


def metadata_from(table: Mapping[str, Any] | None) -> Metadata | None:
    """Metadata from plain JSON values; raises msgspec.ValidationError when they are not of their type."""
    if table is None:
        return None
    kind = METADATA_TYPES.get(str(table.get("type")))
    if kind is None:
        raise msgspec.ValidationError(f"unknown metadata type {table.get('type')!r}")
    return msgspec.convert(table, kind)
