"""``enrich init``: what it writes is true, holds as it stands, and takes the place of nothing."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from requirements import ROOT

from enrich.config import SETTINGS, load
from enrich.config.contents import _HOST_READERS, Contents
from enrich.config.settings import age_defaults
from enrich.config.template import CONFIRM_HELP, HOST_EXAMPLES, template, toml
from enrich.config.values import duration, seconds
from enrich.errors import UsageError
from enrich.workflows import NAMES, requirement_of, workflows

TEXT = template()
# A line that is a setting, without its mark.
LINES = [line.removeprefix("#") for line in TEXT.splitlines() if re.match(r"#\S", line)]
KEYS = [line.partition(" = ")[0] for line in LINES]
TRUSTED = {setting.key for setting in SETTINGS if setting.trusted} | {'hosts."blog.example.org".headers'}


def settings_with(text: str, folder: Path, command: str = "run") -> Any:
    folder.mkdir(exist_ok=True)
    (folder / "enrich.toml").write_text(text, encoding="utf-8")
    return load(command, {}, environ={}, folder=folder)


def enrich(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    folder.mkdir(exist_ok=True)
    variables = {key: value for key, value in os.environ.items() if not key.startswith("ENRICH_")}
    command = [sys.executable, "-m", "enrich", *arguments]
    return subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, text=True, timeout=300, check=False
    )


def contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


# --- the file ---------------------------------------------------------------------------------------


def test_every_setting_of_a_file_is_in_it_once() -> None:
    known = {setting.key for setting in SETTINGS if setting.in_file}
    known |= {f"confirm.{name}" for name in CONFIRM_HELP} | {f"ages.{name}" for name in age_defaults()}
    known |= {f'hosts."blog.example.org".{name}' for name in HOST_EXAMPLES} | {"report.formats"}
    assert sorted(KEYS) == sorted(known)


def test_it_shows_all_that_can_be_set_for_a_host_and_for_confirming() -> None:
    assert set(HOST_EXAMPLES) == set(_HOST_READERS)
    assert set(CONFIRM_HELP) == set(Contents().confirm.__dataclass_fields__)


def test_as_it_stands_it_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    for command in ("run", "check", "links"):
        bare = load(command, {}, environ={}, folder=tmp_path / "bare")
        written = settings_with(TEXT, tmp_path / "written", command)
        assert written.values == bare.values
        assert (written.ages, written.confirm, written.hosts) == (bare.ages, bare.confirm, bare.hosts)


@pytest.mark.parametrize("line", LINES, ids=KEYS)
def test_each_line_holds_once_it_is_no_comment(line: str, tmp_path: Path) -> None:
    text = TEXT.replace(f"#{line}\n", f"{line}\n")
    assert text != TEXT
    settings = settings_with(text, tmp_path)
    key = line.partition(" = ")[0]
    if setting := next((one for one in SETTINGS if one.key == key), None):
        assert settings.sources[setting.name].startswith(str(tmp_path / "enrich.toml:"))
        if setting.default not in (None, ()):
            assert settings[setting.name] == setting.default
    if key in TRUSTED:
        with pytest.raises(UsageError, match="does not take this from a file in the tree"):
            settings_with(text, tmp_path, "check")
    else:
        settings_with(text, tmp_path, "check")


def test_all_lines_hold_together_and_the_defaults_among_them_are_the_defaults(tmp_path: Path) -> None:
    settings = settings_with("\n".join(LINES), tmp_path)
    bare = load("run", {}, environ={}, folder=tmp_path / "elsewhere")
    assert settings.ages == bare.ages
    assert settings.confirm == bare.confirm
    assert settings.report_formats == bare.report_formats
    assert settings.hosts["blog.example.org"].accept == frozenset({403})


def test_every_setting_says_what_it_is_for_and_examples_say_that_they_are_some() -> None:
    above = dict(re.findall(r"((?:# .*\n)+)#(\S+) = ", TEXT)[::-1])
    told = {key: text for text, key in above.items()}
    for setting in (one for one in SETTINGS if one.in_file):
        text = " ".join(told[setting.key].replace("# ", "").split())
        assert text.startswith(setting.help.partition(" (repeatable")[0])
        assert ("an example" in text) is (setting.default in (None, ()))


def test_no_line_is_longer_than_a_page_is_wide() -> None:
    assert [line for line in TEXT.splitlines() if len(line) > 122] == []


def test_a_mistake_in_a_dotted_name_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"enrich\.toml:2: confirm\.checks: must be"):
        settings_with("# two\nconfirm.checks = 0\n", tmp_path)
    with pytest.raises(UsageError, match=r'enrich\.toml:1: hosts\."a\.example"\.interval: must be'):
        settings_with('hosts."a.example".interval = "soon"\n', tmp_path)


@pytest.mark.parametrize(
    "value", [True, 3, 2.5, "a", "it's \\d", r"^\d+$", ["a", 2], {"A-B": "c"}, '"quoted"', "汉字", []]
)
def test_a_value_as_toml_is_read_as_that_value(value: object) -> None:
    assert tomllib.loads(f"x = {toml(value)}")["x"] == value


@pytest.mark.parametrize("length", [0.0, 0.005, 1.0, 90.0, 300.0, 43200.0, 604800.0, 0.25])
def test_a_duration_is_read_as_it_is_written(length: float) -> None:
    assert seconds(duration(length)) == length


# --- the command ------------------------------------------------------------------------------------


@pytest.mark.smoke
def test_in_an_empty_folder_it_writes_the_configuration_and_says_what_to_do_next(tmp_path: Path) -> None:
    done = enrich(tmp_path, "init")
    assert (done.returncode, done.stdout) == (0, "")
    assert contents(tmp_path) == {"enrich.toml": TEXT}
    said = done.stderr.splitlines()
    assert said[0].startswith("written: enrich.toml (")
    assert all(line.startswith("next: ") for line in said[1:])
    assert "`enrich run`" in said[-1]
    assert enrich(tmp_path, "config").stdout.startswith("configuration file: enrich.toml\n")


def test_for_github_it_writes_the_workflows_too(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    done = enrich(tmp_path, "init", "--github")
    assert done.returncode == 0
    assert set(contents(tmp_path)) == {"enrich.toml", *(f".github/workflows/{name}" for name in NAMES)}
    assert [line.split()[1] for line in done.stderr.splitlines() if line.startswith("written: ")] == [
        "enrich.toml",
        *(f".github/workflows/{name}" for name in NAMES),
    ]


def test_what_is_there_stays_and_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "enrich.toml").write_text("timeout = 7\n", encoding="utf-8")
    (tmp_path / ".github/workflows").mkdir(parents=True)
    (tmp_path / ".github/workflows" / NAMES[1]).write_text("mine\n", encoding="utf-8")
    done = enrich(tmp_path, "init", "--github")
    assert done.returncode == 0
    found = contents(tmp_path)
    assert (found["enrich.toml"], found[f".github/workflows/{NAMES[1]}"]) == ("timeout = 7\n", "mine\n")
    assert f"written: .github/workflows/{NAMES[0]} " in done.stderr
    assert "enrich.toml is there already and stays as it is; `enrich init --print` shows" in done.stderr
    assert "take the #" not in done.stderr


def test_a_second_time_changes_nothing(tmp_path: Path) -> None:
    enrich(tmp_path, "init", "--github")
    before = contents(tmp_path)
    done = enrich(tmp_path, "init", "--github")
    assert (done.returncode, contents(tmp_path)) == (0, before)
    assert "written:" not in done.stderr


def test_what_would_be_written_can_be_seen_without_writing(tmp_path: Path) -> None:
    done = enrich(tmp_path, "init", "--print")
    assert (done.returncode, done.stdout, done.stderr) == (0, TEXT, "")
    both = enrich(tmp_path, "init", "--print", "--github").stdout
    assert [line.split()[-1] for line in both.splitlines() if line.startswith("# --- file: ")] == [
        "enrich.toml",
        *(f".github/workflows/{name}" for name in NAMES),
    ]
    assert contents(tmp_path) == {}


def test_a_configuration_elsewhere_is_not_hidden_by_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.enrich]\ntimeout = 7\n", encoding="utf-8")
    done = enrich(tmp_path, "init")
    assert done.returncode == 0
    assert set(contents(tmp_path)) == {"pyproject.toml"}
    assert done.stderr.startswith("pyproject.toml configures enrich here, and an enrich.toml would take")


def test_workflows_belong_to_the_root_of_a_repository(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    done = enrich(tmp_path / "notes", "init", "--github")
    assert done.returncode == 2
    assert f"call it in {tmp_path}" in done.stderr
    assert contents(tmp_path) == {}
    assert enrich(tmp_path / "notes", "init").returncode == 0
    assert set(contents(tmp_path)) == {"notes/enrich.toml"}


@pytest.mark.parametrize("name", [".github", ".github/workflows", "enrich.toml"])
def test_nothing_is_written_through_a_link_that_leads_out(name: str, tmp_path: Path) -> None:
    outside, here = tmp_path / "outside", tmp_path / "here"
    outside.mkdir()
    (here / name).parent.mkdir(parents=True)
    (here / name).symlink_to(outside / "x" if name == "enrich.toml" else outside)
    done = enrich(here, "init", "--github")
    assert done.returncode == 2
    assert "symbolic link" in done.stderr
    assert (contents(outside), contents(here)) == ({}, {})


@pytest.mark.parametrize("name", [".github", ".github/workflows"])
def test_a_file_in_the_place_of_a_folder_is_an_error_and_not_an_earlier_workflow(
    name: str, tmp_path: Path
) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text("a file\n", encoding="utf-8")
    done = enrich(tmp_path, "init", "--github")
    assert done.returncode == 3
    assert "cannot be made" in done.stderr


# --- what the workflows install ---------------------------------------------------------------------

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("origin", "requirement"),
    [
        ({"url": "file:///home/me/enrich", "dir_info": {"editable": True}}, None),
        ({"url": "file:///home/me/enrich.whl", "archive_info": {}}, None),
        (
            {"url": "https://a.example/o/enrich", "vcs_info": {"vcs": "git", "commit_id": COMMIT}},
            f"git+https://a.example/o/enrich@{COMMIT}",
        ),
        (
            {
                "url": "https://a.example/r",
                "vcs_info": {"vcs": "git", "commit_id": "c"},
                "subdirectory": "e",
            },
            "git+https://a.example/r@c#subdirectory=e",
        ),
        ({"url": "https://a.example/enrich.whl", "archive_info": {}}, "https://a.example/enrich.whl"),
        ({"url": "ssh://git@a.example/r", "vcs_info": {"vcs": "git", "commit_id": "c"}}, None),
    ],
)
def test_a_workflow_installs_what_was_installed_here_where_others_can_reach_it(
    origin: Mapping[str, Any], requirement: str | None
) -> None:
    assert requirement_of(origin) == requirement


def test_what_to_install_stands_in_each_workflow_as_text_and_nothing_else_changes() -> None:
    hostile = 'git+https://a.example/"o" # }: x'
    for name, text in workflows(hostile).items():
        ours = (ROOT / "enrich" / "workflows" / name).read_text(encoding="utf-8")
        changed = [line for line in text.splitlines() if line not in ours.splitlines()]
        assert len(changed) == 2
        assert changed[1] == f"  ENRICH: {json.dumps(hostile)}"
    assert workflows(None)[NAMES[0]] == (ROOT / "enrich/workflows" / NAMES[0]).read_text(encoding="utf-8")
