"""When files were first committed, asked of git, and safely.

How git is kept from running what a configuration names stands in `enrich.git`; no file name is ever an argument here.
A repository inside another one came with somebody else's files, and is not asked at all.

A shallow clone, such as continuous integration makes by default, dates every file by its last commit. There we
say so rather than give dates that are wrong by years.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from enrich.date_forms import iso
from enrich.errors import UsageError
from enrich.git import is_shallow, pieces, running
from enrich.text import printable

_OPTION = "--git-dates"
_COMMIT = b"\x01"

# Renames count where the content stayed: to compare contents, git would have to read, and perhaps to fetch, them.
_LOG = (
    "log", "-z", "--topo-order", "--no-color", "--no-show-signature", "--no-ext-diff", "--no-textconv", "--no-relative",
    "--no-notes", "--no-mailmap", "--submodule=short", "--name-status", "--find-renames=100%", "--diff-filter=AR",
    "--format=tformat:%x01%as", "--ignore-missing", "--end-of-options", "HEAD", "--",
)  # fmt: skip


def first_commits(repository: Path, files: Iterable[Path]) -> dict[Path, str]:
    """The day on which each file was first committed, as its author's clock had it, across exact renames.

    Files that no commit holds are left out. Raises UsageError where git cannot tell.
    """
    if is_shallow(repository, _OPTION):
        raise UsageError(
            f"--git-dates: {printable(str(repository))} is a shallow clone, which hides when a file was first "
            "committed; fetch the whole history (git fetch --unshallow), or leave the option out"
        )
    wanted = {os.fsencode(file.relative_to(repository).as_posix()): file for file in files}
    with running(repository, _LOG, _OPTION) as output:
        return _oldest(_additions(pieces(output)), wanted)


def _oldest(additions: Iterable[tuple[str, bytes, bytes]], wanted: Mapping[bytes, Path]) -> dict[Path, str]:
    """The first day of each file from (day, name, name before), of which the newest come first."""
    names = dict(wanted)
    found: dict[Path, str] = {}
    for day, name, name_before in additions:
        if (file := names.get(name)) is None:
            continue
        if name_before != name:
            names[name_before] = names.pop(name)
        if (date := iso(*day.split("-"))) is not None:
            found[file] = min(date, found.get(file, date))
    return found


def _additions(said: Iterator[bytes]) -> Iterator[tuple[str, bytes, bytes]]:
    """What the pieces between NULs say: a commit's day, then a letter and a name for each added file, or two names.

    Names stand where they stand and may look like anything, so that none can pass for a commit.
    """
    day = "0-0-0"
    for piece in said:
        head = piece.lstrip(b"\n")
        if head.startswith(_COMMIT):
            day = head[1:].decode("ascii", "replace")
        elif head.startswith(b"R"):
            name_before = next(said, b"")
            yield day, next(said, b""), name_before
        elif head:
            name = next(said, b"")
            yield day, name, name
