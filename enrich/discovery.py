"""Finds documents, safely, and in the order of their paths.

Notes may come from a stranger: symbolic links are not followed, neither where they are met nor out of the
current folder where one was named (the folder that a job names may have become one in a pull request).

In a folder, every type of document that is known is read: a link that nobody looked at is worse than one
that is looked at for nothing. What programs make, such as a built site, is left out as long as git is told
to ignore it. What git ignores is found by reading its rules; a repository of a stranger may hold settings
that make git itself run programs.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush, heapreplace
from itertools import count
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from enrich.decoding import Unreadable
from enrich.errors import UsageError
from enrich.gitignore import Layer, Rule, is_ignored, rules_of
from enrich.places import is_repository, refuse_to_be_led_out, repository_of, seen_from_top
from enrich.registry import document_type
from enrich.regular_files import bytes_of
from enrich.spelling import did_you_mean
from enrich.text import printable

STDIN = "-"
MAX_DEPTH = 64
_TOO_DEEP = f"lies deeper than {MAX_DEPTH} folders"
_GLOB_CHARACTERS = re.compile(r"[*?\[]")


class Place(NamedTuple):
    """Where a document lies: the file, the path as shown, and the path that may tell a date.

    A tuple of texts, since hundreds of thousands may go from one process to another: a tenth of the work.
    ``root`` is the folder of its collection. ``named`` files were given by the user one by one.
    ``unread`` is why it is not read, where that is known before it is opened.
    """

    file: str
    shown: str
    dated: str
    root: Path | None = None
    named: bool = False
    unread: str | None = None


# Those of one folder come as they are found; nothing in it was named.
Places = Sequence[Place] | Iterator[Place]


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """Which files count as documents in a folder; without suffixes, those of every type there is.

    ``excluded`` are found anywhere in a path, ``never`` are folders of ours. ``folder`` is the current one and that of
    the file which says what is excluded, where that lies above: whoever wrote it saw paths from there.
    """

    suffixes: frozenset[str]
    hidden: bool = False
    excluded: tuple[re.Pattern[str], ...] = ()
    never: frozenset[Path] = frozenset()
    folder: tuple[str, str] | None = None

    def excludes(self, path: str) -> bool:
        """Whether a path is excluded as it is shown, or as seen from the folder of the file that says so."""
        names = {path, path if self.folder is None else seen_from_top(path, self.folder)}
        return any(pattern.search(name) for pattern in self.excluded for name in names)

    def takes(self, suffix: str) -> bool:
        """Whether files with this suffix, in lower case, are documents."""
        return suffix in self.suffixes if self.suffixes else document_type(suffix) is not None


def walk_of(
    extensions: Sequence[str],
    hidden: bool,
    excluded: Iterable[str],
    never: Iterable[Path],
    folder: tuple[str, str] | None = None,
) -> Walk:
    """The rules for folders; without extensions, every document type there is."""
    return Walk(
        suffixes=frozenset(extensions),
        hidden=hidden,
        excluded=tuple(map(re.compile, excluded)),
        never=frozenset(path.resolve() for path in never),
        folder=folder,
    )


def shown(path: Path) -> str:
    """A path as an editor or a CI log can open it: relative to the current folder where it lies below."""
    text = Path(os.path.normpath(path))
    if text.is_absolute() and text.is_relative_to(Path.cwd()):
        text = text.relative_to(Path.cwd())
    return _without_surrogates(text.as_posix())


def _without_surrogates(name: str) -> str:
    """A name as text that has a UTF-8 form: bytes of a file name that are none are shown as ``\\xff``."""
    if name.isascii():
        return name
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


# --- what was named ----------------------------------------------------------------------------------


def discover(paths: Sequence[str], walk: Walk) -> Places:
    """All documents at the given paths, once each, by path; UsageError for a path that is not there.

    Those of a folder come while it is walked, so that work on the first need not wait for the last.
    """
    for path in paths:
        refuse_to_be_led_out(path)
    if len(paths) == 1 and paths[0] != STDIN and os.path.isdir(paths[0]):
        return _once(_folder(Path(paths[0]), walk))
    places: dict[str, Place] = {}
    for path in paths:
        for place in _places(path, walk):
            key = place.shown if place.shown == STDIN else os.path.realpath(place.file)
            if key not in places or place.named:
                places[key] = place
    return sorted(places.values(), key=lambda place: place.shown)


def _once(places: Iterable[Place]) -> Iterator[Place]:
    """Without those that are shown by a name that came before: not all bytes of a name are shown as they are."""
    shown_before = ""
    for place in places:
        if place.shown != shown_before:
            yield place
        shown_before = place.shown


def _places(path: str, walk: Walk) -> Iterator[Place]:
    if path == STDIN:
        yield Place(file=STDIN, shown=STDIN, dated="", named=True)
    elif os.path.isdir(path):
        yield from _folder(Path(path), walk)
    elif os.path.lexists(path):
        file = Path(path)
        yield Place(
            file=str(file), shown=shown(file), dated=_dated(file), root=_root(file.parent), named=True
        )
    elif _GLOB_CHARACTERS.search(path) and (matches := _matches(path, walk)):
        for match in matches:
            yield from _matched(Path(match), walk)
    else:
        raise UsageError(f"{printable(path)}: there is no such file or folder", hint=_near(path))


def _near(path: str) -> str | None:
    """What may have been meant, among what lies beside it."""
    folder = Path(path).parent
    try:
        names = sorted(os.listdir(folder))
    except (OSError, ValueError):
        return None
    # The path is foreign text to whoever prints it, as the error is.
    return did_you_mean(path, [(folder / name).as_posix() for name in names])


def _matches(pattern: str, walk: Walk) -> list[Path]:
    """What a glob matches without going through symbolic links, as a shell's would that has ``**``.

    Not with `glob.glob`, whose ``**`` follows links: two that lead to their own folder make it endless.
    """
    parts = Path(pattern).parts
    first = next(number for number, part in enumerate(parts) if _GLOB_CHARACTERS.search(part))
    top, below = Path(*parts[:first]), str(Path(*parts[first:]))
    try:
        found = sorted(top.glob(below))
    except ValueError as error:
        raise UsageError(f"{printable(pattern)}: is no pattern: {printable(str(error))}") from None
    return [match for match in found if not _is_apart(match, parts, first, walk)]


def _is_apart(match: Path, pattern: Sequence[str], first: int, walk: Walk) -> bool:
    """Whether a match is hidden where the pattern does not say so, ours, or behind a symbolic link."""
    inside = match.parts[first:]
    says_hidden = any(part.startswith(".") for part in pattern[first:])
    if not (walk.hidden or says_hidden) and any(part.startswith(".") for part in inside):
        return True
    if any(os.path.islink(Path(*match.parts[: first + number + 1])) for number in range(len(inside))):
        return True
    return bool(walk.never) and any(match.resolve().is_relative_to(folder) for folder in walk.never)


def _matched(match: Path, walk: Walk) -> Iterator[Place]:
    """A glob stands for many names: what it meets is treated as met while walking."""
    if os.path.isdir(match):
        yield from _folder(match, walk)
    elif walk.takes(match.suffix.lower()):
        yield Place(file=str(match), shown=shown(match), dated=_dated(match), root=_root(match.parent))


def _root(folder: Path) -> Path:
    """The collection that a folder belongs to: the current folder where it lies below, else itself."""
    here, folder = Path.cwd().resolve(), folder.resolve()
    return here if folder.is_relative_to(here) else folder


def _dated(path: Path) -> str:
    """The part of a path that says something about a note: its name and the folders that were named."""
    return _without_surrogates(path.as_posix() if not path.is_absolute() else path.name)


# --- a folder, and what lies below ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder to walk: its path, its segments below the top of its repository, and the rules that hold in it."""

    path: Path
    depth: int
    below: tuple[str, ...] = ()
    rules: tuple[Layer, ...] = ()


class _Met(NamedTuple):
    """Something in a folder: ``dated`` is what stands before its name in a path that may tell a date."""

    entry: os.DirEntry[str]
    folder: _Folder
    dated: str


def _folder(root: Path, walk: Walk) -> Iterator[Place]:
    """The documents in a folder and below, by path; each thing is looked at when its turn comes.

    What is open is a heap of folders, each with what is left of it and the next of that in front: with a heap of
    all that was met, the first document of five thousand in a folder came 4 ms later.
    """
    base, collection, numbers = Path(root.resolve().name), _root(root), count()
    # Equal paths go by the second: not all bytes of a name are shown as they are.
    pending: list[tuple[str, int, _Met | _Folder, Iterator[tuple[str, _Met]]]] = []
    heappush(pending, (shown(root), next(numbers), _top(root), iter(())))
    while pending:
        path, number, one, rest = pending[0]
        if (following := next(rest, None)) is None:
            heappop(pending)
        else:
            heapreplace(pending, (following[0], number, following[1], rest))
        if isinstance(one, _Met):
            found = _found(one, path, collection, walk)
            if isinstance(found, Place):
                yield found
            if not isinstance(found, _Folder):
                continue
            one = found
        if (entries := _entries(one.path)) is None:
            # Reading it as a document gives the finding that says why.
            yield Place(file=str(one.path), shown=shown(one.path), dated="")
            continue
        dated = _prefix((base / one.path.relative_to(root)).as_posix())
        met = _met_in(one, entries, dated)
        if (first := next(met, None)) is not None:
            heappush(pending, (first[0], next(numbers), first[1], met))


def _met_in(folder: _Folder, entries: Iterable[os.DirEntry[str]], dated: str) -> Iterator[tuple[str, _Met]]:
    """What is met in a folder, each with its path as shown, by that."""
    above = _prefix(shown(folder.path))
    paths = sorted(
        ((above + _without_surrogates(entry.name), entry) for entry in entries), key=itemgetter(0)
    )
    return ((path, _Met(entry, folder, dated)) for path, entry in paths)


def _found(met: _Met, path: str, collection: Path, walk: Walk) -> Place | _Folder | None:
    """The document or the folder that something is, if it is one that counts; ``path`` is as shown."""
    entry, folder = met.entry, met.folder
    if _is_left_out(entry, folder, walk):
        return None
    if entry.is_dir(follow_symlinks=False):
        if folder.depth < MAX_DEPTH:
            return _inside(folder, entry.name)
        return Place(file=_file(met), shown=path, dated="", unread=_TOO_DEEP)
    if not walk.takes(os.path.splitext(entry.name)[1].lower()):
        return None
    dated = _without_surrogates(met.dated + entry.name)
    return Place(file=_file(met), shown=path, dated=dated, root=collection)


def _file(met: _Met) -> str:
    return _prefix(str(met.folder.path)) + met.entry.name


def _prefix(folder: str) -> str:
    """What stands before the names in a folder."""
    return "" if folder == os.curdir else folder.rstrip("/") + "/"


def _top(root: Path) -> _Folder:
    """The folder that was named, with the rules of the repository around it. What is named is not ignored."""
    resolved = root.resolve()
    repository = repository_of(resolved) or resolved
    below = resolved.relative_to(repository).parts
    layers: list[Layer] = []
    for depth in range(len(below)):
        layers += _rules_in(repository.joinpath(*below[:depth]), depth)
        if is_ignored(below[: depth + 1], True, layers):
            layers = []
    return _Folder(root, 0, below, (*layers, *_rules_in(root, len(below))))


def _inside(folder: _Folder, name: str) -> _Folder:
    path, depth = folder.path / name, folder.depth + 1
    if is_repository(path):
        # Another repository begins, with rules of its own.
        return _Folder(path, depth, (), _rules_in(path, 0))
    below = (*folder.below, name)
    return _Folder(path, depth, below, (*folder.rules, *_rules_in(path, len(below))))


def _rules_in(folder: Path, depth: int) -> tuple[Layer, ...]:
    """The rules of a folder's ``.gitignore``, if there is one that can be read; git does not insist either."""
    path = folder / ".gitignore"
    if not os.path.lexists(path):
        return ()
    try:
        data = bytes_of(path, follow=False)
    except Unreadable:
        return ()
    rules: list[Rule] = rules_of(data.decode("utf-8", "surrogateescape"))
    return ((depth, rules),) if rules else ()


def _entries(folder: Path) -> list[os.DirEntry[str]] | None:
    """What lies in a folder, by name; None when this user may not look."""
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
    except OSError:
        return None


def _is_left_out(entry: os.DirEntry[str], folder: _Folder, walk: Walk) -> bool:
    if entry.is_symlink() or (entry.name.startswith(".") and not walk.hidden) or entry.name == ".git":
        return True
    is_folder = entry.is_dir(follow_symlinks=False)
    if walk.excluded and walk.excludes(shown(folder.path / entry.name)):
        return True
    if folder.rules and is_ignored((*folder.below, entry.name), is_folder, folder.rules):
        return True
    return is_folder and (folder.path / entry.name).resolve() in walk.never
