"""`Fetcher.fetch`: one question to the web, and an outcome whatever happens.

The order of concerns is the design. A retry stands outside the gate, so nothing is held while it waits. Each
hop of a redirect goes through the guard and takes its turn in the lane of its own host. One deadline covers all
hops and the body, but not the wait for a turn: a crowded host does not make its links time out. What a host
says about being asked (429, 503, `Retry-After`, robots.txt) changes its lane before the body is read. Redirects are
followed by hand, since httpx reads the whole body of every redirect, without a cap, to throw it away.
"""

from __future__ import annotations

import random as dice
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache, partial
from types import MappingProxyType, TracebackType
from typing import Self

import anyio
import httpx
import tenacity

from enrich.errors import ElsewhereError
from enrich.fetch import retry
from enrich.fetch.address import Guard, literal, parse_nets
from enrich.fetch.attempt import Attempt
from enrich.fetch.body import Answered, read_wanted
from enrich.fetch.budgets import Budgets
from enrich.fetch.faults import OutOfTimeError, fault_of, is_before_connection
from enrich.fetch.hops import Address, Origin, address_of, headers_of, told
from enrich.fetch.hosts import LANES_KEPT, Hosts
from enrich.fetch.names import Resolve, system_resolver
from enrich.fetch.pace import Fault
from enrich.fetch.politeness import Lane, LaneState
from enrich.fetch.proxies import Proxies, proxies_from_environment
from enrich.fetch.robots import NO_RULES, Rules, question, rules_of
from enrich.fetch.settings import FetchSettings
from enrich.fetch.transport import (
    Adapted,
    Exchange,
    LateTurnError,
    OriginTransport,
    Question,
    StaleConnectionError,
)
from enrich.fetch.witnesses import NO_NAME, Finder, Witnesses
from enrich.model import Failure, FailureKind, Outcome, Purpose, Request, Response, was_silent
from enrich.under_way import UnderWay

__all__ = ["FetchSettings", "Fetcher", "Transport", "proxies_from_environment"]

Transport = httpx.AsyncBaseTransport
"""What may stand in for the network: an answer for every request."""

# As browsers begin it: crates.io and other registries answer 404 to who does not ask for a page by name.
ACCEPT = "text/html,application/xhtml+xml,*/*;q=0.8"

_OUT_OF_TIME = Fault(FailureKind.TIMEOUT, "the answer did not come in time")

# What a proxy says for itself, when a plain http question goes through it.
_PROXY_STATUSES = frozenset({407, 502, 504})

# Why a redirect is not followed to a host that has had its share.
_NO_PLACE = "it leads to a host to which no more links are followed in this run"


class Fetcher:
    """Asks the web. Use as an async context manager; `fetch` may be called by many tasks at once.

    ``transport`` takes the place of the network (a small web in the process); ``resolve`` that of the system's
    resolver; ``random`` gives 0 to 1; ``now`` is the wall clock, in which ``Retry-After`` may speak.

    ``held_until`` says which hosts wanted to be left alone until when in earlier runs; ``on_hold`` is told the same
    of this one, whenever a host asks for it, before the answer is handed on.
    """

    def __init__(
        self,
        settings: FetchSettings,
        transport: Transport | None = None,
        *,
        resolve: Resolve | None = None,
        random: Callable[[], float] = dice.random,
        now: Callable[[], datetime] = lambda: datetime.fromtimestamp(time.time(), UTC),
        held_until: Mapping[str, datetime] = MappingProxyType({}),
        on_hold: Callable[[str, datetime], None] | None = None,
    ) -> None:
        self._settings = settings
        self._guard = Guard(parse_nets(settings.allow_nets), settings.allow_private)
        self._proxies = Proxies(settings.proxies, settings.no_proxy)
        self._resolve = resolve or system_resolver()
        self._own = self._network(self._resolve) if transport is None else None
        self._web: Exchange | None = Adapted(transport) if transport else self._own
        self._hosts = Hosts(settings, random=random, now=now, held_until=held_until, on_hold=on_hold)
        self._budgets = Budgets(settings.budget_of)
        # What is the same for every question to an origin.
        self._headers = lru_cache(LANES_KEPT)(self._headers_for)
        self._refusal = lru_cache(LANES_KEPT)(self._refusal_for)
        self._reads_robots = lru_cache(LANES_KEPT)(settings.reads_robots)
        self._witnesses = Witnesses(self._attempt, self._hosts, self._finder())
        self.requests = 0
        self.under_way = UnderWay()

    def _network(self, resolve: Resolve) -> OriginTransport:
        return OriginTransport(
            guard=self._guard,
            resolve=resolve,
            proxies=self._proxies,
            ca_bundle=self._settings.ca_bundle,
            is_wanted=lambda origin: self._hosts.is_busy(origin[1]),
            most_idle=self._settings.most_idle,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with anyio.CancelScope(shield=True):
            assert self._web is not None
            await self._web.aclose()

    def _finder(self) -> Finder | None:
        """How names are found by us; a web that stands in for the network has names of its own."""
        if self._own is None:
            return None
        return Finder(self._resolve, self._proxies, self._settings.timeout_seconds)

    @property
    def answered(self) -> bool:
        """Whether any host gave an answer in this run; what a proxy says for itself is none."""
        return self._witnesses.answers > 0

    @property
    def answers(self) -> int:
        """How many answers hosts gave in this run."""
        return self._witnesses.answers

    @property
    def answered_from(self) -> float:
        """When the latest question was asked that got an answer, by the clock of the event loop."""
        return self._witnesses.answered_from

    @property
    def verified_from(self) -> float:
        """The same of those that were answered under a certificate."""
        return self._witnesses.verified_from

    def witnesses(self) -> list[str]:
        """Addresses that answered in this run, the last ones first."""
        return self._witnesses.latest()

    async def is_up(self, urls: Sequence[str], *, names: bool = False) -> bool:
        """Whether one of these hosts answers; with ``names`` its name must be found again first."""
        return await self._witnesses.is_up(urls, names=names)

    async def invents_answers(self, *, proxies: bool = True) -> bool:
        """Whether somebody answers for a name that cannot exist; without ``proxies`` no proxy is asked."""
        return await self._witnesses.invents_answers(proxies=proxies)

    @property
    def has_used_proxy(self) -> bool:
        """Whether a proxy decided for anything that was asked which address it leads to."""
        return self._own is not None and self._own.has_used_proxy

    @property
    def names_resolved(self) -> int:
        """How many names turned out to exist in this run; 0 where a proxy resolves them."""
        return self._own.names_resolved if self._own else self._witnesses.names_answered

    def lanes(self) -> Mapping[str, LaneState]:
        """The hosts that somebody is waiting for or asking; of those that share a lane, the first."""
        return self._hosts.busy()

    def remember(self, held_until: Mapping[str, datetime]) -> None:
        """Take note of the holds of those who asked before us, as long as we have asked nobody ourselves."""
        self._hosts.remember(held_until)

    def forgive(self) -> None:
        """Forget which hosts took no connection: it was not their fault."""
        self._hosts.forgive()

    def hold_back(self, host: str, seconds: float) -> None:
        """Leave a host alone for so long, as if it had asked for that: whoever judges its pages saw that it refuses."""
        self._hosts.hold_back(host, seconds)

    def grant(self, host: str, count: int) -> int:
        """Set places in a host's budget aside for links that name it; how many of ``count`` there is room for."""
        return self._budgets.grant(host, count)

    @property
    def places_taken(self) -> Mapping[str, int]:
        """How many places are taken in the budgets of hosts that have one."""
        return self._budgets.taken

    async def fetch(self, request: Request) -> Outcome:
        """Ask, follow redirects, and ask again where that may help. Faults of the web are outcomes."""
        outcome = await self._attempt(request, self.under_way)
        retries = self._settings.retries - request.asked_before
        if request.retry and retries > 0 and self._is_worth_asking_again(request, outcome):
            return await self._ask_again(request, outcome, retries)
        return outcome

    def _is_worth_asking_again(self, request: Request, outcome: Outcome) -> bool:
        """Transient, not left to whoever asked, and the host neither deferred nor down."""
        if not retry.is_transient(outcome) or (was_silent(outcome) and not request.retries_silence):
            return False
        address = address_of(outcome.url)
        return address is not None and self._hosts.lane(address.host).refusal(address.origin) is None

    async def _ask_again(self, request: Request, first: Outcome, retries: int) -> Outcome:
        """The retries after a first attempt. Nothing is held while one waits for its time."""
        attempts, known = 1, first

        def last_outcome(state: tenacity.RetryCallState) -> Outcome:
            assert state.outcome is not None
            last: Outcome = state.outcome.result()
            return last

        async def attempt() -> Outcome:
            nonlocal attempts, known
            outcome = await self._attempt(request, self.under_way)
            if isinstance(outcome, Failure) and outcome.kind is FailureKind.HOST_DEFERRED:
                return known  # that was not asked, so what was said before stands
            attempts += 1
            known = outcome
            return outcome

        def pause(times: int) -> float:
            return retry.pause(times, self._settings.backoff_seconds)

        await anyio.sleep(pause(1))
        retrying = tenacity.AsyncRetrying(
            sleep=anyio.sleep,
            stop=tenacity.stop_after_attempt(retries),
            wait=lambda state: pause(state.attempt_number + 1),
            retry=tenacity.retry_if_result(partial(self._is_worth_asking_again, request)),
            retry_error_callback=last_outcome,
        )
        outcome: Outcome = await retrying(attempt)
        return replace(outcome, attempts=attempts)

    async def _attempt(
        self, request: Request, under_way: UnderWay | None = None, *, minds_robots: bool = True
    ) -> Outcome:
        """One pass through all hops; ``under_way`` counts it from its first turn on."""
        first = address_of(request.url)
        host = first.host if first else ""
        limit = self._settings.timeout_of(host) if host else None
        minds_robots = minds_robots and request.purpose is not Purpose.API
        state = Attempt(request.url, host, limit or self._settings.timeout_seconds, minds_robots)
        try:
            while True:
                step = await self._hop(request, state, under_way)
                if not isinstance(step, Request):
                    return step
                request = step
        finally:
            if state.has_begun and under_way is not None:
                under_way.count -= 1

    async def _hop(self, request: Request, state: Attempt, under_way: UnderWay | None) -> Outcome | Request:
        """Ask one address in its host's turn: the outcome, or the next question after a redirect."""
        address = address_of(request.url)
        if address is None:
            return state.unaskable(request.url)
        if refusal := self._refusal(*address.origin):
            return state.failure(FailureKind.FORBIDDEN_ADDRESS, refusal, address.url)
        if request.purpose is not Purpose.API and not self._is_ours(address.host):
            raise ElsewhereError(address.host)
        if address.host != state.host and not self._budgets.admits(address.host, state.link):
            return state.failure(FailureKind.HOST_DEFERRED, _NO_PLACE, address.url)
        # Nothing stirs whoever waits: a lease is renewed in a thread, which knows no loop.
        while not self._settings.ground.check():  # noqa: ASYNC110
            await anyio.sleep(self._settings.ground.look_again_seconds)
        lane = self._hosts.lane(address.host)
        rules = NO_RULES
        if state.minds_robots and self._reads_robots(address.host):
            rules = await self._rules(address, lane)
        async with lane.turn(address.origin) as refusal:
            if refusal is not None:
                return state.failure(FailureKind.HOST_DEFERRED, refusal, address.url)
            if self._settings.respect_robots and not rules.allows(address.url):
                return state.failure(FailureKind.ROBOTS_DISALLOWED, rules.origin, address.url)
            if under_way is not None and not state.has_begun:
                state.has_begun = True
                under_way.count += 1
            return await self._ask(request, address, lane, state)

    def _is_ours(self, host: str) -> bool:
        return host.endswith(NO_NAME) or self._settings.ground.is_ours(host)

    async def _rules(self, address: Address, lane: Lane) -> Rules:
        """What robots.txt of this origin says; it is asked for once in a run.

        An origin with a single link is not asked twice for it: only the second address that is wanted of it makes
        the file worth a request. Whoever respects what is disallowed must know before the first.
        """
        known = self._hosts.robots_of(address)
        if known.rules is not None:
            return known.rules
        if not self._settings.respect_robots and not known.reading and known.first_url == address.url:
            return NO_RULES
        known.reading = True
        async with known.lock:
            if known.rules is None and lane.refusal(address.origin) is None:
                outcome = await self._attempt(question(address.url), minds_robots=False)
                known.rules = rules_of(outcome, respect=self._settings.respect_robots)
                lane.widen(known.rules.crawl_delay_seconds)
        return known.rules or NO_RULES

    def _refusal_for(self, scheme: str, host: str, port: int) -> str | None:
        """What the guard says before anything is resolved; for names that others resolve, all that it can say."""
        if ip := literal(host):
            return self._guard.refusal(ip, port)
        if self._own is None or self._proxies.choose(scheme, host, port):
            return self._guard.name_refusal(host, port)
        return None

    async def _ask(
        self, request: Request, address: Address, lane: Lane, state: Attempt
    ) -> Outcome | Request:
        """Send and receive within what is left of the deadline."""
        started = lane.clock()
        until = started + state.seconds_left
        fresh, state.fresh = state.fresh, False
        result = await self._exchange(request, address, lane, state, until, fresh=fresh)
        spent = lane.clock() - started
        if result is _OUT_OF_TIME and spent >= self._settings.connect_timeout_seconds:
            lane.unanswered(address.url, started)
        state.elapsed_seconds += spent
        state.seconds_left -= spent
        if result is None:
            return request
        if isinstance(result, Fault):
            return state.failure(result.kind, result.detail, address.url)
        return state.following(request, address, result)

    async def _exchange(
        self, request: Request, address: Address, lane: Lane, state: Attempt, until: float, *, fresh: bool
    ) -> Response | Fault | None:
        """One question and its answer. Every error of the network becomes a fault here, and only here.

        None when the connection turned out to be a stale one, or the turn: it is asked again in another turn.
        """
        assert self._web is not None
        was_sent, asked_at = True, lane.clock()
        try:
            answered = await self._web.exchange(
                self._question(request, address, partial(self._check, lane, state, asked_at)),
                self._settings.connect_timeout_seconds,
                until=until,
                fresh=fresh,
            )
            lane.connected(address.origin)
            return await self._receive(request, address, lane, answered, asked_at)
        except StaleConnectionError:
            state.fresh = True
            return None
        except LateTurnError:
            was_sent = False
            lane.connected(address.origin)
            return None
        except OutOfTimeError:
            # Neither that the host takes connections nor that it does not.
            return _OUT_OF_TIME
        except Exception as error:
            fault = fault_of(error)
            if fault is None:
                raise
            was_sent = not is_before_connection(error)
            if was_sent:
                lane.connected(address.origin)
            elif fault.kind in retry.TRANSIENT_FAILURES:
                lane.unconnected(address.origin, fault)
            return fault
        finally:
            self.requests += was_sent

    def _check(self, lane: Lane, state: Attempt, booked_at: float) -> None:
        """Just before a question is sent: whether its turn is still one, and we may still ask.

        Where connections take longer than a gap each time, the second turn is as late as the first.
        """
        if not self._settings.ground.check():
            raise LateTurnError
        grace = self._settings.connect_timeout_seconds if state.was_late else 0.0
        if not lane.lets_go(booked_at, grace):
            state.was_late = True
            raise LateTurnError

    def _question(self, request: Request, address: Address, check: Callable[[], None]) -> Question:
        """The request as it is sent; ``check`` is the last look before."""
        headers = self._headers(address.origin, address.authority, request.headers)
        return Question(request.method, address.origin, address.target, headers, request.body, check)

    def _headers_for(
        self, origin: Origin, authority: str, own: tuple[tuple[str, str], ...]
    ) -> tuple[tuple[bytes, bytes], ...]:
        """What everybody gets, what this host gets, and what a question says itself."""
        headers = {
            "host": authority,
            "user-agent": self._settings.user_agent,
            "accept": ACCEPT,
            **{name.lower(): value for name, value in told(self._settings.headers_of(origin[1]), origin)},
            **{name.lower(): value for name, value in own},
            "accept-encoding": "gzip",
        }
        return tuple((name.encode("ascii"), value.encode("utf-8")) for name, value in headers.items())

    async def _receive(
        self, request: Request, address: Address, lane: Lane, answered: Answered, asked_at: float
    ) -> Response | Fault:
        """Read an answer as far as it is wanted. One that has more to come costs its connection."""
        try:
            return await self._read(request, address, lane, answered, asked_at)
        finally:
            if not answered.is_complete:
                with anyio.CancelScope(shield=True):
                    await answered.aclose()

    async def _read(
        self, request: Request, address: Address, lane: Lane, answered: Answered, asked_at: float
    ) -> Response | Fault:
        """Take note of what the answer says about manners, and read as much of it as is wanted."""
        answer = Response(url=address.url, status=answered.status, headers=headers_of(answered.headers))
        if self._is_the_proxys(address, answer.status):
            if answer.status == 407:
                return Fault(FailureKind.CONNECT, "proxy: it asks for a user name and password (407)")
        elif not address.host.endswith(NO_NAME):
            self._witnesses.answered(address, asked_at, lane.clock())
        self._hosts.mind(address.host, lane, answer, asked_at)
        body, truncated = await read_wanted(request, answer, answered)
        return replace(answer, body=body, truncated=truncated) if body or truncated else answer

    def _is_the_proxys(self, address: Address, status: int) -> bool:
        """Whether a proxy may have said this itself; in a tunnel (https) it cannot."""
        if self._own is None or address.scheme != "http" or status not in _PROXY_STATUSES:
            return False
        return self._proxies.choose(*address.origin) is not None
