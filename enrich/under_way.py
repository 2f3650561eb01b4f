"""What a run has begun and not brought to its end, so that an interrupt waits for that and for nothing else.

A host that is asked every ten seconds has somebody waiting for a turn at all times, and a run that is to end learns
nothing by waiting along. A question is under way from its turn to its answer, behind all redirects, and so is a result on
its way to the recorder. Between two questions about a target, such as HEAD and GET, nothing is: who counts looks twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class UnderWay:
    """How much is under way."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """While it lasts, there is one more."""
        self.count += 1
        try:
            yield
        finally:
            self.count -= 1
