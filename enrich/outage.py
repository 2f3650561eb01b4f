"""When so much fails that it must be us: an outage, told from what different hosts gave lately. Pure.

One host that fails says nothing about our network, nor do many links of one host. Twenty hosts that were alive
when last asked and all fail within a minute do. Hosts that were down before are left out: that they still are
is no news. Moments are seconds of a monotonic clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

SPAN_SECONDS = 60.0
LEAST_HOSTS = 20
# Later hosts push the first ones out: so a fast run sees an outage sooner, and the arithmetic costs the same.
MOST_HOSTS = 100
# What a host gave a moment ago need not be noted again.
MOMENT_SECONDS = 1.0
SHARE = 0.8
# So many hosts that fail first, before anybody answered in a run, are a reason to ask a host known to be up.
FIRST_HOSTS = 3

LONGEST_PAUSE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What a host gave at last. ``expected`` is True where it was alive before, None where nothing was known."""

    at: float
    failed: bool
    expected: bool | None


@dataclass(frozen=True, slots=True)
class Window:
    """What each of the last hosts gave within the last minute, in the order of time."""

    hosts: Mapping[str, Seen] = field(default_factory=dict)

    def seen(self, host: str, seen: Seen) -> Window:
        """The window with one more result; what is too old by then, or too far back, is left out."""
        last = self.hosts.get(host)
        if last and last.failed == seen.failed and seen.at - last.at < MOMENT_SECONDS:
            return self
        # A copy as a whole takes a tenth of the time of one made host by host, and this is done for every answer.
        hosts = dict(self.hosts)
        hosts.pop(host, None)
        since = seen.at - SPAN_SECONDS
        while hosts and (len(hosts) >= MOST_HOSTS or hosts[next(iter(hosts))].at <= since):
            del hosts[next(iter(hosts))]
        hosts[host] = seen
        return Window(hosts)

    def telling(self, now: float) -> list[Seen]:
        """The results that say something about our network."""
        recent = [one for one in self.hosts.values() if now - one.at < SPAN_SECONDS]
        return [one for one in recent if not one.failed or one.expected is not False]

    def is_outage(self, now: float) -> bool:
        """Whether at least twenty hosts were tried, and so many failed that it must be us.

        That is four in five that were alive before; or every single one, where not all were known.
        """
        telling = self.telling(now)
        if len(telling) < LEAST_HOSTS:
            return False
        surprising = sum(one.failed and one.expected is True for one in telling)
        return surprising >= SHARE * len(telling) or all(one.failed for one in telling)

    def is_bad_start(self, now: float) -> bool:
        """Whether the first few hosts all failed; only of use while nobody has answered yet."""
        telling = self.telling(now)
        return len(telling) >= FIRST_HOSTS and all(one.failed for one in telling)


def pauses() -> Iterator[float]:
    """Seconds before each question whether the network is back: at once, then 1, 2, 4 … up to every half minute."""
    yield 0.0
    pause = 1.0
    while True:
        yield pause
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
