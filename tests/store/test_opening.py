"""Whatever lies in the place of the cache: it is opened, or set aside, or an error, and never a crash."""

from __future__ import annotations

import os
import random
import sqlite3
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest
from requirements import require

from enrich.errors import StorageError
from enrich.store import opening
from enrich.store.sqlite import SqliteStore

NOW = datetime(2026, 5, 10, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "cache"
    folder.mkdir()
    return folder / opening.FILE_NAME


def opened(path: Path) -> str | None:
    """Open the cache in that place as a run does; what was set aside for it."""

    async def use() -> str | None:
        async with SqliteStore(path) as store:
            await store.hold_hosts({"a.example": NOW})
            assert (await store.info()).targets == 0
            return store.set_aside

    return anyio.run(use)


def made(path: Path) -> Path:
    assert opened(path) is None
    return path


def sql(script: str) -> Callable[[Path], object]:
    def change(path: Path) -> None:
        connection = sqlite3.connect(path)
        connection.executescript(script)
        connection.close()

    return change


def scrawled(path: Path) -> None:
    """A page of the schema overwritten, the header left as it was."""
    whole = bytearray(path.read_bytes())
    whole[100:3000] = random.Random(7).randbytes(2900)
    path.write_bytes(whole)


def as_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "something").write_text("in it")


def as_link(path: Path) -> None:
    path.rename(path.parent.parent / "elsewhere")
    path.symlink_to(path.parent.parent / "elsewhere")


def as_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def beside(suffix: str) -> Callable[[Path], object]:
    return lambda path: Path(f"{path}{suffix}").write_bytes(
        b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + b"\0" * 500
    )


def linked_log(path: Path) -> None:
    Path(f"{path}-wal").symlink_to(path.parent.parent / "precious")


NOT_A_CACHE: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("# Notes\n\nhttps://a.example/\n"),
    "random": lambda path: path.write_bytes(random.Random(1).randbytes(70_000)),
    "header alone": lambda path: path.write_bytes(path.read_bytes()[:100]),
    "cut short": lambda path: path.write_bytes(path.read_bytes()[:-5000]),
    "scrawled": scrawled,
    "folder": as_folder,
    "link": as_link,
    "pipe": as_pipe,
    "rollback journal": beside("-journal"),
    "linked log": linked_log,
    "trigger": sql("CREATE TRIGGER t AFTER INSERT ON run BEGIN UPDATE target SET status = 'ok'; END"),
    "temporary-looking trigger": sql(
        "CREATE TRIGGER age AFTER UPDATE ON target BEGIN DELETE FROM checks; END"
    ),
    "view": sql("DROP TABLE target; CREATE VIEW target AS SELECT 'ok' AS status"),
    "another table": sql("CREATE TABLE notes (text TEXT)"),
    "another index": sql("CREATE INDEX more ON target (upper(url))"),
    "another column": sql("ALTER TABLE target ADD COLUMN more TEXT DEFAULT (abs(-9223372036854775808))"),
    "generated column": sql("ALTER TABLE run ADD COLUMN more TEXT AS (hex(id))"),
    "missing table": sql("DROP TABLE alias"),
    "statistics": sql("ANALYZE"),
    "no version": sql("PRAGMA user_version = 0"),
    "version below zero": sql("PRAGMA user_version = -1"),
    "wrong root page": sql(
        "PRAGMA writable_schema = ON; UPDATE sqlite_master SET rootpage = 2 WHERE name = 'alias'"
    ),
}


@pytest.mark.parametrize("what", NOT_A_CACHE)
def test_what_is_no_cache_is_set_aside_and_a_new_one_begun(path: Path, what: str) -> None:
    precious = path.parent.parent / "precious"
    precious.write_text("not ours")
    NOT_A_CACHE[what](made(path))
    assert f"{path.name}.corrupt-1" in (opened(path) or "")
    assert os.path.lexists(f"{path}.corrupt-1")
    assert precious.read_text() == "not ours"
    assert opened(path) is None


def test_each_file_that_is_set_aside_is_kept_with_its_log(path: Path) -> None:
    for number in (1, 2, 3):
        path.write_text(f"number {number}")
        beside("-wal")(path)
        assert f"corrupt-{number}" in (opened(path) or "")
        assert Path(f"{path}.corrupt-{number}").read_text() == f"number {number}"
        assert Path(f"{path}.corrupt-{number}-wal").exists()


def test_a_log_without_its_database_is_not_replayed(path: Path) -> None:
    """A log that is whole would be replayed over whatever database is found beside it."""
    source = path.with_name("source.sqlite3")
    connection = sqlite3.connect(source, isolation_level=None)
    connection.executescript("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE evil (x)")
    Path(f"{path}-wal").write_bytes(Path(f"{source}-wal").read_bytes())
    connection.close()
    assert opened(path) is not None


def test_a_kill_while_a_cache_is_made_leaves_nothing_in_its_way(path: Path) -> None:
    path.with_name(f"{path.name}.new").write_bytes(b"half")
    path.with_name(f"{path.name}.new-wal").write_bytes(b"half")
    made(path)
    assert not list(path.parent.glob("*.new*"))


def test_a_bit_that_flipped_costs_at_most_the_cache(path: Path) -> None:
    """Wherever in the file: it opens, or is set aside."""
    whole = made(path).read_bytes()
    dice = random.Random(3)
    outcomes = set()
    for place in [*range(16, 108), *(dice.randrange(len(whole)) for _ in range(40))]:
        flipped = bytearray(whole)
        flipped[place] ^= 1 << dice.randrange(8)
        path.write_bytes(flipped)
        try:
            outcomes.add("opened" if opened(path) is None else "set aside")
        except StorageError as error:
            # The version number of the file, and that alone, may say that it is a newer one's.
            assert "newer enrich" in str(error)  # noqa: PT017
            assert 60 <= place < 64
        for left in path.parent.iterdir():
            left.unlink()
    assert outcomes == {"opened", "set aside"}


def test_a_locked_cache_is_an_error_and_stays(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect
    monkeypatch.setattr(
        opening.sqlite3, "connect", lambda *given, **more: connect(*given, timeout=0.1, **more)
    )
    other = connect(made(path), isolation_level=None)
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StorageError, match="locked"):
        SqliteStore(path)
    other.close()
    assert sorted(left.name for left in path.parent.iterdir() if "corrupt" in left.name) == []


def test_a_cache_that_may_not_be_read_is_an_error_and_stays(path: Path) -> None:
    require("no-root", os.geteuid() != 0, "root may read every file")
    made(path).chmod(0)
    with pytest.raises(StorageError, match="cannot be used"):
        SqliteStore(path)
    assert [left.name for left in path.parent.iterdir()] == [path.name]


def test_all_files_of_the_cache_are_for_their_owner_alone(path: Path) -> None:
    made(path)
    path.chmod(0o666)
    modes = set()

    async def use() -> None:
        async with SqliteStore(path) as store:
            await store.hold_hosts({"a.example": NOW})
            modes.update(stat.S_IMODE(part.stat().st_mode) for part in path.parent.iterdir())

    before = os.umask(0)
    try:
        anyio.run(use)
    finally:
        os.umask(before)
    assert modes == {0o600}


@pytest.mark.anyio
async def test_a_large_file_is_checked_when_its_last_run_did_not_end(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = []
    monkeypatch.setattr(opening, "_wrong", lambda _: checked.append(1))
    monkeypatch.setattr(opening, "CHECKED_ALWAYS_BYTES", 0)
    async with SqliteStore(path) as store:
        await store.begin(version="1", options="{}", now=NOW, fresh=True)
    async with SqliteStore(path) as store:
        assert len(checked) == 1
        await store.begin(version="1", options="{}", now=NOW, fresh=False)
        await store.finish(complete=True, now=NOW)
    async with SqliteStore(path):
        assert len(checked) == 1
