"""Asks about paths where a stranger may have laid out the folders.

Two surprises. A folder to write to, such as ``cache``, may come with a pull request as a symbolic link to any
place of the machine. And `pathlib.Path.exists` raises where this user may not look (until Python 3.14), so that
one locked folder ended a whole run; the functions of `os.path` say no.
"""

from __future__ import annotations

import os
import posixpath
from pathlib import Path

from enrich.errors import UsageError


def refuse_to_be_led_out(path: str) -> None:
    """UsageError for a path in the current folder that symbolic links lead out of it."""
    here = os.path.realpath(os.curdir)
    written = os.path.normpath(os.path.join(here, path))
    if Path(written).is_relative_to(here) and not Path(os.path.realpath(written)).is_relative_to(here):
        # Whoever is led nowhere needs no letters made harmless.
        from enrich.text import printable

        raise UsageError(
            f"{printable(path)}: is or lies behind a symbolic link that leads out of the current folder; "
            "name the place that it leads to"
        )


def is_repository(folder: Path) -> bool:
    """Whether a git repository, a worktree or a submodule begins here; no where this user may not look."""
    return os.path.exists(folder / ".git")


def folder_in_repository() -> tuple[str, str] | None:
    """The current folder and the top of its repository, with slashes; None outside of any."""
    here = Path(os.path.realpath(os.curdir))
    top = repository_of(here)
    return None if top is None else (here.as_posix(), top.as_posix())


def folder_below(top: Path) -> tuple[str, str] | None:
    """The current folder and one above it, with slashes; None where that is none above."""
    here, above = Path(os.path.realpath(os.curdir)), Path(os.path.realpath(top))
    return (here.as_posix(), above.as_posix()) if above in here.parents else None


def seen_from_top(path: str, folder: tuple[str, str]) -> str:
    """A path of the current folder as it is called at the top; one that leads out of that stays as it is."""
    here, top = folder
    whole = posixpath.normpath(posixpath.join(here, path))
    return whole.removeprefix(f"{top}/") if whole.startswith(f"{top}/") else path


def repository_of(folder: Path) -> Path | None:
    """The nearest folder, at or above a resolved one, in which a repository begins."""
    return next((up for up in (folder, *folder.parents) if is_repository(up)), None)
