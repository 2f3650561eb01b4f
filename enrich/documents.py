"""Finds, opens and decodes documents, safely.

Notes may come from a stranger: links are not followed out of a folder, devices and pipes are not opened,
sizes are bounded, and a file that cannot be read costs one finding. Only a file that was *named* and
cannot be read is an error, since then somebody meant it.
"""

from __future__ import annotations

import glob
import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from enrich.dates import document_date
from enrich.errors import UsageError
from enrich.model import Document, DocumentType, Finding
from enrich.registry import document_types, finding_codes
from enrich.text import printable

STDIN = "-"
MAX_BYTES = 20 << 20
MAX_DEPTH = 64

_BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_GLOB_CHARACTERS = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a document lies: the file, the path as shown, and the path that may tell a date.

    ``root`` is the folder of its collection. ``named`` files were given by the user one by one.
    """

    file: Path
    shown: str
    dated: str
    root: Path | None = None
    named: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """Which files count as documents in a folder."""

    suffixes: frozenset[str]
    hidden: bool = False
    excluded: tuple[re.Pattern[str], ...] = ()
    never: frozenset[Path] = frozenset()


class Unreadable(Exception):  # noqa: N818 - never leaves this module
    """Why a file is not a document."""


def walk_of(
    extensions: Sequence[str], hidden: bool, excluded: Iterable[str], never: Iterable[Path]
) -> Walk:
    """The rules for folders; without extensions, every document type there is."""
    return Walk(
        suffixes=frozenset(extensions or document_types()),
        hidden=hidden,
        excluded=tuple(map(re.compile, excluded)),
        never=frozenset(path.resolve() for path in never),
    )


def shown(path: Path) -> str:
    """A path as an editor or a CI log can open it: relative to the current folder where it lies below."""
    text = os.path.normpath(path)
    if os.path.isabs(text):
        try:
            text = str(Path(text).relative_to(Path.cwd()))
        except ValueError:
            return Path(text).as_posix()
    return Path(text).as_posix()


def discover(paths: Sequence[str], walk: Walk) -> list[Place]:
    """All documents at the given paths, once each, by path; UsageError for a path that is not there."""
    places: dict[str, Place] = {}
    for path in paths:
        for place in _places(path, walk):
            key = STDIN if place.shown == STDIN else str(place.file.resolve())
            if key not in places or place.named:
                places[key] = place
    return sorted(places.values(), key=lambda place: place.shown)


def _places(path: str, walk: Walk) -> Iterator[Place]:
    if path == STDIN:
        yield Place(file=Path(STDIN), shown=STDIN, dated="", named=True)
    elif os.path.isdir(path):
        yield from _folder(Path(path), walk)
    elif os.path.lexists(path):
        file = Path(path)
        yield Place(file=file, shown=shown(file), dated=_dated(file), root=_root(file.parent), named=True)
    elif _GLOB_CHARACTERS.search(path) and (matches := sorted(glob.glob(path, recursive=True))):
        for match in matches:
            yield from _matched(Path(match), walk)
    else:
        raise UsageError(f"{printable(path)}: there is no such file or folder")


def _matched(match: Path, walk: Walk) -> Iterator[Place]:
    """A glob stands for many names: what it meets is treated as met while walking."""
    if match.is_dir():
        yield from _folder(match, walk)
    elif match.suffix.lower() in walk.suffixes:
        yield Place(file=match, shown=shown(match), dated=_dated(match), root=_root(match.parent))


def _root(folder: Path) -> Path:
    """The collection that a folder belongs to: the current folder where it lies below, else itself."""
    here, folder = Path.cwd().resolve(), folder.resolve()
    return here if folder.is_relative_to(here) else folder


def _dated(path: Path) -> str:
    """The part of a path that says something about a note: its name and the folders that were named."""
    return path.as_posix() if not path.is_absolute() else path.name


def _folder(root: Path, walk: Walk) -> Iterator[Place]:
    pending = [(root, 0)]
    base = Path(root.resolve().name)
    collection = _root(root)
    while pending:
        folder, depth = pending.pop()
        if (entries := _entries(folder)) is None:
            # Reading it as a document gives the finding that says why.
            yield Place(file=folder, shown=shown(folder), dated="")
            continue
        for entry in entries:
            path = folder / entry.name
            if _is_left_out(entry, path, walk):
                continue
            if entry.is_dir(follow_symlinks=False):
                if depth < MAX_DEPTH:
                    pending.append((path, depth + 1))
            elif path.suffix.lower() in walk.suffixes:
                dated = (base / path.relative_to(root)).as_posix()
                yield Place(file=path, shown=shown(path), dated=dated, root=collection)


def _entries(folder: Path) -> list[os.DirEntry[str]] | None:
    """What lies in a folder, by name; None when this user may not look."""
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
    except OSError:
        return None


def _is_left_out(entry: os.DirEntry[str], path: Path, walk: Walk) -> bool:
    if entry.is_symlink() or (entry.name.startswith(".") and not walk.hidden) or entry.name == ".git":
        return True
    if any(pattern.search(shown(path)) for pattern in walk.excluded):
        return True
    return entry.is_dir(follow_symlinks=False) and path.resolve() in walk.never


def type_of(path: str) -> DocumentType:
    """The document type by the suffix of a path; Markdown for what nobody claims, such as standard input."""
    types = document_types()
    return types.get(Path(path).suffix.lower()) or types[".md"]


def read(place: Place) -> Document | Finding:
    """The document at a place, or the finding that it cannot be read; UsageError if it was named."""
    try:
        text = decode(_bytes(place))
    except Unreadable as error:
        if place.named:
            raise UsageError(f"{printable(place.shown)}: {error}") from None
        return _unreadable(place.shown, str(error))
    kind = type_of(place.shown)
    title = kind.title(text)
    date, source = document_date(place.dated, text, title)
    return Document(
        path=place.shown,
        text=text,
        title=title,
        date=date,
        date_source=source,
        file=None if place.shown == STDIN else str(place.file),
        root=None if place.root is None else str(place.root),
    )


def _unreadable(path: str, why: str) -> Finding:
    code = finding_codes()["unreadable-document"]
    return Finding(code=code.code, severity=code.severity, message=f"not read: {why}", document=path)


def _bytes(place: Place) -> bytes:
    if place.shown == STDIN:
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    # O_NONBLOCK: opening a named pipe must not wait for somebody to write into it.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    if not place.named:
        flags |= getattr(os, "O_NOFOLLOW", 0)
    try:
        descriptor = os.open(place.file, flags)
    except OSError as error:
        raise Unreadable(f"cannot be opened ({error.strerror})") from None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Unreadable("is not a regular file")
        try:
            return file.read(MAX_BYTES + 1)
        except OSError as error:
            raise Unreadable(f"cannot be read ({error.strerror})") from None


def decode(data: bytes) -> str:
    """Text from bytes: by byte order mark, else UTF-8, else GB18030; Unreadable says why it is none."""
    if len(data) > MAX_BYTES:
        raise Unreadable(f"is larger than {MAX_BYTES >> 20} MiB")
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _strict(data, encoding)
    if b"\x00" in data:
        raise Unreadable("is binary: it holds NUL bytes")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _strict(data, "gb18030")


def _strict(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise Unreadable(f"is neither UTF-8 nor {encoding.upper()} (byte {error.start})") from None
