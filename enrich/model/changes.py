"""What changed between two reports.

The field order is the order of the keys in the published JSON, which docs describe; it changes only together with
the version in it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from enrich.model.verdicts import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two reports: which run it is of, and whether that run was complete."""

    id: str
    started_at: datetime
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a link to a target stands; line and column from 1."""

    document: str
    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedTarget:
    """A target whose verdict is another one now; ``was`` is None for one that the older report does not have."""

    id: str
    url: str
    kind: str
    title: str | None
    was: Status | None
    was_reason: str | None
    status: Status
    reason: str
    detail: str | None
    confirmed: bool
    suggestion: str | None
    links: list[Place]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedFact:
    """One fact of a target's metadata that is another one now."""

    id: str
    url: str
    fact: str
    was: str | int | bool | None
    now: str | int | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedStars:
    """How many stars a repository had and has; ``gained`` is below zero where they were taken back."""

    id: str
    url: str
    was: int
    now: int
    gained: int


@dataclass(slots=True, kw_only=True)
class Changes:
    """All that changed, each list by target, stars by how many were gained.

    ``unsure`` are targets that were there and cannot be told now. ``added`` and ``removed`` count targets that only
    one of the reports has, as notes and options differ.
    """

    old: Side
    new: Side
    newly_broken: list[ChangedTarget] = field(default_factory=list)
    confirmed: list[ChangedTarget] = field(default_factory=list)
    recovered: list[ChangedTarget] = field(default_factory=list)
    moved: list[ChangedTarget] = field(default_factory=list)
    unsure: list[ChangedTarget] = field(default_factory=list)
    facts: list[ChangedFact] = field(default_factory=list)
    stars: list[ChangedStars] = field(default_factory=list)
    added: int = 0
    removed: int = 0
