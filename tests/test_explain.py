"""What is told of one address, read as a person reads it.

Each situation is made by storing what runs would have stored; the texts lie in ``explained/``, so that a change of
words is seen where it is read. ``ENRICH_WRITE_EXPLAINED=1 pytest tests/test_explain.py`` writes them anew.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import stat
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
from internet import PROJECT, Internet, environment, run_enrich
from sites import small_web

from enrich.collect import found_target
from enrich.config import load
from enrich.errors import StorageError, UsageError
from enrich.explain.facts import Explanation, explain
from enrich.explain.text import render
from enrich.model import (
    Article,
    CheckResult,
    Element,
    Link,
    Metadata,
    Page,
    Paper,
    Repository,
    Status,
    Verdict,
)
from enrich.selection import resolve
from enrich.store import schema
from enrich.store.history import Confirmation
from enrich.store.lock import hold
from enrich.store.opening import open_for_reading
from enrich.store.protocol import FoundDocument, FoundLink
from enrich.store.sqlite import FILE_NAME, SqliteStore

START = datetime(2026, 5, 10, 3, tzinfo=UTC)
EXPLAINED = Path(__file__).with_name("explained")
PAGE, PAPER = "https://page.example/words?topic=moss", "https://arxiv.org/abs/2205.02101"
REPOSITORY, ARTICLE = "https://github.com/Fern/Growth", "https://mp.weixin.qq.com/s/FernFernFernFernFern0A"

VERDICTS = {
    "ok": Verdict(Status.OK, "http-200"),
    "moved": Verdict(Status.REDIRECTED, "http-301"),
    "404": Verdict(Status.BROKEN, "http-404", "It answered 404 (Not Found)."),
    "410": Verdict(Status.BROKEN, "http-410", "It answered 410 (Gone)."),
    "timeout": Verdict(Status.UNREACHABLE, "timeout", "No answer within 20 s."),
    "wall": Verdict(Status.BLOCKED, "bot-wall", "Cloudflare answered 403 in place of the page."),
    "found": Verdict(Status.OK, "github-found"),
    "article": Verdict(Status.OK, "wechat-article"),
    "captcha": Verdict(Status.BLOCKED, "wechat-captcha", "WeChat wants a captcha."),
}
HTTP = {"ok": 200, "moved": 301, "404": 404, "410": 410, "wall": 403, "article": 200, "captcha": 200}


@dataclass
class Desk:
    """A folder with a cache that is filled by nights of our own making; ``night`` counts from the first."""

    folder: Path
    night: int = 0
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        return self.folder / "cache" / FILE_NAME

    @property
    def now(self) -> datetime:
        return START + timedelta(days=self.night)

    def pass_by(
        self,
        url: str,
        name: str | None = None,
        *,
        metadata: Metadata | None = None,
        withheld: str | None = None,
        alias: str | None = None,
        ended: bool = True,
        more: Callable[[SqliteStore], Awaitable[object]] | None = None,
        in_note: bool = True,
    ) -> None:
        """One night: a note with a link to this address, what it answers, and what else the night does."""
        self.night += 1

        async def run() -> None:
            async with SqliteStore(self.path) as store:
                await store.begin(version="1", options="{}", now=self.now, fresh=True)
                if in_note:
                    await store.add([note(url)])
                if name is not None:
                    result = CheckResult(
                        target_id=resolve(url).id, at=self.now + timedelta(minutes=2), verdict=VERDICTS[name],
                        http_status=HTTP.get(name), elapsed_seconds=20.0 if name == "timeout" else 0.31,
                        attempts=3 if name == "timeout" else 1, metadata=metadata, wanted_metadata=True,
                        metadata_source="github" if isinstance(metadata, Repository) else "page", withheld=withheld,
                        alias=alias,
                    )  # fmt: skip
                    await store.record([result], Confirmation())
                if more is not None:
                    await more(store)
                if ended:
                    await store.finish(complete=True, now=self.now + timedelta(minutes=5))

        self.path.parent.mkdir(exist_ok=True)
        anyio.run(run)

    def explain(self, given: str) -> Explanation:
        """In the morning after the last night."""
        options = {"cache_dir": "cache", **self.options}
        settings = load("explain", options, environ={}, folder=self.folder)
        before = Path.cwd()
        os.chdir(self.folder)
        try:
            return explain(given, settings, self.now + timedelta(hours=5))
        finally:
            os.chdir(before)

    def text(self, given: str) -> str:
        return "".join(render(self.explain(given)))


def note(url: str) -> FoundDocument:
    link = Link(url=url, line=12, column=4, element=Element.INLINE, text="苔藓 and other words")
    found = FoundLink(link=link, target=found_target(resolve(url)), date="2026-05-01")
    return FoundDocument(path="notes/may.md", title=None, date=None, date_source="none", links=[found])


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


# --- situations -------------------------------------------------------------------------------------


def no_cache(_desk: Desk) -> str:
    return "https://user:word@page.example/words?token=abc#part"


def never_met(desk: Desk) -> str:
    desk.pass_by(PAPER, None)
    return PAGE


def alive_for_a_week(desk: Desk) -> str:
    for _ in range(12):
        desk.pass_by(PAGE, "ok", metadata=Page(title="About moss", description="Moss, and how it grows."))
    return PAGE


def failed_once(desk: Desk) -> str:
    desk.pass_by(PAGE, "ok")
    desk.pass_by(PAGE, "404")
    return PAGE


def confirmed(desk: Desk) -> str:
    desk.pass_by(PAGE, "ok")
    for _ in range(4):
        desk.pass_by(PAGE, "404")
        desk.night += 1
    return PAGE


def gone_for_good_as_it_says(desk: Desk) -> str:
    desk.pass_by(PAGE, "410")
    return PAGE


def behind_a_wall(desk: Desk) -> str:
    for name in ("ok", "wall", "wall"):
        desk.pass_by(PAGE, name)
    return PAGE


def never_an_answer(desk: Desk) -> str:
    for _ in range(3):
        desk.pass_by(PAGE, "timeout")
    return PAGE


def a_time_out_after_it_was_gone(desk: Desk) -> str:
    for name in ("410", "timeout"):
        desk.pass_by(PAGE, name)
    return PAGE


def gone_with_too_many_others(desk: Desk) -> str:
    desk.pass_by(PAGE, "ok")
    desk.pass_by(PAGE, "404", withheld="it seems gone (http-404), together with so many others")
    return PAGE


def coming_and_going(desk: Desk) -> str:
    for name in ("ok", "404", "wall", "ok", "timeout", "ok"):
        desk.pass_by(PAGE, name)
    return PAGE


def another_repository(desk: Desk) -> str:
    for night in range(40):
        repository = Repository(
            full_name="Fern/Growth",
            repository_id=7 if night < 30 else 9000,
            stars=1200 + 3 * night,
            archived=False,
        )
        desk.pass_by(REPOSITORY, "found", metadata=repository)
    return "github:Fern/growth"


def silence(desk: Desk) -> str:
    async def held(store: SqliteStore) -> None:
        await store.hold_hosts({"mp.weixin.qq.com": desk.now + timedelta(hours=20)})

    async def deferred(store: SqliteStore) -> None:
        await held(store)
        await store.defer([resolve(ARTICLE).id], "host-deferred")

    facts = Article(title="苔藓如何生长", account="植物笔记", published_at="2026-04-01T08:00:00+08:00")
    desk.pass_by(ARTICLE, "article", metadata=facts)
    desk.pass_by(ARTICLE, "captcha", more=held)
    desk.pass_by(ARTICLE, None, more=deferred)
    return "wechat:FernFernFernFernFern0A"


def one_article_of_two_names(desk: Desk) -> str:
    desk.pass_by(ARTICLE, "article", alias="wx:3286401674:2247:1")
    return ARTICLE


def a_page_about_a_paper(desk: Desk) -> str:
    async def paper(store: SqliteStore) -> None:
        facts = Paper(arxiv_id="2205.02101", version=1, title="Moss", authors=("Ada Example", "李 示例"))
        await store.add([note(PAPER)])
        await store.record(
            [
                CheckResult(
                    target_id="arxiv:2205.02101", at=desk.now, verdict=Verdict(Status.OK, "arxiv-found"),
                    metadata=facts, metadata_source="arxiv",
                )
            ],
            Confirmation(),
        )  # fmt: skip

    desk.pass_by("https://huggingface.co/papers/2205.02101", "ok", more=paper)
    return "https://huggingface.co/papers/2205.02101"


def no_longer_in_a_note(desk: Desk) -> str:
    desk.pass_by(PAGE, "ok")
    desk.pass_by(PAGE, in_note=False)
    return PAGE


def while_a_run_is_at_work(desk: Desk) -> str:
    desk.pass_by(PAGE, "ok")
    desk.pass_by(PAGE, "ok", ended=False)
    return PAGE


def excluded(desk: Desk) -> str:
    desk.options["exclude"] = ("page[.]example",)
    desk.pass_by(PAGE, "ok")
    return PAGE


def no_number_of_arxiv(desk: Desk) -> str:
    return "arxiv:2013.00001"


SITUATIONS = (
    no_cache, never_met, alive_for_a_week, failed_once, confirmed, gone_for_good_as_it_says, behind_a_wall,
    never_an_answer, a_time_out_after_it_was_gone, gone_with_too_many_others, coming_and_going, another_repository,
    silence, one_article_of_two_names, a_page_about_a_paper, no_longer_in_a_note, while_a_run_is_at_work, excluded,
    no_number_of_arxiv,
)  # fmt: skip


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda one: one.__name__)
def test_a_situation_is_explained(desk: Desk, situation: Callable[[Desk], str]) -> None:
    told = desk.text(situation(desk))
    file = EXPLAINED / f"{situation.__name__}.txt"
    if os.environ.get("ENRICH_WRITE_EXPLAINED"):
        file.write_text(told, encoding="utf-8")
    assert told == file.read_text(encoding="utf-8")


def test_every_text_belongs_to_a_situation() -> None:
    assert {file.stem for file in EXPLAINED.iterdir()} == {one.__name__ for one in SITUATIONS}


def test_the_readme_shows_what_is_told() -> None:
    sample = re.search(
        r"<!-- sample: explain -->\n```\n\$ .*?\n(.*?)```", (PROJECT / "README.md").read_text(), re.DOTALL
    )
    assert sample is not None
    told = (EXPLAINED / "failed_once.txt").read_text(encoding="utf-8")
    assert [line for line in sample[1].splitlines() if line != "…" and line not in told.splitlines()] == []


# --- what may be given ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "id_", "url"),
    [
        (
            "https://arxiv.org/pdf/2205.02101v2.pdf",
            "arxiv:2205.02101v2",
            "https://arxiv.org/abs/2205.02101v2",
        ),
        ("arXiv:2205.02101", "arxiv:2205.02101", "https://arxiv.org/abs/2205.02101"),
        ("arxiv:hep-th/9901001", "arxiv:hep-th/9901001", "https://arxiv.org/abs/hep-th/9901001"),
        ("github:Fern/Growth", "github:fern/growth", "https://github.com/Fern/Growth"),
        (
            "github:fern/growth/blob/main/a.py",
            "github:fern/growth/blob/main/a.py",
            "https://github.com/fern/growth/blob/main/a.py",
        ),
        ("github:@fern", "github:@fern", "https://github.com/fern"),
        (
            "gist:0123456789abcdef0123",
            "gist:0123456789abcdef0123",
            "https://gist.github.com/0123456789abcdef0123",
        ),
        ("wechat:FernFernFernFernFern0A", "wechat:FernFernFernFernFern0A", ARTICLE),
        (
            "wx:3286401674:2247:1",
            "wx:3286401674:2247:1",
            "https://mp.weixin.qq.com/s?__biz=MzI4NjQwMTY3NA==&mid=2247&idx=1",
        ),
        ("url:https://page.example/", "url:https://page.example/", "https://page.example/"),
        ("//page.example/words", "url:https://page.example/words", "https://page.example/words"),
        ("  HTTPS://Page.Example/words ", "url:https://page.example/words", "https://page.example/words"),
        ("file:notes/a.md#words", "file:notes/a.md#words", "file:notes/a.md#words"),
        ("mailto:ada@example.org", "url:mailto:ada@example.org", "mailto:ada@example.org"),
    ],
)
def test_an_address_or_an_id_names_one_target(desk: Desk, given: str, id_: str, url: str) -> None:
    about = desk.explain(given)
    assert (about.id, about.url, about.known) == (id_, url, False)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("page.example/words", "did you mean https://page.example/words?"),
        ("words", "words: has no scheme; give an address such as"),
        ("", "the address: has no scheme"),
        ("https://[::1/words", "cannot be read as an address"),
        ("https://page.example:70000/", "cannot be read as an address"),
        ("arxiv:", "arxiv:: names nothing"),
        ("github:/", "github:/: names nothing"),
        ("file:", "file:: names nothing"),
    ],
)
def test_what_is_no_address_is_told_with_the_way_out(desk: Desk, given: str, told: str) -> None:
    with pytest.raises(UsageError) as error:
        desk.explain(given)
    assert told in str(error.value)
    assert "arxiv:2205.02101" in str(error.value)


def test_an_address_that_settings_replace_is_explained_as_what_is_asked(desk: Desk) -> None:
    desk.options["remap"] = ("old[.]example new.example",)
    about = desk.explain("https://old.example/words")
    assert about.id == "url:https://new.example/words"
    assert about.remarks == ("asked as https://new.example/words (remap)",)


def test_a_mail_address_is_never_asked(desk: Desk) -> None:
    told = desk.text("mailto:ada@example.org")
    assert "it is not asked: " in told
    assert "(unsupported-scheme)" in told


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
def internet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Internet]:
    with Internet(tmp_path_factory.mktemp("authority"), small_web()) as running:
        yield running


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
