"""Which hosts one worker asks. Pure, and the same on all machines.

A shard holds whole sites, since most redirects stay within one (to ``www``, to https, to another language). A kind that
an API decides is a shard with all of its hosts: the API's budget is one, and what the API cannot decide is
asked at those hosts. A site with very many links is a shard of its own, named by a hash: names of shards travel.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from enrich.fetch.address import literal

# More links than that are a shard of their own: the rest of a shard would wait for them.
BIG_SITE = 2000
# A shard holds about so many sites, which are asked side by side: whoever is through early takes another shard.
SITES_PER_SHARD = 200
MOST_SHARDS = 4096
# Second levels below which anybody may have a name: co.uk, com.cn, ac.jp. Only placement depends on it.
_LONGEST_SHARED_LABEL = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """Hosts and kinds that one worker asks. ``seconds`` is the least that it takes, by manners alone."""

    name: str
    hosts: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """How sites are dealt out: ``count`` shards by hash, and ``apart`` the sites whose shard has a name of its own."""

    count: int
    apart: Mapping[str, str] = field(default_factory=dict)

    def shard_of(self, host: str) -> str:
        """The name of the shard that a host belongs to, whether any link names it or not."""
        site = site_of(host)
        return self.apart.get(site) or f"shard {_number(site) % self.count}"


def site_of(host: str) -> str:
    """The site of a host, as far as its name tells: ``example.org`` for ``www.example.org``; an address is its own."""
    if literal(host) is not None:
        return host
    labels = host.rstrip(".").split(".")
    is_shared = len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= _LONGEST_SHARED_LABEL
    return ".".join(labels[-3:] if is_shared else labels[-2:])


def _number(text: str) -> int:
    """A number that is the same on all machines; `hash` is another in each process."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest())


def shards_of_apis(hosts_of: Mapping[str, Collection[str]]) -> dict[str, tuple[str, frozenset[str]]]:
    """The shard of each kind that an API decides, and its sites, by kind; ``hosts_of`` gives all hosts it is about.

    Kinds with a site in common, such as one server that stands in for several APIs, are one shard.
    """
    groups: list[tuple[set[str], set[str]]] = []
    for kind, hosts in sorted(hosts_of.items()):
        names, sites = {kind}, set(map(site_of, hosts))
        for group in [group for group in groups if group[1] & sites]:
            groups.remove(group)
            names |= group[0]
            sites |= group[1]
        groups.append((names, sites))
    return {
        kind: (f"api {' '.join(sorted(names))}", frozenset(sites))
        for names, sites in groups
        for kind in names
    }


def placement_of(hosts: Iterable[tuple[str, int]], named: Mapping[str, str], slots: int) -> Placement:
    """How to deal out hosts with so many due links each, for so many shards at a time.

    ``named`` are the sites that belong to an API, with the name of its shard.
    """
    links: Counter[str] = Counter()
    for host, count in hosts:
        links[site_of(host)] += count
    big = {site: f"site {_number(site):016x}" for site, count in links.items() if count > BIG_SITE}
    apart = {**big, **named}
    sites = len(links.keys() - apart.keys())
    count = max(1, min(max(slots, -(-sites // SITES_PER_SHARD)), MOST_SHARDS, sites))
    return Placement(count=count, apart=apart)


def shards_of(
    placement: Placement,
    hosts: Iterable[tuple[str, int]],
    kinds: Mapping[str, str],
    seconds_of: Callable[[str, int], float],
) -> Sequence[Shard]:
    """The shards that have anything to ask, the slowest first. ``kinds`` gives the shard of each kind with an API."""
    members: dict[str, list[str]] = {}
    slowest: dict[str, float] = {}
    for host, count in hosts:
        name = placement.shard_of(host)
        members.setdefault(name, []).append(host)
        slowest[name] = max(slowest.get(name, 0.0), seconds_of(host, count))
    found = [
        Shard(
            name=name,
            hosts=tuple(sorted(members.get(name, ()))),
            kinds=tuple(sorted(kind for kind, shard in kinds.items() if shard == name)),
            seconds=slowest.get(name, 0.0),
        )
        for name in {*members, *kinds.values()}
    ]
    return sorted(found, key=lambda shard: (not shard.kinds, -shard.seconds, shard.name))
