"""Dates of documents, and periods."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requirements import ROOT, shared

from enrich.collect import found_document
from enrich.config import load
from enrich.dates import chosen, disagree, document_dates
from enrich.errors import UsageError
from enrich.extract.markdown import title
from enrich.model import Dated, Document
from enrich.periods import Period, parse_period
from enrich.selection import Selection


def document_date(path: str, text: str, title: str | None) -> tuple[str | None, str]:
    """The date that is believed, and where it stands."""
    return chosen(document_dates(path, text, title))


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("2022-05-10.md", "2022-05-10"),
        ("daily-2022-05-10.md", "2022-05-10"),
        ("2018-8-26-deep_learning.markdown", "2018-08-26"),
        ("20210429.md", "2021-04-29"),
        ("notes 2021.4.5.md", "2021-04-05"),
        ("daily-2021.4.md", "2021-04"),
        ("周报2021.4.5.md", "2021-04-05"),
        ("youtube-dl 2021.04.06.md", "2021-04-06"),
        ("release-2021-03-04.md", "2021-03-04"),
        ("Unity 2021.3.16 笔记 2021-4-5.md", "2021-04-05"),
        ("2021年5月10日.md", "2021-05-10"),
        ("202103.md", "2021-03"),
        ("notes-2021-05.md", "2021-05"),
        ("2021-05-summary.md", "2021-05"),
        ("2018-11-05~09.md", "2018-11-09"),
        ("2018-11-05-09.md", "2018-11-09"),
        ("2018-11-05-10-tips.md", "2018-11-05"),
        ("2018-12-28_2019-01-04.md", "2019-01-04"),
        ("20181105-20181109.md", "2018-11-09"),
        ("周报20181105~1109.md", "2018-11-09"),
        ("20181105-1030.md", "2018-11-05"),
        ("20181105-20181199.md", "2018-11-05"),
        ("2021/07/2022-05-10.md", "2022-05-10"),
        ("May 10th, 2022.md", "2022-05-10"),
        ("Meeting - 10 Sep 2022.md", "2022-09-10"),
        ("202205101530 reading.md", "2022-05-10"),
        ("20220510153059.md", "2022-05-10"),
    ],
)
def test_a_file_name_gives_the_date(path: str, found: str) -> None:
    assert document_date(path, "", None) == (found, "filename")


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("notes/202205/0510.md", "2022-05-10"),
        ("notes/202205/05-10.md", "2022-05-10"),
        ("notes/202205/0610.md", "2022-05"),
        ("2018/05/16.md", "2018-05-16"),
        ("2018年/5月/16日.md", "2018-05-16"),
        ("2018/11/05-09.md", "2018-11-09"),
        ("2018/11/05号.md", "2018-11-05"),
        ("2018/02/29.md", "2018-02"),
        ("2022/04/reading.md", "2022-04"),
        ("2022/0510.md", "2022-05-10"),
        ("2022-05/10.md", "2022-05-10"),
        ("2017/2/2.1.md", "2017-02"),
        ("weekly/2021-05/first.md", "2021-05"),
        ("log/2022-05-10/readme.md", "2022-05-10"),
        ("log/20220510/readme.md", "2022-05-10"),
        ("2019/01/archive/2022/04/x.md", "2022-04"),
        ("2019/01/archive/x.md", "2019-01"),
    ],
)
def test_folders_give_the_date(path: str, found: str) -> None:
    assert document_date(path, "", None) == (found, "path")


@pytest.mark.parametrize(
    ("heading", "found"),
    [
        ("笔记（2022.5.10）", "2022-05-10"),
        ("笔记(2022-05-10)", "2022-05-10"),
        ("CVPR 2022 笔记 2022/5/10", "2022-05-10"),
        ("2021年4月5日 读书", "2021-04-05"),
        ("速递 2018-12-17~12-21", "2018-12-21"),
        ("2018-11-05~2018-11-09", "2018-11-09"),
        ("2021.3.1-2021.3.7 周报", "2021-03-07"),
        ("速递（2018.11.5-9）", "2018-11-09"),
        ("周报（20181105至20181109）", "2018-11-09"),
        ("周报（2021.12.27-1.2）", "2022-01-02"),
        ("周报 2021年12月27日~1月2日", "2022-01-02"),
        ("周报 2022 年 5 月 4 日至 5 月 10 日", "2022-05-10"),
        ("2022-05-10 - 12 new papers", "2022-05-10"),
        ("2018-05-16 10:00", "2018-05-16"),
        ("读书（2021.5）", "2021-05"),
        ("2021年5月读书", "2021-05"),
        ("2022.13.45 and 2022.1.2", "2022-01-02"),
        ("Daily Notes 2021.4.5", "2021-04-05"),
        ("ReadingNotes_2021.4.5", "2021-04-05"),
        ("Day12 2021.4.5", "2021-04-05"),
        ("NLP 周报 2021.4.5", "2021-04-05"),
        ("TensorRT 部署（2021.4.5）", "2021-04-05"),
        ("PyCharm 使用笔记 2021-4-5", "2021-04-05"),
        ("LeetCode - 2021.4.5", "2021-04-05"),
        ("youtube-dl 2021.04.06", "2021-04-06"),
        ("Vivado 2019.1.1 笔记 2021.4.25", "2021-04-25"),
        ("论文合集 2021.4.25版", "2021-04-25"),
        ("2021.4.25 AI2 news", "2021-04-25"),
        ("May 10, 2022", "2022-05-10"),
        ("Weekly Digest (May 10th, 2022)", "2022-05-10"),
        ("Week (May 4, 2022 - May 10, 2022)", "2022-05-10"),
        ("Reading - Tuesday, 10 May 2022", "2022-05-10"),
    ],
)
def test_a_title_gives_the_date(heading: str, found: str) -> None:
    assert document_date("a.md", "", heading) == (found, "title")


@pytest.mark.parametrize(
    "value",
    [
        "[[2022-05-10]]",
        "Tuesday, May 10th 2022, 3:45:00 pm",
        '"Tue May 10 2022 15:45:00 GMT+0800"',
        "2022-05-10",
        "2022-5-10 08:00:00 +0800",
        '"2022/5/10"',
        "2022-05-10T08:00:00Z # draft",
        "20220510",
    ],
)
def test_front_matter_gives_the_date(value: str) -> None:
    text = f"---\nlayout: post\ndate: {value}\n---\n# Post\n"
    assert document_date("a.md", text, "Post") == ("2022-05-10", "front-matter")


@pytest.mark.parametrize(
    ("path", "heading"),
    [
        ("CVPR2020.md", "CVPR2020最新信息及论文下载贴"),
        ("2020-Paper.md", "2020"),
        ("2020/readme.md", "Papers of 2020"),
        ("issue-331.md", "科技周刊（第 331 期）"),
        ("2203.04605.md", "2203.04605"),
        ("2105.02431v1.md", "DINO (2203.03605)"),
        ("2022-02-30.md", "（2022.2.30）"),
        ("2022/13/04.md", "（2022.13.4）"),
        ("202199.md", "1989.12.31"),
        ("v2021.3.1.md", "Release v2021.3.1"),
        ("192.168.2021.10.md", "Python 2021.05"),
        ("12345678.md", "ICCV 2019-2021"),
        ("202205102560.md", "x"),
        ("2022051015305.md", "x"),
        ("x 202205101530.md", "x"),
        ("README.md", None),
        ("a.md", "TensorRT 2020.1.2"),
        ("a.md", "IDEA2021.1.3 安装"),
        ("a.md", "PyCharm专业版2021.1.3"),
        ("a.md", "OpenVINO_2021.4.1 使用"),
        ("a.md", "Unity 2021.3.16"),
        ("a.md", "引擎 2021.3.16f1"),
        ("a.md", "引擎 2021.3.16-rc1"),
        ("a.md", "引擎 2021.3.16 LTS"),
        ("a.md", "引擎 2020.1.2.3 与 2020.1.2.x"),
        ("a.md", "版本 2021.4.5"),
        ("a.md", "模型 v20210405"),
        ("a.md", "Version 2021-04-05 of the model"),
        ("a.md", "Seattle, June 14, 2020"),
        ("a.md", "Notes (June 14, 2020 in Seattle)"),
        ("May 2022.md", "May 2022"),
        ("TensorRT 2020.1.2.md", None),
        ("PyCharm_2021.3.md", None),
        ("PyCharm 2021.3.1.md", "PyCharm 2021.3.1"),
        ("Unity-2021.3.16f1.md", None),
        ("release-2021.3.4.md", None),
        ("x-May 10-12, 2022.md", "34 May 2, 2022x"),
    ],
)
def test_what_only_looks_like_a_date_gives_none(path: str, heading: str | None) -> None:
    text = "Seattle, 2020年6月14日-6月19日\n\n2021-05-10 in running text\n"
    assert document_date(path, text, heading) == (None, "none")


@pytest.mark.parametrize("piece", ["( Jan 5, 2021 ", "Jan 5, 2021 (", "Tensor 2021.4.5 ", "2021.4.5-"])
def test_a_title_of_many_dates_is_read_in_time_linear_in_its_length(piece: str) -> None:
    begin = time.process_time()
    document_dates("a.md", "", piece * (200_000 // len(piece)))
    assert time.process_time() - begin < 5


def test_the_keys_of_obsidian_are_front_matter_though_they_hold_a_space() -> None:
    text = "---\ndate created: Tuesday, May 10th 2022, 3:45:00 pm\ndate modified: 2022-05-12\n---\n# Post\n"
    assert document_date("a.md", text, "Post") == ("2022-05-10", "front-matter")
    assert document_date("a.md", text.replace("date created", "note"), "Post") == (
        "2022-05-12",
        "front-matter",
    )


def test_the_sources_are_asked_in_order() -> None:
    path, text, heading = "2019/04/2020-03-03.md", "---\ndate: 2021-02-02\n---\n", "（2022.1.1）"
    assert document_date(path, text, heading) == ("2022-01-01", "title")
    assert document_date(path, text + "2021-12-12\n\n更新于 2022.2.2\n", None) == (
        "2021-12-12",
        "first-line",
    )
    assert document_date(path, text + "更新于 2022.2.2\n", None) == ("2022-02-02", "label")
    assert document_date(path, text, "no date") == ("2021-02-02", "front-matter")
    assert document_date(path, "---\ndate: soon\n---\n", None) == ("2020-03-03", "filename")
    assert document_date("2019/04/x.md", "", None) == ("2019-04", "path")


def test_front_matter_counts_at_the_top_alone() -> None:
    assert document_date("a.md", "text\n\n---\ndate: 2021-02-02\n---\n", None) == (None, "none")


def test_every_seed_has_the_date_that_a_reader_found() -> None:
    folder = shared()
    for row in json.loads((folder / "gold" / "documents.json").read_text("utf-8"))["documents"]:
        text = (folder / "corpus" / row["file"]).read_bytes().decode()
        expected = (row["date"], row["date_source"])
        assert document_date(row["file"], text, title(text)) == expected, row["file"]


def _examples_from_the_corpus() -> dict[str, tuple[str, dict[str, Any]]]:
    """The text of each file whose sources are unusual, and what a reader noted about it."""
    folder = shared()
    rows = json.loads((folder / "gold" / "documents.json").read_text("utf-8"))["examples_from_the_corpus"]
    return {row["file"]: ((folder / "corpus" / row["file"]).read_bytes().decode(), row) for row in rows}


def test_documents_whose_sources_are_unusual_have_the_date_that_a_reader_found() -> None:
    for path, (text, row) in _examples_from_the_corpus().items():
        labels = row.get("labels", {})
        expected = (
            row.get("text_date")
            or labels.get("更新今日时间")
            or row.get("front_matter_date")
            or row["path_date"]
        )
        # Of a range the end counts, and a year alone, as the reader noted for one file, is never a date.
        end = expected.rpartition("/")[2]
        assert document_date(path, text, title(text))[0] == (None if len(end) == 4 else end), path


def test_the_sources_that_a_reader_found_to_disagree_are_found_to_disagree() -> None:
    found = {
        path: disagree(document_dates(path, text, title(text)))
        for path, (text, _row) in _examples_from_the_corpus().items()
    }
    assert {path.rpartition("/")[2] for path, conflict in found.items() if conflict} == {
        "25.md",
        "2018-09-03-keep-up-with-new-trends.md",
    }


def test_what_a_reader_warned_of_dates_no_seed() -> None:
    """The traps of the seeds: conferences, years, issue numbers, and days of other events in the first lines."""
    folder = shared()
    rows = json.loads((folder / "gold" / "documents.json").read_text("utf-8"))["documents"]
    for row in rows:
        text = (folder / "corpus" / row["file"]).read_bytes().decode()
        sources = document_dates("renamed.md", text, title(text))
        expected = [row["date"]] if row["date_source"] == "title" else []
        assert [one.date for one in sources] == expected, row["file"]


# --- the first line and labels ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("**2018-05-16**\n\nSummary\n", "2018-05-16"),
        ("\ufeff\n\n2018.5.6\r\ntext", "2018-05-06"),
        ("**2018-11-05~2018-11-09**\n\n43 papers", "2018-11-09"),
        ("【论文速递】2018-12-17~12-21\n\n- [ ] 2018-12-17\n", "2018-12-21"),
        ("**【论文速递】2018-12-10**\ntext", "2018-12-10"),
        ("（2022.5.10）\ntext", "2022-05-10"),
        ("2022年5月10日 星期二\ntext", "2022-05-10"),
        ("2022年5月10号\ntext", "2022-05-10"),
        ("2022 年 5 月 10 日\ntext", "2022-05-10"),
        ("**2022-05-10：**\n- text", "2022-05-10"),
        ("# Notes\n\n📅 2022-05-10\n\ntext", "2022-05-10"),
        ("—— 2022.5.10 ——\ntext", "2022-05-10"),
        ("2022-05-10 21:30\ntext", "2022-05-10"),
        ("2022年5月10日 上午 9:30\ntext", "2022-05-10"),
        ("[[May 10th, 2022]]\ntext", "2022-05-10"),
        ("> _2022/5/10_ (Tue)\n\ntext", "2022-05-10"),
        ("<p align=right>20220510</p>\n\ntext", "2022-05-10"),
        ("Tuesday, May 10, 2022\n\ntext", "2022-05-10"),
        ("2022年5月\n\ntext", "2022-05"),
        ("---\nlayout: post\n---\n\n2022-05-10\n", "2022-05-10"),
        ("# Notes\n\n2022-05-10\n\ntext", "2022-05-10"),
        ("## 2022-05-10\n\n- [x](https://x.example)\n", "2022-05-10"),
    ],
)
def test_a_first_line_that_is_a_date_gives_it(text: str, found: str) -> None:
    assert document_date("a.md", text, None) == (found, "first-line")


@pytest.mark.parametrize(
    "text",
    [
        "- 2020-12-10：[an article](https://x.example)\n",
        "- 2021-02-22\n  - [an article](https://x.example)\n- 2021-02-21\n",
        "#### 20210331\n* x\n#### 20210330\n* y\n",
        "## March 31st, 2021\n* x\n## Tue 30 Mar 2021\n* y\n",
        "2020-12-10：[an article](https://x.example)\n",
        "[2018-12-31](2018/12/31.md): 16 papers\n",
        "2020年6月14日-6月19日 in Seattle\n",
        "CVPR 2020\n",
        "2020\n",
        "20203456\n",
        "2.1.2022\n",
        "2022-02-30\n",
        "text\n\n2022-05-10\n",
        "2022-05-10" + " " * 300 + "and much else\n",
        "",
    ],
)
def test_the_first_item_of_a_log_and_running_text_date_no_document(text: str) -> None:
    assert document_date("a.md", text, None) == (None, "none")


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("更新今日时间：2022.7.10", "2022-07-10"),
        ("## Updated on 2026.06.29", "2026-06-29"),
        ("**更新时间**：2022-7-10 12:30:45", "2022-07-10"),
        ("最后更新于 2022年7月10日。", "2022-07-10"),
        ("**更新时间：2022年7月10日**", "2022-07-10"),
        ("更新于2022 年 7 月 10 日", "2022-07-10"),
        ("（更新于 2022-07-10）", "2022-07-10"),
        ("【更新时间】2022-07-10", "2022-07-10"),
        ("本文更新于2022/7/10", "2022-07-10"),
        ("最近一次更新: 20220710（持续更新中）", "2022-07-10"),
        ("> *Last updated: July 10, 2022*", "2022-07-10"),
        ("This page was last modified on 10 Jul 2022.", "2022-07-10"),
        ("_Last Update_: 2022-07-10T08:00:00Z", "2022-07-10"),
        ("<sub>Updated: 2022.07</sub>", "2022-07"),
        ("* 创建于：2021-03-01", "2021-03-01"),
        ("日期：2021.3.1", "2021-03-01"),
        ("创建时间: 2021年3月1日 下午3:45", "2021-03-01"),
        ("发表于 2021-03-01", "2021-03-01"),
        ("Created: March 1, 2021 3:45 PM", "2021-03-01"),
        ("作者：someone | 更新于 2022-07-10 | 阅读 200", "2022-07-10"),
        ("创建时间：2021.3.21 更新时间：2022.7.10".replace(" ", "<br>"), "2022-07-10"),
    ],
)
def test_a_labelled_line_gives_the_date(line: str, found: str) -> None:
    assert document_date("a.md", f"Some words first.\n\n{line}\n\nMore.\n", None) == (found, "label")
    assert document_date("a.md", "Words.\n\n" * 900 + f"{line}\n", None) == (found, "label")


@pytest.mark.parametrize(
    "line",
    [
        "时间：Seattle，2020年6月14日-6月19日<br>",
        "时间：2021年6月19日-6月25日<br>",
        "论文接收公布时间：2020年2月24日<br>",
        "日期：2021.6.19-6.25",
        "更新：CVPR 2021 论文",
        "更新于 2021",
        "我们更新了 2021.3.4 的数据",
        "Updated 2021-03-04 with the new dataset, see below",
        "Update (2021-03-04): the code is out",
        "date: 2021-03-04",
        "Conference dates: 2021-06-19",
        "![updated](https://img.example/badge?message=2022-04-01)",
        "    # updated on\n\nno date",
        "```\n更新于 2021-03-04\n```",
        "  - Updated: see 2021-03-04",
    ],
)
def test_other_days_on_a_line_are_no_labelled_date(line: str) -> None:
    assert document_date("a.md", f"Some words first.\n\n{line}\n", None) == (None, "none")


def test_a_label_in_the_middle_of_a_long_document_is_of_an_item() -> None:
    text = "Words.\n" * 60 + "更新于 2022-07-10\n" + "Words.\n" * 60
    assert document_date("a.md", text, None) == (None, "none")


def test_of_two_labels_the_later_change_wins_and_both_are_known() -> None:
    text = "# Notes\n\n更新开始时间：2021.3.21\n\n更新今日时间：2022.7.10\n\nLast updated: 2022-06-01\n"
    assert document_dates("README.md", text, "Notes") == (
        Dated(date="2022-07-10", source="label", updated=True),
        Dated(date="2021-03-21", source="label"),
    )


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ("lastmod: 2022-05-10", "2022-05-10"),
        ("date: 2021-01-02\nupdated: 2022-05-10", "2021-01-02"),
        ("created: May 10, 2022", "2022-05-10"),
        ("Date: 2022-05-10", "2022-05-10"),
        ("publishDate: 2022-05-10", "2022-05-10"),
    ],
)
def test_front_matter_says_when_a_post_was_written_or_else_changed(lines: str, found: str) -> None:
    assert document_date("a.md", f"---\n{lines}\n---\n", None) == (found, "front-matter")


# --- all sources, and those that disagree -----------------------------------------------------------


def test_every_source_is_named_in_the_order_in_which_it_is_believed() -> None:
    text = "---\ndate: 2021-02-03\n---\n# Notes\n\n**2022-01-03~2022-01-07**\n\n更新于 2022.2.2\n"
    found = document_dates("2019/04/2020-03-03.md", text, "Notes（2022.1.1）")
    assert [(one.source, one.begin, one.date) for one in found] == [
        ("title", None, "2022-01-01"),
        ("first-line", "2022-01-03", "2022-01-07"),
        ("label", None, "2022-02-02"),
        ("front-matter", None, "2021-02-03"),
        ("filename", None, "2020-03-03"),
        ("path", None, "2019-04"),
    ]


DAY_IN_TITLE = Dated(date="2022-05-10", source="title")


@pytest.mark.parametrize(
    ("other", "conflict"),
    [
        (Dated(date="2022-05-10", source="path"), False),
        (Dated(date="2022-05-11", source="path"), True),
        (Dated(date="2022-05", source="filename"), False),
        (Dated(date="2022-06", source="filename"), True),
        (Dated(date="2022-05-13", begin="2022-05-09", source="first-line"), False),
        (Dated(date="2022-05-09", begin="2022-05-05", source="first-line"), True),
        # The list has lived on since its first day; but it cannot have changed before it was written.
        (Dated(date="2023-01-01", source="label", updated=True), False),
        (Dated(date="2022-05-09", source="label", updated=True), True),
        (Dated(date="2023-01-01", source="label"), True),
        (Dated(date="2024-01-01", source="git", updated=True), False),
        (Dated(date="2020-01-01", source="git", updated=True), False),
    ],
)
def test_sources_disagree_where_they_cannot_all_be_right(other: Dated, conflict: bool) -> None:
    assert disagree((DAY_IN_TITLE, other)) is conflict
    assert disagree((other, DAY_IN_TITLE)) is conflict


def test_a_document_with_one_source_or_none_does_not_disagree() -> None:
    assert not disagree(())
    assert not disagree((DAY_IN_TITLE,))


# --- periods ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("since", "until", "period"),
    [
        (None, None, Period(None, None)),
        ("2021", None, Period(date(2021, 1, 1), None)),
        ("2021-02", None, Period(date(2021, 2, 1), None)),
        ("2021-02-15", None, Period(date(2021, 2, 15), None)),
        (None, "2021", Period(None, date(2021, 12, 31))),
        (None, "2020-02", Period(None, date(2020, 2, 29))),
        ("2021", "2021", Period(date(2021, 1, 1), date(2021, 12, 31))),
        ("2021-05-10", "2021-05", Period(date(2021, 5, 10), date(2021, 5, 31))),
    ],
)
def test_both_ends_of_a_period_count_as_a_whole(
    since: str | None, until: str | None, period: Period
) -> None:
    assert parse_period(since, until) == period


@pytest.mark.parametrize(
    "text",
    ["2021-13", "2021-02-30", "21", "0000", "yesterday", "", "2021/01", "2021-1", "2021-01-", "２０２１"],
)
def test_what_is_no_date_is_named_with_the_way_out(text: str) -> None:
    with pytest.raises(UsageError) as failure:
        parse_period(text, None)
    assert str(failure.value) == f"--since: {text!r} is not a date; write 2021, 2021-01 or 2021-01-15"
    with pytest.raises(UsageError, match=r"^--until: "):
        parse_period(None, text)


@pytest.mark.parametrize(
    ("since", "until"), [("2021-02", "2021-01"), ("2022", "2021"), ("2021-01-02", "2021-01-01")]
)
def test_a_period_that_ends_before_it_begins_is_refused(since: str, until: str) -> None:
    with pytest.raises(UsageError, match="lies after"):
        parse_period(since, until)


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("2021-01-14", False),
        ("2021-01-15", True),
        ("2021-01", True),
        ("2020-12", False),
        ("2021-03-10", True),
        ("2021-03-11", False),
        ("2021-03", True),
        ("2021-04", False),
    ],
)
def test_a_month_counts_where_any_of_its_days_does(text: str, held: bool) -> None:
    assert parse_period("2021-01-15", "2021-03-10").holds(text) is held


def test_an_open_period_holds_every_date() -> None:
    assert Period(None, None).holds("1990-01")


DAYS = st.dates(min_value=date(1990, 1, 1), max_value=date(2099, 12, 31))


@given(DAYS)
def test_every_day_is_found_in_every_form(day: date) -> None:
    iso = day.isoformat()
    assert document_date(f"{iso}.md", "", None) == (iso, "filename")
    assert document_date(f"{day:%Y%m%d}.md", "", None) == (iso, "filename")
    assert document_date(f"{day:%Y/%m/%d}.md", "", None) == (iso, "path")
    assert document_date(f"{day:%Y%m/%m%d}.md", "", None) == (iso, "path")
    assert document_date("a.md", "", f"笔记（{day.year}.{day.month}.{day.day}）") == (iso, "title")
    assert document_date("a.md", f"---\ndate: {iso}\n---\n", None) == (iso, "front-matter")
    assert document_date("a.md", f"**{day.year}.{day.month}.{day.day}**\n", None) == (iso, "first-line")
    assert document_date("a.md", f"x\n\n更新于：{day:%Y/%m/%d}\n", None) == (iso, "label")


@given(DAYS, st.integers(0, 500))
def test_a_period_holds_exactly_its_days(day: date, length: int) -> None:
    period = parse_period(day.isoformat(), (day + timedelta(length)).isoformat())
    assert period.holds(day.isoformat())
    assert not period.holds((day - timedelta(1)).isoformat())
    assert period.holds((day + timedelta(length)).isoformat())
    assert not period.holds((day + timedelta(length + 1)).isoformat())


@given(st.text(), st.text(), st.none() | st.text())
def test_any_text_gives_a_date_or_none(path: str, text: str, heading: str | None) -> None:
    found, source = document_date(path, text, heading)
    assert (found is None) == (source == "none")
    assert found is None or Period(None, None).holds(found)


# --- in a run ---------------------------------------------------------------------------------------

LOG = """\
# Reading

- 2020-12-10：[old](https://a.example/old)
- 2021-01-15：[new](https://a.example/new)
  - [newer](https://a.example/newer)

[undated](https://a.example/undated)
"""


def _links(folder: Path, *options: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "enrich", "links", *options],
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _rows(folder: Path, *options: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in _links(folder, "--format", "jsonl", *options).splitlines()]


def test_a_link_of_a_log_is_dated_and_chosen_by_its_item(tmp_path: Path) -> None:
    (tmp_path / "202101.md").write_text(LOG, encoding="utf-8")
    found = {row["text"]: (row["date"], row["date_source"]) for row in _rows(tmp_path)}
    assert found == {
        "old": ("2020-12-10", "item"),
        "new": ("2021-01-15", "item"),
        "newer": ("2021-01-15", "item"),
        "undated": ("2021-01", "filename"),
    }
    chosen = [row["text"] for row in _rows(tmp_path, "--since", "2021-01-15", "--undated", "skip")]
    assert chosen == ["new", "newer", "undated"]
    assert [row["text"] for row in _rows(tmp_path, "--until", "2020")] == ["old"]


def test_the_dates_of_documents_are_listed_with_all_sources(tmp_path: Path) -> None:
    (tmp_path / "2018-08-25.md").write_text("**2018-08-21**\n", encoding="utf-8")
    (tmp_path / "list.md").write_text("更新开始时间：2021.3.21\n\n更新时间：2022.7.10\n", encoding="utf-8")
    (tmp_path / "log.md").write_text(LOG, encoding="utf-8")
    assert _links(tmp_path, "--dates") == (
        "2018-08-25.md: 2018-08-21 first-line; also: filename 2018-08-25; these disagree\n"
        "list.md: 2022-07-10 label; also: label 2021-03-21\n"
        "log.md: none; dated items: 2\n"
    )
    rows = _rows(tmp_path, "--dates")
    assert rows[1] == {
        "document": "list.md",
        "title": None,
        "date": "2022-07-10",
        "date_source": "label",
        "others": [{"date": "2021-03-21", "source": "label", "begin": None, "updated": False}],
        "dated_items": 0,
        "conflict": False,
    }
    assert [row["conflict"] for row in rows] == [True, False, False]


def test_sources_that_disagree_are_a_finding(tmp_path: Path) -> None:
    selection = Selection.of(load("check", {}, environ={}, folder=tmp_path, use_files=False))
    dates = document_dates("2018/08/25.md", "**2018-08-21**\n", None)
    document = Document(path="2018/08/25.md", text="**2018-08-21**\n", dates=dates)
    assert [
        (one.code, one.message, one.document) for one in found_document(document, selection).findings
    ] == [
        (
            "date-conflict",
            "the sources of its date disagree: 2018-08-21 (first line), 2018-08-25 (path)",
            "2018/08/25.md",
        )
    ]
    agreeing = Document(path="2018/08/21.md", text=document.text, dates=dates[:1])
    assert found_document(agreeing, selection).findings == []
