"""Runs that take nothing in anew say the same, to the byte, as runs that have forgotten what they took in."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import zlib
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar

import anyio
import pytest
from internet import command, environment
from requirements import shared

from enrich import documents, files, selection, unchanged
from enrich.collect import DOCUMENTS_AT_ONCE, Gathered, collection_of, found_document, gather
from enrich.config import Settings, load
from enrich.job import Job, clock
from enrich.library import LogObserver
from enrich.model import Document, Report
from enrich.pipeline import run
from enrich.report.json import render_stable
from enrich.selection import Selection, places_of
from enrich.store.caches import cache_of, open_store
from enrich.text import json_array, json_row

ROWS = ("document", "link", "entry", "finding", "selected")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a folder of notes in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ENRICH_NOW", "2026-11-20T06:00:00Z")
    (tmp_path / "notes").mkdir()
    return tmp_path


def stable(cache: Path, paths: Sequence[str] = ("notes",), **options: Any) -> str:
    """What a run without a network says, as JSON. Its targets are the same encoded at once and read again."""
    settings = load(
        "run", {"offline": True, "cache_dir": str(cache), **options}, environ={}, use_files=False
    )
    told: list[str] = []
    # Another process would not know where sites began.
    files._site_inside.cache_clear()

    def publish(report: Report) -> None:
        assert report.target_array is not None
        assert "".join(report.target_array()) == "".join(json_array(map(json_row, report.targets())))
        told.append("".join(render_stable(report)))

    job = Job(
        settings=settings, paths=paths, observer=LogObserver(), now=clock(), takes_signals=False, is_for_json=True
    )  # fmt: skip
    assert anyio.run(run, job, publish).complete
    return told[0]


def contents(cache: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All that a run took in: its rows and the targets, with whether they are of the last run in place of its id."""
    with closing(sqlite3.connect(cache / "enrich.sqlite3")) as db:
        (last,) = db.execute("SELECT id FROM run ORDER BY rowid DESC LIMIT 1").fetchone()
        found = {table: db.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in ROWS}
        targets = "SELECT run_id = ?, seen_at, id, url, kind, host, parent, stands_for, status FROM target ORDER BY id"
        return found | {"target": db.execute(targets, (last,)).fetchall()}


def forget(cache: Path) -> None:
    """Make the next run take everything in anew."""
    if cache.exists():
        with closing(sqlite3.connect(cache / "enrich.sqlite3")) as db, db:
            db.execute("DELETE FROM gathered")
            db.execute("DELETE FROM remembered")


def whole_run_stands(cache: Path) -> bool:
    with closing(sqlite3.connect(cache / "enrich.sqlite3")) as db:
        last = db.execute("SELECT key FROM gathered ORDER BY position DESC LIMIT 1").fetchone()
    return last == ("",)


def plant(cache: Path, text: str) -> None:
    """Write a text beside every link, which only rows that stood can have."""
    with closing(sqlite3.connect(cache / "enrich.sqlite3")) as db, db:
        db.execute("UPDATE link SET text = ?", (text,))


# --- what stands is used, and only where it may be --------------------------------------------------


def test_what_stands_is_not_taken_in_again(desk: Path) -> None:
    note = desk / "notes" / "b.md"
    note.write_text("[words](https://page.example/1)\n")
    stable(desk / "cache")
    plant(desk / "cache", "as it stood")
    assert "as it stood" in stable(desk / "cache")
    (desk / "notes" / "c.md").write_text("[more](https://page.example/2)\n")
    appended = stable(desk / "cache")
    assert "as it stood" in appended
    assert '"more"' in appended
    note.write_text("[other words](https://page.example/1)\n")
    assert "as it stood" not in stable(desk / "cache")


def _other_bytes(desk: Path) -> None:
    (desk / "notes" / "a.md").write_text("# 2022-05-11\n\n[words](https://page.example/1) [up](../up.md)\n")


def _renamed(desk: Path) -> None:
    (desk / "notes" / "a.md").rename(desk / "notes" / "b.md")


def _one_before_it(desk: Path) -> None:
    (desk / "notes" / "0.md").write_text("https://page.example/0\n")


def _one_less(desk: Path) -> None:
    (desk / "notes" / "z.md").unlink()


def _another_site(desk: Path) -> None:
    """The folder becomes one of its own, so that a path from its top leads elsewhere."""
    (desk / "notes" / "mkdocs.yml").write_text("site_name: notes\n")


CHANGES = [_other_bytes, _renamed, _one_before_it, _one_less, _another_site]


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_is_seen(desk: Path, change: Callable[[Path], None]) -> None:
    (desk / "notes" / "a.md").write_text("# 2022-05-10\n\n[words](https://page.example/1) [top](/a.md)\n")
    (desk / "notes" / "z.md").write_text("https://page.example/2\n")
    stable(desk / "cache")
    plant(desk / "cache", "as it stood")
    change(desk)
    assert "as it stood" not in stable(desk / "cache")


OPTIONS: list[dict[str, Any]] = [
    {"since": "2022-05", "undated": "skip"},
    {"until": "2022-05-10", "undated": "skip"},
    {"since": "2022-06"},
    {"kind": ["web"]},
    {"exclude": ["page"]},
    {"include": ["git"]},
    {"remap": ["page.example other.example"]},
    {"check_images": True},
    {"github_api_url": "https://git.example/api/v3"},
]


@pytest.mark.parametrize("options", OPTIONS)
def test_two_runs_with_different_options_do_not_meet(desk: Path, options: dict[str, Any]) -> None:
    text = "# 2022-05-10\n\n[words](https://page.example/1) ![](https://page.example/i.png) https://git.example/a/b <https://github.com/a/b>\n"
    (desk / "notes" / "a.md").write_text(text)
    (desk / "notes" / "b.md").write_text("https://page.example/2\n")
    plain, chosen = stable(desk / "plain"), stable(desk / "chosen", **options)
    assert plain != chosen
    assert [stable(desk / "cache", **given) for given in ({}, options, {}, options)] == [plain, chosen] * 2
    plant(desk / "cache", "as it stood")
    assert "as it stood" in stable(desk / "cache", **options)
    assert "as it stood" not in stable(desk / "cache")


def test_another_version_takes_all_in_anew(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (desk / "notes" / "a.md").write_text("https://page.example/1\n")
    for name, value in (("__version__", "99"), ("program", lambda: b"another")):
        stable(desk / "cache")
        plant(desk / "cache", "as it stood")
        monkeypatch.setattr(unchanged, name, value)
        assert "as it stood" not in stable(desk / "cache")


class _Watched(Settings):
    """Settings that write down which of them are asked for."""

    __slots__ = ()
    asked: ClassVar[set[str]] = set()

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        return super().__getitem__(name)


def test_every_setting_that_chooses_links_is_part_of_the_key(desk: Path) -> None:
    text = "![a](https://a.example/b.png) <c.md> [d](/e) mailto:f@g.example `https://h.example` https://github.com/i/j\n"
    (desk / "notes" / "a.md").write_text(text)
    given = load("run", {"since": "2020", "include": ["a"], "exclude": ["b"], "remap": ["c d"]}, environ={})
    watched = _Watched(**{name: getattr(given, name) for name in Settings.__slots__})
    chosen = Selection.of(watched)
    (place,) = places_of(given, ["notes"])
    document = documents.read(place)
    assert isinstance(document, Document)
    _Watched.asked.clear()
    found_document(document, chosen)
    assert _Watched.asked <= set(selection.CHOOSING)
    assert {"kind", "undated", "check_images"} <= _Watched.asked


# --- what was found in a document is remembered -----------------------------------------------------


def plant_in_memory(cache: Path, text: str) -> None:
    """Put a text in place of ``words`` in all that is remembered."""
    with closing(sqlite3.connect(cache / "enrich.sqlite3")) as db, db:
        for key, found in db.execute("SELECT key, found FROM remembered").fetchall():
            planted = zlib.decompress(found).replace(b'"words"', f'"{text}"'.encode())
            db.execute("UPDATE remembered SET found = ? WHERE key = ?", (zlib.compress(planted), key))


def texts(told: str) -> dict[str, str | None]:
    """The texts of links by their documents."""
    links = [link for target in json.loads(told)["targets"] for link in target["links"]]
    return {link["document"].removeprefix("notes/"): link["text"] for link in links}


def test_only_what_has_changed_is_read_again(desk: Path) -> None:
    for name in "abcd":
        (desk / "notes" / f"{name}.md").write_text(f"[words](https://page.example/{name})\n")
    stable(desk / "cache")
    plant_in_memory(desk / "cache", "remembered")
    (desk / "notes" / "b.md").write_text("[words](https://page.example/other)\n")
    (desk / "notes" / "c.md").rename(desk / "notes" / "C.md")
    wanted = {"C.md": "words", "a.md": "remembered", "b.md": "words", "d.md": "remembered"}
    assert texts(stable(desk / "cache")) == wanted


def test_a_path_that_leads_elsewhere_is_not_what_it_was(desk: Path) -> None:
    (desk / "notes" / "a.md").write_text("[words](/b.md)\n")
    (desk / "notes" / "b.md").write_text("[words](b.md)\n")
    stable(desk / "cache")
    plant_in_memory(desk / "cache", "remembered")
    (desk / "notes" / "mkdocs.yml").write_text("site_name: notes\n")
    assert texts(stable(desk / "cache")) == {"a.md": "words", "b.md": "remembered"}


# --- the same as without it -------------------------------------------------------------------------

PIECES = (
    "# 2022-05-{number:02}\n", "<!-- enrich-disable -->\n", "<!-- enrich-enable -->\n", "更新于 2021 年 5 月\n",
    "{number}. [第 {number} 条](https://mp.weixin.qq.com/s/{number:022}) ★★\n   - 论文: https://arxiv.org/abs/2205.020{number:02}\n",
    "- [code](https://github.com/owner/Repo-{number}) and [the same](https://GitHub.com/Owner/repo-{number}/)\n",
    "[page](https://page.example/{number}) ![image](https://page.example/{number}.png)\n",
    "[beside](other-{number}.md#part) [top](/notes/other-{number}.md) [out](../../out-{number}.md)\n",
    "`https://code.example/{number}` http://plain.example/{number} htps://wrong.example\n", "{{% bad {number}\n\n",
    "[one]: https://reference.example/{number}\n\nSee [one] and [again][one].\n", "<a href='https://a.example'>\n",
    "https://openaccess.thecvf.com/content/CVPR2021/html/A_{number}_paper.html https://[bad/\n",
)  # fmt: skip


def _write(dice: random.Random, path: Path) -> None:
    pieces = (dice.choice(PIECES).format(number=dice.randint(1, 9)) for _ in range(dice.randint(0, 8)))
    data = "".join(pieces).encode()
    path.write_bytes(data if dice.random() < 0.9 else data + b"\0\0\0" * 400)


def _edit(dice: random.Random, notes: Path) -> None:
    """One change to the notes, or none."""
    known = sorted(path for path in notes.iterdir() if path.suffix == ".md")
    match dice.choice(["add", "add", "append", "change", "remove", "rename", "site", "none", "none"]):
        case "add":
            _write(dice, notes / f"other-{dice.randint(1, 9)}.md")
        case "append":
            _write(dice, notes / f"zz-{len(known)}.md")
        case "change" if known:
            _write(dice, dice.choice(known))
        case "remove" if known:
            dice.choice(known).unlink()
        case "rename" if known:
            dice.choice(known).rename(notes / f"{dice.choice('azZé')}-{dice.randint(1, 9)}.md")
        case "site":
            mark = notes / "mkdocs.yml"
            mark.unlink() if mark.exists() else mark.touch()


@pytest.mark.parametrize("seed", range(2))
def test_an_edit_is_followed_to_the_byte(desk: Path, seed: int) -> None:
    dice, given = random.Random(seed), {}
    for number in range(4):
        _write(dice, desk / "notes" / f"a-{number}.md")
    kept = 0
    for _ in range(12):
        _edit(dice, desk / "notes")
        given = dice.choice(
            [given, given, given, {}, {"exclude": ["page"]}, {"since": "2022", "undated": "skip"}]
        )
        forget(desk / "forgetful")
        stood = whole_run_stands(desk / "cache") if (desk / "cache").exists() else False
        kept += stood
        assert stable(desk / "cache", **given) == stable(desk / "forgetful", **given)
        assert contents(desk / "cache") == contents(desk / "forgetful")
    assert kept > 2


def test_real_notes_are_followed_to_the_byte(desk: Path) -> None:
    real = [path for path in sorted(shared().glob("corpus/**/*.md")) if path.stat().st_size < 20_000][::6]
    for number, path in enumerate(real):
        shutil.copy(path, desk / "notes" / f"{number:03}-{path.name}")
    first = stable(desk / "cache")
    assert whole_run_stands(desk / "cache")
    assert stable(desk / "cache") == first
    forget(desk / "cache")
    assert stable(desk / "cache") == first
    (desk / "notes" / "000.md").write_text("[one](before.md) https://all.example/others\n")
    forget(desk / "forgetful")
    assert stable(desk / "cache") == stable(desk / "forgetful") != first
    assert contents(desk / "cache") == contents(desk / "forgetful")
    assert len(first) > 100_000


# --- interrupts, kills and crashes -------------------------------------------------------------------


@pytest.mark.anyio
async def test_an_interrupt_is_heard_while_notes_are_compared(desk: Path) -> None:
    for number in range(2 * DOCUMENTS_AT_ONCE + 1):
        (desk / "notes" / f"{number:03}.md").write_text("https://page.example/1\n")
    settings = load("run", {"cache_dir": str(desk / "cache")}, environ={}, use_files=False)
    chosen, heard = Selection.of(settings), anyio.Event()

    async def listen() -> None:
        heard.set()

    async def taken_in(*, is_interrupted: bool = False) -> Gathered:
        collection = collection_of(places_of(settings, ["notes"]))
        async with open_store(cache_of(settings)) as store, anyio.create_task_group() as tasks:
            await store.begin(version="1", options="", now=clock()(), fresh=False)
            if is_interrupted:
                tasks.start_soon(listen)
            gathered = await gather(store, collection, chosen, heard.is_set)
            await store.finish(complete=gathered.is_whole, now=clock()())
            await store.settle(is_tidy=gathered.stood)
        return gathered

    (desk / "cache").mkdir()
    assert await taken_in() == Gathered(stood=False)
    assert await taken_in() == Gathered(stood=True)
    assert not (await taken_in(is_interrupted=True)).is_whole


def test_a_kill_while_the_report_is_written_costs_nothing_but_time(desk: Path) -> None:
    links = "".join(f"- [page {number}](https://page.example/{number})\n" for number in range(400))
    (desk / "notes" / "a.md").write_text(links)
    told = stable(desk / "cache")
    os.mkfifo(desk / "pipe")
    options = ("check", "--offline", "--format", "json", "--output", "pipe", "notes")
    killed = subprocess.Popen(command(*options), cwd=desk, env=environment(None), stderr=subprocess.DEVNULL)
    with (desk / "pipe").open("rb", buffering=0) as pipe:
        # There is more of it than a pipe holds, so that it is still at it.
        assert pipe.read(1) == b"{"
        killed.send_signal(signal.SIGKILL)
        killed.wait()
    assert not whole_run_stands(desk / "cache")
    assert stable(desk / "cache") == told


def test_a_report_that_could_not_be_made_leaves_nothing_standing(desk: Path) -> None:
    (desk / "notes" / "a.md").write_text("https://page.example/1\n")
    told = stable(desk / "cache")
    with closing(sqlite3.connect(desk / "cache" / "enrich.sqlite3")) as db, db:
        db.execute("UPDATE link SET element = 'no such syntax'")
    with pytest.raises(KeyError):
        stable(desk / "cache")
    assert stable(desk / "cache") == told


@pytest.mark.parametrize("leads", ["", "{", "[[1]]", "null"])
def test_a_damaged_mark_counts_as_none(desk: Path, leads: str) -> None:
    (desk / "notes" / "a.md").write_text("[b](b.md)\n")
    told = stable(desk / "cache")
    with closing(sqlite3.connect(desk / "cache" / "enrich.sqlite3")) as db, db:
        db.execute("UPDATE gathered SET leads = ? WHERE key <> ''", (leads,))
    plant(desk / "cache", "as it stood")
    assert stable(desk / "cache") == told
