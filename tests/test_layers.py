"""The layers of the house, held over the syntax trees.

A module imports from its own line or from lines below, at whatever depth the import stands: one inside a
function is an import too. Names used for type checking alone count as well, since a type that a lower
module needs from a higher one lies in the wrong place.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest
from requirements import ROOT


def line(rooms: str, *, may_use_each_other: bool = False) -> tuple[frozenset[str], bool]:
    return frozenset(rooms.split()), may_use_each_other


# From the top down.
LINES = (
    # What a person calls, and what a program calls.
    line("__main__ cli demo library", may_use_each_other=True),
    # A whole run; and links alone, as fast as they can be listed.
    line("pipeline listing"),
    # The two ends of a run: what comes in, what is said of it.
    line("collect explain run_warnings summary unasked"),
    line("earlier gate publish selection unchanged"),
    line("engine"),
    line("working"),
    line("equipment files forecast job"),
    # The steps and the readers, which know nothing of each other.
    line(
        "baseline checking documents findings git_changes git_dates json_rows lookup mismatch progress repeats report "
        "sorting tracked waiting"
    ),
    line("discovery judging"),
    line("asking regular_files"),
    line("backlog controls decoding holds kinds live network turns"),
    line("extract fetch git reasons standstill store verdict"),
    # What everybody speaks: settings, the parts that are found by being there, URLs, what may be shown.
    line("codec config location places redaction registry text urls", may_use_each_other=True),
    # Arithmetic and small languages, for whom there is nothing else.
    line(
        "bounds changes characters date_forms dates front_matter gitignore interrupts mass_change moves named_dates "
        "outage parking periods processes spelling titles topics under_way walls workflows",
        may_use_each_other=True,
    ),
    line("errors model", may_use_each_other=True),
)
HEAVY = frozenset({"httpx", "httpcore", "anyio", "tenacity", "sqlite3", "arxiv", "psycopg", "distributed"})
LIGHT_ROOMS = frozenset(
    {
        "characters",
        "model",
        "errors",
        "urls",
        "dates",
        "decoding",
        "location",
        "redaction",
        "text",
        "reasons",
        "verdict",
        "extract",
        "report",
        "registry",
        "kinds",
    }
)
# The clients that bring httpx and its continuation into a module.
HTTP_CLIENTS = frozenset({"httpx", "httpcore", "httpx2"})


@dataclass(frozen=True, slots=True)
class Import:
    """One import: what is imported, on which line, and whether at import time."""

    module: str
    line: int
    deferred: bool


def _guards_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports are absolute, so that a reader can search for them"
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imports_of(source: str) -> list[Import]:
    """Every import of a module; ``deferred`` for those that its own import does not carry out."""

    def walk(node: ast.AST, deferred: bool) -> Iterator[Import]:
        for name in _imported(node):
            yield Import(name, getattr(node, "lineno", 0), deferred)
        within = (
            deferred or _guards_types(node) or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        )
        for child in ast.iter_child_nodes(node):
            yield from walk(child, within)

    return list(walk(ast.parse(source), deferred=False))


def room_of(module: str) -> str | None:
    """The room of ``enrich.kinds.web`` is ``kinds``; the package itself, and others, have none."""
    parts = module.split(".")
    if parts[0] != "enrich" or len(parts) < 2 or parts[1].startswith("__version"):
        return None
    return parts[1]


def line_of(room: str) -> int:
    found = [number for number, (rooms, _) in enumerate(LINES) if room in rooms]
    assert found, f"{room} has no line in the plan yet; add it to LINES where it belongs"
    return found[0]


def may_import(room: str, other: str) -> bool:
    """Whether the rule lets a module of one room import from another."""
    if room == other or room == "__init__":
        return True
    own, others = line_of(room), line_of(other)
    return own < others or (own == others and LINES[own][1])


def violations(module: str, source: str) -> list[str]:
    """What one module imports against the rule, each with its line."""
    room = room_of(module) or "__init__"
    return [
        f"{module}:{one.line}: {room} imports {one.module}"
        for one in imports_of(source)
        if (other := room_of(one.module)) is not None and not may_import(room, other)
    ]


def modules() -> dict[str, str]:
    """The source of each module of the package by its dotted name."""

    def dotted(path: Path) -> str:
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        return name.removesuffix(".__init__")

    found = sorted((ROOT / "enrich").rglob("*.py"))
    return {dotted(path): path.read_text(encoding="utf-8") for path in found}


def names_imported(source: str, at_import_time: bool = False) -> Iterable[tuple[str, int]]:
    for one in imports_of(source):
        if not (at_import_time and one.deferred):
            yield one.module.split(".")[0], one.line


def test_every_module_has_its_line_in_the_plan() -> None:
    planned = {room for rooms, _ in LINES for room in rooms}
    assert {room for module in modules() if (room := room_of(module))} <= planned


def test_a_module_imports_from_its_own_line_or_from_below() -> None:
    assert [line for module, source in modules().items() for line in violations(module, source)] == []


def test_httpx_is_named_where_the_web_is_asked_and_where_a_small_one_is_played() -> None:
    named = {
        module
        for module, source in modules().items()
        for name, _ in names_imported(source)
        if name in HTTP_CLIENTS
    }
    assert {module for module in named if room_of(module) != "fetch"} <= {"enrich.demo.web"}


def test_what_is_pure_or_merely_identified_loads_nothing_heavy() -> None:
    loaded = [
        f"{module}:{line}: {name}"
        for module, source in modules().items()
        if room_of(module) in LIGHT_ROOMS
        for name, line in names_imported(source, at_import_time=True)
        if name in HEAVY
    ]
    assert loaded == []


@pytest.mark.parametrize(
    ("module", "source", "against"),
    [
        ("enrich.urls", "from enrich.kinds import web", True),
        ("enrich.kinds.web", "from enrich.verdict import judge_http", False),
        ("enrich.store.sql", "def later():\n    from enrich.fetch.retry import pause", True),
        ("enrich.checking", "import enrich.lookup", True),
        ("enrich.config", "from enrich.registry import kinds", False),
        ("enrich.model", "if TYPE_CHECKING:\n    from enrich.urls import canonical", True),
        ("enrich.extract.markdown", "from enrich.extract import text", False),
        ("enrich.pipeline", "from enrich import __version__", False),
        ("enrich.pipeline", "from enrich import cli", True),
    ],
)
def test_the_rule_itself_tells_up_from_down(module: str, source: str, against: bool) -> None:
    assert bool(violations(module, source)) is against


def test_an_import_inside_a_function_is_deferred_and_one_in_a_class_is_not() -> None:
    source = "class C:\n    import httpx\n\ndef f():\n    import anyio\n"
    assert list(names_imported(source, at_import_time=True)) == [("httpx", 2)]


def test_a_list_of_links_loads_no_record_that_it_does_not_hold() -> None:
    """Each takes its time in front of every command."""
    code = "import sys, enrich.config, enrich.listing; print(*(name for name in sys.modules if name in sys.argv))"
    unneeded = ["enrich.model.kinds", "enrich.model.report", "msgspec", "multiprocessing", "enrich.kinds"]
    ran = subprocess.run(
        [sys.executable, "-c", code, *unneeded], capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == []


def test_a_list_of_links_in_markdown_loads_no_reader_of_anything_else(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("<https://a.example>\n", encoding="utf-8")
    (tmp_path / "a.png").write_bytes(b"")
    code = (
        "import sys, enrich.listing; from enrich.config import load; from enrich.selection import *; "
        "settings = load('links', {}, named_file=None); places = places_of(settings, sys.argv[1:2]); "
        "print(*(one.text for one in enrich.listing.listed(places, Selection.of(settings)))); "
        "print(*(name for name in sys.modules if name in sys.argv))"
    )
    unneeded = ["enrich.extract.notebook", "enrich.extract.pages", "enrich.extract.rest", "json"]
    ran = subprocess.run(
        [sys.executable, "-c", code, ".", *unneeded],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert ran.stdout.split() == ["a.md:1:2:", "https://a.example"]


def test_all_records_are_given_by_one_module() -> None:
    from enrich import model

    modules = [import_module(f"enrich.model.{one.name}") for one in iter_modules(model.__path__)]
    for module in modules:
        names = [
            name
            for name, value in vars(module).items()
            if getattr(value, "__module__", "") == module.__name__
        ]
        assert names
        assert all(getattr(model, name) is getattr(module, name) for name in names)
    with pytest.raises(AttributeError, match="nobody"):
        model.nobody  # type: ignore[attr-defined]  # noqa: B018
