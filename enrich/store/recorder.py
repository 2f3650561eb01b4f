"""Between those who find out and the store: batches results, and holds back what cannot be told yet.

Four sorts of results wait, neither stored nor counted. A failure to get any answer may be our own network's, so it is
held until somebody else answers after it, and answers for as much as the failure puts in doubt. What came
over plain http may be a captive portal's, so it waits until the network has shown itself honest. A *broken*
that is not certain is asked for again at the end of the run. And a link that was alive and seems gone waits for the
end, when it is known how many others went with it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

import anyio

from enrich.mass_change import Change, is_believed, is_mass_change, sites_changed
from enrich.model import ALIVE, CheckResult, Status, TargetState
from enrich.model.records import record
from enrich.registry import reason_of
from enrich.store.history import Confirmation
from enrich.store.protocol import DueTarget, Store

# Stored with one commit at most, and waiting for that at most.
BATCH = 500
RESULTS_WAITING = 600
# So long others gather behind a commit, which costs nearly as much for one result as for fifty. A run that is killed
# meanwhile asks again for what it was answered in this time.
GATHERING_SECONDS = 0.05
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
# What came over plain http is kept back in bundles of so many, or for so long: one look at the network clears all.
HEARSAY_KEPT = 200
HEARSAY_SECONDS = 20.0
DEFERRED = "host-deferred"
NAMES = frozenset({"dns-not-found", "dns-failure"})
_BY_NAME = frozenset({"dns-not-found", "tls-failure", "connect-failure", "timeout"})
# Judged by ourselves, so that no network has a say in it: made of files, or of the address alone.
_OURS = frozenset({"invalid-url", "unsupported-scheme", "host-deferred", "not-reached"})
_OUR_KIND = "file"


@record(frozen=True, slots=True)
class Asked:
    """One target, and what asking it gave.

    ``last_word`` is that of the second look; ``plain`` says that nobody vouched for the answer by a certificate;
    ``began`` is when it was asked and ``held_at`` when it was held, on the clock of the event loop;
    ``names_then`` tells how many names had been found by then.
    """

    due: DueTarget
    result: CheckResult
    last_word: bool = False
    plain: bool = False
    began: float = float("inf")
    held_at: float = 0.0
    names_then: int = 0

    def held(self, at: float, names: int = 0) -> Asked:
        """The same, held since then."""
        return Asked(self.due, self.result, self.last_word, self.plain, self.began, at, names)

    @property
    def lacks_answer(self) -> bool:
        """Whether nothing came back, so that the fault may lie on our side of the network."""
        return self.result.verdict.reason in NO_ANSWER and self.result.http_status is None

    @property
    def is_hearsay(self) -> bool:
        """Whether anybody on the way may have said this."""
        reason = self.result.verdict.reason
        # A portal's name server sends everybody to an address of its own network.
        return reason not in _OURS and (self.plain or reason == "forbidden-address")


class Proofs(Protocol):
    """What has shown so far that the network works.

    ``answered_from`` is when the latest of the questions was asked that were answered, ``verified_from`` the same for
    answers under a certificate: an answer to a question from before a failure proves nothing about the time after.
    """

    @property
    def answered_from(self) -> float: ...
    @property
    def verified_from(self) -> float: ...
    @property
    def names_resolved(self) -> int: ...
    async def invents_names(self, since: float) -> bool:
        """Whether our resolver knows a name that cannot exist, looked up at ``since`` or later."""
        ...

    async def is_honest(self, *, proven: bool, unsafe_hosts: int, last: bool) -> bool | None:
        """Whether what came over plain http until now can be believed; None when that is not clear yet.

        ``proven``: a certificate was shown after all of it. ``unsafe_hosts`` had none to show. ``last``: there is no
        later.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What became of the links that were alive and seem gone: the hosts that changed as a whole with how many
    of their links did, and how many links of others are withheld, of how many that were asked; their addresses."""

    sites: Mapping[str, Change] = field(default_factory=dict)
    walls: Mapping[str, Change] = field(default_factory=dict)
    withheld: int = 0
    asked: int = 0
    examples: Sequence[str] = ()


class Recorder:
    """Takes results from many tasks; one task, `write`, stores them and then reports them counted."""

    def __init__(
        self,
        store: Store,
        rule: Confirmation,
        *,
        proofs: Proofs,
        counted: Callable[[CheckResult, TargetState], None],
        clock: Callable[[], float] = anyio.current_time,
    ) -> None:
        """``clock`` is that of the event loop: anyio's takes ten times as long, to find out which loop that is."""
        self._store = store
        self._rule = rule
        self._proofs = proofs
        self._counted = counted
        self._clock = clock
        # A list and not a stream of anyio, which takes 5 µs to hand each result on.
        self._waiting: list[CheckResult] = []
        self._arrived = anyio.Event()
        self._taken = anyio.Event()
        self._closing = anyio.Event()
        self._is_over = False
        self._asked_alive: Counter[str] = Counter()
        self._blocked: Counter[str] = Counter()
        self._hearsay_at = 0.0
        self._hearsay_unclear = 0
        self._releasing = anyio.Lock()
        self._holds_plain = False
        self._news: tuple[float, int, float | None] | None = None
        self.lied_to = False
        self.held: list[Asked] = []
        self.hearsay: list[Asked] = []
        self.doubtful: list[Asked] = []
        self.leaving: list[Asked] = []
        self.deferred: list[str] = []

    async def put(self, asked: Asked) -> None:
        """Hand in a result. It is kept before anything is waited for: who hands it in may be cut off at any moment."""
        if asked.lacks_answer:
            self.hold(asked)
        elif asked.is_hearsay:
            now = self._clock()
            if not self.hearsay:
                self._hearsay_at = now + HEARSAY_SECONDS
            self.hearsay.append(asked.held(now))
        else:
            await self._place(asked)
        if self.held:
            await self.release_held()
        if self._is_time_for_hearsay(last=False):
            await self.release_hearsay()

    def hold(self, asked: Asked) -> None:
        """Keep a failure back until something speaks for the network."""
        now, names = self._clock(), self._proofs.names_resolved
        self.held.append(asked.held(now, names))
        self._holds_plain = self._holds_plain or asked.plain

    def _is_cleared(self, asked: Asked) -> bool:
        """Whether the network has done since this failure what failed in it: found a name, got a safe answer."""
        proofs = self._proofs
        if asked.result.verdict.reason in NAMES and proofs.names_resolved == asked.names_then:
            return False
        return asked.held_at <= (proofs.answered_from if asked.plain else proofs.verified_from)

    def _has_news(self) -> bool:
        """Whether anything has spoken for the network since held failures were gone through, thousands perhaps."""
        proofs = self._proofs
        # An answer without a certificate clears those alone that came without one.
        plain = proofs.answered_from if self._holds_plain else None
        news = proofs.verified_from, proofs.names_resolved, plain
        known, self._news = self._news, news
        return news != known

    async def release_held(self, *, proven: Callable[[Asked], bool] | None = None) -> None:
        """Let go of held failures that are cleared by what happened after them, or are ``proven``."""
        clear = proven or self._is_cleared
        if self.lied_to or not self.held or not (proven or self._has_news()):
            return
        free = [asked for asked in self.held if clear(asked)]
        self.held = [asked for asked in self.held if not clear(asked)]
        self._holds_plain = any(asked.plain for asked in self.held)
        # A missing name, or one that led to a stranger, may be the work of a resolver that was taken over.
        suspect = [asked.held_at for asked in free if asked.result.verdict.reason in _BY_NAME]
        try:
            invents = bool(suspect) and await self._proofs.invents_names(max(suspect))
        except BaseException:
            # Cut off while looking: they are held as before.
            self._hold_again(free)
            raise
        if invents:
            self.lied_to = True
            self._hold_again(free)
            return
        await self._place_all(free)

    def _hold_again(self, free: Sequence[Asked]) -> None:
        self.held = [*free, *self.held]
        self._holds_plain = any(asked.plain for asked in self.held)
        self._news = None

    async def release_hearsay(self, *, last: bool = False) -> None:
        """Let go of what came over plain http, many at a time, once the network has shown itself honest after it."""
        if not self._is_time_for_hearsay(last=last):
            return
        # Whoever hands in more meanwhile waits here: results come faster than they can be stored.
        async with self._releasing:
            if self._is_time_for_hearsay(last=last):
                await self._release_hearsay(last=last)

    def _is_time_for_hearsay(self, *, last: bool) -> bool:
        if not self.hearsay or self.lied_to:
            return False
        many = len(self.hearsay) >= HEARSAY_KEPT * (1 + self._hearsay_unclear)
        return last or many or self._clock() >= self._hearsay_at

    async def _release_hearsay(self, *, last: bool) -> None:
        self._hearsay_at = self._clock() + HEARSAY_SECONDS
        waiting, self.hearsay = self.hearsay, []
        safe_from = self._proofs.verified_from
        proven = [one for one in waiting if one.held_at <= safe_from]
        unproven = [one for one in waiting if one.held_at > safe_from]
        free, rest = (proven, unproven) if proven and not last else (waiting, [])
        unsafe = {one.due.target.host for one in self.held if one.result.verdict.reason == "tls-failure"}
        try:
            honest = await self._proofs.is_honest(
                proven=len(free) == len(proven), unsafe_hosts=len(unsafe), last=last
            )
        except BaseException:
            # Cut off while looking: what was answered waits for who settles the run.
            self.hearsay = [*waiting, *self.hearsay]
            raise
        self.lied_to = self.lied_to or honest is False
        self._hearsay_unclear = 0 if honest else self._hearsay_unclear + 1
        self.hearsay = [*rest, *self.hearsay] if honest else [*waiting, *self.hearsay]
        await self._place_all(free if honest else ())

    def take_held(self) -> list[Asked]:
        """Hand over the held failures, which are nobody's but the caller's then."""
        held, self.held = self.held, []
        return held

    def take_deferred(self) -> list[str]:
        """Hand over the ids of those that were not asked, for which somebody else answers then."""
        deferred, self.deferred = self.deferred, []
        return deferred

    async def _place_all(self, free: Iterable[Asked]) -> None:
        # They are in no list any more, so that a deadline must not come between them and the store.
        with anyio.CancelScope(shield=True):
            for asked in free:
                await self._place(asked)

    async def _place(self, asked: Asked) -> None:
        verdict = asked.result.verdict
        broken = verdict.status is Status.BROKEN
        if broken and not asked.last_word and not reason_of(verdict.reason).certain:
            # What was held for another reason has been doubtful since then.
            self.doubtful.append(replace(asked, held_at=asked.held_at or self._clock()))
            return
        if verdict.status is Status.SKIPPED:
            await self.defer([asked.result.target_id], verdict.reason)
            return
        if asked.due.was in ALIVE and asked.due.target.kind != _OUR_KIND:
            host = asked.due.target.host
            self._asked_alive[host] += 1
            self._blocked[host] += verdict.status is Status.BLOCKED
            if broken:
                self.leaving.append(asked)
                return
        await self._store_later(asked.result)

    async def _store_later(self, result: CheckResult) -> None:
        """Hand a result to `write`, and then wait where that is behind; to yield for each costs a turn of the loop."""
        self._waiting.append(result)
        self._arrived.set()
        while len(self._waiting) > RESULTS_WAITING and not self._is_over:
            await self._taken.wait()
        if self._is_over:
            raise anyio.BrokenResourceError

    @property
    def tallies(self) -> tuple[Mapping[str, int], Mapping[str, int]]:
        """By host, how many were asked that were alive before, and how many of those refused us."""
        return self._asked_alive, self._blocked

    def add(
        self, leaving: Iterable[Asked], asked_alive: Mapping[str, int], blocked: Mapping[str, int]
    ) -> None:
        """Take note of what others found, who stored the rest: links that seem gone, and the tallies beside them."""
        self.leaving.extend(leaving)
        self._asked_alive.update(asked_alive)
        self._blocked.update(blocked)

    async def conclude(self, now: datetime, *, accept: bool = False) -> Verdicts:
        """At the end: state which links are gone, and withhold those that went with too many others."""
        leaving, self.leaving = self.leaving, []
        new = [one for one in leaving if not accept and not is_believed(one.due.doubted_since, now)]
        changes = self._changes(new)
        sites = sites_changed(changes)
        mass = is_mass_change(changes, apart_from=sites)
        withheld = [one for one in new if mass or one.due.target.host in sites]
        others = [one for one in withheld if one.due.target.host not in sites]
        notes = {one.result.target_id: _note(one) for one in withheld}
        for one in leaving:
            await self._store_later(replace(one.result, withheld=notes.get(one.result.target_id)))
        return Verdicts(
            sites={host: changes[host] for host in sorted(sites)},
            walls=self._walls(),
            withheld=len(others),
            asked=sum(self._asked_alive.values()),
            examples=sorted(one.due.target.url for one in others),
        )

    def _changes(self, leaving: Iterable[Asked]) -> dict[str, Change]:
        gone: defaultdict[str, int] = defaultdict(int)
        for one in leaving:
            gone[one.due.target.host] += 1
        return {host: Change(asked=asked, gone=gone[host]) for host, asked in self._asked_alive.items()}

    def _walls(self) -> dict[str, Change]:
        """Hosts whose links were alive and that refuse nearly all of them now; their verdicts stand anyway."""
        found = {
            host: Change(asked=self._asked_alive[host], gone=count) for host, count in self._blocked.items()
        }
        return {host: found[host] for host in sorted(sites_changed(found))}

    async def defer(self, ids: Sequence[str], reason: str) -> None:
        """Say of targets why they were not asked; ``deferred`` keeps those that their host had no turn for, since the
        reason may turn out to be the network."""
        if reason == DEFERRED:
            self.deferred.extend(ids)
        await self._store.defer(ids, reason)

    async def close(self) -> None:
        """No more results will come; `write` ends when all are stored."""
        self._closing.set()
        self._arrived.set()

    async def write(self) -> None:
        """Store results as they come, as many at once as are waiting, and count them once stored."""
        try:
            while batch := await self._next_batch():
                states = await self._store.record(batch, self._rule)
                for result, state in zip(batch, states, strict=True):
                    self._counted(result, state)
                # Afterwards, since a result that was taken out and not stored yet could be lost here.
                with anyio.move_on_after(GATHERING_SECONDS):
                    await self._closing.wait()
        finally:
            # Whoever waits for room must not wait for one who is gone.
            self._is_over = True
            self._taken.set()

    async def _next_batch(self) -> list[CheckResult]:
        """Results once there are any, the oldest first; none where no more will come."""
        while not self._waiting and not self._closing.is_set():
            self._arrived = anyio.Event()
            await self._arrived.wait()
        batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
        self._taken.set()
        self._taken = anyio.Event()
        return batch


def _note(asked: Asked) -> str:
    """What a person reads of a link whose older verdict stands for now."""
    return (
        f"it seems gone ({asked.result.verdict.reason}), together with so many others that it is not believed yet; "
        "it is asked again in a later run, and believed if that is at least a day later"
    )
