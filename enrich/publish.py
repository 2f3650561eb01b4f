"""Report files: replaced as a whole or not at all.

A reader sees the old report or the new one, never half: the text goes to a temporary file beside it,
which is synced and renamed over it.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

from enrich.errors import StorageError
from enrich.interrupts import removed_in_the_end
from enrich.model import Changes, Report
from enrich.registry import format_named
from enrich.report.changes import json_text, markdown_text

_COPIED_CHARACTERS = 1 << 20


def write_atomically(path: Path, pieces: Iterable[str]) -> None:
    """Write text to ``path`` so that it is there whole or not at all; StorageError says why it is not.

    What is no regular file, such as a pipe or ``/dev/stdout``, is written to as it stands. A symbolic link to
    a file is replaced and not followed: in a checkout it may lead anywhere.
    """
    if path.exists() and not path.is_file():
        _write_plainly(path, pieces)
        return
    # Named before it is there: whoever is interrupted between the two would leave it behind.
    name = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    with removed_in_the_end(str(name)):
        try:
            file = name.open("x", encoding="utf-8", newline="\n")
        except OSError as error:
            raise StorageError(f"{path}: cannot be written: {error.strerror}") from None
        try:
            with file:
                file.writelines(pieces)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(name, 0o644)
            os.replace(name, path)
            _sync_folder(path.parent)
        except OSError as error:
            raise StorageError(
                f"{path}: cannot be written: {error.strerror}; the old one is as it was"
            ) from None


def write_new(path: Path, text: str) -> bool:
    """Write a file where there is none, folders included; False, and nothing is touched, where there is anything."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{path.parent}: cannot be made: {error.strerror}") from None
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            _fill_or_remove(file, path, text)
    except FileExistsError:
        return False
    except OSError as error:
        raise StorageError(f"{path}: cannot be written: {error.strerror}") from None
    return True


def _fill_or_remove(file: TextIO, path: Path, text: str) -> None:
    """Half a configuration would hold, and stand in the way of the whole one."""
    try:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    except BaseException:
        path.unlink()
        raise


def _write_plainly(path: Path, pieces: Iterable[str]) -> None:
    try:
        with path.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(pieces)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written: {error.strerror}") from None


def append_bounded(path: Path, pieces: Iterable[str], most_bytes: int, ending: str) -> None:
    """Append text to a file that must not grow beyond ``most_bytes``; ``ending`` stands where it was cut.

    Raises OSError where it cannot be written.
    """
    with path.open("ab") as file:
        room = most_bytes - file.tell() - len(ending.encode())
        if file.tell() and room > 0:
            room -= file.write(b"\n")
        for piece in pieces:
            data = piece.encode("utf-8", "replace")
            if len(data) > room:
                file.write(ending.encode() if room >= 0 else b"")
                return
            room -= file.write(data)


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable; Windows does so by itself and opens no folders."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_reports(report: Report, folder: Path, names: Sequence[str], keep: int) -> list[Path]:
    """Write ``latest.*`` in each format, what changed, and the dated JSON; prune older dated ones; the latest paths."""
    # Loaded by then, to look for what changed; before, nobody needs it.
    from enrich.report.saved import dated_name

    for left in folder.glob(".*.part"):
        # Of a run that was killed while it wrote; the lock of the cache is ours now.
        left.unlink()
    written = []
    for name in names:
        form = format_named(name)
        path = folder / f"latest.{form.suffix}"
        write_atomically(path, form.render(report))
        written.append(path)
    dated = folder / dated_name(report.run.started_at)
    latest = folder / f"latest.{format_named('json').suffix}"
    # Copied where it was just rendered, which takes far longer than copying.
    write_atomically(dated, _text_of(latest) if latest in written else format_named("json").render(report))
    _write_changes(report.earlier.changes, folder, report.language)
    prune(folder, keep)
    return written


def _write_changes(changes: Changes | None, folder: Path, language: str) -> None:
    """Write what changed since the last complete run beside the report; without one, no older answer stays."""
    for name, render in (("json", json_text), ("md", markdown_text)):
        path = folder / f"latest.changes.{name}"
        if changes is None:
            path.unlink(missing_ok=True)
        else:
            write_atomically(path, render(changes, language))


def _text_of(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            yield from iter(lambda: file.read(_COPIED_CHARACTERS), "")
    except OSError as error:
        raise StorageError(f"{path}: cannot be read: {error.strerror}") from None


def prune(folder: Path, keep: int) -> None:
    """Delete all but the newest ``keep`` dated reports."""
    from enrich.report.saved import dated_in

    for path in [path for path in dated_in(folder) if path.is_file()][:-keep]:
        path.unlink()
