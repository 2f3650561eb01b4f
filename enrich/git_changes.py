"""What a change brought: the lines added or changed since the merge base, asked of git.

The merge base, not the base itself: a branch that lies behind would else seem to take back what others did, and one
into which others' work was merged would seem to have done it. The working tree counts, so that it can be asked before a
commit too. Git gives the names of files twice: between NULs, as they are, with what was renamed and what is
binary; and in the patch, with quotation marks around what looks odd, where the lines are.

Files of the working tree are compared as they lie there: the programs that a repository names to clean them first
(as for files that are kept elsewhere, or encrypted) are not run, so that all lines of such a document seem new.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import IO

from enrich.errors import UsageError
from enrich.git import CHUNK_BYTES, answer, ask, filters_of, is_shallow, pieces, repository_of, running
from enrich.text import printable

_OPTION = "--diff"
# In git no option of its own may come behind, and settings change nothing of what is read here.
_DIFF = (
    "diff", "--no-color", "--no-ext-diff", "--no-textconv", "--no-relative", "--ignore-submodules=all",
    "--find-renames", "-l4000", f"-O{os.devnull}", "--src-prefix=a/", "--dst-prefix=b/",
)  # fmt: skip
_NAMES = ("--numstat", "-z")
# Editors trim spaces and change the ends of all lines, which brings no link.
_LINES = ("--patch", "--unified=0", "--inter-hunk-context=0", "--ignore-space-at-eol")
_HUNK = re.compile(rb"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_QUOTED = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_ESCAPES = {b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r"}

# First and last, both included.
Range = tuple[int, int]


@dataclass(frozen=True)
class RepositoryChange:
    """What changed in one repository; names are from its top, with slashes.

    ``names`` are all files of the merge base, ``renames`` lead from a new name to the old one, ``added`` has the lines
    that are new by new name. Of the ``opaque``, binary files, lines cannot be told.
    """

    top: Path
    base: str
    names: frozenset[str]
    renames: Mapping[str, str]
    added: Mapping[str, Sequence[Range]]
    opaque: frozenset[str]

    @cached_property
    def _folders(self) -> frozenset[str]:
        return frozenset(str(up) for name in self.names for up in Path(name).parents)

    def had(self, name: str) -> bool:
        """Whether a file or folder was there before the change."""
        return name in self.names or name in self._folders

    def touched(self, name: str) -> bool:
        """Whether a file of before the change is another one, or elsewhere, now."""
        return name in self.added or name in self.opaque or name in self.renames.values()

    def text_before(self, name: str) -> bytes | None:
        """What stood in a file before the change; None where there was none."""
        if name not in self.names:
            return None
        return _blob(self.top, f"{self.base}:{name}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentChange:
    """What a change did to one document. ``lines`` that are None are all new; ``before`` is its older name."""

    repository: RepositoryChange
    name: str
    before: str | None
    lines: Sequence[Range] | None

    def brought(self, lines: Iterable[int]) -> bool:
        """Whether one of these lines is new."""
        if self.lines is None:
            return True
        return any(first <= line <= last for line in lines for first, last in self.lines)

    def place_before(self, path: str) -> str:
        """The name to which a relative path of this document led before it was moved."""
        return posixpath.normpath(posixpath.join(posixpath.dirname(self.before or self.name), path))


@lru_cache(maxsize=16)
def _blob(top: Path, name: str) -> bytes:
    return ask(top, ("cat-file", "blob", name), _OPTION)


def changes_of(base: str, documents: Iterable[tuple[Path, Path | None, str]]) -> dict[str, DocumentChange]:
    """What happened since the merge base with ``base``, by the path of a document as shown.

    ``documents`` are (file, folder of its collection, path as shown). One in a repository inside another one is left out,
    since it is not what changed. Raises UsageError where a document is in no repository, or git cannot tell.
    """
    found: dict[str, DocumentChange] = {}
    known: dict[Path, RepositoryChange] = {}
    for file, root, shown in documents:
        # A link in the tree is a file of its own; where its folder lies is what counts.
        place = file.parent.resolve() / file.name
        if (top := repository_of(place, root or place.parent)) is None:
            _refuse_outside(place, shown)
            continue
        if top not in known:
            known[top] = _repository_change(top, base)
        found[shown] = _document_change(known[top], place.relative_to(top).as_posix())
    return found


def _refuse_outside(file: Path, shown: str) -> None:
    if not any(os.path.lexists(folder / ".git") for folder in file.parents):
        raise UsageError(
            f"{_OPTION}: {printable(shown)} is in no git repository, so that nobody knows what changed in it; "
            "leave the option out, or name paths inside of one"
        )


def _document_change(repository: RepositoryChange, name: str) -> DocumentChange:
    before = repository.renames.get(name, name)
    if before not in repository.names:
        return DocumentChange(repository=repository, name=name, before=None, lines=None)
    lines = None if name in repository.opaque else repository.added.get(name, ())
    return DocumentChange(repository=repository, name=name, before=before, lines=lines)


def _repository_change(top: Path, base: str) -> RepositoryChange:
    start = _merge_base(top, base)
    with running(top, ("ls-tree", "-r", "-z", "--name-only", "--full-tree", start), _OPTION) as output:
        names = frozenset(os.fsdecode(name) for name in pieces(output))
    filters = filters_of(top, _OPTION)
    with running(top, (*_DIFF, *_NAMES, start, "--"), _OPTION, overrides=filters) as output:
        renames, opaque = _renames(pieces(output))
    with running(top, (*_DIFF, *_LINES, start, "--"), _OPTION, overrides=filters) as output:
        added = _added(_beginnings(output))
    return RepositoryChange(top, start, names, renames, added, opaque)


def _merge_base(top: Path, base: str) -> str:
    """The newest commit that this state and ``base`` have in common."""
    where = printable(str(top))
    if ".." in base:
        # No name of a commit has it, and git would answer with several.
        raise UsageError(
            f"{_OPTION}: {printable(base)} is a range; name its first commit alone, as in {_OPTION} origin/main, since "
            "what is compared is this state and where it parted from there"
        )
    commit = answer(
        top, ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}^{{commit}}"), _OPTION
    )
    if commit is None:
        raise UsageError(
            f"{_OPTION}: {printable(base)} is no commit or branch that the clone {where} knows; fetch it (git fetch "
            "origin; with actions/checkout: fetch-depth: 0) and name it as git does, such as origin/main"
        )
    found = answer(top, ("merge-base", "HEAD", commit.decode().strip()), _OPTION)
    if found is None and is_shallow(top, _OPTION):
        raise UsageError(
            f"{_OPTION}: {where} is a shallow clone, which does not reach back to where this change and "
            f"{printable(base)} part; fetch the history (git fetch --unshallow; with actions/checkout: fetch-depth: 0)"
        )
    if found is None:
        raise UsageError(
            f"{_OPTION}: this state of {where} and {printable(base)} have no commit in common; name another base"
        )
    return found.decode().strip()


# --- what git prints --------------------------------------------------------------------------------


def _renames(said: Iterator[bytes]) -> tuple[dict[str, str], frozenset[str]]:
    """The older name of each renamed file, and which files are binary, from ``--numstat -z``."""
    renames: dict[str, str] = {}
    opaque: set[str] = set()
    for row in said:
        added, _, rest = row.partition(b"\t")
        _, _, name = rest.partition(b"\t")
        new = os.fsdecode(name)
        if not name:
            before = os.fsdecode(next(said))
            new = os.fsdecode(next(said))
            renames[new] = before
        if added == b"-":
            opaque.add(new)
    return renames, frozenset(opaque)


def _added(lines: Iterator[bytes]) -> dict[str, list[Range]]:
    """The new lines of each file from a patch without context, whose lines are skipped by their number."""
    found: dict[str, list[Range]] = {}
    current: list[Range] = []
    skipped = 0
    for line in lines:
        if skipped and line[:1] in b"+-":
            skipped -= 1
        elif line.startswith(b"+++ "):
            current = found.setdefault(_name(line[4:]), [])
        elif (hunk := _HUNK.match(line)) is not None:
            removed, first, count = (1 if part is None else int(part) for part in hunk.groups())
            skipped = removed + count
            if count:
                current.append((first, first + count - 1))
    return found


def _beginnings(output: IO[bytes]) -> Iterator[bytes]:
    """The first part of each line, which is all of most."""
    begins = True
    while part := output.readline(CHUNK_BYTES):
        if begins:
            yield part
        begins = part.endswith(b"\n")


def _name(written: bytes) -> str:
    """A file name from the head of a patch: ``b/a name`` with a tab behind it, or ``"b/\\346\\226"``."""
    name = written.rstrip(b"\n").removesuffix(b"\t")
    if name.startswith(b'"'):
        name = _QUOTED.sub(_unescaped, name[1:-1])
    return os.fsdecode(name.removeprefix(b"b/"))


def _unescaped(match: re.Match[bytes]) -> bytes:
    code = match[1]
    return bytes([int(code, 8)]) if len(code) == 3 else _ESCAPES.get(code, code)
