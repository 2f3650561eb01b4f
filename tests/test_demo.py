"""The demonstration, run as a user runs it: every bundled link gets the verdict that was meant for it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from internet import environment, run_enrich, saved_report
from requirements import ROOT

# What is not plainly there, by id. All other targets are ``ok``.
MEANT = {
    "arxiv:2002.90013": ("broken", "arxiv-not-found"),
    "arxiv:2013.00001": ("broken", "arxiv-bad-id"),
    "github:demo-fern/fern-growth": ("broken", "github-not-found"),
    "github:demo-kite/kite-attn-old": ("redirected", "github-renamed"),
    "github:demo-yarn/yarn/blob/main/docs/knots.md": ("broken", "github-not-found"),
    "url:https://lab.example/datasets/moss.tar.gz": ("skipped", "code"),
    "url:https://lab.example/moss/moss-segmentation.pdf": ("broken", "http-404"),
    "url:https://lab.example/workshop-2019/": ("broken", "http-410"),
    "url:https://mmbiz.qpic.cn/mmbiz_jpg/demo-kite/640?wx_fmt=jpeg&wx_lazy=1": ("skipped", "image"),
    "url:https://mmbiz.qpic.cn/mmbiz_png/demo-lantern/640?wx_fmt=png&wx_lazy=1": ("skipped", "image"),
    "url:https://notes.example/2019/optimizers": ("redirected", "http-301"),
    "url:https://nowhere.test/birds": ("broken", "dns-not-found"),
    "url:https://silent.test/wings": ("unreachable", "timeout"),
    "url:https://slow.example/p/103": ("broken", "http-404"),
    "url:https://wall.example/question/356000001": ("blocked", "bot-wall"),
    "wechat:Demo_Dune_00000000006A": ("redirected", "wechat-migrated"),
    "wechat:Demo_Moss_00000000003A": ("broken", "wechat-deleted"),
    "wechat:Demo_Pine_00000000009A": ("broken", "wechat-violation"),
    "wechat:Demo_Wren_00000000013A": ("broken", "wechat-deleted"),
    "wechat:Demo_Zinc_00000000015A": ("blocked", "wechat-captcha"),
}


@dataclass(frozen=True)
class Demo:
    """Where the demonstration ran once, and what it printed."""

    place: Path
    printed: str


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    place = tmp_path_factory.mktemp("demo")
    done = run_enrich(["demo"], place, environment(None))
    assert done.returncode == 0, done.stderr
    assert "enrich-demo/reports/latest.json" in done.stderr
    return Demo(place, done.stdout + done.stderr)


@pytest.fixture(scope="module")
def folder(demo: Demo) -> Path:
    return demo.place


def test_the_readme_shows_what_the_demonstration_prints(demo: Demo) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    sample = re.search(r"<!-- sample: demo -->\n```\n\$ enrich demo\n(.*?)```", readme, re.DOTALL)
    assert sample is not None, "the README marks no sample of the demonstration"
    shown = [line for line in sample[1].splitlines() if line not in ("", "…")]
    assert [line for line in shown if line not in demo.printed.splitlines()] == []


@pytest.fixture(scope="module")
def report(folder: Path) -> dict[str, Any]:
    return saved_report(folder / "enrich-demo")


def of(report: dict[str, Any], target_id: str) -> dict[str, Any]:
    found: dict[str, Any] = next(target for target in report["targets"] if target["id"] == target_id)
    return found


@pytest.mark.smoke
def test_every_bundled_link_gets_the_verdict_that_was_meant_for_it(report: dict[str, Any]) -> None:
    verdicts = {target["id"]: (target["status"], target["reason"]) for target in report["targets"]}
    assert {name: verdict for name, verdict in verdicts.items() if verdict[0] != "ok"} == MEANT


def test_the_run_is_complete_and_its_documents_are_dated(report: dict[str, Any]) -> None:
    dates = [(document["date"], document["date_source"]) for document in report["documents"]]
    assert report["run"]["complete"] is True
    assert sorted(date for date, _ in dates) == ["2020-06-18", "2020-11-02", "2021-03-14"]
    assert {source for _, source in dates} >= {"title", "front-matter"}


def test_what_the_links_stand_for_is_fetched(report: dict[str, Any]) -> None:
    types = Counter(target["metadata"]["type"] for target in report["targets"] if target["metadata"])
    assert types["paper"] >= 12
    assert types["repository"] == 5
    assert types["article"] >= 9
    assert types["page"] >= 8


def test_metadata_are_those_of_the_small_web(report: dict[str, Any]) -> None:
    paper = of(report, "arxiv:2103.90001")["metadata"]
    repository = of(report, "github:demo-kite/kite-attn-old")["metadata"]
    article = of(report, "wx:3000000001:2650000001:1")["metadata"]
    assert (paper["title"], paper["version"]) == ("Paper Lantern Networks for Night Street Scenes", 2)
    assert (repository["full_name"], repository["stars"]) == ("demo-kite/kite-attention", 1280)
    assert (article["account"], article["published_at"]) == ("纸灯笼实验室", "2021-03-12T18:30:00+08:00")


def test_what_moved_comes_with_its_new_address(report: dict[str, Any]) -> None:
    moved = [target for target in report["targets"] if target["status"] == "redirected"]
    assert {target["suggestion"]["url"] for target in moved} == {
        "https://github.com/demo-kite/kite-attention",
        "https://mp.weixin.qq.com/s/Demo_Dawn_00000000007A",
        "https://notes.example/optimizers",
    }


def test_a_page_of_another_site_about_a_paper_shows_that_paper(report: dict[str, Any]) -> None:
    page = of(report, "url:https://ar5iv.labs.arxiv.org/html/2103.90001")
    assert page["stands_for"] == "arxiv:2103.90001"


def test_two_demonstrations_say_the_same(folder: Path, tmp_path: Path) -> None:
    assert run_enrich(["demo", "-q"], tmp_path, environment(None)).returncode == 0
    stable = ["report", "enrich-demo/reports/latest.json", "--format", "json", "--stable"]
    first, second = (run_enrich(stable, place, environment(None)).stdout for place in (folder, tmp_path))
    assert first == second != ""
