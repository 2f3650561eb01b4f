"""Configuration files: where one is looked for, and at which line of it a key stands."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from enrich.errors import UsageError
from enrich.places import repository_of
from enrich.spelling import did_you_mean

FILE_NAME = "enrich.toml"

_QUOTED_END = re.compile(r'"[^"]*"$')
_LAST_PART = re.compile(r"[^.]+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFile:
    """A configuration file as found: its table, and the text, so that errors can name lines."""

    path: Path
    table: Mapping[str, Any]
    text: str
    in_tree: bool

    def place(self, key: str) -> str:
        """``enrich.toml:4: timeout``: where a key stands, as far as its last part can be found."""
        last = re.escape((_QUOTED_END.search(key) or _LAST_PART.search(key) or [key])[0].strip('"'))
        pattern = re.compile(rf"""^\s*(?:\[.*|(?:[\w-]+\.|"[^"]*"\.)*)["']?{last}["']?(?:\s*=|.*\])""")
        for number, line in enumerate(self.text.splitlines(), 1):
            if pattern.match(line):
                return f"{self.path}:{number}: {key}"
        return f"{self.path}: {key}"


def _git_root(folder: Path) -> Path:
    """The nearest folder at or above with a ``.git``, else the folder itself."""
    return repository_of(folder) or folder


def from_here(path: Path) -> Path:
    """The path as seen from the current folder, where it lies below it."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def places_to_look(folder: Path) -> Iterable[Path]:
    """The folders in which files for enrich may lie, nearest first."""
    return dict.fromkeys((folder, _git_root(folder)))


def _candidates(folder: Path) -> Iterable[tuple[Path, bool]]:
    """Files in which a configuration may stand, nearest first, and whether as part of pyproject.toml."""
    for place in places_to_look(folder):
        yield place / FILE_NAME, False
        yield place / "pyproject.toml", True


def _parse(path: Path, partial: bool, in_tree: bool) -> ConfigFile | None:
    import tomllib

    try:
        text = path.read_text(encoding="utf-8")
        table: Any = tomllib.loads(text)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path}: is not TOML: {error}", hint='text stands in quotation marks there: since = "2021-01"'
        ) from None
    if partial:
        tool = table.get("tool", {})
        table = tool.get("enrich") if isinstance(tool, dict) else None
        if table is None:
            return None
        if not isinstance(table, dict):
            raise UsageError(f"{path}: tool.enrich must be a table, [tool.enrich]")
    return ConfigFile(path=path, table=table, text=text, in_tree=in_tree)


def find_file(named: str | None, folder: Path) -> ConfigFile | None:
    """The configuration file: the one named, else ``enrich.toml`` or ``[tool.enrich]`` here or at the git root."""
    if named is not None:
        path = Path(named)
        in_tree = path.resolve().is_relative_to(_git_root(folder.resolve()))
        return _parse(path, path.name == "pyproject.toml", in_tree)
    for path, partial in _candidates(folder):
        path = from_here(path)
        if os.path.isfile(path) and (found := _parse(path, partial, True)) is not None:
            return found
    return None


def reject_unknown(file: ConfigFile, keys: Iterable[str], valid: Iterable[str], prefix: str = "") -> None:
    """Raise UsageError for a key that is none, and name those that are."""
    for key in keys:
        if key not in (names := sorted(valid)):
            raise UsageError(
                f"{file.place(prefix + key)}: unknown key; valid keys are {', '.join(names)}",
                hint=did_you_mean(key, names),
            )


def table_of(file: ConfigFile, name: str) -> Mapping[str, Any]:
    """A table of the file, empty where it has none."""
    table = file.table.get(name, {})
    if not isinstance(table, dict):
        raise UsageError(f"{file.place(name)}: must be a table, [{name}]")
    return table
