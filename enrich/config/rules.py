"""``[[rules]]``: how severe something is, by where it stands and what it is about.

Options and keys such as ``fail_on`` speak of codes alone. A collection also wants to say that links of its archive do
not matter, or that one host is down every night. A rule is such a sentence: all that it names must hold. Rules stand
in the order of the file and the last one that holds decides, as in ``.gitignore``: the general first, exceptions after.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from enrich.config.files import ConfigFile
from enrich.config.values import one_of, pattern, plain_text, selector
from enrich.errors import UsageError
from enrich.places import folder_below, seen_from_top
from enrich.registry import kinds

SEVERITIES = ("error", "warning", "note", "ignore")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. What it does not name, it does not ask for; of what it names several of, one must hold.

    ``path`` and ``url`` are regular expressions that are found anywhere in the path of a document and in an address.
    ``folder`` is the current one and that of the file, where it lies above: whoever wrote the rule saw paths from there.
    """

    severity: str
    path: tuple[str, ...] = ()
    url: tuple[str, ...] = ()
    host: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    codes: frozenset[str] = frozenset()
    folder: tuple[str, str] | None = None

    def holds_for(self, path: str | None, words: frozenset[str]) -> bool:
        """Whether it speaks of a document of this path, or of none, and of one of these words."""
        if self.codes and not self.codes & words:
            return False
        return not self.path or (path is not None and self._is_of(path))

    def _is_of(self, path: str) -> bool:
        if _is_found(self.path, path):
            return True
        return self.folder is not None and _is_found(self.path, seen_from_top(path, self.folder))

    def holds_for_target(self, url: str, host: str, kind: str) -> bool:
        if self.kind and kind not in self.kind:
            return False
        if self.host and not any(host == name or host.endswith(f".{name}") for name in self.host):
            return False
        return not self.url or _is_found(self.url, url)

    @property
    def is_about_targets(self) -> bool:
        return bool(self.url or self.host or self.kind)


@cache
def _compiled(expression: str) -> re.Pattern[str]:
    return re.compile(expression)


def _is_found(expressions: tuple[str, ...], text: str) -> bool:
    return any(_compiled(one).search(text) for one in expressions)


def _host(value: object) -> str:
    name = plain_text(value).strip().lower().rstrip(".")
    if not name or re.search(r"[/:\s*]", name):
        raise ValueError(f"must be the name of a host such as blog.example.org, not {value!r}")
    return name


_READERS: Mapping[str, Callable[[object], str]] = {
    "path": pattern,
    "url": pattern,
    "host": _host,
    "kind": one_of(kinds),
    "codes": selector,
}


def rules_of(file: ConfigFile) -> tuple[Rule, ...]:
    """The rules of a file in their order; UsageError says which one is wrong."""
    given = file.table.get("rules", [])
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise UsageError(f"{file.place('rules')}: must be tables, each under [[rules]]")
    return tuple(_rule(file, number, table) for number, table in enumerate(given, 1))


def _rule(file: ConfigFile, number: int, table: Mapping[str, Any]) -> Rule:
    where = f"{file.path}: rule {number} of [[rules]]"
    for key in table:
        if key not in (valid := sorted([*_READERS, "severity"])):
            raise UsageError(f"{where}: {key}: unknown key; valid keys are {', '.join(valid)}")
    try:
        severity = one_of(lambda: SEVERITIES)(table.get("severity"))
    except ValueError as error:
        raise UsageError(f"{where}: severity: {error}") from None
    named = {key: _values(where, key, table[key]) for key in _READERS if key in table}
    codes = frozenset(named.pop("codes", ()))
    return Rule(severity=severity, codes=codes, folder=folder_below(file.path.parent), **named)


def _values(where: str, key: str, given: object) -> tuple[str, ...]:
    items = given if isinstance(given, list) else [given]
    if not items:
        # A rule for nothing would be a rule for everything.
        raise UsageError(f"{where}: {key}: names nothing; leave the key out, or name something")
    try:
        return tuple(_READERS[key](item) for item in items)
    except ValueError as error:
        raise UsageError(f"{where}: {key}: {error}") from None
