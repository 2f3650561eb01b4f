"""Between those who find out and the store: batches results, and holds back what cannot be told yet.

Two sorts of results wait. A failure to get any answer may be our own network's, so it is held until somebody
else answers after it. And a *broken* that is not certain is asked for again at the end of the run before it
is stated. Neither is stored nor counted while it waits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import anyio

from enrich.model import CheckResult, Status, TargetState
from enrich.registry import reason_of
from enrich.store.history import Confirmation
from enrich.store.protocol import DueTarget, Store

BATCH = 100
# Reasons that stand for "no answer at all", whoever's fault that is.
NO_ANSWER = frozenset(
    {
        "dns-not-found",
        "dns-failure",
        "connect-failure",
        "tls-failure",
        "timeout",
        "protocol-error",
        "provider-failure",
    }
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One target, and what asking it gave; ``last_word`` is that of the second look."""

    due: DueTarget
    result: CheckResult
    last_word: bool = False


class Recorder:
    """Takes results from many tasks; one task, `write`, stores them and then reports them counted.

    ``answers`` tells how many answers of any host have come so far.
    """

    def __init__(
        self,
        store: Store,
        rule: Confirmation,
        *,
        answers: Callable[[], int],
        counted: Callable[[CheckResult, TargetState], None],
    ) -> None:
        self._store = store
        self._rule = rule
        self._answers = answers
        self._counted = counted
        self._send, self._receive = anyio.create_memory_object_stream[CheckResult](1000)
        self._held_at = 0
        self.held: list[Asked] = []
        self.doubtful: list[Asked] = []
        self.deferred: list[str] = []

    async def put(self, asked: Asked) -> None:
        """Hand in a result."""
        await self.release_held()
        if _may_be_us(asked.result):
            self.held.append(asked)
            self._held_at = self._answers()
        else:
            await self._place(asked)

    async def release_held(self, *, proven: bool = False) -> None:
        """Let go of held failures once somebody answered after the last of them, or when ``proven``."""
        if self.held and (proven or self._answers() > self._held_at):
            held, self.held = self.held, []
            for asked in held:
                await self._place(asked)

    async def _place(self, asked: Asked) -> None:
        verdict = asked.result.verdict
        certain = (
            asked.last_word or verdict.status is not Status.BROKEN or reason_of(verdict.reason).certain
        )
        if not certain:
            self.doubtful.append(asked)
        elif verdict.status is Status.SKIPPED:
            await self.defer([asked.result.target_id], verdict.reason)
        else:
            await self._send.send(asked.result)

    async def defer(self, ids: Sequence[str], reason: str) -> None:
        """Say of targets that their host had no turn for them; ``deferred`` keeps which, since the reason may turn
        out to be the network."""
        self.deferred.extend(ids)
        await self._store.defer(ids, reason)

    async def close(self) -> None:
        """No more results will come; `write` ends when all are stored."""
        await self._send.aclose()

    async def write(self) -> None:
        """Store results as they come, as many at once as are waiting, and count them once stored."""
        async with self._receive:
            async for first in self._receive:
                batch = [first, *self._waiting(BATCH - 1)]
                states = await self._store.record(batch, self._rule)
                for result, state in zip(batch, states, strict=True):
                    self._counted(result, state)

    def _waiting(self, limit: int) -> list[CheckResult]:
        found: list[CheckResult] = []
        while len(found) < limit:
            try:
                found.append(self._receive.receive_nowait())
            except (anyio.WouldBlock, anyio.EndOfStream):
                break
        return found


def _may_be_us(result: CheckResult) -> bool:
    """Whether nothing came back, so that the fault may lie on our side of the network."""
    return result.verdict.reason in NO_ANSWER and result.http_status is None
