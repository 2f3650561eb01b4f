"""How the web is asked. A record of its own, since the parts of `Fetcher` read it as well."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from enrich.fetch.pool import MOST_IDLE
from enrich.model import Manners


def _no_headers(_host: str) -> tuple[tuple[str, str], ...]:
    return ()


def _no_timeout(_host: str) -> float | None:
    return None


def _no_budget(_host: str) -> int | None:
    return None


def _usual_manners(_host: str) -> Manners:
    return Manners()


def _nobody(_host: str) -> bool:
    return False


def _anybody(_host: str) -> bool:
    return True


def _at_any_time() -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Where and when one worker of many may ask, so that no host is ever asked by two of them.

    ``is_ours`` knows its hosts; the way to any other ends in ElsewhereError. ``check`` is called just before a
    question is sent: whether one may be at this moment, or LeaseLostError where the worker must not ask any more; where
    none may be, it is looked again after ``look_again_seconds``. ``is_taken_over`` says that somebody else may have
    asked the same hosts a moment ago: the first question to each waits for one gap.
    """

    is_ours: Callable[[str], bool] = _anybody
    check: Callable[[], bool] = _at_any_time
    look_again_seconds: float = 0.5
    is_taken_over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchSettings:
    """How to ask. ``timeout_seconds`` is for one attempt with all its hops and the body, without the waits.

    ``concurrency`` bounds the questions under way over all hosts; with many hosts it grows to ``most_concurrency``.
    ``most_idle`` connections are kept for later questions.
    ``manners_of``, ``headers_of`` and ``timeout_of`` are asked with a host name; headers that may hold a secret
    go to its https site alone. ``patience_seconds`` is the longest ``Retry-After`` that is waited for; a host
    that wants more is deferred to a later run.
    ``reads_robots`` names the hosts whose robots.txt counts: its ``Crawl-delay`` always, what it disallows
    only with ``respect_robots``. ``budget_of`` says how many links may lead to a host in all. ``ground`` is for one
    worker of many.
    """

    user_agent: str
    timeout_seconds: float = 20.0
    connect_timeout_seconds: float = 5.0
    retries: int = 2
    concurrency: int = 256
    most_concurrency: int = 0
    most_idle: int = MOST_IDLE
    manners_of: Callable[[str], Manners] = _usual_manners
    headers_of: Callable[[str], tuple[tuple[str, str], ...]] = _no_headers
    timeout_of: Callable[[str], float | None] = _no_timeout
    budget_of: Callable[[str], int | None] = _no_budget
    allow_nets: tuple[str, ...] = ()
    allow_private: bool = False
    proxies: Mapping[str, str] = field(default_factory=dict)
    no_proxy: str | None = None
    ca_bundle: str | None = None
    patience_seconds: float = 900.0
    backoff_seconds: float = 1.0
    reads_robots: Callable[[str], bool] = _nobody
    respect_robots: bool = False
    ground: Ground = Ground()
