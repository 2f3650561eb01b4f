"""Explaining reads a cache as it is, changes nothing, and shows nobody's secrets."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
from pathlib import Path

import anyio
import pytest
from explaining import PAGE, PAPER, REPOSITORY, START, Desk
from internet import Internet, environment, run_enrich

from enrich.errors import StorageError
from enrich.model import (
    Page,
    Repository,
)
from enrich.store import schema
from enrich.store.lock import hold
from enrich.store.opening import open_for_reading
from enrich.store.sqlite import FILE_NAME, SqliteStore


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


# --- credentials and strangers' words ---------------------------------------------------------------


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_credential_is_in_an_explanation(desk: Desk, form: str) -> None:
    from enrich.text import json_row

    secret = "Zq7w3rTy9KpLmXv2"
    for url in (
        f"https://user:{secret}@page.example/words?token={secret}#access_token={secret}",
        f"https://mp.weixin.qq.com/s/FernFernFernFernFern0A?key={secret}&uin={secret}",
        f"https://mp.weixin.qq.com/other?key={secret}&pass_ticket={secret}",
    ):
        desk.pass_by(url, "404")
        told = desk.text(url) if form == "text" else json_row(desk.explain(url))
        assert secret not in told
        assert "***" in told or "FernFern" in told


def test_words_of_strangers_stay_words(desk: Desk) -> None:
    desk.pass_by(PAGE, "ok", metadata=Page(title="::error::forged\n\x1b[31mVerdict\n  broken"))
    lines = desk.text(PAGE).splitlines()
    assert lines.count("Verdict") == 1
    assert not any(line.startswith("::") for line in lines)
    assert "\x1b" not in "".join(lines)


# --- the cache --------------------------------------------------------------------------------------


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {
        file.name: file.read_bytes()
        for file in sorted(folder.iterdir())
        if not file.name.endswith(("-wal", "-shm"))
    }


def test_explaining_changes_no_byte_of_the_cache(desk: Desk) -> None:
    desk.pass_by(PAGE, "404")
    before = bytes_of(desk.path.parent)
    desk.text(PAGE)
    assert bytes_of(desk.path.parent) == before
    # And whoever comes next finds a cache that works.
    desk.pass_by(PAGE, "404")
    assert desk.explain(PAGE).answers_kept == 2


def test_a_run_at_work_is_neither_waited_for_nor_disturbed(desk: Desk) -> None:
    """What it has stored is seen, what it is about to store is not, and it goes on storing meanwhile."""
    seen = []

    async def at_work(store: SqliteStore) -> None:
        with hold(desk.path.parent):
            store._connection.execute("BEGIN IMMEDIATE")
            store._connection.execute("UPDATE target SET status = 'broken', reason = 'http-404'")
            seen.append(await anyio.to_thread.run_sync(desk.explain, PAGE))
            store._connection.execute("COMMIT")
            seen.append(await anyio.to_thread.run_sync(desk.explain, PAGE))

    desk.pass_by(PAGE, "ok", more=at_work)
    assert [one.verdict.status for one in seen if one.verdict] == ["ok", "broken"]


def test_a_cache_that_was_not_closed_is_read_as_it_was_left(desk: Desk) -> None:
    """The answers of a killed run lie in the log beside the file."""
    desk.pass_by(PAGE, "ok")
    connection = sqlite3.connect(desk.path, isolation_level=None)
    connection.execute("PRAGMA wal_autocheckpoint=0")
    connection.execute("UPDATE target SET status = 'broken', reason = 'http-410'")
    copy = Desk(desk.folder.parent / "copy", night=desk.night)
    copy.path.parent.mkdir(parents=True)
    for part in ("", "-wal"):
        Path(f"{copy.path}{part}").write_bytes(Path(f"{desk.path}{part}").read_bytes())
    connection.close()
    verdict = copy.explain(PAGE).verdict
    assert verdict is not None
    assert verdict.reason == "http-410"


def test_an_older_cache_is_read_and_stays_an_older_one(desk: Desk) -> None:
    desk.path.parent.mkdir()
    connection = sqlite3.connect(desk.path, isolation_level=None)
    for step in schema.MIGRATIONS[:1]:
        step(connection)
    connection.execute("PRAGMA user_version = 1")
    connection.execute("PRAGMA journal_mode=WAL")
    at = int(START.timestamp() * 1000)
    connection.execute(
        "INSERT INTO target (id, url, kind, host, run_id, seen_at, status, reason, checked_at, attempted_at, "
        "attempted_status) VALUES (?, ?, 'web', 'page.example', 'r', ?, 'ok', 'http-200', ?, ?, 'ok')",
        (f"url:{PAGE}", PAGE, at, at, at),
    )
    connection.close()
    verdict = desk.explain(PAGE).verdict
    assert verdict is not None
    assert verdict.reason == "http-200"
    connection = sqlite3.connect(desk.path)
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    connection.close()


@pytest.mark.parametrize(
    "planted",
    [
        "url = 'https://page.example/other'",
        "status = 'fine'",
        "reason = 'because'",
        "checked_at = 'yesterday'",
        "attempts = -1",
        "final_url = 'javascript:x'",
    ],
)
def test_a_row_that_enrich_never_writes_is_not_believed(desk: Desk, planted: str) -> None:
    desk.pass_by(PAGE, "ok")
    connection = sqlite3.connect(desk.path)
    connection.execute(f"UPDATE target SET {planted}")
    connection.commit()
    connection.close()
    told = desk.text(PAGE)
    assert "Verdict\n  none yet\n" in told
    assert "nothing that enrich writes, so that it counts as never asked" in told


def test_checks_and_stars_with_strange_values_are_left_out(desk: Desk) -> None:
    desk.pass_by(REPOSITORY, "found", metadata=Repository(full_name="Fern/Growth", stars=3))
    connection = sqlite3.connect(desk.path)
    connection.execute(
        "INSERT INTO checks SELECT target_id, run_id, 'x', status, reason, 1, 2, 3, 4, 0 FROM checks"
    )
    connection.execute(
        "INSERT INTO checks SELECT target_id, run_id, at, 'fine', reason, 1, 2, 3, 4, 0 FROM checks"
    )
    connection.execute(
        "INSERT INTO star VALUES ('github:fern/growth', 'someday', 4), ('github:fern/growth', '2026-01-01', -4)"
    )
    connection.commit()
    connection.close()
    about = desk.explain(REPOSITORY)
    assert [one.status for one in about.answers] == ["ok"]
    assert [stars for _, stars in about.stars] == [3]


@pytest.mark.parametrize(
    "planted",
    [
        "UPDATE run SET started_at = 'x'",
        "UPDATE run SET finished_at = 9223372036854775807",
        "UPDATE link SET line = 'x', url = 7, text = x'ff00', date = 5",
        "UPDATE document SET path = x'ff'",
        "UPDATE selected SET skip = 'because'",
        "UPDATE selected SET deferred = 7, skip = x'00'",
        "UPDATE change SET at = 'x'",
        "UPDATE change SET was = 1, became = x'ff', reason = NULL WHERE 0; UPDATE change SET reason = 3",
        "UPDATE checks SET at = 9223372036854775807",
        "UPDATE checks SET detail = 7, http_status = 'x'",
        "UPDATE target SET kind = 'poem'",
        "UPDATE target SET url = x'ff', host = x'ff'",
        "UPDATE target SET url = 'https://elsewhere.example/'",
        "UPDATE target SET metadata = '{}', parent = 7, stands_for = x'ff'",
        'UPDATE target SET metadata = \'{"type":"page","title":7}\'',
        "INSERT INTO host VALUES ('page.example', 'x')",
        "INSERT INTO host VALUES ('page.example', 9223372036854775807)",
    ],
)
def test_no_value_of_a_tampered_cache_breaks_the_explanation(desk: Desk, planted: str) -> None:
    for name in ("ok", "404", "ok"):
        desk.pass_by(PAGE, name)
    connection = sqlite3.connect(desk.path)
    connection.executescript(planted)
    connection.close()
    assert "\nWhat happens next\n" in desk.text(PAGE)


@pytest.mark.parametrize("contents", [b"", b"no database at all" * 10])
def test_a_damaged_cache_is_told_and_left_where_it_is(desk: Desk, contents: bytes) -> None:
    desk.path.parent.mkdir()
    desk.path.write_bytes(contents)
    with pytest.raises(StorageError, match="the next run sets a damaged one aside"):
        desk.explain(PAGE)
    assert bytes_of(desk.path.parent) == {FILE_NAME: contents}


def test_a_cache_with_somebody_elses_tables_is_not_read(desk: Desk) -> None:
    desk.pass_by(PAGE, "ok")
    connection = sqlite3.connect(desk.path)
    connection.execute("CREATE VIEW planted AS SELECT 1")
    connection.commit()
    connection.close()
    with pytest.raises(StorageError, match="tables are not those"):
        desk.explain(PAGE)


def test_a_cache_in_a_folder_where_nobody_may_write_is_read(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As root may write anywhere, it is told that it may not; the connection must not even make companions then."""
    desk.pass_by(PAGE, "ok")
    monkeypatch.setattr(os, "access", lambda *_: False)
    connection = open_for_reading(desk.path)
    assert connection.execute("SELECT count(*) FROM target").fetchone()[0] == 1
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM target")
    connection.close()
    assert sorted(file.name for file in desk.path.parent.iterdir()) == [FILE_NAME]


# --- the command ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, internet: Internet) -> Path:
    """A folder in which the real program has checked a few links of each kind."""
    folder = tmp_path_factory.mktemp("ran")
    (folder / "notes").mkdir()
    note = "# 2026-05-01\n\n[a](https://page-1.example/words), [b](https://page-2.example/gone), {}, [c](b.md)\n"
    (folder / "notes" / "a.md").write_text(note.format(REPOSITORY), encoding="utf-8")
    done = enrich(folder, internet, "run", "--no-progress", "notes")
    assert done.returncode == 0, done.stderr
    return folder


def enrich(folder: Path, internet: Internet, *args: str) -> subprocess.CompletedProcess[str]:
    variables = environment(internet, ENRICH_NOW="2026-11-21T06:00:00Z")
    return run_enrich(args, folder, variables)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            "https://page-1.example/words",
            ("ok (http-200), since at least 2026-11-21 06:00 UTC", "notes/a.md:3:5"),
        ),
        (
            "https://page-2.example/gone",
            ("(http-404)", "1 of 3 checks needed", "confirmed on 2026-11-27 at"),
        ),
        ("arxiv:2205.02101", ("a paper on arXiv", "by the API at export.arxiv.org")),
        (REPOSITORY, ("a GitHub repository", "api.github.com")),
        (
            "file:notes/b.md",
            ("broken (file-missing)", "the answer lies on the disk", "it is looked at in every run"),
        ),
        (
            "https://elsewhere.example/",
            ("nothing is known: no run with the cache", "no note that was read links to it"),
        ),
    ],
)
def test_after_a_real_run_each_link_is_explained_without_a_question(
    ran: Path, internet: Internet, given: str, expected: tuple[str, ...]
) -> None:
    asked = len(internet.asked())
    done = enrich(ran, internet, "explain", given)
    assert (done.returncode, done.stderr) == (0, "")
    assert [part for part in expected if part not in done.stdout] == []
    assert len(internet.asked()) == asked


def test_the_same_is_given_to_programs(ran: Path, internet: Internet) -> None:
    done = enrich(ran, internet, "explain", "https://page-2.example/gone", "--format", "json")
    about = json.loads(done.stdout)
    assert (about["id"], about["verdict"]["reason"]) == ("url:https://page-2.example/gone", "http-404")
    assert [one["counts_as"] for one in about["answers"]] == ["failed"]
    assert about["next"]["due_at"] == "2026-11-22T04:00:00Z"
    assert about["places"][0]["document"] == "notes/a.md"


def test_where_there_is_no_cache_none_is_made(tmp_path: Path, internet: Internet) -> None:
    done = enrich(tmp_path, internet, "explain", PAPER)
    assert done.returncode == 0
    assert "there is no cache at cache/enrich.sqlite3" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_address_is_a_usage_error(tmp_path: Path, internet: Internet) -> None:
    done = enrich(tmp_path, internet, "explain", "page.example/words")
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean https://page.example/words?" in done.stderr


def test_another_cache_can_be_named(ran: Path, tmp_path: Path, internet: Internet) -> None:
    done = enrich(
        tmp_path, internet, "explain", "https://page-1.example/words", "--cache-dir", str(ran / "cache")
    )
    assert "ok (http-200)" in done.stdout


def test_the_cache_keeps_its_permissions(ran: Path, internet: Internet) -> None:
    enrich(ran, internet, "explain", PAPER)
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in (ran / "cache").glob(f"{FILE_NAME}*"))
