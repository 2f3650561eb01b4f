"""Which documents are as they were when the last run took them in.

Whatever decides what is found in a document goes into its key: the bytes, the path, the day that git knows, the
settings that choose links, and the program itself. In doubt it is another key, which costs time and nothing else. Only
where relative links lead depends on the folders around as well; so that is looked at again.

What surprised us: versions alone do not tell programs apart. In a checkout the source changes under the same version,
so that the source itself is hashed, in 3 ms.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path

from enrich import __version__
from enrich.codec import encode
from enrich.discovery import Place
from enrich.documents import document_at
from enrich.files import KIND_NAME, locate
from enrich.model import Finding
from enrich.store.protocol import FoundDocument, Mark

KEY_BYTES = 16
OUTSIDE = "relative"
# The rooms whose modules decide what is found, and the parsers that they use.
_ROOMS = ("", "extract", "kinds", "model", "store")
_PARSERS = ("can_ada", "pyromark")


@dataclass(frozen=True, slots=True)
class Loaded:
    """The bytes at a place, or the finding that they cannot be read; ``day`` is what git knows of it."""

    place: Place
    data: bytes | Finding
    day: str | None = None

    @property
    def size(self) -> int:
        return len(self.data) if isinstance(self.data, bytes) else 0

    def key(self, chosen_by: bytes) -> str:
        """The key of what is found here; ``chosen_by`` says which settings choose links."""
        place = self.place
        about = (__version__, sys.version, place.shown, place.dated, self.day)
        told = blake2b(program(), digest_size=KEY_BYTES)
        for part in (chosen_by, repr(about).encode("utf-8", "surrogatepass")):
            told.update(len(part).to_bytes(8, "big") + part)
        told.update(encode(self.data) if isinstance(self.data, Finding) else b"\0" + self.data)
        return told.hexdigest()

    def mark(self, chosen_by: bytes, found: FoundDocument | Finding) -> Mark:
        """How to know again what was found here."""
        if isinstance(found, Finding):
            return Mark(self.key(chosen_by), unreadable=True)
        return Mark(self.key(chosen_by), unreadable=False, leads=list(dict.fromkeys(_leads(found))))


def _leads(found: FoundDocument) -> Iterator[tuple[str, str, str | None]]:
    for one in found.links:
        if one.target.identity.kind == KIND_NAME:
            yield one.link.url, one.target.identity.id, one.skip


def is_as_it_was(loaded: Loaded, found: FoundDocument) -> bool:
    """Whether what was found in a document with the same key would be found again."""
    return _leads_there(loaded.place, _leads(found))


def are_unchanged(documents: Iterable[Loaded], marks: Sequence[Mark], chosen_by: bytes) -> bool:
    """Whether the first documents are what the marks are of, all of them."""
    compared = 0
    for loaded, mark in zip(documents, marks, strict=False):
        if loaded.key(chosen_by) != mark.key or not _leads_there(loaded.place, mark.leads):
            return False
        compared += 1
    return compared == len(marks)


def _leads_there(place: Place, leads: Iterable[tuple[str, str, str | None]]) -> bool:
    """Whether the paths in a document lead where they led."""
    document = document_at(place)
    for url, id_, skip in leads:
        located = locate(document, url)
        if located.identity.id != id_ or (skip in (None, OUTSIDE) and located.inside is (skip == OUTSIDE)):
            return False
    return True


@cache
def program() -> bytes:
    """What tells one program from another that may find something else in the same document."""
    told = blake2b()
    for file in _sources():
        told.update(f"{file.name}\0{file.stat().st_size}\0".encode() + file.read_bytes())
    for parser in _PARSERS:
        told.update("\n".join(_versions(parser)).encode())
    return told.digest()


def _sources() -> Iterator[Path]:
    """None where the package is no folder; then its version must do, which is that of a release."""
    top = Path(__file__).parent
    for room in _ROOMS:
        if (folder := top / room).is_dir():
            yield from sorted(folder.glob("*.py"))


def _versions(parser: str) -> list[str]:
    """What an installed library is known by, without loading it: the name of what describes it, and its size."""
    spec = find_spec(parser)
    if spec is None or spec.origin is None:
        return [parser]
    own = Path(spec.origin)
    beside = own.parent.parent if spec.submodule_search_locations else own.parent
    described = sorted(name for name in os.listdir(beside) if name.startswith(f"{parser}-"))
    return [parser, str(own.stat().st_size), *described]
