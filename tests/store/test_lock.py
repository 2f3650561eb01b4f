"""One run per cache, and no way through it to somebody else's files."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from enrich.errors import CacheBusyError, StorageError
from enrich.store.lock import HOLDER_NAME, LOCK_NAME, hold


def test_the_holder_is_named_to_the_second_one(tmp_path: Path) -> None:
    with hold(tmp_path), pytest.raises(CacheBusyError, match=f"process {os.getpid()}"), hold(tmp_path):
        pytest.fail("two hold the lock")
    with hold(tmp_path):
        assert (tmp_path / HOLDER_NAME).exists()
    assert not (tmp_path / HOLDER_NAME).exists()


def test_a_name_that_cannot_be_written_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(StorageError, match="No space left"), hold(tmp_path):
        pytest.fail("nobody works without having signed")
    assert {left.name for left in tmp_path.iterdir()} <= {LOCK_NAME}


@pytest.mark.parametrize("left", ['{"pid": 1, "since": "2020"}', "", "[]", "\x1b[2J", '{"pid": "x"}'])
def test_a_name_that_a_dead_process_left_holds_nothing(tmp_path: Path, left: str) -> None:
    """Whatever stands in it, be it the number of another process that lives by now: the lock alone counts."""
    (tmp_path / HOLDER_NAME).write_text(left, encoding="utf-8")
    with hold(tmp_path):
        assert str(os.getpid()) in (tmp_path / HOLDER_NAME).read_text(encoding="utf-8")
        (tmp_path / HOLDER_NAME).write_text(left, encoding="utf-8")
        with pytest.raises(CacheBusyError, match=r"another process|process 1, since 2020"), hold(tmp_path):
            pytest.fail("two hold the lock")


def test_the_lock_and_the_name_are_for_their_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with hold(tmp_path):
            assert {part.stat().st_mode & 0o777 for part in tmp_path.iterdir()} == {0o600}
    finally:
        os.umask(before)


def test_a_planted_link_is_not_written_through(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious", encoding="utf-8")
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / HOLDER_NAME).symlink_to(victim)
    with hold(tmp_path / "cache"):
        assert victim.read_text(encoding="utf-8") == "precious"
    (tmp_path / "cache" / LOCK_NAME).unlink()
    (tmp_path / "cache" / LOCK_NAME).symlink_to(victim)
    with pytest.raises(StorageError, match="cannot be locked"), hold(tmp_path / "cache"):
        pytest.fail("the lock was taken through a link")
    assert victim.read_text(encoding="utf-8") == "precious"


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError), hold(tmp_path / "file"):
        pytest.fail("there is no folder to lock")
