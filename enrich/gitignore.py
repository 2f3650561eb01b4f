"""The rules of ``.gitignore``, as git reads them. Pure.

Written out rather than taken from a library: the usual translation into one regular expression backtracks,
so that four stars in a line and one long file name cost eight seconds, and such a line may come with a
stranger's pull request. Here every star takes the first place that fits and never gives it back, which is
enough because everything between two stars has a fixed length.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

Segment = re.Pattern[str]
Layer = tuple[int, Sequence["Rule"]]
"""The rules of one file, and how many folders deep below the top it lies."""

_POSIX_CLASSES = {
    "alnum": "a-zA-Z0-9", "alpha": "a-zA-Z", "blank": r" \t", "cntrl": r"\x00-\x1f\x7f", "digit": "0-9",
    "graph": "!-~", "lower": "a-z", "print": " -~", "punct": r"!-/:-@\[-`{-~", "space": r"\s", "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}  # fmt: skip
_CLASS = re.compile(r"\[([!^]?)(\]?(?:\[:\w+:\]|\\.|[^\]\\])*)\]", re.DOTALL)
_CLASS_ITEM = re.compile(r"\[:(\w+):\]|(\\.|[^\\])(?:-(\\.|[^\]\\]))?", re.DOTALL)
_TOKEN = re.compile(r"\*+|\?|\\.|\[|[^*?\\\[]+", re.DOTALL)
_NEVER = "(?!)"
_TRAILING_SPACES = re.compile(r"(?<!\\) +\Z")


@dataclass(frozen=True, slots=True)
class Rule:
    """One line. ``groups`` are the runs of path segments between ``**``; one run has none around it.

    ``keeps`` marks a line that begins with an exclamation mark: what it names is not ignored after all.
    """

    groups: tuple[tuple[Segment, ...], ...]
    keeps: bool = False
    folders_only: bool = False

    def names(self, parts: Sequence[str]) -> bool:
        """Whether the rule names a path, given by its segments below the folder of the rule's file."""
        first, last = self.groups[0], self.groups[-1]
        if len(self.groups) == 1:
            return len(first) == len(parts) and _fits(first, parts, 0)
        # A trailing `**` stands for what lies inside a folder, not for the folder.
        stop = len(parts) - (len(last) or 1)
        if stop < len(first) or not _fits(first, parts, 0) or not _fits(last, parts, stop):
            return False
        position = len(first)
        for group in self.groups[1:-1]:
            places = range(position, stop - len(group) + 1)
            if (place := next((at for at in places if _fits(group, parts, at)), None)) is None:
                return False
            position = place + len(group)
        return True


def _fits(group: Sequence[Segment], parts: Sequence[str], at: int) -> bool:
    return all(segment.match(part) for segment, part in zip(group, parts[at:], strict=False))


def rules_of(text: str) -> list[Rule]:
    """The rules of a file's text, in its order."""
    lines = _as_bytes(text.removeprefix("\ufeff")).split("\n")
    return [rule for line in lines if (rule := _rule(line.removesuffix("\r"))) is not None]


def is_ignored(parts: Sequence[str], is_folder: bool, layers: Sequence[Layer]) -> bool:
    """Whether a path below the top is ignored. The last rule that names it decides, the deepest file first.

    What lies in an ignored folder is not asked for: whoever walks does not enter it, and so a rule cannot
    bring it back, as in git.
    """
    written = [_as_bytes(part) for part in parts]
    for depth, rules in reversed(layers):
        below = written[depth:]
        for rule in reversed(rules):
            if (is_folder or not rule.folders_only) and rule.names(below):
                return not rule.keeps
    return False


def _as_bytes(text: str) -> str:
    """Text with a character for each byte: to git a question mark is one byte, a third of a Chinese letter."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("latin-1")


def _rule(line: str) -> Rule | None:
    line = _TRAILING_SPACES.sub("", line)
    if not line or line.startswith("#"):
        return None
    keeps = line.startswith("!")
    pattern = line[keeps:]
    folders_only = pattern.endswith("/")
    pattern = pattern.removesuffix("/")
    if not pattern:
        return None
    # With a slash at its beginning or in the middle a pattern is tied to the folder of its file.
    tied = "/" in pattern
    pieces = pattern.removeprefix("/").split("/") if tied else ["**", pattern]
    return Rule(_groups(pieces), keeps, folders_only)


def _groups(pieces: Sequence[str]) -> tuple[tuple[Segment, ...], ...]:
    groups: list[tuple[Segment, ...]] = [()]
    for piece in pieces:
        if len(piece) > 1 and not piece.strip("*"):
            # Two such segments in a row mean what one means.
            if groups[-1] or len(groups) == 1:
                groups.append(())
        else:
            groups[-1] = (*groups[-1], _segment(piece))
    return tuple(groups)


@lru_cache(maxsize=4096)
def _segment(glob: str) -> Segment:
    """One segment as a regular expression that never backtracks over a star."""
    runs: list[str] = [""]
    position = 0
    while position < len(glob):
        piece, position = _token(glob, position)
        if piece == "*":
            runs.append("")
        else:
            runs[-1] += piece
    first, *rest = runs
    if not rest:
        return re.compile(rf"{first}\Z", re.DOTALL)
    middle = "".join(f"(?>.*?{run})" for run in rest[:-1] if run)
    return re.compile(rf"{first}{middle}.*{rest[-1]}\Z", re.DOTALL)


def _token(glob: str, position: int) -> tuple[str, int]:
    """The next piece of a glob as a regular expression, a star as itself, and where to read on."""
    match = _TOKEN.match(glob, position)
    if match is None:
        # A backslash at the very end, which git never matches either.
        return _NEVER, len(glob)
    piece = match[0]
    if piece.startswith("*"):
        return "*", match.end()
    if piece == "?":
        return ".", match.end()
    if piece == "[":
        return _character_class(glob, position)
    return re.escape(piece.removeprefix("\\")), match.end()


def _character_class(glob: str, position: int) -> tuple[str, int]:
    match = _CLASS.match(glob, position)
    if match is None:
        return _NEVER, len(glob)
    negated, inside = match.groups()
    items = "".join(map(_class_item, _CLASS_ITEM.finditer(inside)))
    if not items:
        return ("." if negated else _NEVER), match.end()
    return f"[{'^' if negated else ''}{items}]", match.end()


def _class_item(item: re.Match[str]) -> str:
    name, low, high = item.groups()
    if name:
        return _POSIX_CLASSES.get(name, "")
    low, high = low[-1], (high or low)[-1]
    # A range that runs backwards holds nothing.
    return f"{re.escape(low)}-{re.escape(high)}" if low <= high else ""
