"""The pages of docs/ and the code hold together: what is made is as the code says, and what there is stands in them."""

from __future__ import annotations

import ast
import dataclasses
import doctest
import json
import os
import re
import struct
import subprocess
import sys
from collections.abc import Iterator
from importlib import util
from pathlib import Path
from types import ModuleType

import click
import pytest
from requirements import ROOT

import enrich
from enrich.config import SETTINGS, load
from enrich.errors import UsageError
from enrich.model import Changes, Status
from enrich.model.changes import ChangedFact, ChangedStars, ChangedTarget, Place, Side
from enrich.registry import built_in_manners, finding_codes, formats, kinds, reasons

DOCS = ROOT / "docs"
PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted(DOCS.glob("*.md"))}
# An empty page is smaller, and nobody waits for a larger one.
PICTURE_BYTES = range(40_000, 300_000)


def script(name: str) -> ModuleType:
    """A script of the folder, loaded without being run."""
    spec = util.spec_from_file_location(f"docs_{name}", DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def code_of(page: str) -> set[str]:
    """What a page shows between backquotes."""
    return set(re.findall(r"`([^`\n]+)`", page))


def sample(page: str, name: str) -> str:
    """The code block under ``<!-- sample: NAME -->``."""
    block = re.search(rf"<!-- sample: {name} -->\n```python\n(.*?)```", PAGES[page], re.DOTALL)
    assert block is not None, f"{page} marks no sample {name!r}"
    return block[1]


# --- what is made from the code -----------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_what_the_code_says(name: str) -> None:
    assert script("generate").renewed(PAGES[name]) == PAGES[name], "run python docs/generate.py"


def test_every_part_that_can_be_made_stands_in_a_page() -> None:
    marked = {part for page in PAGES.values() for part in re.findall(r"<!-- made: ([a-z-]+) -->", page)}
    assert marked == set(script("generate").PARTS)


def test_a_page_that_differs_is_noticed() -> None:
    spoilt = PAGES["codes.md"].replace("Remove the link", "Keep the link")
    assert spoilt != PAGES["codes.md"]
    assert script("generate").renewed(spoilt) == PAGES["codes.md"]


# --- what there is stands in a page -------------------------------------------------------------------


def commands() -> Iterator[tuple[str, click.Command]]:
    from enrich.cli import cli

    def walk(command: click.Command, words: tuple[str, ...]) -> Iterator[tuple[str, click.Command]]:
        if isinstance(command, click.Group):
            for name, inner in command.commands.items():
                yield from walk(inner, (*words, name))
        else:
            yield " ".join(words), command

    return walk(cli, ("enrich",))


def test_every_command_and_option_is_documented() -> None:
    shown = PAGES["configuration.md"]
    for name, command in commands():
        assert f"`{name}`" in shown
        for parameter in command.get_params(click.Context(command)):
            if isinstance(parameter, click.Option) and "--help" not in parameter.opts:
                assert any(f"`{option}" in shown for option in parameter.opts), (name, parameter.opts)


def test_every_setting_is_documented_with_key_and_option() -> None:
    shown = PAGES["configuration.md"]
    for setting in SETTINGS:
        assert f"| `{setting.key}` | `{setting.option}" in shown


def valid_keys(tmp_path: Path, toml: str) -> set[str]:
    """The keys that a table takes, as the message about a wrong one names them."""
    (tmp_path / "enrich.toml").write_text(toml, encoding="utf-8")
    with pytest.raises(UsageError, match="valid keys are") as told:
        load("run", {}, environ={}, folder=tmp_path)
    return set(str(told.value).partition("valid keys are ")[2].split(", "))


def sections(page: str) -> dict[str, str]:
    """The text under each heading of a page by the words between its backquotes."""
    parts = re.split(r"^(#{2,3} .*)$", page, flags=re.MULTILINE)
    return {
        name: text for head, text in zip(parts[1::2], parts[2::2], strict=True) for name in code_of(head)
    }


def test_every_key_and_table_of_a_configuration_file_is_documented(tmp_path: Path) -> None:
    told = sections(PAGES["configuration.md"])
    listed = {setting.key for setting in SETTINGS}
    for key in valid_keys(tmp_path, "nothing = 1\n") - listed:
        title = f"[[{key}]]" if key == "rules" else f"[{key}]"
        assert title in told, f"{title} has no section"
        head = '[hosts."x.example"]' if key == "hosts" else title
        for name in valid_keys(tmp_path, f"{head}\nnothing = 1\n"):
            assert f"`{name}`" in told[title], (key, name)


def test_every_reason_and_finding_has_a_row_that_can_be_linked_to() -> None:
    for code in (*reasons(), *finding_codes()):
        assert f'| <a id="{code}"></a>`{code}` |' in PAGES["codes.md"]
    assert set(Status) <= code_of(PAGES["codes.md"])


def test_every_host_with_manners_of_its_own_is_documented() -> None:
    assert set(built_in_manners()) <= code_of(PAGES["manners.md"])


def test_every_format_is_documented() -> None:
    listed = {
        name
        for names in re.findall(r"^\| (`[^|]*`) \|", PAGES["report.md"], re.MULTILINE)
        for name in code_of(names)
    }
    assert set(formats()) <= listed
    assert set(formats()) <= code_of(PAGES["configuration.md"])


def test_every_exit_code_is_documented() -> None:
    from enrich.cli import exits

    codes = {str(value) for name, value in vars(exits).items() if name.startswith("EXIT_")} | {"0", "143"}
    table = PAGES["codes.md"].partition("## Exit codes")[2]
    assert set(re.findall(r"\d+", " ".join(re.findall(r"^\| ([\d, ]+) \|", table, re.MULTILINE)))) == codes


def schema_keys() -> set[str]:
    schema = json.loads((ROOT / "enrich" / "report" / "schema.json").read_text(encoding="utf-8"))
    return set(schema["properties"]) | {
        key for one in schema["$defs"].values() for key in one.get("properties", ())
    }


def test_every_key_of_the_report_is_explained() -> None:
    page = PAGES["report.md"]
    assert schema_keys() - code_of(page) - {"schema_version"} == set()
    assert '"schema_version": 1' in page


def test_every_key_of_the_changes_is_explained() -> None:
    part = PAGES["report.md"].partition("## What changed")[2].partition("## JSON")[0]
    records = (Changes, ChangedTarget, ChangedFact, ChangedStars, Place, Side)
    keys = {field.name for record in records for field in dataclasses.fields(record)}
    assert keys | {"changes_version"} <= code_of(part)


def test_the_json_that_is_shown_has_the_shape_of_a_report() -> None:
    shown = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGES["report.md"], re.DOTALL)]
    assert shown
    keys = {key for one in shown for key in keys_in(one)}
    assert keys <= schema_keys() | set(Status)
    assert (
        shown[0].keys()
        == json.loads((ROOT / "enrich" / "report" / "schema.json").read_text())["properties"].keys()
    )


def keys_in(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        for inner in value.values():
            yield from keys_in(inner)
    if isinstance(value, list):
        for inner in value:
            yield from keys_in(inner)


def test_every_option_that_a_page_names_is_one() -> None:
    known = {
        option
        for _, command in commands()
        for one in command.get_params(click.Context(command))
        for option in one.opts
    }
    known |= {"--help"}
    for name, page in PAGES.items():
        shown = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", page)) - {"--cached"}
        assert shown <= known, name


def test_every_public_name_is_on_the_page_about_python_or_is_a_row_of_the_report() -> None:
    page = PAGES["python.md"]
    rows = {name for name in enrich.__all__ if name.startswith("Report") and name != "Report"}
    others = {
        "Changes",
        "Finding",
        "Link",
        "Observer",
        "Options",
        "Severity",
        "Suggestion",
        "__version__",
        "Report",
    }
    assert [
        name for name in enrich.__all__ if f"enrich.{name}" not in page and name not in rows | others
    ] == []


# --- links and samples --------------------------------------------------------------------------------


def test_every_link_and_anchor_of_the_readme_and_the_pages_resolves(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "enrich",
        "check",
        "--offline",
        "--kind",
        "file",
        "--cache-dir",
        str(tmp_path / "cache"),
    ]
    variables = {name: value for name, value in os.environ.items() if not name.startswith("ENRICH_")}
    done = subprocess.run(
        [*command, "README.md", "CONTRIBUTING.md", "docs/"],
        cwd=ROOT, env=variables, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(re.findall(r"(\d+) links", done.stdout)[0]) > 30


def test_the_index_leads_to_every_page_and_the_readme_to_most() -> None:
    linked = set(re.findall(r"\]\(([a-z-]+\.md)", PAGES["README.md"]))
    assert linked == set(PAGES) - {"README.md"}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert {f"docs/{name}" for name in linked} <= set(re.findall(r"\]\((docs/[a-z-]+\.md)", readme))


def test_the_examples_in_python_do_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    examples = "\n".join(re.findall(r"```pycon\n(.*?)```", PAGES["python.md"], re.DOTALL))
    parsed = doctest.DocTestParser().get_doctest(examples, {}, "python.md", None, 0)
    told: list[str] = []
    results = doctest.DocTestRunner(verbose=False).run(parsed, out=told.append)
    assert results.failed == 0, "".join(told)
    assert results.attempted > 20


def test_the_kind_that_is_shown_works_and_so_does_its_test(tmp_path: Path) -> None:
    """In a process of its own: which kinds there are is found out once."""
    (tmp_path / "kinds").mkdir()
    (tmp_path / "kinds" / "rfc.py").write_text(sample("adding-a-kind.md", "kind"), encoding="utf-8")
    (tmp_path / "test_rfc.py").write_text(sample("adding-a-kind.md", "test"), encoding="utf-8")
    (tmp_path / "conftest.py").write_text(
        f"import enrich.kinds\nenrich.kinds.__path__.append({str(tmp_path / 'kinds')!r})\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_rfc.py"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    tests = len(re.findall(r"^def test_", sample("adding-a-kind.md", "test"), re.MULTILINE))
    assert f"{tests} passed" in done.stdout, done.stdout
    assert "rfc" not in kinds()


def test_the_kind_that_is_shown_keeps_the_layers() -> None:
    imported = {
        node.module
        for node in ast.walk(ast.parse(sample("adding-a-kind.md", "kind")))
        if isinstance(node, ast.ImportFrom)
    }
    assert imported <= {
        "__future__",
        "dataclasses",
        "urllib.parse",
        "enrich.kinds",
        "enrich.model",
        "enrich.verdict",
    }


def test_the_scripts_are_typed() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", *map(str, sorted(DOCS.glob("*.py")))],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert (done.stdout, done.returncode) == ("", 0), done.stderr


def test_the_picture_of_the_report_is_small_and_one() -> None:
    picture = (DOCS / "report.png").read_bytes()
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", picture[16:24])
    assert width >= 1000
    assert height >= 600
    assert len(picture) in PICTURE_BYTES
