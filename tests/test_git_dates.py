"""First commits as dates: what git is asked, what it may not do, and what becomes of the answer."""

from __future__ import annotations

import os
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from repositories import Repository, without_own_settings

from enrich import git
from enrich.collect import documents_of
from enrich.config import Settings, load
from enrich.errors import UsageError
from enrich.git import repository_of
from enrich.git_dates import first_commits
from enrich.model import Document
from enrich.selection import places_of


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    without_own_settings(monkeypatch)


@dataclass(frozen=True)
class Dated(Repository):
    def days(self, *names: str) -> dict[str, str]:
        found = first_commits(self.top, [self.top / name for name in names])
        return {file.relative_to(self.top).as_posix(): day for file, day in found.items()}


@pytest.fixture
def repository(tmp_path: Path) -> Dated:
    made = Dated((tmp_path / "notes").resolve())
    made.top.mkdir()
    made.git("init")
    return made


def _settings(folder: Path, **options: Any) -> Settings:
    return load("links", {"git_dates": True, **options}, environ={}, folder=folder, use_files=False)


def _documents(folder: Path, *paths: Path) -> dict[str, Document]:
    settings = _settings(folder)
    found = documents_of(places_of(settings, [str(path) for path in paths or (folder,)]), git_dates=True)
    return {Path(one.path).name: one for one in found if isinstance(one, Document)}


# --- the days ---------------------------------------------------------------------------------------


def test_a_file_has_the_day_of_its_first_commit_on_its_authors_clock(repository: Dated) -> None:
    repository.commit("2020-03-10", {"a.md": "one"})
    repository.commit("2021-05-06", {"a.md": "two", "深/b c.md": "new"})
    repository.commit("2022-07-08", {"a.md": "three"})
    assert repository.days("a.md", "深/b c.md", "never.md") == {
        "a.md": "2020-03-10",
        "深/b c.md": "2021-05-06",
    }


def test_a_file_keeps_its_day_when_it_moves(repository: Dated) -> None:
    repository.commit("2020-03-10", {"a.md": "one"})
    (repository.top / "sub").mkdir()
    repository.git("mv", "a.md", "sub/b.md")
    repository.commit("2021-05-06", {})
    repository.git("mv", "sub/b.md", "c.md")
    repository.commit("2022-07-08", {"a.md": "another file under the old name"})
    assert repository.days("a.md", "c.md") == {"a.md": "2022-07-08", "c.md": "2020-03-10"}


def test_a_file_that_came_back_has_the_day_on_which_it_first_came(repository: Dated) -> None:
    repository.commit("2020-03-10", {"a.md": "one"})
    repository.git("rm", "a.md")
    repository.commit("2021-05-06", {})
    repository.commit("2022-07-08", {"a.md": "two"})
    assert repository.days("a.md") == {"a.md": "2020-03-10"}


def test_a_file_of_a_merged_branch_has_the_day_of_its_own_commit(repository: Dated) -> None:
    repository.commit("2020-03-10", {"a.md": "one"})
    repository.git("checkout", "-b", "side")
    repository.commit("2021-05-06", {"b.md": "two"})
    repository.git("checkout", "-")
    repository.commit("2022-07-08", {"c.md": "three"})
    repository.git("merge", "--no-ff", "-m", "merge", "side")
    assert repository.days("a.md", "b.md", "c.md") == {
        "a.md": "2020-03-10",
        "b.md": "2021-05-06",
        "c.md": "2022-07-08",
    }


@pytest.mark.skipif(os.name == "nt", reason="such names cannot be made there")
def test_no_file_name_passes_for_anything_else(repository: Dated) -> None:
    names = ["--exec", "--output=x", ":(top)", "R100", "\x012000-01-01", "A\n\x012001-01-01", "a\nb", "*"]
    repository.commit("2020-03-10", {"plain.md": "plain", **{name: f"this is {name}" for name in names}})
    for number, name in enumerate(names):
        (repository.top / name).rename(repository.top / f"moved-{number}")
    (repository.top / "plain.md").rename(repository.top / "R100\n")
    repository.commit("2021-05-06", {"z.md": "two"})
    moved = [f"moved-{number}" for number in range(len(names))]
    days = {**dict.fromkeys([*moved, "R100\n"], "2020-03-10"), "z.md": "2021-05-06"}
    assert repository.days(*moved, "R100\n", "z.md", "A") == days


def test_a_day_that_cannot_be_is_none(repository: Dated) -> None:
    repository.commit("1980-01-01", {"a.md": "one"})
    assert repository.days("a.md") == {}


def test_a_repository_without_commits_knows_no_days(repository: Dated) -> None:
    assert repository.days("a.md") == {}


# --- where it is not asked --------------------------------------------------------------------------


def test_a_shallow_clone_is_told_rather_than_believed(repository: Dated, tmp_path: Path) -> None:
    repository.commit("2020-03-10", {"a.md": "one"})
    repository.commit("2021-05-06", {"b.md": "two"})
    clone = tmp_path / "clone"
    repository.git("clone", "--depth=1", f"file://{repository.top}", str(clone))
    with pytest.raises(UsageError, match=r"^--git-dates: .*clone is a shallow clone, .*--unshallow"):
        first_commits(clone, [clone / "a.md"])


def test_a_damaged_repository_is_told_with_what_git_says(repository: Dated) -> None:
    repository.commit("2020-03-10", {"a.md": "one"})
    (repository.top / ".git" / "HEAD").write_text("no reference\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"^--git-dates: git cannot tell about .*notes: fatal: "):
        repository.days("a.md")


def test_a_machine_without_git_is_told(repository: Dated, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository.top))
    with pytest.raises(UsageError, match="git is not installed"):
        repository.days("a.md")


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands in for git")
def test_a_git_that_does_not_come_back_is_ended(
    repository: Dated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _script(tmp_path / "bin" / "git", "exec sleep 60")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(git, "TIMEOUT_SECONDS", 0.2)
    with pytest.raises(UsageError, match="it took too long"):
        repository.days("a.md")


def test_a_repository_inside_another_one_is_not_asked(repository: Dated) -> None:
    inner = Repository(repository.top / "vendor" / "inner")
    inner.top.mkdir(parents=True)
    inner.git("init")
    root = repository.top
    assert repository_of(root / "a.md", root) == root
    assert repository_of(root / "sub" / "a.md", root) == root
    assert repository_of(inner.top / "a.md", root) is None
    # Whoever names the inner one as the collection means it.
    assert repository_of(inner.top / "a.md", inner.top) == inner.top
    assert repository_of(inner.top / "sub" / "a.md", inner.top / "sub") == inner.top


def test_repositories_side_by_side_are_each_asked(repository: Dated, tmp_path: Path) -> None:
    assert repository_of(repository.top / "a.md", tmp_path.resolve()) == repository.top
    assert repository_of(tmp_path.resolve() / "a.md", tmp_path.resolve()) is None


# --- what a repository may not make us run ----------------------------------------------------------


def _script(path: Path, body: str) -> str:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands in for the program")
def test_a_repository_in_the_notes_runs_nothing_whatever_it_is_called(
    repository: Dated, tmp_path: Path
) -> None:
    """A bare repository needs no folder named ``.git``: git run in it would take its configuration."""
    ran = tmp_path / "ran"
    evil = _script(tmp_path / "evil", f'echo "$0 $@" >>{ran}; exit 1')
    repository.commit("2020-03-10", {"a.md": "one"})
    for name, options in (("bare", ("--bare",)), ("inner", ()), ("deep/.hidden", ("--bare",))):
        inner = Repository(repository.top / name)
        inner.top.mkdir(parents=True)
        inner.git("init", *options)
        inner.git("config", "core.fsmonitor", evil)
        inner.git("config", "core.pager", evil)
        inner.git("config", "core.worktree", str(inner.top))
        inner.git("config", "core.bare", "false")
        (inner.top / "x.md").write_text("words", encoding="utf-8")
    (repository.top / "linked").mkdir()
    (repository.top / "linked" / ".git").write_text(
        f"gitdir: {repository.top / 'bare'}\n", encoding="utf-8"
    )
    (repository.top / "linked" / "x.md").write_text("words", encoding="utf-8")
    dates = {name: one.date for name, one in _documents(repository.top).items()}
    assert dates == {"a.md": "2020-03-10", "x.md": None}
    assert not ran.exists()
    subprocess.run(["git", "-C", str(repository.top / "inner"), "status"], check=False, capture_output=True)
    assert ran.exists(), "the trap itself must work"


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands in for the program")
def test_no_program_that_a_repository_names_is_run(repository: Dated, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    signature = "-----BEGIN PGP SIGNATURE-----\nx\n-----END PGP SIGNATURE-----"
    signer = _script(
        tmp_path / "signer", f"cat >/dev/null; echo '[GNUPG:] SIG_CREATED ' >&2; echo '{signature}'"
    )
    repository.git("config", "gpg.program", signer)
    repository.commit("2020-03-10", {"a.md": "one", ".gitattributes": "*.md diff=evil\n"}, "--gpg-sign=key")
    evil = _script(tmp_path / "evil", f'echo "$0 $@" >>{ran}; exit 1')
    for setting in (
        "core.fsmonitor", "core.pager", "core.sshCommand", "core.editor", "gpg.program", "diff.external",
        "diff.evil.textconv", "diff.evil.command", "filter.evil.clean", "filter.evil.smudge", "pager.log",
        "credential.helper", "core.alternateRefsCommand",
    ):  # fmt: skip
        repository.git("config", setting, evil)
    repository.git("config", "alias.log", f"!{evil}")
    repository.git("config", "log.showSignature", "true")
    repository.git("config", "log.showRoot", "false")
    repository.git("config", "diff.relative", "true")
    repository.git("config", "core.hooksPath", str(tmp_path))
    assert repository.days("a.md") == {"a.md": "2020-03-10"}
    assert not ran.exists()
    subprocess.run(["git", "-C", str(repository.top), "log"], check=False, capture_output=True)
    assert ran.exists(), "the trap itself must work"


def test_the_environment_of_a_hook_does_not_point_it_elsewhere(
    repository: Dated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit("2020-03-10", {"a.md": "one"})
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_TRACE", str(tmp_path / "trace"))
    assert repository.days("a.md") == {"a.md": "2020-03-10"}
    assert not (tmp_path / "trace").exists()


# --- in a run ---------------------------------------------------------------------------------------


def test_git_dates_what_nothing_else_does(repository: Dated) -> None:
    repository.commit("2020-03-10", {"plain.md": "words", "2021-05-06.md": "words"})
    (repository.top / "new.md").write_text("not committed", encoding="utf-8")
    found = _documents(repository.top)
    dates = {name: (one.date, one.date_source) for name, one in found.items()}
    assert dates == {
        "plain.md": ("2020-03-10", "git"),
        "2021-05-06.md": ("2021-05-06", "filename"),
        "new.md": (None, "none"),
    }
    assert [(one.source, one.date) for one in found["2021-05-06.md"].dates] == [
        ("filename", "2021-05-06"),
        ("git", "2020-03-10"),
    ]


def test_git_is_asked_only_when_it_is_asked_for(repository: Dated, monkeypatch: pytest.MonkeyPatch) -> None:
    repository.commit("2020-03-10", {"plain.md": "words"})
    monkeypatch.setenv("PATH", str(repository.top))
    places = places_of(_settings(repository.top), [str(repository.top)])
    assert [one.date for one in documents_of(places) if isinstance(one, Document)] == [None]


def test_standard_input_and_files_outside_a_repository_have_no_history(
    repository: Dated, tmp_path: Path
) -> None:
    outside = tmp_path / "outside.md"
    outside.write_text("words", encoding="utf-8")
    assert _documents(tmp_path, outside)["outside.md"].date is None
