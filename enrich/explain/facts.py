"""What is known of an address, collected: one record, which is printed as text or as JSON.

Works without a cache too, from the address alone. The cache is opened for reading, so that a run that is at work
is neither waited for nor disturbed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from enrich.config import Settings
from enrich.equipment import ages_of
from enrich.explain.address import Understood, parts_of, understand
from enrich.explain.reasoning import (
    counts_as,
    due_reason,
    manners_in_words,
    since,
    verdict_rules,
)
from enrich.files import KIND_NAME as FILE_KIND
from enrich.model import (
    CanonicalUrl,
    Element,
    Identity,
    Kind,
    Link,
    Metadata,
    Status,
    Suggestion,
    Target,
    TargetState,
)
from enrich.registry import kinds, reason_of
from enrich.selection import Selection
from enrich.store.caches import Cache, cache_of, exists, reading
from enrich.store.due import next_check
from enrich.store.history import Confirmation
from enrich.store.knowledge import Cached, Change, Check, Known, LastRun, Place, look_up
from enrich.urls import host_of, is_web

# The gain of stars is told since so many days ago.
GAIN_DAYS = 30
_API_SETTINGS = {"arxiv": "arxiv_api_url", "github": "github_api_url"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One check: when, what came back, and what the rules made of it."""

    at: datetime
    status: Status
    reason: str
    counts_as: str
    http_status: int | None
    elapsed_seconds: float
    attempts: int
    detail: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The verdict that stands. ``since_exactly`` is false where it may have stood longer than anybody watched."""

    status: Status
    reason: str
    meaning: str
    detail: str | None
    confirmed: bool
    since: datetime | None
    since_exactly: bool
    checked_at: datetime | None
    attempted_at: datetime | None
    http_status: int | None
    final_url: str | None
    suggestion: Suggestion | None
    first_failed_at: datetime | None
    failed_checks: int
    last_ok_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """What happens next. Without ``due_at`` it is due in the next run, unless ``never`` says why it is not.

    ``turn`` is what the last run expected of a link that waits for others of its host.
    """

    never: str | None
    due_at: datetime | None
    why: str
    how: str
    manners: str | None
    asked_in_last_day: int
    last_run: str | None
    robots: str | None
    turn: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """All that is known of one address; the shape of ``--format json``."""

    given: str
    id: str
    kind: str
    url: str
    host: str
    parent: str | None
    stands_for: str | None
    parts: Mapping[str, str]
    remarks: tuple[str, ...]
    cache: str
    cache_found: bool
    run: LastRun | None
    known: bool
    places: tuple[Place, ...] = ()
    places_in_all: int = 0
    verdict: Standing | None = None
    rules: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()
    answers_kept: int = 0
    changes: tuple[Change, ...] = ()
    metadata: Metadata | None = None
    metadata_of: str | None = None
    metadata_source: str | None = None
    metadata_fetched_at: datetime | None = None
    metadata_stale: bool = False
    first_repository_id: int | None = None
    stars: tuple[tuple[date, int], ...] = ()
    stars_gained: int | None = None
    stars_gained_since: date | None = None
    holds: Mapping[str, datetime] = field(default_factory=dict)
    next: Next


def explain(given: str, settings: Settings, now: datetime) -> Explanation:
    """All that is known of an address or id; UsageError for what is neither, StorageError for a damaged cache."""
    selection = Selection.of(settings)
    understood = understand(given, selection)
    cache = cache_of(settings)
    cached = _cached(cache, understood.identity, settings, now) if exists(cache) else None
    base = _of_address(understood, cache, cached)
    return _explained(base, understood, cached, settings, now)


def _cached(cache: Cache, identity: Identity, settings: Settings, now: datetime) -> Cached:
    with reading(cache) as database:
        return look_up(database, identity.id, _hosts(identity, settings), now)


def _hosts(identity: Identity, settings: Settings) -> set[str]:
    """The hosts that may be asked about a target: its own, and that of its kind's API."""
    api = _API_SETTINGS.get(identity.kind)
    return {host_of(identity.url), *([host_of(settings[api])] if api else ())} - {""}


def _of_address(understood: Understood, cache: Cache, cached: Cached | None) -> _Base:
    identity, known = understood.identity, cached.known if cached else None
    target = known.target if known else _target_of(identity)
    remarks = [*understood.remarks]
    if known and known.alias:
        remarks.append(
            f"{known.alias} turned out to be the same thing as {target.id}, under which it is kept"
        )
    return _Base(
        target=target,
        identity=identity if target.id == identity.id else _identity_of(target),
        remarks=tuple(remarks),
        cache=str(cache),
        found=cached is not None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Base:
    """What the address alone gives, and how the cache calls it."""

    target: Target
    identity: Identity
    remarks: tuple[str, ...]
    cache: str
    found: bool


def _target_of(identity: Identity) -> Target:
    return Target(
        id=identity.id, url=identity.url, kind=identity.kind, host=host_of(identity.url), parent=identity.parent,
        stands_for=identity.stands_for,
    )  # fmt: skip


def _identity_of(target: Target) -> Identity:
    return Identity(
        id=target.id, kind=target.kind, url=CanonicalUrl(target.url), parent=target.parent,
        stands_for=target.stands_for,
    )  # fmt: skip


def _explained(
    base: _Base, understood: Understood, cached: Cached | None, settings: Settings, now: datetime
) -> Explanation:
    known, target = cached.known if cached else None, base.target
    about = Explanation(
        given=understood.given, id=target.id, kind=target.kind, url=target.url, host=target.host,
        parent=target.parent, stands_for=target.stands_for, parts=parts_of(base.identity), remarks=base.remarks,
        cache=base.cache, cache_found=base.found, run=cached.run if cached else None, known=known is not None,
        holds=cached.holds if cached else {}, next=_next(target, known, cached, settings, now),
    )  # fmt: skip
    return about if known is None else _with_knowledge(about, known, settings, now)


def _with_knowledge(about: Explanation, known: Known, settings: Settings, now: datetime) -> Explanation:
    rule = Confirmation(checks=settings.confirm.checks, days=settings.confirm.days)
    ages = ages_of(settings, is_check=False)
    due = next_check(known.remembered, ages, now)
    gain = known.stars.gain_since(now.date() - timedelta(days=GAIN_DAYS))
    return replace(
        about,
        places=known.places, places_in_all=known.places_in_all,
        verdict=_standing(known), rules=tuple(verdict_rules(known, rule, ages, due)),
        answers=tuple(map(_answer, known.checks)), answers_kept=known.checks_kept, changes=known.changes,
        metadata=known.metadata, metadata_of=known.metadata_of, metadata_source=known.metadata_source,
        metadata_fetched_at=known.metadata_fetched_at, metadata_stale=known.metadata_stale,
        first_repository_id=known.first_repository_id,
        stars=known.stars.days, stars_gained=gain.stars if gain else None,
        stars_gained_since=gain.since if gain else None,
    )  # fmt: skip


def _answer(check: Check) -> Answer:
    return Answer(
        at=check.at, status=check.status, reason=check.reason, counts_as=counts_as(check),
        http_status=check.http_status, elapsed_seconds=check.elapsed_seconds, attempts=check.attempts,
        detail=check.detail,
    )  # fmt: skip


_GONE_QUIET = (
    "Nobody answered, or the server failed, in so many checks over so many days that the link counts as gone. Open it to "
    "make sure, then look for a copy or another address."
)


def _meaning(state: TargetState, reason: str) -> str:
    """What a verdict means; the help of what cannot be told yet promises to ask soon, which is over once it is broken."""
    declared = reason_of(reason)
    is_over = state.status is Status.BROKEN and declared.status is Status.UNREACHABLE
    return _GONE_QUIET if is_over else declared.help


def _standing(known: Known) -> Standing | None:
    state = known.state
    if state.status is None or state.reason is None:
        return None
    begun = since(known)
    return Standing(
        status=state.status, reason=state.reason, meaning=_meaning(state, state.reason),
        detail=state.detail,
        confirmed=state.confirmed, since=begun and begun[0], since_exactly=bool(begun and begun[1]),
        checked_at=state.checked_at, attempted_at=state.attempted_at, http_status=state.http_status,
        final_url=state.final_url, suggestion=state.suggestion, first_failed_at=state.first_failed_at,
        failed_checks=state.failed_checks, last_ok_at=state.last_ok_at,
    )  # fmt: skip


# --- what happens next ------------------------------------------------------------------------------


def _next(
    target: Target, known: Known | None, cached: Cached | None, settings: Settings, now: datetime
) -> Next:
    ages = ages_of(settings, is_check=False)
    due = next_check(known.remembered, ages, now) if known else None
    kind = kinds()[target.kind]
    by_api = kind.asks_api is not None and kind.asks_api(target) and target.kind != FILE_KIND
    host = host_of(settings[_API_SETTINGS[target.kind]]) if by_api else target.host
    asked = is_web(target.url) and kind.judge_unasked(target) is None
    why = due_reason(due, known.remembered, ages) if due and known else "it was never asked"
    due_at = due.at if due and due.at and due.at > now else None
    held = cached.holds.get(host) if cached and asked else None
    if held is not None and held > (due_at or now):
        due_at, why = held, f"{host} wants silence until then"
    return Next(
        never=_never(target, known, settings),
        due_at=due_at,
        why=why,
        how=_how(target, kind, host if by_api else None),
        manners=f"{host}: {manners_in_words(settings.manners_of(host))}" if asked else None,
        asked_in_last_day=cached.asked_lately if cached else 0,
        last_run=_last_run(known),
        robots=_robots(host, settings) if asked and not by_api else None,
        turn=known.expected if known and known.deferred == "host-deferred" else None,
    )


def _never(target: Target, known: Known | None, settings: Settings) -> str | None:
    """Why no run asks it, as far as settings and the last run tell."""
    if known is not None and not known.in_last_run:
        return "the last run met no link to it, and only links of notes are asked"
    if target.kind != FILE_KIND:
        link = Link(url=target.url, line=1, column=1, element=Element.BARE)
        skip = Selection.of(settings).skip(link, target.url)
        if skip is not None:
            return _told(skip)
    if known is not None and known.skip:
        return _told(known.skip)
    return None


def _how(target: Target, kind: Kind, api_host: str | None) -> str:
    """What is asked, and whom."""
    if target.kind == FILE_KIND:
        return "nobody is asked: the answer lies on the disk"
    if (verdict := kind.judge_unasked(target)) is not None:
        return f"nobody need be asked: by its address alone it is {verdict.status} ({verdict.reason})"
    if not is_web(target.url):
        return "nobody is asked: only http and https are"
    if api_host is not None:
        return f"by the API at {api_host}, up to {kind.batch_size} in one question where it takes several"
    with_facts, without = kind.request(target, True), kind.request(target, False)
    if with_facts.method == without.method:
        return f"the first question is {without.method} {without.url}"
    return f"the first question is {with_facts.method} {with_facts.url} where facts are wanted, else {without.method}"


def _last_run(known: Known | None) -> str | None:
    """Why the last run did not ask it."""
    if known is None or known.deferred is None:
        return None
    return _told(known.deferred)


def _told(reason: str) -> str:
    try:
        return f"{reason_of(reason).help} ({reason})"
    except KeyError:
        # Another version of enrich may have had a word for it.
        return reason


def _robots(host: str, settings: Settings) -> str:
    if not settings.reads_robots(host):
        return "robots.txt of this host is not read: its manners are built in"
    if settings["respect_robots"]:
        return "robots.txt is obeyed, Crawl-delay and Disallow (--respect-robots)"
    return "of robots.txt the Crawl-delay is obeyed; Disallow is with --respect-robots alone"
