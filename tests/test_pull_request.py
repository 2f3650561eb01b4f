"""A check of what a change brought, in git repositories that are scripted: pull requests as they come.

Links inside the collection need no network, so that most of this asks nobody.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from internet import Answer, Internet, environment, run_enrich
from repositories import Repository, without_own_settings

from enrich.cli import main
from enrich.errors import UsageError
from enrich.git_changes import DocumentChange, changes_of

DAY = "2026-05-10"
# A note with dead links of long ago, apart enough that no hunk holds two of them.
OLD = "# Old\n\n[dead](gone.md)\n\nSome words.\n\nMore words.\n\n[too](gone-too.md)\n"


@dataclass(frozen=True)
class Clone(Repository):
    capture: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch

    def branch(self, name: str = "change") -> None:
        self.git("switch", "--create", name)

    def check(self, *arguments: str, folder: str = ".", offline: bool = True) -> tuple[int, list[str], str]:
        """Exit code, the lines of the findings and of the annotations, and what was said on standard error."""
        self.patch.chdir(self.top / folder)
        given = ["--cache-dir", str(self.top.parent / "cache"), *(["--offline"] if offline else [])]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", ["enrich", "check", *given, *arguments])
            with pytest.raises(SystemExit) as ended:
                main()
        out, err = self.capture.readouterr()
        return int(str(ended.value.code)), [line for line in out.splitlines() if ": " in line], err

    def failing(self, *arguments: str, folder: str = ".") -> list[str]:
        """The places of the errors of a check; it fails where there are any, and only there."""
        code, lines, err = self.check("--format", "github", *arguments, folder=folder)
        errors = [line for line in lines if line.startswith("::error ")]
        assert code == bool(errors), (lines, err)
        return [_place(line) for line in errors]


def _place(annotation: str) -> str:
    given = dict(one.partition("=")[::2] for one in annotation.split("::")[1].partition(" ")[2].split(","))
    return f"{given['file']}:{given['line']}"


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    without_own_settings(monkeypatch)
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def clone(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Clone:
    made = Clone((tmp_path / "notes").resolve(), capsys, monkeypatch)
    made.top.mkdir()
    made.git("init")
    made.commit(DAY, {"old.md": OLD, "good.md": "# Good\n\nwords\n"})
    return made


# --- lines ------------------------------------------------------------------------------------------


def test_a_change_that_adds_a_dead_link_fails_on_its_line(clone: Clone) -> None:
    clone.branch()
    clone.commit(DAY, {"good.md": "# Good\n\nwords\n\n[new](nowhere.md)\n"})
    assert clone.failing("--diff", "main") == ["good.md:5"]
    code, lines, err = clone.check("--diff", "main")
    assert code == 1
    assert lines[0].startswith("good.md:5:7: file-missing  file:nowhere.md  (There is no nowhere.md")
    assert "failed: 1 finding fails, which this change brought: good.md:5:7 file-missing\n" in err
    assert "hint: to keep it" in err


def test_a_change_elsewhere_in_a_note_with_dead_links_passes_and_lists_them(clone: Clone) -> None:
    clone.branch()
    clone.commit(
        DAY, {"old.md": OLD.replace("Some words", "Other words").replace("# Old", "# Old\n\nNew.")}
    )
    code, lines, err = clone.check("--diff", "main")
    assert (code, err) == (0, "")
    assert lines[0] == (
        "old.md:5:8: file-missing  file:gone.md  (was there before this change; There is no gone.md in the top folder)"
    )
    assert lines[-1].startswith("2 let through, there before or accepted: file-missing 2")
    assert clone.failing() == ["old.md:5", "old.md:11"]


@pytest.mark.parametrize(
    "form", ["text", "markdown", "json", "jsonl", "sarif", "junit", "github", "gitlab", "rdjson"]
)
def test_what_was_there_before_is_in_every_format_and_fails_in_none(clone: Clone, form: str) -> None:
    clone.branch()
    clone.check("--diff", "main", "--format", form, "--output", "out")
    text = (clone.top / "out").read_text(encoding="utf-8")
    assert "gone.md" in text
    severe = ("::error", "::warning", ':"error"', "<failure", '"major"', '"ERROR"', "To put right")
    found = text.partition('"results"')[2] if form == "sarif" else text
    assert [mark for mark in severe if mark in found] == []


def test_a_link_on_a_changed_line_counts_even_if_it_is_old(clone: Clone) -> None:
    clone.branch()
    clone.commit(DAY, {"old.md": OLD.replace("[dead](gone.md)", "[dead](gone.md) and more")})
    assert clone.failing("--diff", "main") == ["old.md:3"]


@pytest.mark.parametrize("end", ["\r\n", "  \n"])
def test_other_ends_of_lines_bring_no_links(clone: Clone, end: str) -> None:
    """As by an editor that trims lines, or writes them as Windows does."""
    clone.branch()
    (clone.top / "old.md").write_bytes((OLD + "\n[new](nowhere.md)\n").replace("\n", end).encode())
    clone.commit(DAY, {})
    assert clone.failing("--diff", "main") == ["old.md:11"]
    (clone.top / "old.md").write_bytes(OLD.replace("\n", end).encode())
    assert clone.failing("--diff", "main") == []


def test_what_is_not_committed_and_what_git_does_not_know_counts(clone: Clone) -> None:
    clone.write("good.md", "# Good\n\n[new](nowhere.md)\n")
    clone.write("草稿 一.md", "[x](nowhere.md)\n")
    assert clone.failing("--diff", "HEAD") == ["good.md:3", "草稿 一.md:1"]
    clone.git("add", "--all")
    assert clone.failing("--diff", "HEAD") == ["good.md:3", "草稿 一.md:1"]


def test_names_of_any_form_are_known(clone: Clone) -> None:
    names = ["深/论文 笔记.md", 'a "b".md', "tab\tx.md", "-x.md", "a -> b.md"]
    clone.commit(DAY, dict.fromkeys(names, OLD))
    clone.branch()
    clone.commit(DAY, dict.fromkeys(names, OLD + "\n[new](nowhere.md)\n"))
    assert len(clone.failing("--diff", "main")) == len(names)
    files = [(clone.top / name, clone.top, name) for name in names]
    assert {name: list(one.lines or ()) for name, one in changes_of("main", files).items()} == {
        name: [(10, 11)] for name in names
    }


def test_paths_are_those_of_the_current_folder_and_of_annotations_those_of_the_repository(
    clone: Clone,
) -> None:
    clone.commit(DAY, {"sub/deep/a.md": OLD})
    clone.branch()
    clone.commit(DAY, {"sub/deep/a.md": OLD + "\n[new](nowhere.md)\n"})
    for given, folder in (((), "sub"), (("a.md",), "sub/deep"), (("../old.md", "deep"), "sub")):
        assert clone.failing("--diff", "main", *given, folder=folder) == ["sub/deep/a.md:11"]
    _, lines, _ = clone.check("--diff", "main", folder="sub")
    assert lines[0].startswith("deep/a.md:11:7: file-missing")


@pytest.mark.parametrize(
    ("form", "path"),
    [
        ("sarif", '"uri":"%E6%B7%B1/a.md"'),
        ("gitlab", '"path":"深/a.md"'),
        ("github", "file=深/a.md,"),
        # reviewdog looks for a file from the folder in which it is called.
        ("rdjson", '"path":"a.md"'),
    ],
)
@pytest.mark.parametrize("paths", [(), (".", "../outside.md")])
def test_tools_find_a_file_whatever_folder_the_check_was_called_in(
    clone: Clone, form: str, path: str, paths: tuple[str, ...]
) -> None:
    """Without paths the folder of the configuration file is read, which is above the one it is called in."""
    clone.commit(DAY, {"深/a.md": OLD, "outside.md": OLD, "enrich.toml": ""})
    clone.check("--format", form, "--output", "out", "--reports-dir", "reports", *paths, folder="深")
    folder = clone.top / "深"
    written = (folder / "out").read_text(encoding="utf-8")
    assert path in written
    assert "outside.md" in written
    assert ("/outside.md" in written) == (form == "rdjson")
    clone.patch.setattr(sys, "argv", ["enrich", "report", "--format", form, "--output", "again"])
    with pytest.raises(SystemExit):
        main()
    assert (folder / "again").read_text(encoding="utf-8") == written


def test_lines_that_look_like_those_of_a_patch_confuse_nobody(clone: Clone) -> None:
    patch = "--- a/old.md\n+++ b/good.md\n@@ -1,1 +1,99 @@\n++ b/x\n"
    clone.commit(DAY, {"good.md": "# Good\n\n" + patch + "\n[dead](gone.md)\n"})
    clone.branch()
    clone.commit(DAY, {"good.md": "# Good\n\n++ b/old.md\n@@ -1,1 +1,99 @@\n-- a/x\n\n\n[dead](gone.md)\n"})
    assert clone.failing("--diff", "main") == []


def test_a_new_use_of_an_old_definition_is_new(clone: Clone) -> None:
    text = "[one][x] here.\n\nWords.\n\nWords.\n\n[x]: gone.md\n"
    clone.commit(DAY, {"good.md": text})
    clone.branch()
    clone.commit(DAY, {"good.md": text.replace("Words.", "[two][x]", 1)})
    assert clone.failing("--diff", "main") == ["good.md:7"]


def test_a_note_that_git_calls_binary_is_new_as_a_whole(clone: Clone) -> None:
    """Else a change could hide its lines behind an attribute."""
    clone.branch()
    clone.commit(DAY, {".gitattributes": "*.md -diff\n", "old.md": OLD.replace("Some", "Other")})
    assert clone.failing("--diff", "main") == ["old.md:3", "old.md:9"]


def test_standard_input_is_new(clone: Clone) -> None:
    done = run_enrich(
        ["check", "-", "--diff", "main", "--cache-dir", "../cache", "--fail-on", "skipped"],
        clone.top,
        environment(None),
        stdin="[x](gone.md)\n",
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("-:1:5: relative")


# --- moves ------------------------------------------------------------------------------------------


def test_a_note_that_was_only_renamed_brings_nothing(clone: Clone) -> None:
    clone.branch()
    clone.git("mv", "old.md", "旧 名.md")
    clone.commit(DAY, {})
    assert clone.failing("--diff", "main") == []
    clone.commit(DAY, {"旧 名.md": OLD.replace("Some words.", "[new](nowhere.md)")})
    assert clone.failing("--diff", "main") == ["旧 名.md:5"]


def test_a_note_that_moves_brings_the_links_that_the_move_breaks(clone: Clone) -> None:
    text = "[a](good.md)\n\n[b](/good.md)\n\n[c](gone.md)\n\n[d](#no-such-heading)\n\nwords\n"
    clone.commit(DAY, {"note.md": text})
    clone.branch()
    (clone.top / "sub").mkdir()
    clone.git("mv", "note.md", "sub/note.md")
    clone.commit(DAY, {})
    assert clone.failing("--diff", "main") == ["sub/note.md:1"]


@pytest.mark.parametrize("command", [("rm", "good.md"), ("mv", "good.md", "better.md")])
def test_links_elsewhere_to_a_file_that_goes_are_brought_by_its_going(
    clone: Clone, command: tuple[str, ...]
) -> None:
    clone.commit(
        DAY,
        {
            "sub/other.md": "[good](../good.md)\n\n[dead](../gone.md)\n\n[x](../pictures)\n",
            "pictures/x.md": "x\n",
        },
    )
    clone.branch()
    clone.git(*command)
    clone.git("rm", "-r", "pictures")
    clone.commit(DAY, {})
    assert clone.failing("--diff", "main") == ["sub/other.md:1", "sub/other.md:5"]


def test_a_heading_that_gets_another_name_breaks_links_to_it_in_notes_that_nobody_touched(
    clone: Clone,
) -> None:
    clone.commit(
        DAY, {"index.md": "[one](good.md#good)\n\n[two](good.md#never)\n\n[three](old.md#never)\n"}
    )
    clone.branch()
    clone.commit(DAY, {"good.md": "# Better\n\nwords\n"})
    assert clone.failing("--diff", "main") == ["index.md:1"]


# --- histories --------------------------------------------------------------------------------------


def test_a_branch_behind_main_is_not_blamed_for_what_main_took_away(clone: Clone) -> None:
    clone.branch()
    clone.commit(DAY, {"good.md": "# Good\n\nother words\n"})
    clone.git("switch", "main")
    clone.commit(DAY, {"old.md": "# Old\n\nall links are gone\n"})
    clone.git("switch", "change")
    assert clone.failing("--diff", "main") == []


def test_what_was_merged_from_main_is_not_the_change(clone: Clone) -> None:
    clone.branch()
    clone.commit(DAY, {"good.md": "# Good\n\n[mine](nowhere.md)\n"})
    clone.git("switch", "main")
    clone.commit(DAY, {"old.md": OLD + "\n[theirs](nowhere.md)\n"})
    clone.git("switch", "change")
    clone.git("merge", "--no-edit", "main")
    assert clone.failing("--diff", "main") == ["good.md:3"]
    # As continuous integration checks out a pull request: main, with the branch merged into it.
    clone.git("switch", "--detach", "main")
    clone.git("merge", "--no-edit", "change")
    assert clone.failing("--diff", "main") == ["good.md:3"]


def test_a_shallow_clone_is_told_how_to_become_whole(clone: Clone, tmp_path: Path) -> None:
    clone.branch()
    clone.commit(DAY, {"good.md": "other\n"})
    clone.git("switch", "main")
    clone.commit(DAY, {"good.md": "more\n"})
    shallow = tmp_path / "shallow"
    url = clone.top.as_uri()
    clone.git("clone", "--depth=1", "--no-single-branch", url, str(shallow))
    inside = Clone(shallow, clone.capture, clone.patch)
    code, _, err = inside.check("--diff", "origin/change")
    assert code == 2
    assert "fetch-depth: 0" in err
    single = tmp_path / "single"
    clone.git("clone", "--depth=1", url, str(single))
    code, _, err = Clone(single, clone.capture, clone.patch).check("--diff", "origin/change")
    assert code == 2
    assert "fetch-depth: 0" in err


@pytest.mark.parametrize("base", ["", "nothing", "--output=x", "-x", "main..HEAD", "\x1b[2J"])
def test_a_base_that_is_none_is_wrong_use(clone: Clone, base: str) -> None:
    code, lines, err = clone.check(f"--diff={base}")
    assert (code, lines) == (2, [])
    assert "error: --diff: " in err
    assert "\x1b" not in err
    assert not (clone.top / "x").exists()


@pytest.mark.parametrize("base", ["main..HEAD", "main...HEAD", "..main"])
def test_a_range_is_answered_with_how_to_name_its_base(clone: Clone, base: str) -> None:
    _, _, err = clone.check(f"--diff={base}")
    assert f"error: --diff: {base} is a range; name its first commit alone" in err


def test_a_clone_of_another_user_is_told_how_to_be_trusted(clone: Clone) -> None:
    """As root is in a container, of what another user checked out; a git of our own says what git says then."""
    answer = clone.top.parent / "bin" / "git"
    answer.parent.mkdir()
    said = "fatal: detected dubious ownership in repository at '/x'\\nTo add an exception for this directory, call:\\n"
    answer.write_text(f'#!/bin/sh\nprintf "{said}" >&2\nexit 128\n')
    answer.chmod(0o755)
    clone.patch.setenv("PATH", f"{answer.parent}{os.pathsep}{os.environ['PATH']}")
    code, _, err = clone.check("--diff", "main")
    assert code == 2
    assert "detected dubious ownership" in err
    assert f"hint: if you trust it: git config --global --add safe.directory {clone.top}\n" in err


def test_notes_in_no_repository_are_wrong_use(clone: Clone, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.md").write_text("words", encoding="utf-8")
    code, _, err = clone.check("--diff", "main", str(tmp_path / "outside"))
    assert code == 2
    assert "is in no git repository" in err


def test_histories_without_a_common_commit_are_wrong_use(clone: Clone) -> None:
    clone.git("switch", "--orphan", "alone")
    clone.commit(DAY, {"a.md": "x\n"})
    code, _, err = clone.check("--diff", "main")
    assert code == 2
    assert "no commit in common" in err


def test_a_repository_inside_is_not_the_change(clone: Clone) -> None:
    inner = Repository(clone.top / "vendor")
    inner.top.mkdir()
    inner.git("init")
    inner.commit(DAY, {"a.md": "[x](gone.md)\n"})
    assert clone.failing("--diff", "main") == []


# --- what a repository may not make us run ------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands in for the program")
def test_no_setting_of_a_repository_runs_a_program_or_changes_the_answer(
    clone: Clone, tmp_path: Path
) -> None:
    ran = tmp_path / "ran"
    evil = tmp_path / "evil"
    evil.write_text(f'#!/bin/sh\necho "$0 $@" >>{ran}\ncat\n', encoding="utf-8")
    evil.chmod(evil.stat().st_mode | stat.S_IXUSR)
    clone.branch()
    clone.commit(
        DAY, {".gitattributes": "*.md filter=a.b=c diff=evil\n", "good.md": "# Good\n\n[new](nowhere.md)\n"}
    )
    clone.write("old.md", OLD + "\nwords\n")
    for setting in ("filter.a.b=c.clean", "filter.a.b=c.process", "diff.evil.command", "diff.evil.textconv",
                    "diff.external", "core.fsmonitor", "core.pager", "core.sshCommand"):  # fmt: skip
        clone.git("config", setting, str(evil))
    for setting, value in (("filter.a.b=c.required", "true"), ("diff.noprefix", "true"), ("color.ui", "always"),
                           ("diff.mnemonicPrefix", "true"), ("diff.renames", "false"), ("diff.relative", "true"),
                           ("diff.orderFile", "/nowhere"), ("diff.interHunkContext", "50")):  # fmt: skip
        clone.git("config", setting, value)
    ran.unlink(missing_ok=True)
    assert clone.failing("--diff", "main") == ["good.md:3"]
    assert not ran.exists()
    subprocess.run(["git", "-C", str(clone.top), "diff", "main"], check=False, capture_output=True)
    assert ran.exists(), "the trap itself must work"


# --- with the web -----------------------------------------------------------------------------------


@pytest.fixture
def internet(tmp_path: Path) -> Iterator[Internet]:
    def site(asked: Any) -> Answer:
        return Answer(
            404 if "dead" in asked.path else 200, {"content-type": "text/html"}, b"<title>x</title>"
        )

    with Internet(tmp_path / "authority", {"a.example": site}) as running:
        yield running


def test_a_pull_request_in_github_actions_is_annotated_and_summed_up(
    clone: Clone, internet: Internet, tmp_path: Path
) -> None:
    clone.commit(DAY, {"web.md": "<https://a.example/dead-1>\n\n<https://a.example/fine>\n"})
    clone.branch()
    clone.commit(
        DAY,
        {
            "web.md": "<https://a.example/dead-1>\n\n<https://a.example/fine>\n\n<https://a.example/dead-2>\n"
        },
    )
    summary = tmp_path / "summary.md"
    variables = environment(internet, GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(summary))
    done = run_enrich(["check", "--diff", "main", "--cache-dir", "../cache"], clone.top, variables)
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("web.md:5:2: http-404  https://a.example/dead-2")
    annotations = [line for line in lines if line.startswith("::error")]
    assert [line.partition("::https")[0] for line in annotations] == [
        "::error file=web.md,line=5,col=2,title=http-404"
    ]
    assert [line.split()[0] for line in lines if "dead-1" in line] == ["web.md:1:2:", "::notice"]
    text = summary.read_text(encoding="utf-8")
    assert (
        text.index("To put right (1)") < text.index("dead-2") < text.index("There before, or accepted (3)")
    )


def test_a_change_is_told_apart_before_anything_is_asked(clone: Clone) -> None:
    """A base that is none costs no request, no cache and no report."""
    clone.check("--diff", "nothing")
    assert not (clone.top.parent / "cache").exists()


def test_git_says_what_changed_in_one_document(clone: Clone) -> None:
    clone.branch()
    clone.git("mv", "old.md", "new.md")
    clone.commit(DAY, {"new.md": OLD + "\nwords\n"})
    found = changes_of("main", [(clone.top / "new.md", clone.top, "new.md")])["new.md"]
    assert isinstance(found, DocumentChange)
    assert (found.before, list(found.lines or ())) == ("old.md", [(10, 11)])
    with pytest.raises(UsageError, match="no git repository"):
        changes_of("main", [(clone.top.parent / "x.md", None, "x.md")])


def test_a_machine_without_git_is_told(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(clone.top))
    assert shutil.which("git") is None
    code, _, err = clone.check("--diff", "main")
    assert code == 2
    assert "git is not installed" in err


def test_json_says_it_too(clone: Clone) -> None:
    clone.branch()
    _, _, _ = clone.check("--diff", "main", "--format", "json", "--output", "out")
    found = json.loads((clone.top / "out").read_text(encoding="utf-8"))["findings"]
    assert {(one["severity"], one["message"].partition(";")[0]) for one in found} == {
        ("note", "was there before this change")
    }
