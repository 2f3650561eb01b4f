"""The shared store of one owner among many: what it writes is refused once its lease is somebody else's."""

from __future__ import annotations

from collections.abc import Sequence

from enrich.errors import LeaseLostError
from enrich.store.database import Database
from enrich.store.leases import FENCE_HERE, Held
from enrich.store.postgres import PostgresStore

_HOSTS = """
SELECT s.host, count(*) AS due FROM selected s JOIN shard_host h ON h.host = s.host
WHERE h.shard = ? AND s.due = 1 AND s.by_api = 0 GROUP BY s.host ORDER BY 2 DESC, s.host
"""
_PAGES = """
SELECT s.host, count(*) AS due FROM selected s JOIN shard_host h ON h.host = s.host
WHERE h.shard = ? AND s.due = 1 AND s.by_api = 0 AND s.wants_metadata > 0 GROUP BY s.host ORDER BY s.host
"""
_KINDS = """
SELECT s.kind, count(*) AS due FROM selected s JOIN shard_kind k ON k.kind = s.kind
WHERE k.shard = ? AND s.due = 1 AND s.by_api = 1 GROUP BY s.kind ORDER BY s.kind
"""


class FencedStore(PostgresStore):
    """The store of whoever holds a lease. Each transaction that writes raises LeaseLostError when it is lost."""

    def __init__(self, url: str, held: Held) -> None:
        super().__init__(url)
        self._held = held

    def _guard(self, db: Database) -> None:
        if db.execute(FENCE_HERE, self._held.fence).fetchone() is None:
            self._held.lost = True
            raise LeaseLostError(f"{self._held.name}: somebody else holds it now; nothing more is written")


class ShardStore(FencedStore):
    """The store as a worker sees it: the hosts and kinds of one shard are all that there is to ask."""

    def __init__(self, url: str, held: Held, shard: str) -> None:
        super().__init__(url, held)
        self._shard = shard

    async def hosts(self) -> Sequence[tuple[str, int]]:
        return await self._rows(_HOSTS)

    async def pages(self) -> Sequence[tuple[str, int]]:
        return await self._rows(_PAGES)

    async def due_by_api(self) -> Sequence[tuple[str, int]]:
        return await self._rows(_KINDS)

    async def kinds_by_api(self) -> Sequence[str]:
        return [kind for kind, _ in await self.due_by_api()]

    async def canaries(self, limit: int) -> Sequence[str]:
        """None: the longest alive of all hosts are others' to ask."""
        return ()

    async def _rows(self, query: str) -> list[tuple[str, int]]:
        return await self._ask(
            lambda db: [(row[0], row[1]) for row in db.execute(query, (self._shard,)).fetchall()]
        )
