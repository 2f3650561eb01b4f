"""A cache that git keeps is the word of whoever wrote the commit."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from requirements import require

from enrich.tracked import is_kept_by_git

NAME = "enrich.sqlite3"


def git(folder: Path, *arguments: str) -> None:
    require("git", shutil.which("git") is not None, "git is not installed")
    options = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "protocol.file.allow=always")
    subprocess.run(["git", *options, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Notes in git, beside a cache that git does not know."""
    folder = tmp_path / "notes"
    for path in (
        "a.md",
        "sub/b.md",
        f"cache/{NAME}",
        "cache/enrich.sqlite2",
        "cache2/other",
        f"sub/cache/{NAME}",
    ):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("x")
    git(folder, "init", "-q")
    git(folder, "add", "a.md", "sub/b.md", "cache2", "cache/enrich.sqlite2", "sub/cache")
    return folder


def test_what_git_does_not_keep_is_ours(repository: Path, tmp_path: Path) -> None:
    assert not is_kept_by_git(repository / "cache" / NAME)
    assert not is_kept_by_git(tmp_path / "cache" / NAME)


@pytest.mark.parametrize("name", [NAME, f"{NAME}-wal", "ENRICH.sqlite3"])
@pytest.mark.parametrize("version", ["2", "3", "4"])
def test_what_git_keeps_is_known_in_every_form_of_its_index(
    repository: Path, name: str, version: str
) -> None:
    (repository / "cache" / name).write_text("x")
    git(repository, "add", f"cache/{name}", "sub")
    git(repository, "add", "--intent-to-add", ".") if version == "3" else None
    git(repository, "update-index", "--index-version", version)
    assert is_kept_by_git(repository / "cache" / NAME)


@pytest.mark.parametrize("version", ["2", "4"])
def test_a_name_that_is_only_like_it_is_another(repository: Path, version: str) -> None:
    git(repository, "update-index", "--index-version", version)
    assert not is_kept_by_git(repository / "cache" / NAME)
    assert is_kept_by_git(repository / "cache" / "enrich.sqlite2")


def test_an_index_that_may_not_be_read_vouches_for_nothing(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_bytes", forbidden)
    assert is_kept_by_git(repository / "cache" / NAME)


def test_a_split_index_is_read_whole(repository: Path) -> None:
    git(repository, "add", f"cache/{NAME}")
    git(repository, "update-index", "--split-index")
    assert is_kept_by_git(repository / "cache" / NAME)


def test_a_folder_that_is_a_link_is_looked_at_where_it_leads(repository: Path) -> None:
    git(repository, "add", f"cache/{NAME}")
    (repository / "elsewhere").symlink_to("cache")
    assert is_kept_by_git(repository / "elsewhere" / NAME)


def test_a_worktree_has_an_index_of_its_own(repository: Path, tmp_path: Path) -> None:
    git(repository, "add", f"cache/{NAME}")
    git(repository, "commit", "-q", "-m", "x")
    git(repository, "worktree", "add", "-q", str(tmp_path / "other"))
    assert is_kept_by_git(tmp_path / "other" / "cache" / NAME)


def test_a_cache_folder_that_is_a_submodule_came_with_it(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / NAME).write_text("x")
    git(tmp_path / "theirs", "init", "-q")
    git(tmp_path / "theirs", "add", ".")
    git(tmp_path / "theirs", "commit", "-q", "-m", "x")
    shutil.rmtree(repository / "cache")
    git(repository, "submodule", "add", "-q", str(tmp_path / "theirs"), "kept")
    assert is_kept_by_git(repository / "kept" / NAME)


def test_a_repository_of_another_hash_is_read_too(tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    (folder / "cache").mkdir(parents=True)
    (folder / "cache" / NAME).write_text("x")
    git(folder, "init", "-q", "--object-format=sha256")
    git(folder, "add", ".")
    git(folder, "update-index", "--index-version", "4")
    assert is_kept_by_git(folder / "cache" / NAME)
    git(folder, "rm", "-q", "--cached", f"cache/{NAME}")
    assert not is_kept_by_git(folder / "cache" / NAME)
