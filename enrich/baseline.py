"""Broken links that are known and accepted, so that a check fails on new ones alone.

A collection that was never checked has hundreds of dead links, and a check that is red from its first day is switched
off on its second. So a file says which are accepted, since when, and for which reason. It says nothing of lines, which
come and go: the same dead link in another document is new, the same one further down in the same document is not.

An entry is dropped only when the link is known to be fine or to be no longer there. What could not be told this time,
and documents that were not read, prove nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import msgspec

from enrich.errors import UsageError
from enrich.model import ALIVE, Finding, ReportTarget, Shown, Status
from enrich.registry import finding_codes, reason_of
from enrich.text import fill, json_array, json_row

FORM_VERSION = 1
# More than a hundred thousand entries.
LARGEST_BYTES = 32 << 20

_GONE = "gone"

# Document, target, and what is wrong with it.
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True, order=True)
class Accepted:
    """One accepted link; ``accepted`` is the day on which it was, as ISO text."""

    document: str
    target: str
    reason: str
    accepted: str

    @property
    def key(self) -> Key:
        return (self.document, self.target, _sort_of(self.reason))


class _File(msgspec.Struct, forbid_unknown_fields=True):
    schema_version: int
    accepted: list[Accepted]


def _sort_of(code: str) -> str:
    """What counts as the same trouble: a link that is gone stays so, by whatever answer it shows."""
    if code in finding_codes():
        return code
    try:
        status = reason_of(code).status
    except KeyError:
        # Of another version.
        return code
    return _GONE if status in (Status.BROKEN, Status.UNREACHABLE) else status.value


def _as_written(text: str) -> str:
    """A text as it comes back from a file, in which there are no credentials."""
    return msgspec.json.decode(str(json_row(text)), type=str)


def load(path: Path, *, may_be_missing: bool) -> list[Accepted]:
    """The entries of a file; UsageError where it is missing or is none."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_BYTES + 1)
    except FileNotFoundError:
        if may_be_missing:
            return []
        raise UsageError(
            f"--baseline: {path}: there is no such file; --update-baseline writes it with what fails now"
        ) from None
    except OSError as error:
        raise UsageError(f"--baseline: {path}: cannot be read: {error.strerror}") from None
    try:
        found = msgspec.json.decode(data, type=_File)
        if found.schema_version != FORM_VERSION:
            raise msgspec.ValidationError(f"schema_version is not {FORM_VERSION}")
        for entry in found.accepted:
            date.fromisoformat(entry.accepted)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
        raise UsageError(
            f"--baseline: {path}: is no list of accepted links: {error}; correct it, or delete it and give "
            "--update-baseline"
        ) from None
    return found.accepted


def written(entries: Iterable[Accepted]) -> Iterator[Shown]:
    """A file of these entries: sorted, one a line, so that a change to it can be read."""
    yield fill('{{"schema_version": {}, "accepted": ', FORM_VERSION)
    yield from json_array(map(json_row, sorted(entries)))
    yield fill("}}\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What became of a baseline: the entries that stay, how many of them are new, and how many have no use any more."""

    kept: list[Accepted]
    new: int
    stale: int


@dataclass(slots=True)
class Baseline:
    """The entries of a file, while the findings and targets of a run go by. ``today`` accepts what is not in it, too."""

    entries: dict[Key, Accepted]
    today: date | None = None
    _met: dict[Key, Accepted] = field(default_factory=dict)
    _statuses: dict[tuple[str, str], Status] = field(default_factory=dict)
    _targets: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self._targets = frozenset(entry.target for entry in self.entries.values())

    @classmethod
    def of(cls, entries: Iterable[Accepted], today: date | None = None) -> Baseline:
        return cls({entry.key: entry for entry in entries}, today)

    def saw(self, target: ReportTarget) -> None:
        """Remember what a target of the run is, where an entry is about it."""
        if (name := _as_written(target.id)) in self._targets:
            for link in target.links:
                self._statuses[_as_written(link.document), name] = target.status

    def accepted_on(self, finding: Finding) -> str | None:
        """The day on which a finding that fails was accepted, if it was; only those about a link can be."""
        if finding.document is None or finding.target is None:
            return None
        document, target = _as_written(finding.document), _as_written(finding.target)
        entry = self.entries.get((document, target, _sort_of(finding.code)))
        if entry is None and self.today is not None:
            entry = Accepted(document, target, finding.code, self.today.isoformat())
        if entry is None:
            return None
        return self._met.setdefault(entry.key, entry).accepted

    def settled(self, read: Iterable[str], *, is_whole: bool) -> Settled:
        """What stays, once all has gone by; ``read`` are the documents of the run.

        ``is_whole`` says that no link of them was left out by its kind or date.
        """
        documents = frozenset(map(_as_written, read))
        rest = [entry for key, entry in self.entries.items() if key not in self._met]
        kept = [entry for entry in rest if self._may_still_be(entry, documents, is_whole)]
        new = sum(key not in self.entries for key in self._met)
        return Settled(kept=[*self._met.values(), *kept], new=new, stale=len(rest) - len(kept))

    def _may_still_be(self, entry: Accepted, documents: frozenset[str], is_whole: bool) -> bool:
        """Whether an entry that nothing needed may be needed again."""
        if entry.document not in documents:
            return os.path.lexists(entry.document)
        status = self._statuses.get((entry.document, entry.target))
        return not is_whole if status is None else status not in ALIVE
