"""Rows of JSON between the pass that counts them and the report, which tells the counts first.

To read them again from the store and encode them once more costs far more than to keep what was made of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from typing import IO

from enrich.model import Shown
from enrich.text import fill, read_back

_ROWS_AT_ONCE = 500
_CHARACTERS_AT_ONCE = 1 << 18


class JsonRows:
    """Rows of JSON while they wait to be written: in a file, since a report is longer than memory may be.

    Once they are too many, or there is no room for them, ``is_whole`` is false and none of them is given.
    """

    def __init__(self, file: IO[str], most_characters: int = 128 << 20) -> None:
        self._file, self._room = file, most_characters
        self._waiting: list[Shown] = []
        self._before = "[\n"
        self.is_whole = True

    def add(self, row: Shown) -> None:
        self._waiting.append(row)
        if len(self._waiting) >= _ROWS_AT_ONCE:
            self._write()

    def _write(self) -> None:
        if self._waiting and self.is_whole:
            text = self._before + ",\n".join(self._waiting)
            self._room -= len(text)
            self.is_whole = self._room >= 0 and self._written(text)
            self._before = ",\n"
            if not self.is_whole:
                self._make_room()
        self._waiting.clear()

    def _written(self, text: str) -> bool:
        try:
            self._file.write(text)
            self._file.flush()
        except OSError:
            return False
        return True

    def _make_room(self) -> None:
        """Give back the room that is of no use any more: the report itself may need it, or the sorting of its links."""
        with suppress(OSError):
            os.ftruncate(self._file.fileno(), 0)

    def finish(self) -> bool:
        """Say that these were all; whether all of them are there."""
        self._write()
        return self.is_whole

    def array(self) -> Iterator[Shown]:
        """What `json_array` gives of the rows, as often as it is asked for."""
        self._file.seek(0)
        while text := self._file.read(_CHARACTERS_AT_ONCE):
            yield read_back(text)
        yield fill("[\n]" if self._before == "[\n" else "\n]")
