"""The store of a simulated run: numbers in place of rows, so that a hundred million targets fit.

It gives and takes as `enrich.store.protocol.Store` does, as far as asking needs it. Targets are made when they are taken.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime

from benchmarks.scale_mix import Collection
from enrich.model import CheckResult, Target, TargetState
from enrich.store.history import Confirmation, merge
from enrich.store.protocol import DueTarget

_KINDS = {"doi.org": "doi", "mp.weixin.qq.com": "wechat"}
# arXiv's numbers have five digits in a month.
_PAPERS_A_MONTH = 99_999


def _paper(number: int) -> str:
    month, place = divmod(number, _PAPERS_A_MONTH)
    return f"{15 + month // 12:02}{month % 12 + 1:02}.{place + 1:05}"


def target_of(name: str, number: int) -> Target:
    """The target of that number at a host, or of a kind that an API decides."""
    if name == "github":
        full_name = f"owner-{number % 997}/repository-{number}"
        return Target(
            id=f"github:{full_name}",
            url=f"https://github.com/{full_name}",
            kind="github",
            host="github.com",
        )
    if name == "arxiv":
        paper = _paper(number)
        return Target(
            id=f"arxiv:{paper}", url=f"https://arxiv.org/abs/{paper}", kind="arxiv", host="arxiv.org"
        )
    path = {"doi": f"10.1234/{number}", "wechat": f"s/{number:021}A"}.get(
        _KINDS.get(name, ""), f"page/{number}"
    )
    url = f"https://{name}/{path}"
    return Target(id=f"url:{url}", url=url, kind=_KINDS.get(name, "web"), host=name)


class CountingStore:
    """How many targets are due at each host and for each API, and when each host was asked.

    What a host has no turn for in a run is due in the next one; `next_run` begins the first as well. With ``facts`` the
    metadata of all targets are wanted too.
    """

    def __init__(self, collection: Collection, *, facts: bool) -> None:
        self._facts = facts
        self._due: Counter[str] = Counter()
        self._due_by_api = Counter(collection.by_api)
        self._taken: Counter[str] = Counter()
        self._later = Counter(collection.hosts)
        self._asked: defaultdict[str, list[datetime]] = defaultdict(list)
        self.recorded: Counter[str] = Counter()

    def next_run(self) -> None:
        """What has had no turn yet is due."""
        self._due, self._later = self._later, Counter()

    @property
    def waiting_count(self) -> int:
        return self._later.total()

    async def hosts(self) -> Sequence[tuple[str, int]]:
        return sorted((host, count) for host, count in self._due.items() if count)

    async def pages(self) -> Sequence[tuple[str, int]]:
        return await self.hosts() if self._facts else []

    async def due_by_api(self) -> Sequence[tuple[str, int]]:
        return sorted((kind, count) for kind, count in self._due_by_api.items() if count)

    async def kinds_by_api(self) -> Sequence[str]:
        return [kind for kind, _ in await self.due_by_api()]

    async def take(self, host: str, limit: int) -> list[DueTarget]:
        return self._take(self._due, host, limit)

    async def take_for_api(self, kind: str, limit: int) -> list[DueTarget]:
        return self._take(self._due_by_api, kind, limit)

    def _take(self, due: Counter[str], name: str, limit: int) -> list[DueTarget]:
        count = min(limit, due[name])
        due[name] -= count
        first = self._taken[name]
        self._taken[name] += count
        return [
            DueTarget(
                target=target_of(name, number), wants_metadata=self._facts, lacks_metadata=self._facts
            )
            for number in range(first, first + count)
        ]

    async def record(self, results: Sequence[CheckResult], rule: Confirmation) -> Sequence[TargetState]:
        states = []
        for result in results:
            self.recorded[result.verdict.reason] += 1
            states.append(merge(TargetState(), result, rule))
            if result.target_id.startswith("url:"):
                host = result.target_id.split("/", 3)[2]
                self._asked[host].append(result.at)
        return states

    async def asked_since(self, host: str, since: datetime) -> int:
        asked = self._asked[host]
        return len(asked) - bisect_left(asked, since)

    async def defer_host(self, host: str, reason: str, keep: int = 0) -> int:
        count = self._due[host] - keep
        self._due[host] = keep
        self._later[host] += count
        return count

    async def defer(self, ids: Sequence[str], reason: str) -> None:
        assert not ids, "everybody answers in a simulated run"

    async def release(self, ids: Sequence[str]) -> None:
        assert not ids, "the APIs decide all that they are asked"

    release_unasked = put_back = release

    async def canaries(self, limit: int) -> Sequence[str]:
        return ()
