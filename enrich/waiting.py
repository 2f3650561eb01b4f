"""What a run says at its end of the links that it did not ask, and of hosts that refused to answer it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from enrich.asking import Asking
from enrich.turns import challenged, expected_turns, waiting


async def tell_turns(
    asking: Asking, warn: Callable[[str, str], None], held_until: Callable[[str], datetime | None]
) -> None:
    """Say who refused us, how many links wait for a turn at their host, and until when.

    ``warn`` takes a code and a message; ``held_until`` knows, by the clock of stored dates, which hosts want to be
    left alone. The links of any host get a word each; a warning is for hosts that are slow by their own manners.
    """
    refused = {
        asking.manners_of(host).known_as or host: count for host, count in asking.refusals.of_all().items()
    }
    if told := challenged(refused):
        warn("challenged", told)
    turns, slow = [], []
    for host, count in await asking.store.waiting():
        turns.append(expected_turns(share := asking.share_of(host)))
        manners = asking.manners_of(host)
        if manners.daily_cap or manners.check_cap:
            slow.append(waiting(share, count, asking.now(), held_until(host)))
    await asking.store.expect(turns)
    if slow:
        warn("waiting", "; ".join(slow))
