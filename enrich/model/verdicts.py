"""What outcomes mean, and what is worth a person's attention."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from enrich.model.records import record


class Status(StrEnum):
    """What is known about a target. *Gone* and *cannot tell* are never mixed."""

    OK = "ok"
    REDIRECTED = "redirected"
    BROKEN = "broken"
    BLOCKED = "blocked"
    UNREACHABLE = "unreachable"
    SKIPPED = "skipped"


# It opens; and we could not tell whether it does.
ALIVE = frozenset({Status.OK, Status.REDIRECTED})
UNSURE = frozenset({Status.BLOCKED, Status.UNREACHABLE})


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A better address, and the reason code that proposes it."""

    url: str
    reason: str


@record(frozen=True, slots=True)
class Verdict:
    """What outcomes mean. ``detail`` is one short sentence for a person, in plain words."""

    status: Status
    reason: str
    detail: str | None = None
    suggestion: Suggestion | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A stable reason code: JSON value, rule id, and what a user excludes.

    ``certain`` marks a broken verdict that needs no second look in the same run. A ``family`` such as
    ``http-4xx`` stands for all codes of its form that have no declaration of their own.
    """

    code: str
    status: Status
    help: str
    certain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingCode:
    """A stable finding code with its severity and a help text."""

    code: str
    severity: Severity
    help: str


# How the message of a finding begins that would be more severe if it were new.
BEFORE = "was there before this change"
ACCEPTED = "accepted on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something worth a person's attention, at a place."""

    code: str
    severity: Severity
    message: str
    document: str | None = None
    line: int | None = None
    column: int | None = None
    target: str | None = None
    suggestion: Suggestion | None = None
