"""The README keeps its word: its commands run on a fresh copy, and what it names exists."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest
from requirements import ROOT, require

README = (ROOT / "README.md").read_text(encoding="utf-8")
# What a clean checkout holds, as far as a user's first commands need it.
CHECKOUT = (
    "enrich",
    "tests",
    "benchmarks",
    "docs",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "action.yml",
    ".pre-commit-hooks.yaml",
    "Dockerfile",
    ".dockerignore",
    "cache/.gitignore",
    "reports/.gitignore",
)
COMMAND_TIMEOUT_SECONDS = 600


def command(name: str) -> str:
    """The one line of the README's code block under ``<!-- command: NAME -->``."""
    block = re.search(rf"<!-- command: {name} -->\n```bash\n(.*?)\n```", README, re.DOTALL)
    assert block is not None, f"the README marks no command {name!r}"
    assert "\n" not in block[1], f"the command {name!r} is not a single line"
    return block[1]


@cache
def index_answers() -> bool:
    """Whether pip can reach an index, so that a fresh environment can be filled."""
    question = [sys.executable, "-m", "pip", "index", "versions", "--disable-pip-version-check", "six"]
    return subprocess.run(question, capture_output=True, timeout=300, check=False).returncode == 0


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the project as a stranger gets it."""
    require("index", index_answers(), "pip reaches no package index")
    left_out = shutil.ignore_patterns("__pycache__", ".*_cache")
    for name in CHECKOUT:
        source, target = ROOT / name, tmp_path / "enrich" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=left_out)
        else:
            shutil.copy2(source, target)
    return tmp_path / "enrich"


def stranger() -> dict[str, str]:
    """The environment without what this test run added to it."""
    ours = ("PYTEST_", "ENRICH_", "VIRTUAL_ENV", "GITHUB_TOKEN", "PYTHONPATH", "PYTHONHOME")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def run(line: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        ["/bin/sh", "-c", line],
        cwd=folder,
        env=stranger() | variables,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=COMMAND_TIMEOUT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{line}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done


def test_the_first_command_ends_with_a_report_that_lies_where_it_says(checkout: Path) -> None:
    done = run(command("run"), checkout)
    said = re.search(r"\S*latest\.json", done.stdout + done.stderr)
    assert said is not None, "the demonstration does not say where its report lies"
    report = json.loads((checkout / said[0]).read_text(encoding="utf-8"))
    assert report["schema_version"] == 1
    assert report["summary"]["documents"] == 3


def test_the_second_command_runs_the_tests(checkout: Path) -> None:
    # Only a cut, which does not hold this module, so that it does not run itself.
    done = run(command("test"), checkout, PYTEST_ADDOPTS="-m smoke -p no:cacheprovider")
    assert re.search(r"\b\d+ passed", done.stdout)


def test_what_continuous_integration_runs_is_the_readmes_test_command() -> None:
    extracted = subprocess.run(
        ["awk", "/<!-- command: test -->/ { getline; getline; print; exit }", "README.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    script = ROOT / ".ci" / "run"
    assert extracted == command("test")
    if script.exists():
        assert "'/<!-- command: test -->/ { getline; getline; print; exit }'" in script.read_text()


# --- what the README names ----------------------------------------------------------------------------


def commands() -> dict[str, click.Command]:
    """Every command by its words, such as ``cache info``; the program itself by none."""
    from enrich.cli import cli

    def walk(command: click.Command, words: tuple[str, ...]) -> Iterator[tuple[str, click.Command]]:
        yield " ".join(words), command
        if isinstance(command, click.Group):
            for name, inner in command.commands.items():
                yield from walk(inner, (*words, name))

    return dict(walk(cli, ()))


def options_of(found: click.Command) -> set[str]:
    return {
        name
        for parameter in found.get_params(click.Context(found))
        if isinstance(parameter, click.Option)
        for name in (*parameter.opts, *parameter.secondary_opts)
    } | {"--help"}


def calls() -> list[tuple[str, list[str]]]:
    """Each `enrich …` in the README as its command and the options beside it."""
    known = commands()
    found = []
    for text in re.findall(r"(?:^|[\s`/])enrich ((?:[a-z]+)[^`\n|]*)", README):
        words = text.split()
        name = " ".join(words[:2]) if " ".join(words[:2]) in known else words[0]
        found.append((name, [word for word in words if re.fullmatch(r"--[a-z][a-z-]+", word)]))
    return found


def code() -> str:
    """What the README shows as code: blocks, and words between backquotes."""
    return "\n".join(re.findall(r"```.*?```|`[^`\n]+`", README, re.DOTALL))


def test_every_command_that_the_readme_calls_exists() -> None:
    # In prose, `enrich` may be followed by any word; in code, only by a command.
    shown = set(re.findall(r"(?:^|[`/ ])enrich ([a-z]+)", code(), re.MULTILINE))
    assert shown >= {"run", "check", "links", "report", "cache", "config", "demo"}
    assert shown <= set(commands())


def test_every_command_is_in_the_readme() -> None:
    leaves = [name for name, found in commands().items() if not isinstance(found, click.Group)]
    assert [name for name in leaves if f"`enrich {name}" not in README] == []


def test_every_option_that_the_readme_names_is_one() -> None:
    known = set().union(*(options_of(found) for found in commands().values()))
    own = code().replace(command("run"), "").replace(command("test"), "")
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", own)) <= known


def test_every_option_belongs_to_the_command_that_it_is_shown_with() -> None:
    known = commands()
    wrong = [
        (name, option)
        for name, given in calls()
        if name in known
        for option in given
        if option not in options_of(known[name])
    ]
    assert wrong == []


def test_the_sample_configuration_is_accepted_and_all_of_it_is_read(tmp_path: Path) -> None:
    from enrich.config import load

    sample = re.search(r"<!-- sample: enrich.toml -->\n```toml\n(.*?)```", README, re.DOTALL)
    assert sample is not None
    (tmp_path / "enrich.toml").write_text(sample[1], encoding="utf-8")
    for name in ("run", "check"):
        settings = load(name, {}, environ={}, folder=tmp_path)
        assert settings["timeout"] == 20.0
        assert settings.hosts["blog.example.org"].accept == frozenset({403})
        assert settings.report_formats == ("json", "markdown")


def test_every_promise_is_in_the_readme_with_the_mark_of_its_tests() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    declared = project["tool"]["pytest"]["ini_options"]["markers"]
    marks = {one.partition(":")[0] for one in declared} - {"smoke", "soak"}
    assert set(re.findall(r"\| `pytest -m (\w+)` \|", README)) == marks


def test_every_status_is_explained() -> None:
    from enrich.model import Status

    assert all(f"| `{status}` |" in README for status in Status)


# --- what no file of the project says -----------------------------------------------------------------

# Paths of one machine, and references that only make sense beside a tracker.
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:work|tmp/venv)/")
TRACKER_REFERENCES = re.compile(r"(?i)\b(?:issue|pull request|PR) ?#\d+")


def texts() -> Iterator[tuple[str, str]]:
    places = (
        "enrich",
        "tests",
        "docs",
        ".ci",
        "README.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "pyproject.toml",
    )
    places += ("action.yml", ".pre-commit-hooks.yaml", "Dockerfile")
    for place in places:
        root = ROOT / place
        files = sorted(root.rglob("*")) if root.is_dir() else [root]
        for path in files:
            inside = path.relative_to(root).parts
            made = any(part.startswith(".") or part == "__pycache__" for part in inside)
            if path.is_file() and not made and path != Path(__file__).resolve():
                yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8", errors="replace")


@pytest.mark.parametrize("forbidden", [MACHINE_PATHS, TRACKER_REFERENCES], ids=["path", "tracker"])
def test_the_project_does_not_speak_of_where_it_was_made(forbidden: re.Pattern[str]) -> None:
    found = [f"{name}: {match[0]}" for name, text in texts() if (match := forbidden.search(text))]
    assert found == []


def test_the_python_sample_prints_what_the_readme_says(capsys: pytest.CaptureFixture[str]) -> None:
    sample = re.search(
        r"<!-- sample: python -->\n```python\n(.*?)```\n\nThis prints `(.*?)`", README, re.DOTALL
    )
    assert sample is not None, "the README marks no Python sample"
    exec(sample[1], {})
    assert capsys.readouterr().out.strip() == sample[2]
