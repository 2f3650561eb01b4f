"""What is told of one address, read as a person reads it.

Each situation is made by storing what runs would have stored; the texts lie in ``explained/``, so that a change of
words is seen where it is read. ``ENRICH_WRITE_EXPLAINED=1 pytest tests/test_explain.py`` writes them anew.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from explaining import ARTICLE, PAGE, PAPER, REPOSITORY, Desk, note
from internet import PROJECT

from enrich.errors import UsageError
from enrich.model import (
    Article,
    CheckResult,
    Page,
    Paper,
    Repository,
    Status,
    Verdict,
)
from enrich.selection import resolve
from enrich.store.history import Confirmation
from enrich.store.sqlite import SqliteStore

EXPLAINED = Path(__file__).with_name("explained")


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


def silent_for_so_long_that_it_is_gone(desk: Desk) -> str:
    for _ in range(4):
        desk.pass_by(PAGE, "timeout")
        desk.night += 1
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
    never_an_answer, silent_for_so_long_that_it_is_gone, a_time_out_after_it_was_gone,
    gone_with_too_many_others, coming_and_going, another_repository,
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


@pytest.mark.parametrize(
    "given",
    [
        "https://doi.org/10.1000/182", "arxiv:2205.02101", "https://mp.weixin.qq.com/s/AAAAAAAAAAAAAAAAAAAAAA",
        "github:owner/repo", "https://github.com/owner", "https://gist.github.com/owner/0a1b2c3d4e5f", "file:a.md",
    ],
)  # fmt: skip
def test_a_kind_is_named_in_words(desk: Desk, given: str) -> None:
    (_, named) = desk.text(given).split("What it is\n  ")
    assert named.startswith(("a ", "something "))


def test_a_mail_address_is_never_asked(desk: Desk) -> None:
    told = desk.text("mailto:ada@example.org")
    assert "it is not asked: " in told
    assert "(unsupported-scheme)" in told
