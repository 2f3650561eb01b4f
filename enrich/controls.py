"""What hosts answer to questions whose right answer is known, asked once in a run.

A page that is gone may answer with success. Only beside an address that nobody ever gave out does that show, and a
thousand links to such a host need that address no more than once. What is remembered of an answer takes some hundred
bytes, since a run may meet a million hosts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

import anyio

from enrich.model import Doubt, Fetch, Sight, Verdict


@dataclass(slots=True)
class _Control:
    """One question to one host; whoever needs the answer while it is asked waits for it."""

    asking: anyio.Lock = field(default_factory=anyio.Lock)
    seen: Sight | None = None


class Controls:
    """Settles doubts. The questions go through ``fetch``, so that they take their turn and count like any other."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], _Control] = {}

    async def settle(self, doubt: Doubt | None, fetch: Fetch) -> Verdict | None:
        """The verdict that a doubt ends in, or None where it was unfounded or nobody could tell."""
        said: Verdict | Doubt | None = doubt
        while isinstance(said, Doubt):
            said = said.settle(await self._sight(said, fetch))
        return said

    async def _sight(self, doubt: Doubt, fetch: Fetch) -> Sight:
        control = self._known.setdefault((doubt.name, urlsplit(doubt.question.url).netloc), _Control())
        async with control.asking:
            if control.seen is None:
                control.seen = doubt.see(await fetch(doubt.question))
        return control.seen
