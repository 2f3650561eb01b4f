"""What the work on a shard leaves for the whole run to judge, as a value that can be stored and put together.

Verdicts that stand by themselves are in the store already. These are the rest: links that were alive and seem gone,
beside how many were asked that were alive, since whether so many are believed to be gone is for the whole run to say;
what a report tells of its run; and what the network showed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import TypeVar

import msgspec

from enrich.codec import encode
from enrich.model import CheckResult, Finding, Status, Target, Verdict
from enrich.store.protocol import DueTarget
from enrich.store.recorder import Asked

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """A link that was alive and seems gone. It has no metadata, having no page."""

    target: Target
    was: Status | None
    doubted_since: datetime | None
    at: datetime
    verdict: Verdict
    http_status: int | None
    final_url: str | None
    attempts: int
    elapsed_seconds: float
    wanted_metadata: bool
    alias: str | None

    @classmethod
    def of(cls, asked: Asked) -> Leaving:
        due, result = asked.due, asked.result
        return cls(
            target=due.target, was=due.was, doubted_since=due.doubted_since, at=result.at, verdict=result.verdict,
            http_status=result.http_status, final_url=result.final_url, attempts=result.attempts,
            elapsed_seconds=result.elapsed_seconds, wanted_metadata=result.wanted_metadata, alias=result.alias,
        )  # fmt: skip

    def asked(self) -> Asked:
        """The same for the recorder of the whole run."""
        due = DueTarget(
            target=self.target,
            wants_metadata=self.wanted_metadata,
            was=self.was,
            doubted_since=self.doubted_since,
        )
        result = CheckResult(
            target_id=self.target.id, at=self.at, verdict=self.verdict, http_status=self.http_status,
            final_url=self.final_url, attempts=self.attempts, elapsed_seconds=self.elapsed_seconds,
            wanted_metadata=self.wanted_metadata, alias=self.alias,
        )  # fmt: skip
        return Asked(due, result, last_word=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a shard leaves. Counts are by host; ``witnesses`` are addresses that answered, ``granted`` the places taken
    in the budgets of hosts, ``said`` the messages of ``warnings``."""

    requests: int = 0
    answered: bool = False
    used_proxy: bool = False
    asked_alive: Mapping[str, int] = field(default_factory=dict)
    blocked: Mapping[str, int] = field(default_factory=dict)
    leaving: tuple[Leaving, ...] = ()
    deferred: tuple[str, ...] = ()
    answers: Mapping[str, int] = field(default_factory=dict)
    refusals: Mapping[str, int] = field(default_factory=dict)
    granted: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    said: Mapping[str, str] = field(default_factory=dict)
    internal_errors: tuple[Finding, ...] = ()
    witnesses: tuple[str, ...] = ()


_decoder = msgspec.json.Decoder(Outcome)


def encoded(outcome: Outcome) -> str:
    return encode(outcome).decode("utf-8")


def decoded(text: str) -> Outcome:
    """Raises msgspec.ValidationError for what is none; workers of another version are refused before."""
    return _decoder.decode(text)


def merged(outcomes: Sequence[Outcome]) -> Outcome:
    """What several shards leave together; given by name, so that it does not depend on which of them ended first."""
    return Outcome(
        requests=sum(one.requests for one in outcomes),
        answered=any(one.answered for one in outcomes),
        used_proxy=any(one.used_proxy for one in outcomes),
        asked_alive=_sum(one.asked_alive for one in outcomes),
        blocked=_sum(one.blocked for one in outcomes),
        leaving=_all(one.leaving for one in outcomes),
        deferred=_all(one.deferred for one in outcomes),
        answers=_sum(one.answers for one in outcomes),
        refusals=_sum(one.refusals for one in outcomes),
        granted=_sum(one.granted for one in outcomes),
        warnings=tuple(dict.fromkeys(_all(one.warnings for one in outcomes))),
        said={code: told for one in outcomes for code, told in one.said.items()},
        internal_errors=_all(one.internal_errors for one in outcomes),
        witnesses=_all(one.witnesses for one in outcomes),
    )


def _sum(counts: Iterable[Mapping[str, int]]) -> Mapping[str, int]:
    found: Counter[str] = Counter()
    for one in counts:
        found.update(one)
    return dict(found)


def _all(parts: Iterable[tuple[T, ...]]) -> tuple[T, ...]:
    return tuple(chain.from_iterable(parts))
