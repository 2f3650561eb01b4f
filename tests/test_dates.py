"""Dates of documents, and periods."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requirements import shared

from enrich.dates import Period, document_date, parse_period
from enrich.errors import UsageError
from enrich.extract.markdown import title


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("2022-05-10.md", "2022-05-10"),
        ("daily-2022-05-10.md", "2022-05-10"),
        ("2018-8-26-deep_learning.markdown", "2018-08-26"),
        ("20210429.md", "2021-04-29"),
        ("2021年5月10日.md", "2021-05-10"),
        ("202103.md", "2021-03"),
        ("notes-2021-05.md", "2021-05"),
        ("2021-05-summary.md", "2021-05"),
        ("2018-11-05~09.md", "2018-11-09"),
        ("2018-11-05-09.md", "2018-11-09"),
        ("2018-11-05-10-tips.md", "2018-11-05"),
        ("2018-12-28_2019-01-04.md", "2019-01-04"),
        ("2021/07/2022-05-10.md", "2022-05-10"),
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
        ("速递（2018.11.5-9）", "2018-11-09"),
        ("2022-05-10 - 12 new papers", "2022-05-10"),
        ("2018-05-16 10:00", "2018-05-16"),
        ("读书（2021.5）", "2021-05"),
        ("2021年5月读书", "2021-05"),
        ("2022.13.45 and 2022.1.2", "2022-01-02"),
    ],
)
def test_a_title_gives_the_date(heading: str, found: str) -> None:
    assert document_date("a.md", "", heading) == (found, "title")


@pytest.mark.parametrize(
    "value",
    ["2022-05-10", "2022-5-10 08:00:00 +0800", '"2022/5/10"', "2022-05-10T08:00:00Z # draft", "20220510"],
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
        ("README.md", None),
    ],
)
def test_what_only_looks_like_a_date_gives_none(path: str, heading: str | None) -> None:
    text = "Seattle, 2020年6月14日-6月19日\n\n2021-05-10 in running text\n"
    assert document_date(path, text, heading) == (None, "none")


def test_the_sources_are_asked_in_order() -> None:
    path, text, heading = "2019/04/2020-03-03.md", "---\ndate: 2021-02-02\n---\n", "（2022.1.1）"
    assert document_date(path, text, heading) == ("2022-01-01", "title")
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


def test_documents_whose_sources_are_unusual_have_the_date_that_a_reader_found() -> None:
    folder = shared()
    rows = json.loads((folder / "gold" / "documents.json").read_text("utf-8"))["examples_from_the_corpus"]
    for row in rows:
        text = (folder / "corpus" / row["file"]).read_bytes().decode()
        expected = row.get("front_matter_date", row.get("path_date"))
        if expected is not None:
            expected = expected.rpartition("/")[2]
            # A year alone, as the reader noted for one file, is never a date.
            expected = None if len(expected) == 4 else expected
        assert document_date(row["file"], text, title(text))[0] == expected, row["file"]


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
