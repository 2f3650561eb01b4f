"""What the answers of a run say about our own network, and asking anew whether it is up and honest.

A failure counts against a host only where something else shows that we could have reached it. So it is noted which
hosts answered last, and when the questions were asked that got answers; what follows from that is for
`enrich.network` to say. The asking itself is the fetcher's, so that these few questions pass the guard and wait for
their turns like all others.

What surprised us: a witness has to be asked in the lane of its own host, which may be full, or may have failed so
often in the outage that it would not ask at all. And a resolver that knows a name that cannot exist is nothing rare.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import anyio

from enrich.errors import ElsewhereError
from enrich.fetch.address import literal
from enrich.fetch.hops import Address, address_of
from enrich.fetch.hosts import Hosts
from enrich.fetch.names import Resolve
from enrich.fetch.proxies import Proxies
from enrich.model import Outcome, Request, Response

# How many hosts are remembered as witnesses that the network is up.
_WITNESSES = 3
# One that takes longer to answer is a witness only for want of others.
_WITNESS_SECONDS = 1.0

# Names that cannot exist (RFC 6761 section 6.4): whoever answers for one answers in place of others.
NO_NAME = ".invalid"


class Ask(Protocol):
    """One pass through all hops, without retries; raises ElsewhereError where another worker is to ask."""

    async def __call__(self, request: Request, *, minds_robots: bool = True) -> Outcome: ...


@dataclass(frozen=True, slots=True)
class Finder:
    """How names are found: by our resolver, or by the proxy that a question goes through."""

    resolve: Resolve
    proxies: Proxies
    timeout_seconds: float

    def leaves_to_proxy(self, address: Address) -> bool:
        """Whether a proxy looks this name up."""
        return self.proxies.choose(*address.origin) is not None

    async def finds(self, address: Address) -> bool:
        """Whether the resolver still finds a name; names that a proxy looks up are its affair."""
        if self.leaves_to_proxy(address):
            return True
        if literal(address.host):
            return False
        try:
            with anyio.fail_after(self.timeout_seconds):
                return bool(await self.resolve(address.host.strip("[]"), address.port))
        except OSError:
            # A TimeoutError is one as well.
            return False


class Witnesses:
    """The hosts that answered, and what can be learned from asking them again.

    ``finder`` is None where a web in the process takes the place of the network, and no name has to be found.
    """

    def __init__(self, ask: Ask, hosts: Hosts, finder: Finder | None) -> None:
        self._ask = ask
        self._hosts = hosts
        self._finder = finder
        self._latest: dict[str, str] = {}
        self._names: set[str] = set()
        self.answers = 0
        # When the latest question was asked that got an answer, and the latest one under a certificate.
        self.answered_from = -math.inf
        self.verified_from = -math.inf

    @property
    def names_answered(self) -> int:
        """How many hosts gave an answer."""
        return len(self._names)

    def answered(self, address: Address, asked_at: float, now: float) -> None:
        """Take note that a host answered a question of that moment."""
        self.answers += 1
        self.answered_from = max(self.answered_from, asked_at)
        if address.scheme == "https":
            self.verified_from = max(self.verified_from, asked_at)
        self._names.add(address.host)
        self._remember(address, now - asked_at)

    def _remember(self, address: Address, seconds: float) -> None:
        """Keep the hosts that answered last, as witnesses that the network is up.

        Towards the end of a run only slow hosts are left, and whoever asks them whether the network is up waits again.
        """
        if seconds > _WITNESS_SECONDS and len(self._latest) >= _WITNESSES:
            return
        self._latest.pop(address.host, None)
        self._latest[address.host] = address.url
        if len(self._latest) > _WITNESSES:
            del self._latest[next(iter(self._latest))]

    def latest(self) -> list[str]:
        """Addresses that answered in this run, the last ones first."""
        return list(reversed(self._latest.values()))

    async def is_up(self, urls: Sequence[str], *, names: bool = False) -> bool:
        """Whether one of these hosts answers. With ``names`` its name must be found again first, for which a host
        that is written as a number is no witness.

        A host in whose name a certificate speaks is asked where there is one: others can be spoken for.
        """
        secure = [url for url in urls if url.startswith("https:")]
        for url in sorted(secure or urls, key=self._under_way):
            address = address_of(url)
            if address is None or (names and self._finder and not await self._finder.finds(address)):
                continue
            # It may have failed so often in an outage that its lane would not even ask.
            self._hosts.lane(address.host).forgive()
            now = anyio.current_time()
            # A redirect is an answer, wherever it leads.
            with suppress(ElsewhereError):
                await self._ask(Request(url=url, method="HEAD", retry=False), minds_robots=False)
            if (self.verified_from if secure else self.answered_from) >= now:
                return True
        return False

    def _under_way(self, url: str) -> int:
        """How many questions the host of an address has before it: a full lane would be waited for."""
        address = address_of(url)
        return self._hosts.lane(address.host).under_way if address else 0

    async def invents_answers(self, *, proxies: bool = True) -> bool:
        """Whether a name that cannot exist is found, or answers through the proxy that names are left to.

        Captive portals and resolvers that sell their error pages do that; and then neither a missing name nor
        anything that came over plain http says what it seems to say. Directly it costs one question to the
        user's own resolver; the name is looked up as those of links are, search domains included. Without
        ``proxies`` no proxy is asked, and where one is set the answer is no.
        """
        if self._finder is None:
            return False
        address = address_of(f"http://enrich-{secrets.token_hex(8)}{NO_NAME}/")
        assert address is not None, "a name of letters and digits"
        if not self._finder.leaves_to_proxy(address):
            return await self._finder.finds(address)
        if not proxies:
            return False
        try:
            outcome = await self._ask(Request(url=address.url, retry=False, max_body_bytes=1024))
        except ElsewhereError:
            return True
        return (isinstance(outcome, Response) and outcome.status < 400) or bool(outcome.hops)
