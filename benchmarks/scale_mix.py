"""What a great collection of notes links to: so many hosts, so many links for each.

The shares were measured on 305,183 different addresses of some hundred public repositories of notes. Three hosts
have 43 % of them, ten 72 %, and three quarters of all 20,540 hosts have a single one. So a larger collection has more of
the same hosts rather than others, and how long it takes is decided by a few of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import cast

import anyio

from enrich.collect import collection_of, gather
from enrich.config import load
from enrich.model import Finding
from enrich.selection import Selection, places_of
from enrich.store.protocol import FoundDocument, FoundTarget, Mark, Store

MEASURED_LINKS, MEASURED_HOSTS = 305_183, 20_540
# A million hosts at a hundred million links: the number of hosts grows with this power of the number of links.
HOSTS_EXPONENT = 0.671
SHARE_OF_SINGLE_LINKS = 0.76
# No host of the long tail has more: it would be one of the ten.
MOST_OF_ONE_HOST = 0.005

GITHUB, ARXIV, DOI, WECHAT = "GitHub", "arXiv", "DOI", "WeChat"
PAPER_SITES, MEDIA, TAIL = "paper sites", "media", "long tail"
CLASSES = (GITHUB, ARXIV, DOI, PAPER_SITES, MEDIA, WECHAT, TAIL)

# What an API decides, by kind; all else is asked at its own address.
BY_API = {"github": GITHUB, "arxiv": ARXIV}
# The measured split of the five paper sites is 1 to 9 of a hundred; the names stand for any such site.
SHARES = {
    "github": 0.185,
    "arxiv": 0.094,
    "doi.org": 0.150,
    "mp.weixin.qq.com": 0.018,
    "papers-1.example": 0.090,
    "papers-2.example": 0.045,
    "papers-3.example": 0.030,
    "papers-4.example": 0.020,
    "papers-5.example": 0.010,
    "media-1.example": 0.057,
    "media-2.example": 0.030,
}
# Who else is asked about links of a class.
ALSO = {
    "api.github.com": GITHUB,
    "export.arxiv.org": ARXIV,
    "doi.org": DOI,
    "data.crossref.org": DOI,
    "mp.weixin.qq.com": WECHAT,
}
# arXiv has about three million papers: a larger collection names them more often.
ARXIV_PAPERS = 3_000_000


@dataclass(frozen=True)
class Collection:
    """How many different addresses there are, and the targets behind them: by host, and by the kind whose API
    decides them."""

    links: int
    hosts: Mapping[str, int]
    by_api: Mapping[str, int]

    @cached_property
    def targets(self) -> int:
        return sum(self.hosts.values()) + sum(self.by_api.values())


def class_of(host: str) -> str:
    """The row of the table to which a host belongs."""
    if host in ALSO:
        return ALSO[host]
    name = host.partition("-")[0]
    return {"papers": PAPER_SITES, "media": MEDIA}.get(name, TAIL)


def measured_mix(links: int) -> Collection:
    """A collection of so many different links with the measured shares."""
    counts = {name: round(links * share) for name, share in SHARES.items()}
    by_api = {kind: counts.pop(kind) for kind in BY_API}
    by_api["arxiv"] = min(by_api["arxiv"], ARXIV_PAPERS)
    tail = links - sum(round(links * share) for share in SHARES.values())
    # A small collection has no room for two links at each host that has several.
    hosts = min(round(tail / 1.3), round(MEASURED_HOSTS * (links / MEASURED_LINKS) ** HOSTS_EXPONENT))
    for number, size in enumerate(tail_sizes(tail, hosts, max(2, round(MOST_OF_ONE_HOST * links)))):
        # Hosts are asked in the order of their names, which says nothing about their size.
        counts[f"{number * 7919 % hosts:07}.example"] = size
    return Collection(links, counts, by_api)


def tail_sizes(links: int, hosts: int, most: int) -> list[int]:
    """The number of links of each host: most hosts have one, and the others follow a power law up to ``most``."""
    single = round(SHARE_OF_SINGLE_LINKS * hosts)
    several = hosts - single
    low, high = 0.0, 3.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (
            (middle, high) if sum(_power_law(several, middle, most)) < links - single else (low, middle)
        )
    sizes = [*_power_law(several, low, most), *[1] * single]
    # What rounding has lost goes to the smallest, a link each.
    for place in range(max(0, links - sum(sizes))):
        sizes[-1 - place % hosts] += 1
    return sizes


def _power_law(hosts: int, exponent: float, most: int) -> list[int]:
    return [min(most, max(2, round(2 * (hosts / rank) ** exponent))) for rank in range(1, hosts + 1)]


# --- real notes ---------------------------------------------------------------------------------------


def mix_of_notes(folder: Path) -> Collection:
    """The targets of real notes, each once: those that a run would ask somebody about."""
    settings = load("run", {}, environ={}, folder=folder)
    found = _Found()
    collection = collection_of(places_of(settings, [str(folder)]))
    anyio.run(partial(gather, cast("Store", found), collection, Selection.of(settings)))
    web = [one for one in found.targets.values() if one.host]
    return Collection(
        len(web),
        Counter(one.host for one in web if not one.asks_api),
        Counter(one.identity.kind for one in web if one.asks_api),
    )


class _Found:
    """What gathering needs of a store."""

    standing: Sequence[Mark] = ()

    def __init__(self) -> None:
        self.targets: dict[str, FoundTarget] = {}

    async def recall(self, keys: Sequence[str]) -> Mapping[str, FoundDocument]:
        return {}

    async def remember(self, new: Mapping[str, FoundDocument], again: Sequence[str]) -> None:
        """Nothing is remembered."""

    async def add(
        self,
        documents: Sequence[FoundDocument],
        findings: Sequence[Finding] = (),
        marks: Sequence[Mark] = (),
    ) -> None:
        for document in documents:
            asked = [found.target for found in document.links if found.skip is None]
            self.targets |= {one.identity.id: one for one in asked}
