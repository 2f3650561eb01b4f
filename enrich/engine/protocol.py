"""What an engine is: something that works on shards somewhere, and says of each when it is over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from enrich.engine.shards import Shard


@dataclass(frozen=True, slots=True)
class Ended:
    """A shard whose work is over; ``error`` says why nobody could do it, None where it was done."""

    shard: str
    error: BaseException | None = None


class Engine(Protocol):
    """Works on the shards of one run. A worker knows everything else from the shared cache and its own environment."""

    @property
    def slots(self) -> int:
        """How many shards are worked on at a time."""
        ...

    def submit(self, shard: Shard) -> None:
        """Have a shard worked on, as soon as there is room; the more urgent ones first."""
        ...

    def as_completed(self) -> AsyncIterator[Ended]:
        """The shards that were submitted, as they end."""
        ...

    async def close(self) -> None:
        """Take back what has not begun. What was begun ends by itself when its lease or its driver does."""
        ...
