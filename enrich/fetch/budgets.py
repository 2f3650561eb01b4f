"""How many links may lead to a host in one run, those included that come by a redirect.

What surprised us: a budget for the links that name a host protects nobody. Sixty notes may name sixty hosts of
somebody's own, each of which redirects to the same victim.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping


class Budgets:
    """Counts links, not requests: retries, a second look and further pages of a host cost a link nothing more.

    ``budget_of`` gives the most links for a host, None for any number. Places for a host's own links are set aside
    first (`grant`), so that no redirect takes them.
    """

    def __init__(self, budget_of: Callable[[str], int | None]) -> None:
        self._budget_of = budget_of
        self._granted: Counter[str] = Counter()
        # Hashes, as many links may lead to many hosts: one that collides is let through, and that is all.
        self._arrived: dict[str, set[int]] = {}

    def grant(self, host: str, count: int) -> int:
        """Set places aside for links that name this host; how many of ``count`` there was room for.

        What was granted before does not count against it: after an outage the same links are asked again.
        """
        budget = self._budget_of(host)
        if budget is not None:
            count = max(0, min(count, budget - len(self._arrived.get(host, ()))))
            self._granted[host] += count
        return count

    def admits(self, host: str, link: str) -> bool:
        """Whether a link may arrive at a host that it does not name; one that was admitted stays so."""
        budget = self._budget_of(host)
        if budget is None:
            return True
        arrived = self._arrived.setdefault(host, set())
        if hash(link) in arrived:
            return True
        if self._granted[host] + len(arrived) >= budget:
            return False
        arrived.add(hash(link))
        return True

    @property
    def taken(self) -> Mapping[str, int]:
        """How many places are taken at hosts that have a budget."""
        hosts = {*self._granted, *self._arrived}
        return {host: self._granted[host] + len(self._arrived.get(host, ())) for host in hosts}
