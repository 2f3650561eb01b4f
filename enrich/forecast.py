"""What is known before the first question: which hosts will take long, by manners alone.

A link whose metadata are wanted too may take longer, where they stand with somebody who is asked more slowly than its
host.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable

from enrich.asking import Asking
from enrich.bounds import WORTH_TELLING_SECONDS, Bound, gap_of
from enrich.checking import allowance
from enrich.lookup import queue_of
from enrich.model import Manners
from enrich.registry import kinds
from enrich.report.words import kind_word


async def forecast(asking: Asking) -> list[Bound]:
    """The hosts and APIs that take longer than a minute by themselves, the slowest first."""
    found = [bound async for bound in _bounds(asking) if bound.seconds_for_all > WORTH_TELLING_SECONDS]
    return sorted(found, key=lambda bound: (-bound.seconds, -bound.seconds_for_all, bound.called))


async def _bounds(asking: Asking) -> AsyncIterator[Bound]:
    pages = dict(await asking.store.pages())
    for host, count in await asking.store.hosts():
        gap = _seconds_each(host, gap_of(asking.manners_of(host)), pages.get(host, 0) / count)
        if count * gap <= WORTH_TELLING_SECONDS:
            continue
        allowed = await allowance(asking, host)
        asked = count if allowed is None else min(count, allowed)
        yield Bound(called=_called(host), due=count, asked=asked, gap_seconds=gap, host=host)
    for name, count in await asking.store.due_by_api():
        queue = queue_of(kinds()[name], asking.api)
        gap = gap_of(asking.manners_of(queue.host))
        called = f"{kind_word(name)} links"
        yield Bound(called=called, due=count, asked=count, gap_seconds=gap, batch=queue.batch)


def turns_of(bounds: Iterable[Bound], manners_of: Callable[[str], Manners]) -> dict[str, float]:
    """How many turns of its host a link takes on average, by host, where the forecast knows of more than one."""
    return {
        bound.host: bound.gap_seconds / gap
        for bound in bounds
        if bound.host and (gap := gap_of(manners_of(bound.host))) and bound.gap_seconds > gap
    }


def _seconds_each(host: str, gap_seconds: float, share: float) -> float:
    """How long a link of a host takes on average, where of this share the metadata are wanted too."""
    # Papers of arXiv have addresses at doi.org, too; whose manners hold there is who asks there.
    known = list(kinds().values())
    by_manners = (kind for kind in known if host in kind.manners)
    kind = next(by_manners, None) or next((kind for kind in known if host in kind.hosts), kinds()["web"])
    return (1 - share) * gap_seconds + share * kind.page_seconds(host, gap_seconds)


def _called(host: str) -> str:
    """``WeChat links`` where a kind has manners for the host, else ``links to example.org``."""
    name = next((kind.name for kind in kinds().values() if host in kind.manners), None)
    return f"{kind_word(name)} links" if name else f"links to {host}"
