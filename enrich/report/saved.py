"""Saved reports, row by row: of a million targets only one is in memory, and their order is that of their ids.

The JSON report has a row a line, so that its lines can be read one by one. What somebody has formatted otherwise is
read as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

import msgspec

from enrich.errors import UsageError
from enrich.model import Night, ReportRun, ReportSummary, ReportTarget
from enrich.report.json import SCHEMA_VERSION, load, target_from

T = TypeVar("T")

_DATED = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}Z\.json")
_HEAD = b'{"schema_version": %d,\n' % SCHEMA_VERSION
_RUN = b'"run": '
_SUMMARY = b'"summary": '
_TARGETS = b'"targets": [\n'


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved report: where it lies, what it says of its run, and its targets by status."""

    path: Path
    run: ReportRun
    by_status: dict[str, int]

    def targets(self) -> Iterator[ReportTarget]:
        """Its targets by id; UsageError at the first row that is none."""
        with self.path.open("rb") as file:
            if not _is_by_lines(file.readline(), file.readline()):
                report = load(self.path.read_bytes(), str(self.path))
                yield from sorted(report.targets(), key=lambda target: target.id)
                return
            for line in file:
                if line.endswith(_TARGETS):
                    break
            for line in file:
                if line.startswith(b"]"):
                    return
                yield self._row(line)
        raise UsageError(f"{self.path}: is not a complete enrich report: it ends among its targets")

    def _row(self, line: bytes) -> ReportTarget:
        try:
            return target_from(line.rstrip().removesuffix(b","))
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise UsageError(f"{self.path}: is not an enrich report: {error}") from None


def _is_by_lines(first: bytes, second: bytes) -> bool:
    return first == _HEAD and second.startswith(_RUN)


def open_saved(path: Path) -> Saved:
    """A saved report; UsageError when there is none, or it is not one of ours."""
    try:
        with path.open("rb") as file:
            head = [file.readline() for _ in range(3)]
        if not _is_by_lines(*head[:2]):
            report = load(path.read_bytes(), str(path))
            return Saved(path, report.run, report.summary.by_status)
        summary = _value(head[2], _SUMMARY, ReportSummary)
        return Saved(path, _value(head[1], _RUN, ReportRun), summary.by_status)
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read: {error.strerror}", hint="`enrich run` writes reports/latest.json"
        ) from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: is not an enrich report: {error}") from None


def _value(line: bytes, name: bytes, kind: type[T]) -> T:
    return msgspec.json.decode(line.removeprefix(name).rstrip().removesuffix(b","), type=kind)


def last_complete(folder: Path, before: ReportRun) -> Saved | None:
    """The newest dated report of a complete run before this one; None where there is none that can be read."""
    return next(_complete(folder, before), None)


def nights(folder: Path, before: ReportRun, most: int = 60) -> list[Night]:
    """How things stood after the complete runs before this one, oldest first."""
    found = [
        Night(started_at=saved.run.started_at, by_status=saved.by_status)
        for saved in islice(_complete(folder, before), most)
    ]
    return found[::-1]


def _complete(folder: Path, before: ReportRun) -> Iterator[Saved]:
    """Dated reports of complete runs before this one, newest first."""
    if not folder.is_dir():
        return
    dated = sorted((path for path in folder.iterdir() if _DATED.fullmatch(path.name)), reverse=True)
    for path in dated:
        try:
            saved = open_saved(path)
        except UsageError:
            # Somebody else's file by that name, or one of another version, is nothing to compare with.
            continue
        if saved.run.complete and saved.run.id != before.id and saved.run.started_at <= before.started_at:
            yield saved
