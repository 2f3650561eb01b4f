"""Findings in order, however many there are.

A list of a million findings takes 800 MB, and a million is what a large collection on http gives. Up to some tens
of thousands are sorted in memory; beyond that, sorted parts go to temporary files that have no name, so that a
killed run leaves none behind, and are merged while they are read. Sorting in the database was not chosen, since its
order of text would have to be ours on every backend.
"""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from typing import IO, Any

import msgspec

from enrich.codec import encode
from enrich.errors import StorageError
from enrich.model import Finding

IN_MEMORY = 20_000

_decoder = msgspec.json.Decoder(Finding)


@contextmanager
def sorted_findings(
    findings: Iterable[Finding], key: Callable[[Finding], Any], in_memory: int = IN_MEMORY
) -> Iterator[Callable[[], Iterable[Finding]]]:
    """While it lasts, the findings sorted by ``key``: a function that gives them as often as it is called.

    Takes all of ``findings`` at once and holds ``in_memory`` of them at most. Raises StorageError when there is no
    room for temporary files.
    """
    rest = iter(findings)
    part = sorted(islice(rest, in_memory), key=key)
    if len(part) < in_memory:
        yield lambda: part
        return
    with ExitStack() as files:
        parts = []
        while part:
            parts.append(_written(part, files))
            part = sorted(islice(rest, in_memory), key=key)
        yield lambda: heapq.merge(*map(_read, parts), key=key)


def _written(part: Iterable[Finding], files: ExitStack) -> IO[bytes]:
    try:
        file = files.enter_context(tempfile.TemporaryFile(prefix="enrich-"))  # noqa: SIM115
        file.writelines(encode(finding) + b"\n" for finding in part)
        file.flush()
    except OSError as error:
        raise StorageError(
            f"{tempfile.gettempdir()}: no room for temporary files: {error.strerror}; TMPDIR names another folder"
        ) from None
    return file


def _read(file: IO[bytes]) -> Iterator[Finding]:
    """One part. Each reader keeps its own place, since two may read at the same time."""
    place = 0
    while True:
        file.seek(place)
        if not (lines := file.readlines(1 << 16)):
            return
        place = file.tell()
        yield from map(_decoder.decode, lines)
