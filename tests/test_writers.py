"""No writer goes past `enrich.text`: held by a type, and by the syntax trees for what a type cannot hold.

Whatever prints or makes a report takes `Shown`, which only the functions of `enrich.text` make, so that the type
checker refuses any other string. What is left to look for: that nobody else makes a `Shown`, that the words around
foreign text are literals, and that nothing is printed but at the doors that ask for a `Shown`.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from requirements import ROOT

from enrich import progress
from enrich.cli import printing
from enrich.model import Format, Report, Shown
from enrich.text import Part, fill

pytestmark = pytest.mark.injection

# The only functions that may print, by module; each takes a Shown, or parts that make one.
DOORS = {
    "cli/colours.py": frozenset({"print_coloured"}),
    "cli/printing.py": frozenset({"say", "tell", "print_all"}),
    "progress.py": frozenset({"_say"}),
    "live.py": frozenset({"say"}),
    # Behind all doors: the file itself, which gets bytes.
    "cli/streams.py": frozenset({"write"}),
}
# Methods and functions by which text leaves a program.
WRITES = frozenset(
    {"print", "echo", "secho", "write", "writelines", "print_exc", "print_exception", "show", "excepthook"}
)
COMPOSERS = frozenset({"fill", "joined", "tell"})


def writers() -> list[Path]:
    """The modules that make or print output; a report format is one by being there."""
    package = ROOT / "enrich"
    return [
        *(path for room in ("report", "cli") for path in sorted((package / room).rglob("*.py"))),
        *(package / name for name in ("progress.py", "live.py", "listing.py")),
    ]


def _name(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _calls(tree: ast.AST, inside: str = "") -> Iterator[tuple[ast.Call, str]]:
    """Every call, with the name of the function in which it stands."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Call):
            yield node, inside
        within = node.name if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) else inside
        yield from _calls(node, within)


def _is_our_own(argument: ast.expr) -> bool:
    return isinstance(argument, ast.Constant) and isinstance(argument.value, str)


def bypasses(source: str, doors: frozenset[str] = frozenset()) -> list[str]:
    """What a module does that the type of its output does not see, by line."""
    found = []
    for call, inside in _calls(ast.parse(source)):
        name = _name(call)
        if name == "Shown" or (name == "cast" and "Shown" in ast.unparse(call)):
            found.append(f"{call.lineno}: makes a Shown by itself")
        if name in COMPOSERS and inside not in doors and not (call.args and _is_our_own(call.args[0])):
            found.append(f"{call.lineno}: {name} with words that are no literal")
        if name in WRITES and inside not in doors and not _is_atomic(call):
            found.append(f"{call.lineno}: {name} outside of a door")
    return found


def _is_atomic(call: ast.Call) -> bool:
    """``write`` as a name is what `output_of` gives, whose type asks for Shown."""
    return isinstance(call.func, ast.Name) and call.func.id == "write"


@pytest.mark.parametrize("name", [path.relative_to(ROOT / "enrich").as_posix() for path in writers()])
def test_no_writer_goes_past_the_door(name: str) -> None:
    source = (ROOT / "enrich" / name).read_text(encoding="utf-8")
    assert bypasses(source, DOORS.get(name, frozenset())) == []


def test_nobody_but_the_door_makes_what_may_be_shown() -> None:
    makers = [
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "enrich").rglob("*.py"))
        if any(_name(call) == "Shown" for call, _ in _calls(ast.parse(path.read_text(encoding="utf-8"))))
    ]
    assert makers == ["enrich/text.py"]


@pytest.mark.parametrize(
    "source",
    [
        "Shown(title)",
        "cast('Shown', title)",
        "model.Shown(title)",
        "fill(f'{title}')",
        "fill(title)",
        "joined(title, parts)",
        "print(title)",
        "click.echo(title)",
        "sys.stdout.write(title)",
        "console.print(title)",
        "traceback.print_exc()",
    ],
)
def test_the_rule_itself_finds_a_bypass(source: str) -> None:
    assert len(bypasses(f"def f():\n    {source}\n")) == 1


TYPED = """
from collections.abc import Callable, Iterable, Iterator
from enrich.cli.printing import print_all, say, tell
from enrich.model import Format, Report, Shown
from enrich.progress import Display
from enrich.text import fill, joined, printable

def render(report: Report) -> Iterator[str]:
    yield report.run.id

def wrong(display: Display, title: str) -> None:
    Format(name="x", suffix="x", render=render)
    fill("{}", title)
    joined(", ", [title])
    say(title)
    say(f"{printable(title)}")
    say(printable(title) + printable(title))
    tell("{}", title)
    print_all([title])
    display._say(title)

def right(display: Display, title: str) -> None:
    say(fill("{}: {}", printable(title), 1))
    display._say(printable(title))
"""


def test_every_door_asks_for_what_may_be_shown() -> None:
    """In short, what the next test shows at length: these types are what the type checker of `.ci/run` holds."""
    assert get_type_hints(Format)["render"] == Callable[[Report], Iterable[Shown]]
    assert get_type_hints(printing.say)["text"] is Shown
    assert get_type_hints(progress.Display._say)["line"] is Shown
    assert printing.print_all.__annotations__["pieces"] == "Iterable[Shown]"
    assert get_type_hints(fill)["parts"] == Part
    assert str not in get_args(Part)


@pytest.mark.soak
def test_the_type_checker_refuses_a_string_that_went_past_the_door(tmp_path: Path) -> None:
    module = tmp_path / "typed.py"
    module.write_text(TYPED, encoding="utf-8")
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--follow-imports=silent", str(module)],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    refused = {int(line.split(":")[1]) for line in checked.stdout.splitlines() if ": error:" in line}
    first = TYPED.splitlines().index('    Format(name="x", suffix="x", render=render)') + 1
    assert refused == set(range(first, first + 9)), checked.stdout + checked.stderr
