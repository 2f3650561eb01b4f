"""Links inside the collection: where they lead, and whether that is there.

What a relative link means depends on the document it stands in, and the answer lies on the disk, so it is
looked for anew in every run. Nothing outside the collection is looked at, not even through a symbolic link:
a stranger's note must not find out which files this machine has.

Three traps. A missing file proves nothing where a program makes the pages: ``/about/`` may come from
``about.md`` or from a setting, so with such a program's settings in sight only paths of source documents are
called missing. A path that begins with a slash means the top of the repository or site that the document
belongs to, which may lie above what was read. And some file systems do not tell ``README.md`` from
``readme.md``, while the server that shows the notes does; so names are compared with the listing of their
folder.
"""

from __future__ import annotations

import os
import posixpath
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

from enrich.documents import names_in
from enrich.extract.placeholders import is_template
from enrich.model import CanonicalUrl, Document, Identity, Status, Suggestion, Target, Verdict
from enrich.places import is_repository, repository_of
from enrich.registry import document_types

Digits = tuple[str, ...]

KIND_NAME = "file"
PREFIX = "file:"
# Beyond this many, nearest names cost more than they help: somebody moved a whole folder.
MOST_SUGGESTIONS = 100
MOST_CANDIDATES = 200
LONGEST_COMPARED = 100

_DIGITS = re.compile(r"\d+")
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_LIQUID = ("{%", "{{")
# Without white space, percent-encoding, a scheme, a drive or a placeholder.
_PLAIN_PATH = re.compile(r"[^\s%:\\${}]+")
# The top of a page, the lines of a file as GitHub names them, and text that browsers look for in the page.
_IN_ANY_FILE = re.compile(r"(?:top|L\d+(?:C\d+)?(?:-L\d+(?:C\d+)?)?|:~:.*)?", re.IGNORECASE | re.DOTALL)
_USER_CONTENT = "user-content-"
_INVISIBLE = re.compile("[\ufe0e\ufe0f\u200d]")
_HOST_LIKE = re.compile(r"(?:[a-z0-9-]+\.)+(?:com|org|net|io|dev|edu|gov|cn|ai)", re.IGNORECASE)
_FOLDER_PAGES = ("README.md", "readme.md", "index.md", "_index.md", "index.html", "index.htm")
_PAGE_SUFFIXES = (".html", ".htm")
# Settings of programs that make a site from a folder, and the folder that only such a program has.
_GENERATOR_SETTINGS = frozenset(
    {
        "_config.yml", "_config.yaml", "_config.toml", "_quarto.yml", "mkdocs.yml", "mkdocs.yaml", "zensical.toml",
        "hugo.toml", "hugo.yaml", "hugo.yml", "hugo.json", "book.toml", "conf.py", "antora.yml",
        "docusaurus.config.js", "docusaurus.config.ts", ".vitepress", ".vuepress", "astro.config.mjs",
        "astro.config.ts", "gatsby-config.js", "gatsby-config.ts", "eleventy.config.js", ".eleventy.js",
        "next.config.js", "next.config.mjs", "_posts",
    }
)  # fmt: skip
_SITE_MARKS = _GENERATOR_SETTINGS | {".git"}


# --- which file a link means --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Located:
    """What a relative link leads to, and whether that lies inside the collection."""

    identity: Identity
    inside: bool


def is_path(url: str) -> bool:
    """Whether a URL without a scheme is a path as it stands, and not what a template makes of it."""
    return not is_template(url) and not any(mark in url for mark in _LIQUID)


def locate(document: Document, url: str) -> Located:
    """The target of a relative link: ``file:<path>#<anchor>``, the path as documents' are shown.

    A query says how a file is to be shown, not which, and is dropped.
    """
    before, _, fragment = url.strip().partition("#")
    path = os.fsdecode(unquote_to_bytes(before.partition("?")[0]))
    if document.file is None or document.root is None or _DRIVE.match(path):
        return Located(_identity(posixpath.join(document.path, path), fragment), inside=False)
    own = _own_path(document.path, document.file)
    if not path:
        return Located(_identity(own, fragment), inside=True)
    folder = _folder_inside(document.file, document.root)
    start = _site_inside(folder, document.root) if path.startswith("/") else folder
    inner = posixpath.normpath(posixpath.join(start, path.lstrip("/")))
    inside = inner != ".." and not inner.startswith("../")
    if inside and path.startswith("/") and not start and _is_below_a_top(document.root):
        inside = os.path.lexists(os.path.join(document.root, inner))
    up = [".."] * len(Path(folder).parts)
    shown = posixpath.normpath(posixpath.join(posixpath.dirname(own), *up, inner))
    return Located(_identity(shown, fragment), inside)


def is_surely_inside(document: Document, url: str) -> bool:
    """Whether a link plainly stays inside the collection, told without working out where to. No may be in vain."""
    if document.file is None or document.root is None or ".." in url or not _PLAIN_PATH.fullmatch(url):
        return False
    return not url.startswith("/") or not (url.startswith("//") or _is_below_a_top(document.root))


def _own_path(shown: str, file: str) -> str:
    """The path of a document with the bytes of its name, where these are not all shown as they are."""
    return shown if file.isprintable() else Path(os.path.normpath(file)).as_posix()


@lru_cache(maxsize=1024)
def _folder_inside(file: str, root: str) -> str:
    """The folder of a document, below the root of its collection; empty for the root."""
    inside = os.path.relpath(os.path.realpath(os.path.dirname(file)), root)
    return "" if inside == os.curdir else Path(inside).as_posix()


@lru_cache(maxsize=1024)
def _site_inside(folder: str, root: str) -> str:
    """The folder, below the root, of the site or repository that a folder belongs to; the root without one."""
    for up in (Path(folder), *Path(folder).parents):
        if any(os.path.lexists(os.path.join(root, up, mark)) for mark in _SITE_MARKS):
            return "" if up == Path() else up.as_posix()
    return ""


@lru_cache(maxsize=64)
def _is_below_a_top(root: str) -> bool:
    """Whether the root is a folder inside a repository: a path from the top then leads out of what was read."""
    path = Path(root)
    return not is_repository(path) and repository_of(path) is not None


def _identity(path: str, fragment: str) -> Identity:
    anchor = _text_of(fragment)
    target = PREFIX + _written(path) + (f"#{_written(anchor)}" if anchor else "")
    return Identity(id=target, kind=KIND_NAME, url=CanonicalUrl(target))


def _text_of(fragment: str) -> str:
    """A fragment without percent-encoding, so that both spellings are one."""
    return unquote_to_bytes(fragment).decode("utf-8", "replace")


def _written(name: str) -> str:
    """A name with only what would end it, or is no printable text, percent-encoded."""
    return "".join(
        character if character.isprintable() and character not in "%#" else quote(os.fsencode(character))
        for character in name
    )


# --- whether it is there ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Names:
    """The names in a document or folder: as they are compared, and grouped by the digits in them.

    202105 is not a misspelt 202205: of names that differ in their digits none is near the other.
    """

    compared: frozenset[str]
    by_digits: Mapping[Digits, list[str]]


def _grouped(names: Iterable[str]) -> _Names:
    by_digits: dict[Digits, list[str]] = {}
    for name in names:
        if len(name) <= LONGEST_COMPARED:
            by_digits.setdefault(_digits(name), []).append(name)
    return _Names(frozenset(map(_compared, names)), by_digits)


def _digits(name: str) -> Digits:
    return tuple(_DIGITS.findall(name))


def _compared(name: str) -> str:
    """A name as names are compared: GitHub ignores case, and nobody sees a variation selector."""
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFC", name)).lower()
    return plain.removeprefix(_USER_CONTENT)


def is_among(names: Iterable[str], fragment: str) -> bool:
    """Whether a ``#fragment`` as written is one of the names in a document."""
    return _compared(_text_of(fragment)) in set(map(_compared, names))


@dataclass(frozen=True, slots=True)
class _Found:
    """How far a path is there: ``there`` is, and of the segments behind it the first is ``missing``."""

    root: Path
    there: Path
    missing: tuple[str, ...]


class CannotTell(Exception):  # noqa: N818 - never leaves this module
    """The disk does not say whether a target is there."""


class Judge:
    """Judges targets from the disk. One serves a whole run, so that folders and documents are read once.

    ``roots`` are the folders of the collections, resolved.
    """

    def __init__(self, roots: Iterable[Path], names: Callable[[Path], list[str] | None] = names_in) -> None:
        self._roots = tuple(roots)
        self._suggestions_left = MOST_SUGGESTIONS
        self._listing = lru_cache(maxsize=1024)(_listing)
        self._names = lru_cache(maxsize=16)(lambda file: _grouped_or_none(names(file)))
        self._files = lru_cache(maxsize=16)(lambda folder: _grouped(sorted(self._listing(folder))))

    def verdicts(self, targets: Iterable[Target]) -> dict[str, Verdict | None]:
        """The verdicts on targets by their ids; None as `verdict` gives it."""
        return {target.id: self.verdict(target) for target in targets}

    def verdict(self, target: Target) -> Verdict | None:
        """The verdict on a target; None where nothing can be said, since it leads out of the collection."""
        path, _, fragment = target.id.removeprefix(PREFIX).partition("#")
        try:
            found = self._find(os.fsdecode(unquote_to_bytes(path)))
            if found.missing:
                return self._without_file(path, found)
            return self._with_file(path, found.there, _text_of(fragment))
        except CannotTell:
            return None

    def _find(self, shown: str) -> _Found:
        if "\0" in shown:
            raise CannotTell
        resolved = Path(os.path.realpath(shown))
        root = next((root for root in self._roots if resolved.is_relative_to(root)), None)
        if root is None:
            raise CannotTell
        there, parts = root, resolved.relative_to(root).parts
        for index, part in enumerate(parts):
            if part not in self._listing(there):
                return _Found(root, there, parts[index:])
            there = there / part
        return _Found(root, there, ())

    # A file that is not there.

    def _without_file(self, path: str, found: _Found) -> Verdict:
        if len(found.missing) == 1 and self._sources(found.there, found.missing[0]):
            return Verdict(Status.OK, "file-found", "A page that is made from a document.")
        suffix = posixpath.splitext(path)[1].lower()
        is_source = suffix in document_types() and suffix not in _PAGE_SUFFIXES
        if not is_source and self._is_generated(found):
            raise CannotTell
        folder = "/".join(path.split("/")[: -len(found.missing)]) or "the top folder"
        detail = f"There is no {_written(found.missing[0])} in {folder}."
        return Verdict(Status.BROKEN, "file-missing", detail, self._nearest_file(path, found))

    def _sources(self, folder: Path, name: str) -> list[str]:
        """The documents from which a page of this name is made, as wikis and site generators do."""
        stem, suffix = posixpath.splitext(name)
        if suffix in _PAGE_SUFFIXES:
            name = stem
        listing = self._listing(folder)
        return [name + suffix for suffix in document_types() if name + suffix in listing]

    def _is_generated(self, found: _Found) -> bool:
        folders = [found.there, *found.there.parents]
        inside = folders[: folders.index(found.root) + 1]
        return any(self._listing(folder) & _GENERATOR_SETTINGS for folder in inside)

    def _nearest_file(self, path: str, found: _Found) -> Suggestion | None:
        """What was meant, where a host or a mail address lacks its scheme or one name is misspelt."""
        parts = path.split("/")
        if (place := len(parts) - len(found.missing)) < 0:
            # A symbolic link leads to something longer that is not there.
            return None
        if "\\" in path:
            # No name that is near to a whole path is what was meant.
            slashed = self._with_slashes(path)
            return Suggestion(PREFIX + slashed, "file-missing") if slashed else None
        if _HOST_LIKE.fullmatch(parts[place]):
            return Suggestion("https://" + "/".join(parts[place:]), "file-missing")
        if "@" in parts[place] and _HOST_LIKE.fullmatch(parts[place].partition("@")[2]):
            return Suggestion("mailto:" + parts[place], "file-missing")
        near = self._near(found.missing[0], self._files(found.there))
        if near is None or not self._is_there(found.there / near, found.missing[1:]):
            return None
        better = "/".join([*parts[:place], _written(near), *parts[place + 1 :]])
        return Suggestion(PREFIX + better, "file-missing")

    def _with_slashes(self, path: str) -> str | None:
        """The path with the separators of the web in place of those of Windows, where it is there then."""
        better = posixpath.normpath(path.replace("\\", "/"))
        try:
            return None if self._find(os.fsdecode(unquote_to_bytes(better))).missing else better
        except CannotTell:
            return None

    def _is_there(self, folder: Path, parts: Sequence[str]) -> bool:
        for part in parts:
            if part not in self._listing(folder):
                return False
            folder = folder / part
        return True

    # A file that is there.

    def _with_file(self, path: str, file: Path, fragment: str) -> Verdict:
        found = Verdict(Status.OK, "file-found")
        if _IN_ANY_FILE.fullmatch(fragment):
            return found
        names = self._names(self._page_of(file))
        if names is None or _compared(fragment) in names.compared:
            return found
        near = self._near(fragment, names)
        better = Suggestion(f"{PREFIX}{path}#{_written(near)}", "anchor-missing") if near else None
        detail = f"No heading or id in {path} is called {fragment}."
        return Verdict(Status.BROKEN, "anchor-missing", detail, better)

    def _page_of(self, file: Path) -> Path:
        """The document that a folder is shown with, where it has one."""
        if not os.path.isdir(file):
            return file
        listing = self._listing(file)
        return next((file / name for name in _FOLDER_PAGES if name in listing), file)

    def _near(self, name: str, names: _Names) -> str | None:
        """The nearest of some names, letter case aside; None where none is near."""
        if not self._suggestions_left or len(name) > LONGEST_COMPARED:
            return None
        alike = names.by_digits.get(_digits(name), [])
        lower = name.lower()
        if (same := next((one for one in alike if one.lower() == lower), None)) is not None:
            return same
        from difflib import get_close_matches

        self._suggestions_left -= 1
        # Without the suffix, which would make any two short names alike.
        by_stem = {_stem(one): one for one in reversed(alike[:MOST_CANDIDATES])}
        near = get_close_matches(_stem(name), list(by_stem), n=1)
        return by_stem[near[0]] if near else None


def _stem(name: str) -> str:
    return posixpath.splitext(name.lower())[0]


def _grouped_or_none(names: list[str] | None) -> _Names | None:
    return None if names is None else _grouped(names)


def _listing(folder: Path) -> frozenset[str]:
    """The names in a folder; none in what is no folder."""
    try:
        return frozenset(os.listdir(folder))
    except NotADirectoryError:
        return frozenset()
    except OSError:
        raise CannotTell from None
