"""When files were first committed, asked of git, and safely.

A configuration that lies in a repository can name programs for git to run: as a file system monitor, a pager, to
show signatures, to fetch what a partial clone lacks. So each of these is switched off on the command line, which
no configuration overrides, and no file name is ever an argument. A repository inside another one came with
somebody else's files, and is not asked at all.

A shallow clone, such as continuous integration makes by default, dates every file by its last commit. There we
say so rather than give dates that are wrong by years.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from enrich.date_forms import iso
from enrich.errors import UsageError
from enrich.text import printable

TIMEOUT_SECONDS = 120.0
_CHUNK_BYTES = 1 << 16
_COMMIT = b"\x01"

_HARDENED = (
    "--no-pager", "--no-optional-locks", "--no-replace-objects", "--literal-pathspecs",
    "-c", "safe.bareRepository=explicit", "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}",
    "-c", "protocol.allow=never", "-c", "log.showSignature=false", "-c", "log.showRoot=true",
)  # fmt: skip
# Renames count where the content stayed: to compare contents, git would have to read, and perhaps to fetch, them.
_LOG = (
    "log", "-z", "--topo-order", "--no-color", "--no-show-signature", "--no-ext-diff", "--no-textconv", "--no-relative",
    "--no-notes", "--no-mailmap", "--submodule=short", "--name-status", "--find-renames=100%", "--diff-filter=AR",
    "--format=tformat:%x01%as", "--ignore-missing", "--end-of-options", "HEAD", "--",
)  # fmt: skip


def repository_of(file: Path, root: Path) -> Path | None:
    """The repository whose history tells about a file of the collection at ``root``; both are resolved.

    None where there is none, and where the repository lies below the collection and inside another one.
    """
    holders = [folder for folder in file.parents if os.path.lexists(folder / ".git")]
    if not holders or (len(holders) > 1 and not root.is_relative_to(holders[0])):
        return None
    return holders[0]


def first_commits(repository: Path, files: Iterable[Path]) -> dict[Path, str]:
    """The day on which each file was first committed, as its author's clock had it, across exact renames.

    Files that no commit holds are left out. Raises UsageError where git cannot tell.
    """
    if _ask(repository, "rev-parse", "--is-shallow-repository").strip() != b"false":
        raise UsageError(
            f"--git-dates: {printable(str(repository))} is a shallow clone, which hides when a file was first "
            "committed; fetch the whole history (git fetch --unshallow), or leave the option out"
        )
    wanted = {os.fsencode(file.relative_to(repository).as_posix()): file for file in files}
    with _running(repository, _LOG) as output:
        return _oldest(_additions(_pieces(output)), wanted)


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


def _additions(pieces: Iterator[bytes]) -> Iterator[tuple[str, bytes, bytes]]:
    """What the pieces between NULs say: a commit's day, then a letter and a name for each added file, or two names.

    Names stand where they stand and may look like anything, so that none can pass for a commit.
    """
    day = "0-0-0"
    for piece in pieces:
        head = piece.lstrip(b"\n")
        if head.startswith(_COMMIT):
            day = head[1:].decode("ascii", "replace")
        elif head.startswith(b"R"):
            name_before = next(pieces, b"")
            yield day, next(pieces, b""), name_before
        elif head:
            name = next(pieces, b"")
            yield day, name, name


def _pieces(output: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    while chunk := output.read(_CHUNK_BYTES):
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole


def _ask(repository: Path, *arguments: str) -> bytes:
    with _running(repository, arguments) as output:
        return output.read(_CHUNK_BYTES)


@contextlib.contextmanager
def _running(repository: Path, arguments: Sequence[str]) -> Iterator[IO[bytes]]:
    """The output of git as it comes; UsageError where git is missing, fails, or takes too long."""
    program = shutil.which("git")
    if program is None:
        raise UsageError("--git-dates: git is not installed; install it, or leave the option out")
    command = [program, *_HARDENED, "-C", str(repository), *arguments]
    with tempfile.TemporaryFile() as errors, subprocess.Popen(  # noqa: S603 - no shell, and no name from outside
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, env=_environment(repository)
    ) as process:  # fmt: skip
        timer = threading.Timer(TIMEOUT_SECONDS, process.kill)
        timer.start()
        assert process.stdout is not None
        try:
            yield process.stdout
            status = process.wait()
        finally:
            timer.cancel()
            process.kill()
        if status != 0:
            errors.seek(0)
            raise UsageError(_why(repository, errors.read(_CHUNK_BYTES)))


def _why(repository: Path, errors: bytes) -> str:
    said = printable(errors.decode("utf-8", "replace").strip().partition("\n")[0]) or "it took too long"
    return f"--git-dates: git cannot tell about {printable(str(repository))}: {said}"


def _environment(repository: Path) -> dict[str, str]:
    """Ours without what points git elsewhere, as it does inside a hook, and with every door to others shut."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name.startswith("GIT_CONFIG_")
    }
    return kept | {
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_CEILING_DIRECTORIES": str(repository.parent),
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }
