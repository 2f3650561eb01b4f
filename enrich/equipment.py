"""What a run asks with, made from its settings: the fetcher, our name, and how long verdicts last."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from enrich import __version__
from enrich.config import DAY_SECONDS, Settings
from enrich.holds import Holds
from enrich.model import Manners
from enrich.registry import kinds
from enrich.store.protocol import Ages
from enrich.turns import share_of

if TYPE_CHECKING:
    from enrich.fetch.client import Fetcher, Transport
    from enrich.fetch.settings import FetchSettings, Ground

# A nightly job that starts a little earlier than the last one still counts as a day later.
NIGHTLY_SLACK_SECONDS = 2 * 3600.0


def ages_of(settings: Settings, is_check: bool) -> Ages:
    """After how long what is asked again; a nightly job a few minutes early still counts as a day later."""
    ages = {
        name: seconds
        if name.endswith("_spread") or seconds < DAY_SECONDS
        else seconds - NIGHTLY_SLACK_SECONDS
        for name, seconds in settings.ages.items()
    }
    # What lasts no time at all, such as the files of the collection, is no setting.
    lasting = [kind.name for kind in kinds().values() if kind.ok_age_seconds > 0]
    passing = {kind: (0.0, 0.0) for kind in kinds() if kind not in lasting}
    return Ages(
        by_kind=passing
        | {kind: (ages.get(f"{kind}_ok", ages["ok"]), ages[f"{kind}_metadata"]) for kind in lasting},
        spread_by_kind={kind: ages.get(f"{kind}_ok_spread", ages["ok_spread"]) for kind in lasting},
        broken=ages["broken"],
        blocked=ages["blocked"],
        unreachable=ages["unreachable"],
        confirmed=ages["confirmed"],
        confirmed_spread=ages["confirmed_spread"],
        max_age=settings["max_age"],
        refresh=settings["refresh"],
        metadata=not is_check,
        broken_again=is_check,
    )


def user_agent(contact: str | None) -> str:
    """``enrich/0.1.0 (link checker; mailto:somebody@example.org)``: who asks, and whom to tell.

    With ``mailto:``, as Crossref and DataCite want it, who answer such programs from a pool of their own.
    """
    is_mail = contact is not None and "@" in contact and ":" not in contact
    where = f"; {'mailto:' if is_mail else ''}{contact}" if contact else ""
    return f"enrich/{__version__} (link checker{where})"


def make_fetcher(
    settings: Settings,
    manners_of: Callable[[str], Manners] | None = None,
    transport: Transport | None = None,
    holds: Holds | None = None,
    ground: Ground | None = None,
) -> Fetcher:
    """The fetcher that the settings and the environment describe; ``transport`` replaces the network.

    ``ground`` is for one worker of many. Without ``holds``, hosts that want to be left alone are forgotten with it.
    """
    from enrich.fetch.client import Fetcher
    from enrich.fetch.settings import Ground

    return Fetcher(
        _fetch_settings(settings, manners_of or settings.manners_of, ground or Ground()),
        transport,
        held_until=holds.until if holds else {},
        on_hold=holds.add if holds else None,
    )


def _fetch_settings(
    settings: Settings, manners_of: Callable[[str], Manners], ground: Ground
) -> FetchSettings:
    """How the web is asked by the settings, the environment, and what this machine has room for."""
    from enrich.fetch.client import proxies_from_environment
    from enrich.fetch.pool import MOST_IDLE
    from enrich.fetch.room import fitting, open_files
    from enrich.fetch.settings import FetchSettings

    files, (proxies, no_proxy) = open_files(), proxies_from_environment()
    return FetchSettings(
        user_agent=user_agent(settings["contact"]),
        timeout_seconds=settings["timeout"],
        connect_timeout_seconds=settings["connect_timeout"],
        retries=settings["retries"],
        concurrency=fitting(settings["concurrency"], files),
        most_concurrency=_most_concurrency(settings),
        most_idle=fitting(MOST_IDLE, files),
        manners_of=manners_of,
        headers_of=partial(_headers_of, settings),
        budget_of=partial(_budget_of, settings, manners_of),
        timeout_of=lambda host: settings.hosts[host].timeout if host in settings.hosts else None,
        allow_nets=settings["allow_net"],
        allow_private=settings["allow_private"],
        proxies=proxies,
        no_proxy=no_proxy,
        ca_bundle=os.environ.get("SSL_CERT_FILE"),
        reads_robots=settings.reads_robots,
        respect_robots=settings["respect_robots"],
        ground=ground,
    )


def _most_concurrency(settings: Settings) -> int:
    """How far the questions under way may grow with the hosts; where the user says how many there may be, no further."""
    from enrich.fetch.room import most_at_once, open_files

    if settings.sources.get("concurrency") != "default":
        return 0
    return most_at_once(open_files())


def _budget_of(settings: Settings, manners_of: Callable[[str], Manners], host: str) -> int | None:
    """How many links may lead to a host in a run, by a redirect or by naming it; None for any number."""
    return share_of(host, manners_of(host), settings.budget_of(host), is_check=settings.is_check).number


def _headers_of(settings: Settings, host: str) -> tuple[tuple[str, str], ...]:
    """What a user wants to be said to a host, beside what everybody gets."""
    own = settings.hosts.get(host)
    if own is None:
        return ()
    return (*((("User-Agent", own.user_agent),) if own.user_agent else ()), *own.headers)
