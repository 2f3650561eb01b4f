"""Whether git keeps the cache.

`enrich check` runs on pull requests, and one that brings a cache file of its own would say of its own links whatever
it likes. What git keeps in the tree that is checked is the word of whoever wrote the commit, so it is not asked.

The index of git is read as it lies there: git itself may not be installed, or refuse a folder of another user, and
has settings that run programs. Its format is that of gitformat-index(5), versions 2 to 4.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from enrich.places import repository_of

_HEADER_BYTES = 12
# Times, device, inode, mode, owner, size: what stands before the hash of an entry.
_STAT_BYTES = 40
_EXTENDED = 0x40
_LENGTH = 0xFFF


def is_kept_by_git(file: Path) -> bool:
    """Whether the index of the nearest repository names this file, or one whose name begins like it."""
    place = file.parent.resolve() / file.name
    if (holder := repository_of(place.parent)) is None:
        return False
    name = place.relative_to(holder).as_posix().encode().lower()
    try:
        return _is_named(holder, name)
    except PermissionError:
        # Nobody can say that the cache is ours.
        return True


def _is_named(holder: Path, name: bytes) -> bool:
    if (folder := _git_folder(holder)) is None:
        return False
    # A split index keeps most names in a file beside it.
    indexes = [folder / "index", *folder.glob("sharedindex.*")]
    return any(_names(_bytes(index), name, _is_sha256(folder)) for index in indexes)


def _bytes(file: Path) -> bytes:
    """What stands in a file; nothing where there is none."""
    try:
        return file.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return b""


def _git_folder(holder: Path) -> Path | None:
    """Where git keeps its own files: in a worktree and a submodule, ``.git`` is a file that says so."""
    at = holder / ".git"
    if at.is_dir():
        return at
    said = at.read_text(encoding="utf-8", errors="replace").partition("gitdir:")[2].strip()
    return (holder / said) if said else None


def _is_sha256(folder: Path) -> bool:
    return b"sha256" in _bytes(folder / "config").lower()


def _names(index: bytes, name: bytes, sha256: bool) -> bool:
    """Whether an index holds a path that begins like this; letter case is left aside, as some disks do."""
    if not index.startswith(b"DIRC"):
        return False
    if int.from_bytes(index[4:8], "big") < 4:
        return _stands_in(index, name)
    try:
        return any(path.lower().startswith(name) for path in _compressed_names(index, 32 if sha256 else 20))
    except (IndexError, ValueError):
        # Not an index that can be read to its end: nobody can say that the cache is ours.
        return True


def _stands_in(index: bytes, name: bytes) -> bool:
    """Whether a path of a version 2 or 3 index begins like this: before each stands how long it is."""
    lower = index.lower()
    at = lower.find(name)
    while at >= 0:
        length = int.from_bytes(index[at - 2 : at], "big") & _LENGTH
        if length in (index.index(b"\0", at) - at, _LENGTH):
            return True
        at = lower.find(name, at + 1)
    return False


def _compressed_names(index: bytes, hash_bytes: int) -> Iterator[bytes]:
    """The paths of a version 4 index, each of which says only how it differs from the one before."""
    path, at = b"", _HEADER_BYTES
    for _ in range(int.from_bytes(index[8:12], "big")):
        at += _STAT_BYTES + hash_bytes
        at += 4 if index[at] & _EXTENDED else 2
        dropped, at = _number(index, at)
        end = index.index(b"\0", at)
        path = path[: len(path) - dropped] + index[at:end]
        at = end + 1
        yield path


def _number(index: bytes, at: int) -> tuple[int, int]:
    """A number in git's offset encoding, and where it ends."""
    value = index[at] & 0x7F
    while index[at] & 0x80:
        at += 1
        value = ((value + 1) << 7) | (index[at] & 0x7F)
    return value, at + 1
