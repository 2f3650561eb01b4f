"""Git, asked safely.

A configuration that lies in a repository can name programs for git to run: as a file system monitor, a pager, to
show signatures, to fetch what a partial clone lacks, to clean a file before it is compared. So each of these is
switched off on the command line and in the environment, which no configuration overrides.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from enrich.errors import UsageError
from enrich.text import printable

TIMEOUT_SECONDS = 120.0
CHUNK_BYTES = 1 << 16

_HARDENED = (
    "--no-pager", "--no-optional-locks", "--no-replace-objects", "--literal-pathspecs",
    "-c", "safe.bareRepository=explicit", "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}",
    "-c", "protocol.allow=never", "-c", "log.showSignature=false", "-c", "log.showRoot=true",
)  # fmt: skip
# What a driver of gitattributes(5) may run when a file of the working tree is read.
_FILTER = ("clean", "process", "required")


def repository_of(file: Path, root: Path) -> Path | None:
    """The repository that tells about a file of the collection at ``root``; both are resolved.

    None where there is none, and where the repository lies below the collection and inside another one.
    """
    holders = [folder for folder in file.parents if os.path.lexists(folder / ".git")]
    if not holders or (len(holders) > 1 and not root.is_relative_to(holders[0])):
        return None
    return holders[0]


def pieces(output: IO[bytes]) -> Iterator[bytes]:
    """What stands between the NULs of an output."""
    rest = b""
    while chunk := output.read(CHUNK_BYTES):
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole


def ask(repository: Path, arguments: Sequence[str], asked_for: str) -> bytes:
    """All that git answers; UsageError as of `running`."""
    with running(repository, arguments, asked_for) as output:
        return output.read()


def answer(repository: Path, arguments: Sequence[str], asked_for: str) -> bytes | None:
    """The same for a question to which git may say no, by exit code 1."""
    with running(repository, arguments, asked_for, (0, 1)) as output:
        return output.read() or None


@contextlib.contextmanager
def running(
    repository: Path,
    arguments: Sequence[str],
    asked_for: str,
    good: Sequence[int] = (0,),
    overrides: Sequence[str] = (),
) -> Iterator[IO[bytes]]:
    """The output of git as it comes; UsageError where git is missing, fails, or takes too long.

    ``asked_for`` is the option for whose sake it is asked. ``overrides`` are settings to be made empty.
    """
    program = shutil.which("git")
    if program is None:
        raise UsageError(f"{asked_for}: git is not installed; install it, or leave the option out")
    command = [program, *_HARDENED, "-C", str(repository), *arguments]
    environment = _environment(repository, overrides)
    with tempfile.TemporaryFile() as errors, subprocess.Popen(  # noqa: S603 - no shell
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, env=environment
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
        if status not in good:
            errors.seek(0)
            raise _refusal(repository, errors.read(CHUNK_BYTES), asked_for)


def is_shallow(repository: Path, asked_for: str) -> bool:
    """Whether the history was cut off, as in the clones that continuous integration makes."""
    return ask(repository, ("rev-parse", "--is-shallow-repository"), asked_for).strip() != b"false"


def filters_of(repository: Path, asked_for: str) -> list[str]:
    """The settings that name programs through which files of the working tree go, whoever made them."""
    named = ask(repository, ("config", "--list", "--name-only", "-z"), asked_for)
    names = dict.fromkeys(os.fsdecode(name) for name in named.split(b"\0"))
    return [name for name in names if name.startswith("filter.") and name.rpartition(".")[2] in _FILTER]


def _refusal(repository: Path, errors: bytes, asked_for: str) -> UsageError:
    said = printable(errors.decode("utf-8", "replace").strip().partition("\n")[0]) or "it took too long"
    name = printable(str(repository))
    # As in a job that runs as root in a container, on what another user checked out.
    hint = (
        f"if you trust it: git config --global --add safe.directory {name}"
        if b"dubious ownership" in errors
        else None
    )
    return UsageError(f"{asked_for}: git cannot tell about {name}: {said}", hint=hint)


def _environment(repository: Path, overrides: Sequence[str]) -> dict[str, str]:
    """Ours without what points git elsewhere, as it does inside a hook, and with every door to others shut."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name.startswith("GIT_CONFIG_")
    }
    shut = {
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_CEILING_DIRECTORIES": str(repository.parent),
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }
    return kept | shut | (_made_empty(kept, overrides) if overrides else {})


def _made_empty(environment: dict[str, str], names: Sequence[str]) -> dict[str, str]:
    """Settings made empty through the environment (git-config(1)): on a command line a name must hold no ``=``."""
    given = environment.get("GIT_CONFIG_COUNT", "")
    first = int(given) if given.isdecimal() else 0
    made = {"GIT_CONFIG_COUNT": str(first + len(names))}
    for number, name in enumerate(names, first):
        made |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": ""}
    return made
