"""Our own network: whether it is up, whether it is honest, and waiting while it is down.

Nobody else is asked about it. Hosts that answered in this run are the first witnesses; after them come *canaries*,
the hosts that have been alive for longest by the cache, or those that the user named. They are asked only when
there is a reason: when the first hosts all fail before anybody answered, when so many fail that it looks like an
outage, when failures at the end of a run have no later answer to stand against, and when what came over plain http
has no certificate beside it to vouch for the network. A run in which answers come costs no extra request.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import anyio

from enrich.model import ALIVE
from enrich.outage import Seen, Window, pauses
from enrich.store.recorder import NAMES, Asked, Recorder
from enrich.urls import host_of

# So many hosts without a valid certificate, and none with one: then somebody answers in their place.
UNSAFE_HOSTS = 3
# A machine that has no network when a run begins seldom gets one soon, and somebody may be looking on.
START_SECONDS = 30.0
# Where no host can be asked whether the network is up, asking on is pointless after so many failures in so long.
HOPELESS_FAILURES = 20
HOPELESS_SECONDS = 15.0


class Web(Protocol):
    """What is needed of the fetcher."""

    @property
    def answers(self) -> int: ...
    @property
    def answered_from(self) -> float: ...
    @property
    def verified_from(self) -> float: ...
    @property
    def names_resolved(self) -> int: ...
    def witnesses(self) -> list[str]: ...
    async def is_up(self, urls: Sequence[str], *, names: bool = False) -> bool: ...
    async def invents_answers(self, *, proxies: bool = True) -> bool: ...
    def forgive(self) -> None: ...


class Network:
    """What is known of our network; `enrich.store.recorder.Proofs`. ``canaries`` is asked for once, when needed."""

    def __init__(self, web: Web, canaries: Callable[[], Awaitable[Sequence[str]]]) -> None:
        self._web = web
        self._find_canaries = canaries
        self._canaries: Sequence[str] | None = None
        self._turn = anyio.Lock()
        self._looked_at = {True: -math.inf, False: -math.inf}
        self._invents = False

    @property
    def answers(self) -> int:
        return self._web.answers

    @property
    def answered_from(self) -> float:
        return self._web.answered_from

    @property
    def verified_from(self) -> float:
        return self._web.verified_from

    @property
    def names_resolved(self) -> int:
        return self._web.names_resolved

    def forgive(self) -> None:
        self._web.forgive()

    async def canaries(self) -> Sequence[str]:
        if self._canaries is None:
            self._canaries = await self._find_canaries()
        return self._canaries

    async def is_up(self, *, names: bool = False) -> bool:
        """Whether a host that answered before, in this run or in earlier ones, answers now."""
        return await self._web.is_up([*self._web.witnesses(), *await self.canaries()], names=names)

    async def knows_names(self) -> bool:
        """Whether anybody who can be asked has a name, which must be found again when the network is back."""
        return any(_has_name(url) for url in [*self._web.witnesses(), *await self.canaries()])

    async def has_witness(self) -> bool:
        """Whether there is anybody to ask."""
        return bool(self._web.witnesses() or await self.canaries())

    async def invents_names(self, since: float) -> bool:
        return await self._look(since, proxies=False)

    async def invents_answers(self) -> bool:
        """Whether a name that cannot exist is answered for by now, through a proxy where one is set."""
        return await self._look(anyio.current_time(), proxies=True)

    async def _look(self, since: float, *, proxies: bool) -> bool:
        """Looked up anew where the last time was before ``since``: a portal's session may end in mid-run."""
        async with self._turn:
            if not self._invents and self._looked_at[proxies] < since:
                began = anyio.current_time()
                self._invents = await self._web.invents_answers(proxies=proxies)
                # Not before: a look that was cut off has seen nothing.
                self._looked_at[proxies] = began
            return self._invents

    async def is_honest(self, *, proven: bool, unsafe_hosts: int, last: bool) -> bool | None:
        if await self.invents_answers():
            return False
        honest = proven or await self._shows_certificate(unsafe_hosts)
        return honest or (False if last and unsafe_hosts else None)

    async def _shows_certificate(self, unsafe_hosts: int) -> bool:
        """Whether a known host shows its certificate; where none is known, nothing may speak against the network."""
        known = [*self._web.witnesses(), *await self.canaries()]
        secure = [url for url in known if url.startswith("https:")]
        return await self._web.is_up(secure) if secure else unsafe_hosts < UNSAFE_HOSTS


def _has_name(url: str) -> bool:
    # On a good day nobody asks.
    from enrich.fetch.address import literal

    return literal(host_of(url)) is None


class Outages:
    """Watches what a run is given, and lets nobody ask while the network is down.

    ``put_back`` makes targets due again; ``waiting`` is told when it begins to wait, and for how long at most. What
    failed in an outage is asked once more after it; what fails a second time while known hosts answer is believed.
    """

    def __init__(
        self,
        network: Network,
        recorder: Recorder,
        put_back: Callable[[Sequence[str]], Awaitable[None]],
        *,
        wait_seconds: float,
        stopping: anyio.Event,
        waiting: Callable[[float], None] = lambda _seconds: None,
    ) -> None:
        self._network = network
        self.recorder = recorder
        self._put_back = put_back
        self._wait_seconds = wait_seconds
        self.stopping = stopping
        self._waiting = waiting
        self._window = Window()
        self._over = anyio.Event()
        self._over.set()
        self.times_put_back = 0
        self._ended_at = float("-inf")
        self._started = anyio.current_time()
        self._again: set[str] = set()
        self._was_down = False
        self._began_well = False
        self._has_looked_back = False
        self.lost = False

    async def may_ask(self) -> bool:
        """Whether asking makes sense; waits for that while the network is being waited for."""
        if not self._over.is_set():
            await self._over.wait()
        if not self.lost and await self._is_hopeless():
            self.lost = True
        return not self.lost

    async def _is_hopeless(self) -> bool:
        """Nobody has answered, many have failed, and there is nobody to ask whether that is us."""
        if self._network.answers or len(self.recorder.held) < HOPELESS_FAILURES:
            return False
        late = anyio.current_time() - self._started > HOPELESS_SECONDS
        return late and not await self._network.has_witness()

    async def take(self, asked: Asked) -> None:
        """Hand a result to the recorder, and wait the outage out that it may have shown."""
        if asked.lacks_answer and asked.began <= self._ended_at:
            # Asked in the last outage; it has only now come to its end.
            await self._ask_again([asked])
            return
        await self.recorder.put(asked)
        self._note(asked)
        if asked.lacks_answer and self._over.is_set() and not self.lost and await self._is_outage():
            await self._wait_out()

    def _note(self, asked: Asked) -> None:
        if asked.is_hearsay and not asked.lacks_answer:
            return
        was = asked.due.was
        seen = Seen(anyio.current_time(), asked.lacks_answer, None if was is None else was in ALIVE)
        self._window = self._window.seen(asked.due.target.host, seen)

    async def _is_outage(self) -> bool:
        now = anyio.current_time()
        self._began_well = self._began_well or self._network.answers > 0
        looks_bad = self._window.is_outage(now) or (not self._began_well and self._window.is_bad_start(now))
        return looks_bad and await self._network.has_witness() and self._over.is_set()

    async def _wait_out(self) -> None:
        """Ask known hosts, with growing pauses, until one answers or patience ends."""
        self._over = anyio.Event()
        try:
            is_back = False
            limit = self._wait_seconds if self._began_well else min(self._wait_seconds, START_SECONDS)
            with anyio.move_on_after(limit) as waiting:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(self._stop_with, waiting)
                    is_back = await self._comes_back(limit)
                    tasks.cancel_scope.cancel()
            if is_back:
                await self._resume()
            elif not self.stopping.is_set():
                # Which of both it is decides what a person is told to do.
                self.recorder.lied_to = await self._network.invents_answers()
                self.lost = True
        finally:
            self._over.set()

    async def _stop_with(self, waiting: anyio.CancelScope) -> None:
        """A run that is to end waits for no network, nor for the answer of one that may be down."""
        await self.stopping.wait()
        waiting.cancel()

    async def _comes_back(self, limit: float) -> bool:
        for count, pause in enumerate(pauses()):
            self._was_down = count > 0
            if count == 1:
                self._waiting(limit)
            await anyio.sleep(pause)
            if await self._network.is_up(names=await self._needs_names()):
                break
        return True

    def _misses_names(self) -> bool:
        return any(asked.result.verdict.reason in NAMES for asked in self.recorder.held)

    async def _needs_names(self) -> bool:
        """Whether the network is back only when names are found; links may all be numbers, which need none."""
        return self._misses_names() or await self._network.knows_names()

    async def wait_if_down(self) -> None:
        """At the end, once: wait, where hosts took no connection and nobody has answered since because the network
        is down. Few hosts are left alone too soon to look like an outage."""
        left_alone = self.recorder.deferred and self.recorder.held
        if not left_alone or self._has_looked_back or self.lost or self.recorder.lied_to:
            return
        if self.stopping.is_set():
            return
        self._has_looked_back = True
        self._began_well = self._began_well or self._network.answers > 0
        if await self._network.has_witness() and not await self._network.is_up(
            names=await self._needs_names()
        ):
            await self._wait_out()

    async def _resume(self) -> None:
        self._began_well = True
        self._ended_at = anyio.current_time()
        self._window = Window()
        self._network.forgive()
        # Hosts that took no connection were left alone, for no fault of theirs.
        await self._put_back(self.recorder.take_deferred())
        self.times_put_back += 1
        await self._ask_again(self.recorder.take_held())

    async def _ask_again(self, failed: Sequence[Asked]) -> None:
        """Once more, what failed in an outage; where the network was up at once, what was alive before alone."""
        again = []
        for asked in failed:
            worth_it = self._was_down or asked.due.was in ALIVE
            if worth_it and asked.due.target.id not in self._again:
                again.append(asked.due.target.id)
            else:
                self.recorder.hold(asked)
        self._again.update(again)
        await self._put_back(again)
        self.times_put_back += 1

    async def settle(self) -> bool:
        """At the end: whether what still waits can be stated, since it is not our network's fault."""
        await self.recorder.release_hearsay(last=True)
        names = self._misses_names()
        if self.recorder.held and not self.recorder.lied_to and await self._network.is_up(names=names):
            await self.recorder.release_held(proven=lambda _asked: True)
        return not (self.recorder.held or self.recorder.hearsay or self.recorder.lied_to)
