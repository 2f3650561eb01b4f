"""What checking and looking up share: through what to ask, and where the results go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import anyio

from enrich.model import Api, Fetch, Manners, Target
from enrich.network import Outages
from enrich.store.protocol import Store
from enrich.store.recorder import Recorder


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What asking needs: who is asked through what, where results go, and what ends it early.

    ``accept_of`` gives HTTP statuses that a user declared fine for a host, ``budget_of`` how many of its targets
    may be asked; ``names_resolved`` says how many names were found. ``is_check`` says that the check cap
    of a host's manners counts. ``outages`` takes the results on their way to the recorder, and says when asking
    makes no sense. ``broke`` receives mistakes of ours.
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
    is_check: bool = False
    stopping: anyio.Event = field(default_factory=anyio.Event)
