"""Places in a text: the parser counts bytes, the code here code points, a person lines and columns."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

# The line endings of CommonMark (section 2.1). Form feeds and U+2028 end no line in an editor.
LINE_END = re.compile(r"\r\n?|\n")


Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Lines:
    """Where each line of a text begins, in code points."""

    starts: list[int]

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1; a column counts code points."""
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1

    def span(self, offset: int, further: int, length: int) -> tuple[int, int]:
        """Where the line of an offset, or one ``further`` down, begins and ends in a text of that length."""
        index = bisect_right(self.starts, offset) - 1 + further
        start, end = (*self.starts[index : index + 2], length, length)[:2]
        return start, end


def lines_of(text: str) -> Lines:
    """Where the lines of a text begin."""
    return Lines([0, *(match.end() for match in LINE_END.finditer(text))])


def uncovered(spans: Iterable[Span], start: int, end: int) -> Iterator[Span]:
    """What spans leave uncovered of ``text[start:end]``; they may overlap."""
    for span_start, span_end in sorted(spans):
        if span_start > start:
            yield start, span_start
        start = max(start, span_end)
    if start < end:
        yield start, end


def is_in(spans: Sequence[Span], offset: int) -> bool:
    """Whether an offset lies in one of the spans, which are in order and apart."""
    index = bisect_right(spans, offset, key=lambda span: span[0])
    return index > 0 and offset < spans[index - 1][1]


def code_points(text: str, byte_offsets: Iterable[int]) -> dict[int, int]:
    """The code point offset of each UTF-8 byte offset. One pass, however many there are."""
    if text.isascii():
        return {offset: offset for offset in byte_offsets}
    source = text.encode()
    table: dict[int, int] = {}
    last = count = 0
    for offset in sorted(set(byte_offsets)):
        count += len(source[last:offset].decode())
        table[offset] = count
        last = offset
    return table
