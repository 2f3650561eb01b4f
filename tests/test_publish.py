"""Report files are replaced as a whole, and nothing else is."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from enrich.errors import StorageError
from enrich.publish import prune, write_atomically
from enrich.report.saved import dated_name


def failing() -> Iterator[str]:
    yield "half"
    raise RuntimeError("the rest is not there")


def test_a_file_is_written_whole(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a.json", ["标题", "\n"])
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == "标题\n"
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_what_fails_halfway_leaves_the_old_one_and_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("old", encoding="utf-8")
    with pytest.raises(RuntimeError):
        write_atomically(tmp_path / "a.json", failing())
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_folder_that_is_not_there_is_an_error_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"a\.json: cannot be written"):
        write_atomically(tmp_path / "missing" / "a.json", ["x"])


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text(encoding="utf-8")))
    reader.start()
    write_atomically(pipe, ["data"])
    reader.join(timeout=60)
    assert read == ["data"]
    assert pipe.is_fifo()


def test_a_link_to_a_device_leads_to_the_device(tmp_path: Path) -> None:
    (tmp_path / "sink").symlink_to("/dev/null")
    write_atomically(tmp_path / "sink", ["data"])
    assert (tmp_path / "sink").is_symlink()


def test_a_link_to_a_file_is_replaced_and_the_file_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("precious", encoding="utf-8")
    (tmp_path / "out").symlink_to(tmp_path / "victim")
    write_atomically(tmp_path / "out", ["data"])
    assert (tmp_path / "victim").read_text(encoding="utf-8") == "precious"


def test_pruning_keeps_the_newest_and_touches_nothing_else(tmp_path: Path) -> None:
    for day in range(1, 6):
        (tmp_path / dated_name(datetime(2026, 5, day, tzinfo=UTC))).touch()
    (tmp_path / "2026-01-01T00-00-00Z.json").mkdir()
    (tmp_path / "latest.json").touch()
    prune(tmp_path, 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "2026-01-01T00-00-00Z.json",
        "2026-05-04T00-00-00Z.json",
        "2026-05-05T00-00-00Z.json",
        "latest.json",
    ]
