"""Saved reports, row by row: of a million targets only one is in memory, and their order is that of their ids.

The JSON report has a row a line, so that its lines can be read one by one. What somebody has formatted otherwise is
read as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from os import SEEK_CUR
from pathlib import Path
from typing import IO, Any, TypeVar

import msgspec

from enrich.errors import UsageError
from enrich.model import (
    Finding,
    Night,
    Report,
    ReportDocument,
    ReportEntry,
    ReportRun,
    ReportSummary,
    ReportTarget,
)
from enrich.report.json import SCHEMA_VERSION, load, target_of

T = TypeVar("T")

_DATED = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}Z\.json")
_HEAD = b'{"schema_version": %d,\n' % SCHEMA_VERSION
_RUN = b'"run": '
_SUMMARY = b'"summary": '
_TARGETS = b'"targets": [\n'
_CHUNK_BYTES = 1 << 16
# The parts of a report in the order in which they stand there, each with what reads one of its rows.
_PARTS: dict[str, Callable[[bytes], object]] = {
    "documents": msgspec.json.Decoder(ReportDocument).decode,
    "targets": target_of,
    "findings": msgspec.json.Decoder(Finding).decode,
    "entries": msgspec.json.Decoder(ReportEntry).decode,
}


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
            return target_of(_row(line))
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise _foreign(self.path, error) from None


def _row(line: bytes) -> bytes:
    return line.rstrip().removesuffix(b",")


def _is_by_lines(first: bytes, second: bytes) -> bool:
    return first == _HEAD and second.startswith(_RUN) and second.endswith(b",\n")


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
    return msgspec.json.decode(_row(line.removeprefix(name)), type=kind)


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


def dated_name(moment: datetime) -> str:
    """The name under which the report of a run that began at this moment (UTC) is kept."""
    return f"{moment:%Y-%m-%dT%H-%M-%SZ}.json"


def dated_in(folder: Path) -> list[Path]:
    """What lies in a folder by such a name, oldest first."""
    return sorted(path for path in folder.iterdir() if _DATED.fullmatch(path.name))


def _complete(folder: Path, before: ReportRun) -> Iterator[Saved]:
    """Dated reports of complete runs before this one, newest first."""
    if not folder.is_dir():
        return
    for path in reversed(dated_in(folder)):
        try:
            saved = open_saved(path)
        except UsageError:
            # Somebody else's file by that name, or one of another version, is nothing to compare with.
            continue
        if saved.run.complete and saved.run.id != before.id and saved.run.started_at <= before.started_at:
            yield saved


# --- a whole report ---------------------------------------------------------------------------------


@contextmanager
def read_saved(path: Path) -> Iterator[Report]:
    """While it lasts, a saved report whose rows are read from the file as often as somebody asks for them.

    Raises UsageError when there is none, or the file is no whole report with nothing but such rows: nobody wants half a
    list of what is wrong. A file that is replaced meanwhile is read to its end as it was.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise _unreadable(path, error) from None
    with file:
        yield _report(file, path)


def _report(file: IO[bytes], path: Path) -> Report:
    places = _places(file) if file.seekable() else None
    if places is None:
        return load(file.read(), str(path))
    head = [file.readline() for _ in range(3)]
    try:
        run, summary = _value(head[1], _RUN, ReportRun), _value(head[2], _SUMMARY, ReportSummary)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _foreign(path, error) from None
    _look_through(file, places, path)
    rows: Any = {name: partial(_rows, file, places[name], read, path) for name, read in _PARTS.items()}
    return Report(run=run, summary=summary, **rows)


def _places(file: IO[bytes]) -> dict[str, int] | None:
    """Where the rows of each part begin; None for what is not written a row a line. The file is at its beginning then."""
    try:
        if not _is_by_lines(file.readline(), file.readline()):
            return None
        if not file.readline().endswith(b",\n"):
            return None
        places = {name: place for name in _PARTS if (place := _place(file, name)) is not None}
        is_whole = file.readline() == b"}\n" and not file.read(1)
        return places if is_whole and len(places) == len(_PARTS) else None
    finally:
        file.seek(0)


def _place(file: IO[bytes], name: str) -> int | None:
    """Where the rows of the next part begin, if that is its name; the file is behind the part then."""
    if file.readline() != b'"%s": [\n' % name.encode():
        return None
    place = file.seek(0, SEEK_CUR)
    return place if any(line.startswith(b"]") for line in file) else None


def _look_through(file: IO[bytes], places: Mapping[str, int], path: Path) -> None:
    """Raise UsageError for what is no row of its part, before anything was made of the others."""
    for name, read in _PARTS.items():
        file.seek(places[name])
        ended = True
        for number, line in enumerate(file):
            if line.startswith(b"]"):
                break
            if number and ended:
                raise UsageError(f"{path}: is not an enrich report: a comma is missing among its {name}")
            ended = not line.rstrip().endswith(b",")
            try:
                read(_row(line))
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise _foreign(path, error) from None


def _rows(file: IO[bytes], place: int, read: Callable[[bytes], T], path: Path) -> Iterator[T]:
    """The rows of one part. Each reader keeps its own place, since two may read at the same time."""
    while True:
        file.seek(place)
        lines = file.readlines(_CHUNK_BYTES)
        place += sum(map(len, lines))
        for line in lines:
            if line.startswith(b"]"):
                return
            try:
                yield read(_row(line))
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise _foreign(path, error) from None


def _unreadable(path: Path, error: OSError) -> UsageError:
    return UsageError(
        f"{path}: cannot be read: {error.strerror}", hint="`enrich run` writes reports/latest.json"
    )


def _foreign(path: Path, error: Exception) -> UsageError:
    return UsageError(f"{path}: is not an enrich report: {error}")
