"""The settings of one command, once they are read: what the rest of the program is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from enrich.config.rules import Rule
from enrich.config.values import DAY_SECONDS
from enrich.periods import Period
from enrich.registry import built_in_manners, kinds
from enrich.urls import host_of

if TYPE_CHECKING:
    from enrich.model import Manners

DEFAULT_REPORTS_DIR = "reports"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSettings:
    """What ``[hosts."name"]`` sets for one host; None leaves the general setting."""

    concurrency: int | None = None
    interval: float | None = None
    timeout: float | None = None
    headers: tuple[tuple[str, str], ...] = ()
    accept: frozenset[int] = frozenset()
    user_agent: str | None = None
    max_per_run: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmRule:
    """When a failure is confirmed: seen in so many checks, at least so many days apart in all."""

    checks: int = 3
    days: float = 6.0


def age_defaults() -> dict[str, float]:
    """The keys of ``[ages]`` and their values in seconds: after how long a target is asked again.

    ``ok_spread`` says how much shorter or longer an ``ok`` lasts for one target or another. A kind may have keys of
    its own: ``wechat_ok``, ``wechat_ok_spread``, ``wechat_metadata``.
    """
    day = DAY_SECONDS
    found = {"ok": 7 * day, "ok_spread": 2 * day, "broken": day, "blocked": day, "unreachable": day,
             "confirmed": 30 * day, "confirmed_spread": 8 * day}  # fmt: skip
    for kind in (kind for kind in kinds().values() if kind.ok_age_seconds > 0):
        if kind.ok_age_seconds != found["ok"]:
            found[f"{kind.name}_ok"] = kind.ok_age_seconds
            found[f"{kind.name}_ok_spread"] = kind.ok_spread_seconds
        found[f"{kind.name}_metadata"] = kind.metadata_age_seconds
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of one command, read and checked. Durations are in seconds.

    ``given_ages`` are those that stand in place of the built-in ones, all of them.
    """

    values: Mapping[str, Any]
    sources: Mapping[str, str]
    hosts: Mapping[str, HostSettings] = field(default_factory=dict)
    confirm: ConfirmRule = ConfirmRule()
    given_ages: Mapping[str, float] | None = None
    report_formats: tuple[str, ...] = ("json", "html")
    rules: tuple[Rule, ...] = ()
    file: Path | None = None
    is_check: bool = False
    period: Period

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    @property
    def ages(self) -> Mapping[str, float]:
        """After how long a target is asked again. Only whoever asks needs to know which kinds there are."""
        return age_defaults() if self.given_ages is None else self.given_ages

    def manners_of(self, host: str) -> Manners:
        """The manners for a host: its own settings over built-in ones over the general ones."""
        from enrich.model import Manners

        own = self.hosts.get(host, HostSettings())
        manners = built_in_manners().get(host)
        if manners is None:
            manners = Manners(width=self["host_concurrency"], interval_seconds=self["host_interval"])
        if own.concurrency is not None:
            manners = replace(manners, width=own.concurrency)
        if own.interval is not None:
            # Whoever may ask faster than by the built-in manners owns the host, and is not to wait for long either.
            pause = manners.pause_seconds if own.interval >= manners.interval_seconds else 0.0
            manners = replace(
                manners, interval_seconds=own.interval, jitter_seconds=0.0, pause_seconds=pause
            )
        return manners

    def reads_robots(self, host: str) -> bool:
        """Whether a host's robots.txt counts: not where an API's terms or built-in manners say how to ask."""
        apis = {host_of(self[name]) for name in ("github_api_url", "arxiv_api_url", "arxiv_datacite_url")}
        return host not in built_in_manners() and host not in apis

    def budget_of(self, host: str) -> int | None:
        """How many targets of a host one run may ask by the user's own limits; None without one."""
        limits = [self["max_per_host"], self.hosts.get(host, HostSettings()).max_per_run]
        return min((limit for limit in limits if limit is not None), default=None)
