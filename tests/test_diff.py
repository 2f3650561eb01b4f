"""What changed from one night to the next."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hostile import markdown_structure, orders, unseen
from rows import NOW, asked_target, made_report, rendered, report_link

from enrich.changes import compare
from enrich.errors import UsageError
from enrich.model import (
    Article,
    Changes,
    Metadata,
    Paper,
    Report,
    ReportTarget,
    Repository,
    Status,
    Suggestion,
)
from enrich.report.changes import RENDERERS
from enrich.report.saved import dated_name, last_complete, open_saved

URL = "https://a.example/"
ID = f"url:{URL}"
OK = asked_target(ID)
BROKEN = asked_target(ID, Status.BROKEN, "http-404")
CONFIRMED = asked_target(ID, Status.BROKEN, "http-404", confirmed=True)
MOVED = asked_target(
    ID, Status.REDIRECTED, "http-301", suggestion=Suggestion("https://b.example/", "http-301")
)
MOVED_ON = asked_target(
    ID, Status.REDIRECTED, "http-301", suggestion=Suggestion("https://c.example/", "http-301")
)
BLOCKED = asked_target(ID, Status.BLOCKED, "http-403")
SKIPPED = asked_target(ID, Status.SKIPPED, "not-reached")


def compared(old: Sequence[ReportTarget], new: Sequence[ReportTarget]) -> Changes:
    run = made_report().run
    return compare(run, old, replace(run, id="new"), new)


def sorts(changes: Changes) -> list[str]:
    names = ("newly_broken", "confirmed", "recovered", "moved", "unsure", "facts", "stars")
    return [name for name in names if getattr(changes, name)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (OK, OK, []),
        (OK, BROKEN, ["newly_broken"]),
        (OK, CONFIRMED, ["newly_broken"]),
        (None, BROKEN, ["newly_broken"]),
        (SKIPPED, BROKEN, ["newly_broken"]),
        (BLOCKED, BROKEN, ["newly_broken"]),
        (BROKEN, BROKEN, []),
        (BROKEN, CONFIRMED, ["confirmed"]),
        (CONFIRMED, CONFIRMED, []),
        (BROKEN, OK, ["recovered"]),
        (BROKEN, MOVED, ["recovered", "moved"]),
        (OK, MOVED, ["moved"]),
        (MOVED, MOVED, []),
        (MOVED, MOVED_ON, ["moved"]),
        (None, MOVED, []),
        (None, OK, []),
        (OK, BLOCKED, ["unsure"]),
        (BROKEN, BLOCKED, []),
        (OK, SKIPPED, []),
        (BROKEN, SKIPPED, []),
        (OK, None, []),
        (BROKEN, None, []),
    ],
)
def test_each_way_from_one_verdict_to_another(
    before: ReportTarget | None, after: ReportTarget | None, expected: list[str]
) -> None:
    assert sorts(compared([before] if before else [], [after] if after else [])) == expected


def repository(**facts: Any) -> Repository:
    return Repository(**({"full_name": "o/r", "archived": False, "stars": 10} | facts))


@pytest.mark.parametrize(
    ("was", "now", "facts"),
    [
        (repository(), repository(archived=True), [("archived", False, True)]),
        (repository(), repository(full_name="o/s"), [("full_name", "o/r", "o/s")]),
        (repository(), repository(pushed_at="2026-01-01"), []),
        (repository(archived=None), repository(archived=True), []),
        (Paper(arxiv_id="1", version=1), Paper(arxiv_id="1", version=2), [("version", 1, 2)]),
        (Paper(arxiv_id="1"), Paper(arxiv_id="1", doi="10.1/x"), [("doi", None, "10.1/x")]),
        (Article(title="a"), Article(title="b"), [("title", "a", "b")]),
        (Article(title="a"), None, []),
        (Article(title="a"), repository(), []),
    ],
)
def test_facts_that_are_news(was: Metadata, now: Metadata | None, facts: list[tuple[object, ...]]) -> None:
    changes = compared([asked_target(ID, metadata=was)], [asked_target(ID, metadata=now)])
    assert [(one.fact, one.was, one.now) for one in changes.facts] == facts


def test_stars_are_sorted_by_gain() -> None:
    def rows(*stars: int | None) -> list[ReportTarget]:
        return [asked_target(f"github:o/{n}", metadata=repository(stars=s)) for n, s in enumerate(stars)]

    changes = compared(rows(10, 10, 10, None), rows(15, 100, 9, 5))
    assert [(one.id, one.gained) for one in changes.stars] == [
        ("github:o/1", 90),
        ("github:o/0", 5),
        ("github:o/2", -1),
    ]


def test_targets_of_one_side_alone_are_counted() -> None:
    ids = [f"url:https://{name}.example/" for name in "abcd"]
    changes = compared([asked_target(one) for one in ids[:3]], [asked_target(one) for one in ids[2:]])
    assert (changes.added, changes.removed) == (1, 2)


def test_an_article_that_is_known_by_another_id_since_is_the_same_one() -> None:
    url = "https://mp.weixin.qq.com/s/AAAAAAAAAAAAAAAAAAAAAA"
    old = replace(BROKEN, id="wechat:AAAAAAAAAAAAAAAAAAAAAA", url=url, kind="wechat")
    new = replace(BROKEN, id="wx:1:2:3", url=url, kind="wechat")
    changes = compared([old], [new])
    assert sorts(changes) == []
    assert (changes.added, changes.removed) == (0, 0)


# --- words ------------------------------------------------------------------------------------------


def much() -> Changes:
    new = replace(BROKEN, links=[report_link(URL, line) for line in range(1, 6)])
    gone = [asked_target(f"url:https://{number:02}.example/") for number in range(30)]
    broken = [replace(one, status=Status.BROKEN, reason="http-404") for one in gone]
    return compared([*gone, OK], [*broken, new])


def test_changes_are_told_in_chinese_too_but_not_to_programs() -> None:
    said = "".join(RENDERERS["text"](much(), "zh"))
    assert "31 新失效" in said
    assert "newly broken" not in said
    assert list(RENDERERS["json"](much(), "zh")) == list(RENDERERS["json"](much()))


def test_text_tells_how_many_and_the_first_of_them() -> None:
    text = "".join(RENDERERS["text"](much()))
    assert text.startswith("since 2026-05-10 06:00 UTC: 31 newly broken\n")
    assert text.count("http-404, was ok") == 20
    assert text.endswith("  … and 11 more\n")


def test_where_a_link_stands_is_told_for_three_places() -> None:
    new = replace(BROKEN, links=[report_link(URL, line) for line in range(1, 6)])
    text = "".join(RENDERERS["text"](compared([OK], [new])))
    assert "https://a.example/  (http-404, was ok)  a.md:1:7, a.md:2:7, a.md:3:7, 2 more" in text


def test_nothing_is_said_to_be_nothing() -> None:
    assert (
        "".join(RENDERERS["text"](compared([OK], [OK]))) == "since 2026-05-10 06:00 UTC: nothing changed\n"
    )


def test_a_run_that_is_not_complete_says_that_nothing_changed_as_far_as_it_asked() -> None:
    found = compared([OK], [OK])
    cut_short = replace(found, new=replace(found.new, complete=False))
    said = "".join(RENDERERS["text"](cut_short))
    assert said == "since 2026-05-10 06:00 UTC: nothing changed in what was asked\n"


def test_json_has_every_key_and_every_row() -> None:
    table = json.loads("".join(RENDERERS["json"](much())))
    assert list(table) == [
        "changes_version", "old", "new", "newly_broken", "confirmed", "recovered", "moved", "unsure", "facts", "stars",
        "added", "removed",
    ]  # fmt: skip
    assert len(table["newly_broken"]) == 31
    assert table["newly_broken"][0].keys() == {
        "id", "url", "kind", "title", "was", "was_reason", "status", "reason", "detail", "confirmed",
        "suggestion", "links",
    }  # fmt: skip


@pytest.mark.injection
def test_nothing_foreign_is_active_in_any_form() -> None:
    hostile = "\x1b[2J\n::error::x ##[y] <b>|`@name`"
    new = replace(
        BROKEN,
        url=f"https://a.example/{hostile}",
        reason=hostile,
        links=[report_link(URL, document=hostile)],
    )
    fact = asked_target("url:https://b.example/", metadata=Article(title="a"))
    changes = compared([OK, fact], [new, replace(fact, metadata=Article(title=hostile))])
    for render in RENDERERS.values():
        text = "".join(render(changes))
        assert orders(text) == []
        assert unseen(text) == []
        assert "##[" not in text
    assert markdown_structure("".join(RENDERERS["markdown"](changes)))


# --- saved reports ----------------------------------------------------------------------------------


def saved(folder: Path, made: Report, name: str | None = None) -> Path:
    path = folder / (name or dated_name(made.run.started_at))
    path.write_text(rendered("json", made), encoding="utf-8")
    return path


def test_a_saved_report_is_read_row_by_row(tmp_path: Path) -> None:
    rows = [OK, asked_target("url:https://b.example/", metadata=Paper(arxiv_id="1", title="T"))]
    opened = open_saved(saved(tmp_path, made_report(*rows)))
    assert opened.run == made_report().run
    assert list(opened.targets()) == rows


def test_a_report_that_somebody_formatted_is_read_too(tmp_path: Path) -> None:
    rows = [asked_target("url:https://b.example/"), OK]
    path = saved(tmp_path, made_report(*rows))
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")), indent=2), encoding="utf-8")
    assert [one.id for one in open_saved(path).targets()] == sorted(one.id for one in rows)


@pytest.mark.parametrize("end", [-400, -40])
def test_a_report_that_was_cut_off_is_refused(tmp_path: Path, end: int) -> None:
    path = saved(tmp_path, made_report(*(asked_target(f"url:https://{n}.example/") for n in range(9))))
    text = path.read_text("utf-8")
    path.write_text(text[: text.index('"findings": [') + end], encoding="utf-8")
    with pytest.raises(UsageError, match="is not"):
        list(open_saved(path).targets())


@pytest.mark.parametrize(
    "text", ["", "[]", '{"schema_version": 2,\n"run": {}}', '{"schema_version": 1,\n"run": {"id": 1},\n']
)
def test_what_is_no_report_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"x\.json"):
        open_saved(path)


def test_the_last_complete_report_is_found_past_others(tmp_path: Path) -> None:
    def night(days: int, *, complete: bool = True) -> Report:
        made = made_report(complete=complete)
        started = NOW + timedelta(days=days)
        return replace(made, run=replace(made.run, id=str(days), started_at=started))

    saved(tmp_path, night(1))
    saved(tmp_path, night(2))
    saved(tmp_path, night(3, complete=False))
    (tmp_path / dated_name(NOW + timedelta(days=4))).write_text("rubbish", encoding="utf-8")
    saved(tmp_path, night(5))
    found = last_complete(tmp_path, night(5).run)
    assert found is not None
    assert found.run.id == "2"
    assert last_complete(tmp_path, night(1).run) is None


def enrich(
    *arguments: str, now: str = "2026-11-21T06:00:00Z", folder: Path
) -> subprocess.CompletedProcess[str]:
    import os

    return subprocess.run(
        [sys.executable, "-m", "enrich", *arguments],
        cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=300, check=False,
        env=os.environ | {"ENRICH_NOW": now},
    )  # fmt: skip


def test_a_run_says_what_changed_since_the_last_one(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "a.md").write_text("[b](b.md)\n[c](c.md)\n", encoding="utf-8")
    (notes / "b.md").write_text("# b\n", encoding="utf-8")
    reports = tmp_path / "reports"
    first = enrich("run", "notes", folder=tmp_path)
    assert "since" not in first.stdout
    assert not (reports / "latest.changes.json").exists()
    (notes / "b.md").unlink()
    (notes / "c.md").write_text("# c\n", encoding="utf-8")
    second = enrich("run", "notes", now="2026-11-22T06:00:00Z", folder=tmp_path)
    assert "since 2026-11-21 06:00 UTC: 1 newly broken, 1 recovered" in second.stdout
    table = json.loads((reports / "latest.changes.json").read_text("utf-8"))
    assert [one["id"] for one in table["newly_broken"]] == ["file:notes/b.md"]
    assert (reports / "latest.changes.md").read_text("utf-8").startswith("# since")
    named = [str(reports / dated_name(NOW.replace(month=11, day=day))) for day in (21, 22)]
    diff = enrich("diff", *named, folder=tmp_path)
    assert (diff.returncode, diff.stderr) == (0, "")
    assert second.stdout.endswith(diff.stdout)


def test_a_damaged_report_of_an_earlier_night_does_not_cost_this_one(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("[b](b.md)\n", encoding="utf-8")
    enrich("run", "a.md", folder=tmp_path)
    earlier = tmp_path / "reports" / dated_name(NOW.replace(month=11, day=21))
    text = earlier.read_text("utf-8")
    earlier.write_text(text[: text.index('"targets": [') + 40], encoding="utf-8")
    again = enrich("run", "a.md", now="2026-11-22T06:00:00Z", folder=tmp_path)
    assert again.returncode == 0
    assert "what changed since then cannot be told" in again.stderr
    assert (tmp_path / "reports" / dated_name(NOW.replace(month=11, day=22))).exists()


def test_a_missing_report_is_a_clear_error(tmp_path: Path) -> None:
    done = enrich("diff", "nothing.json", folder=tmp_path)
    assert done.returncode == 2
    assert "nothing.json: cannot be read" in done.stderr
