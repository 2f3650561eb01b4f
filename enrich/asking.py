"""What checking and looking up share: through what to ask, and where the results go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import anyio

from enrich.backlog import Backlog
from enrich.controls import Controls
from enrich.model import Api, Fetch, Manners, Target
from enrich.network import Outages
from enrich.store.protocol import Store
from enrich.store.recorder import Recorder
from enrich.turns import Refusals, Share, share_of
from enrich.under_way import UnderWay


def _as_many_as_wanted(_host: str, count: int) -> int:
    return count


def _not_at_all(_host: str, _seconds: float) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What asking needs: who is asked through what, where results go, and what ends it early.

    ``accept_of`` gives HTTP statuses that a user declared fine for a host, ``budget_of`` how many of its targets
    may be asked; ``grant`` takes places for so many of them, and says for how many there is room beside the links
    that are redirected to it. ``names_resolved`` says how many names were found, ``is_check`` that the check cap
    of a host's manners counts. ``outages`` takes the results on their way to the recorder, and says when asking
    makes no sense. ``hold_back`` leaves a host alone for so many seconds, beyond this run if that is long; ``refusals``
    counts how often hosts refused to answer. ``broke`` receives mistakes of ours. ``controls`` settles doubts about
    what hosts answer; ``backlog`` is told how many targets are left, for whoever shows the run. What is ``under_way``
    when ``stopping`` is set is given some time. ``clock`` is that of the event loop; ``retries`` is how often is asked
    again what may pass.
    """

    store: Store
    fetch: Fetch
    api: Api
    recorder: Recorder
    now: Callable[[], datetime]
    manners_of: Callable[[str], Manners]
    budget_of: Callable[[str], int | None]
    accept_of: Callable[[str], frozenset[int]]
    names_resolved: Callable[[], int]
    outages: Outages
    broke: Callable[[Target, Exception], None]
    grant: Callable[[str, int], int] = _as_many_as_wanted
    hold_back: Callable[[str, float], None] = _not_at_all
    refusals: Refusals = field(default_factory=Refusals)
    is_check: bool = False
    retries: int = 2
    controls: Controls = field(default_factory=Controls)
    backlog: Backlog = field(default_factory=Backlog)
    stopping: anyio.Event = field(default_factory=anyio.Event)
    under_way: UnderWay = field(default_factory=UnderWay)
    clock: Callable[[], float] = anyio.current_time

    def share_of(self, host: str) -> Share:
        """How many targets of a host this run may ask, whatever was asked of it before."""
        return share_of(host, self.manners_of(host), self.budget_of(host), is_check=self.is_check)
