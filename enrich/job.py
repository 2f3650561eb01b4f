"""What a run is given, what it comes to, and the little that it needs of the machine: a clock and folders."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from enrich.backlog import Workload
from enrich.bounds import Bound
from enrich.config import Settings
from enrich.errors import StorageError, UsageError
from enrich.holds import Holds
from enrich.model import CheckResult, Finding, Manners, Target, TargetState

if TYPE_CHECKING:
    from enrich.fetch.client import Fetcher


class Observer(Protocol):
    """Whoever shows progress. All calls come from the event loop and return at once.

    ``said`` is a remark on how the run is done; ``planned`` says how many targets are due, ``foretold`` which hosts will
    take long, the slowest first. ``watch`` gives what can be seen while others are asked, and None when that is over;
    meanwhile ``tick`` is called at least twice a second.
    """

    def warned(self, message: str) -> None: ...
    def said(self, message: str) -> None: ...
    def planned(self, due: int) -> None: ...
    def foretold(self, bounds: Sequence[Bound], deadline_seconds: float | None) -> None: ...
    def counted(self, result: CheckResult, state: TargetState) -> None: ...
    def broke(self, target: Target, error: Exception) -> None: ...
    def watch(self, workload: Workload | None) -> None: ...
    def tick(self) -> None: ...
    def waiting(self, seconds: float) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run. ``fetcher`` replaces the one made from the settings, as the demo does.

    ``now`` is the clock of stored dates. ``is_check`` makes it the CI check: no metadata for their own
    sake, and a stored *broken* is asked again before it is stated. ``takes_signals`` makes SIGINT and SIGTERM
    end the run well, which only the main thread of a program may do, and only the program may want. ``is_for_json``
    says that whoever gets the report will write it as JSON.
    """

    settings: Settings
    paths: Sequence[str]
    observer: Observer
    now: Callable[[], datetime]
    is_check: bool = False
    takes_signals: bool = True
    is_for_json: bool = False
    fetcher: Callable[[Settings, Holds], Fetcher] | None = None
    manners_of: Callable[[str], Manners] | None = None


@dataclass(slots=True)
class Progress:
    """What a run has come to so far. ``answered`` and ``witnesses`` are of those who asked on other machines."""

    complete: bool = True
    signal_number: int | None = None
    stop: Callable[[], None] | None = None
    requests: int = 0
    answered: bool = False
    witnesses: Sequence[str] = ()
    internal_errors: list[Finding] = field(default_factory=list)
    site_changes: list[Finding] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    said: dict[str, str] = field(default_factory=dict)

    @property
    def interrupted(self) -> bool:
        return self.signal_number is not None

    def incomplete(self, why: str, message: str | None = None) -> None:
        """Note why the run is not complete, with a message where the usual one for this does not say enough."""
        self.complete = False
        self.warn(why, message)

    def warn(self, code: str, message: str | None = None) -> None:
        """Note what the report has to say of the run as a whole; of each code the last message counts."""
        if message is not None:
            self.said[code] = message
        if code not in self.warnings:
            self.warnings.append(code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What a run came to: whether it is complete, how many findings fail it, and the first of them."""

    complete: bool
    failing: int
    first_failing: Sequence[Finding]
    signal_number: int | None
    internal_errors: int


def clock(environ: Mapping[str, str] = os.environ) -> Callable[[], datetime]:
    """The clock of stored dates: the real one, or ``ENRICH_NOW=2026-11-21T06:00:00Z`` standing still."""
    if not (given := environ.get("ENRICH_NOW")):
        return lambda: datetime.now(UTC)
    try:
        fixed = datetime.fromisoformat(given).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(
            f"ENRICH_NOW: must be a time such as 2026-11-21T06:00:00Z, not {given!r}"
        ) from None
    return lambda: fixed


def make_folder(folder: Path) -> Path:
    """A folder for run-time data, kept out of version control from the moment it is made."""
    try:
        if not folder.is_dir():
            folder.mkdir(parents=True)
            (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise StorageError(
            f"{folder}: cannot be made: {error.strerror}", hint="name a folder that you may write to"
        ) from None
    return folder
