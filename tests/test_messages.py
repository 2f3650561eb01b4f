"""What somebody reads who mistypes, asks for help or presses the tabulator: an error, its place and the way out."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import click
import pytest
from internet import environment, run_enrich, saved_report

from enrich.cli import cli, main
from enrich.cli.completion import SHELLS, VALUES, VARIABLE
from enrich.cli.options import GROUPS
from enrich.config import SETTINGS
from enrich.spelling import did_you_mean


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.md").write_text("<https://a.example/>\n", encoding="utf-8")
    return tmp_path


class Complain(Protocol):
    def __call__(self, *arguments: str) -> list[str]: ...


@pytest.fixture
def complaint(desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Complain:
    """What is said on standard error; nothing else is, and nothing is written."""
    monkeypatch.chdir(desk)

    def of(*arguments: str) -> list[str]:
        before = sorted(desk.rglob("*"))
        monkeypatch.setattr(sys, "argv", ["enrich", *arguments])
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        assert (left.value.code, said.out) == (2, ""), said.err
        assert sorted(desk.rglob("*")) == before
        return said.err.splitlines()

    return of


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        ("runn notes", "no such command: runn", "did you mean run? `enrich --help` lists all commands"),
        (
            "cache inf",
            "no such command: inf",
            "did you mean info? `enrich cache --help` lists all commands",
        ),
        (
            "run --sinse 2021",
            "no such option: --sinse",
            "did you mean --since? `enrich run --help` lists all options",
        ),
        ("run --zzz", "no such option: --zzz", "`enrich run --help` lists all options"),
        ("explain", "missing argument 'URL'", "Usage: enrich explain [OPTIONS] URL"),
        ("run nots", "nots: there is no such file or folder", "did you mean notes?"),
        ("run notes/b.md", "notes/b.md: there is no such file or folder", "did you mean notes/a.md?"),
        ("run notes --kind wechaat", "--kind: must be one of .*, not 'wechaat'", "did you mean wechat?"),
        ("run notes --format htm", "--format: must be one of .*, not 'htm'", "did you mean html?"),
        ("check notes --fail-on brokn", "--fail-on: 'brokn' is no status, .*", "did you mean broken?"),
        (
            "check notes --ignore wechat-delted",
            "--ignore: 'wechat-delted' is no .*",
            "did you mean wechat-deleted?",
        ),
        (
            "report nowhere.json",
            "nowhere.json: cannot be read: .*",
            "`enrich run` writes reports/latest.json",
        ),
        (
            "diff old.json new.json",
            "old.json: cannot be read: .*",
            "`enrich run` writes reports/latest.json",
        ),
        (
            "cache info",
            "cache: there is no cache here",
            "`enrich run` makes one; --cache-dir or --cache names another",
        ),
        ("run notes --timeout 0", "--timeout: must be at least 0.001, not 0", None),
        ("run notes --output notes", "--output: notes: is a folder; name a file", None),
        (
            "run notes --output x/y",
            "--output: x/y: cannot be made, since there is no folder x",
            None,
        ),
    ],
)
def test_an_error_names_the_place_and_the_way_out(
    complaint: Complain, arguments: str, error: str, hint: str | None
) -> None:
    first, *rest = complaint(*arguments.split())
    assert re.fullmatch(f"error: {error}", first), first
    assert rest == ([f"hint: {hint}"] if hint else [])


@pytest.mark.parametrize(
    ("text", "error", "hint"),
    [
        ("timout = 3\n", "enrich.toml:1: timout: unknown key; valid keys are .*", "did you mean timeout?"),
        (
            '\n[hosts."a.example"]\nintervall = 3\n',
            r'enrich.toml:3: hosts."a.example".intervall: unknown key; .*',
            "did you mean interval?",
        ),
        (
            "since = 2021-1\n",
            "enrich.toml: is not TOML: .*",
            'text stands in quotation marks there: since = "2021-01"',
        ),
        (
            '[report]\nformats = ["jason"]\n',
            "enrich.toml:2: report.formats: must be one of .*",
            "did you mean json?",
        ),
    ],
)
def test_an_error_in_the_configuration_does_too(
    desk: Path, complaint: Complain, text: str, error: str, hint: str
) -> None:
    (desk / "enrich.toml").write_text(text, encoding="utf-8")
    first, second = complaint("run", "notes")
    assert re.fullmatch(f"error: {error}", first), first
    assert second == f"hint: {hint}"


def test_without_a_command_the_help_is_shown_as_it_is(complaint: Complain) -> None:
    for group in ([], ["cache"]):
        said = complaint(*group)
        assert said[0].startswith("Usage: enrich")
        assert "Commands:" in said


def test_a_folder_without_documents_is_said(desk: Path) -> None:
    (desk / "empty").mkdir()
    done = run_enrich(["check", "empty", "--offline"], desk, environment(None))
    assert done.returncode == 0
    assert done.stderr.startswith("warning: no document was found, so that nothing was looked at: ")
    assert "The run is not complete" not in done.stdout
    quiet = run_enrich(["check", "empty", "--offline", "-q"], desk, environment(None))
    assert (quiet.stdout, quiet.stderr) == ("", done.stderr)


def test_notes_that_git_is_told_to_ignore_are_said_to_be_left_out(desk: Path) -> None:
    folder = desk / "ignored"
    folder.mkdir()
    (folder / "a.md").write_text("<https://example.org/>")
    (folder / ".gitignore").write_text("*.md\n")
    done = run_enrich(["run", "--offline"], folder, environment(None))
    assert done.returncode == 0
    assert "what git is told to ignore" in done.stderr
    report = saved_report(folder)
    assert [warning["code"] for warning in report["run"]["warnings"]] == ["no-documents"]
    assert "what git is told to ignore" in (folder / "reports" / "latest.html").read_text()


def test_an_empty_list_of_files_is_nothing_to_wonder_at(desk: Path) -> None:
    done = run_enrich(["check", "--offline", "--files-from", "-"], desk, environment(None), stdin="")
    assert (done.returncode, "no document" in done.stderr) == (0, False)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("sinse", "since"), ("SINCE", "since"), ("colour", None), ("", None)],
)
def test_only_what_is_near_may_have_been_meant(written: str, meant: str | None) -> None:
    assert did_you_mean(written, ["since", "until"]) == (f"did you mean {meant}?" if meant else None)


# --- help -------------------------------------------------------------------------------------------


def commands(
    command: click.Command = cli, path: tuple[str, ...] = ("enrich",)
) -> Iterator[tuple[str, click.Command]]:
    yield " ".join(path), command
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from commands(below, (*path, name))


@pytest.mark.parametrize(("path", "command"), list(commands()), ids=lambda value: str(value)[:30])
def test_every_command_shows_two_examples(path: str, command: click.Command) -> None:
    help_text = command.get_help(click.Context(command, info_name=path))
    examples = [line for line in help_text.splitlines() if re.match(rf'\s+(eval "\$\()?{path}\b', line)]
    assert len(examples) >= 2, help_text


def test_the_options_of_a_help_stand_in_groups() -> None:
    command = cli.commands["run"]
    help_text = command.get_help(click.Context(command, info_name="run"))
    headings = re.findall(r"^(\w[\w ]+):$", help_text, re.MULTILINE)
    assert len(headings) >= 4
    assert headings[-1] == "Options"
    assert {name for names in GROUPS.values() for name in names.split()} <= {one.name for one in SETTINGS}
    for setting in SETTINGS:
        if "run" in setting.commands:
            assert len(re.findall(rf"^\s+{setting.option}\b(?!-)", help_text, re.MULTILINE)) == 1


# --- completion -------------------------------------------------------------------------------------


def completed(line: str, folder: Path) -> set[str]:
    """What a shell would offer at the end of a line."""
    words = line.split(" ")
    env = environment(None) | {
        VARIABLE: "bash_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    done = subprocess.run(
        [sys.executable, "-m", "enrich"], cwd=folder, env=env, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return set(done.stdout.splitlines())


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("enrich ru", {"plain,run"}),
        ("enrich cache pr", {"plain,prune"}),
        ("enrich run --kin", {"plain,--kind"}),
        ("enrich run --kind w", {"plain,web", "plain,wechat"}),
        ("enrich run --kind=gi", {"plain,github"}),
        ("enrich check --fail-on wechat-del", {"plain,wechat-deleted"}),
        ("enrich report --format cs", {"plain,csl-json", "plain,csv"}),
        ("enrich links --format j", {"plain,jsonl"}),
        ("enrich run --lang ", {"plain,en", "plain,zh"}),
        ("enrich run no", {"file,no"}),
        ("enrich run --cache-dir ca", {"dir,ca"}),
        ("enrich completion ", {f"plain,{shell}" for shell in SHELLS}),
    ],
)
def test_commands_options_and_their_values_are_completed(
    line: str, offered: set[str], tmp_path: Path
) -> None:
    assert completed(line, tmp_path) == offered


def test_every_setting_of_a_few_names_is_completed() -> None:
    assert {name for name in VALUES if not list(VALUES[name]())} == set()
    few = {
        setting.name for setting in SETTINGS if setting.read.__qualname__.startswith(("one_of", "selector"))
    }
    assert few == set(VALUES)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_gets_a_script_that_asks_for_completions(shell: str, tmp_path: Path) -> None:
    done = run_enrich(["completion", shell], tmp_path, environment(None))
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{VARIABLE}={shell}_complete" in done.stdout


def test_bash_completes_by_it(tmp_path: Path) -> None:
    script = (
        'eval "$(enrich completion bash)"; COMP_WORDS=(enrich run --kind wec); COMP_CWORD=3; '
        '_enrich_completion enrich run wec; echo "${COMPREPLY[*]}"'
    )
    (tmp_path / "enrich").write_text(f'#!/bin/sh\nexec {sys.executable} -m enrich "$@"\n', encoding="utf-8")
    (tmp_path / "enrich").chmod(0o755)
    env = environment(None)
    env["PATH"] = f"{tmp_path}{os.pathsep}{env.get('PATH', os.defpath)}"
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.stderr) == ("wechat", "")


@pytest.mark.parametrize("group", [ExceptionGroup, BaseExceptionGroup])
def test_a_mistake_of_ours_is_told_with_its_traceback_whatever_comes_with_it(
    group: type[BaseExceptionGroup[BaseException]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With an error in the group that is no `Exception`, the group is none either."""
    cancelled = [asyncio.CancelledError()] if group is BaseExceptionGroup else []

    def break_down(_arguments: list[str]) -> None:
        raise group("unhandled", [ZeroDivisionError("by nought"), *cancelled])

    monkeypatch.setattr("enrich.cli._invoke", break_down)
    with pytest.raises(SystemExit) as left:
        main()
    said = capsys.readouterr().err
    assert left.value.code == 70
    assert "ZeroDivisionError: by nought" in said
    assert said.endswith("this is a mistake in enrich; please report it with the lines above\n")
