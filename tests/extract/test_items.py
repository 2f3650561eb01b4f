"""The dates of items in a log, and what is no log."""

from __future__ import annotations

import re
import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requirements import shared

from enrich.extract import extract
from enrich.extract.items import dated, item_dates
from enrich.model import Element, Link

TWO = "\n- 2020-01-01: x\n- 2020-01-02: y\n"
"""Two items that make a log of any document, so that a test shows what it says about the rest."""


def _dates(text: str) -> list[str | None]:
    """The date of each line, innermost first."""
    links = [
        Link(url="https://x.example", line=number, column=1, element=Element.BARE)
        for number, _line in enumerate(text.splitlines(), 1)
    ]
    return [link.date for link in dated(links, text)]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("- 2020-12-10：[an article](https://x.example)", "2020-12-10"),
        ("- 2020-12-10: [an article](https://x.example)", "2020-12-10"),
        (r"- \[2021/10/13\] [an article](https://x.example)", "2021-10-13"),
        ("* [2021/10/13] words", "2021-10-13"),
        ("+ **2021.3.4** words", "2021-03-04"),
        ("1. （2021年3月4日）[an article](https://x.example)", "2021-03-04"),
        ("12) `20210304` words", "2021-03-04"),
        ("- [x] 2018-12-17", "2018-12-17"),
        ("- 2021-02-22", "2021-02-22"),
        ("- 2021-02", "2021-02"),
        ("- 2021年3月 [an article](https://x.example)", "2021-03"),
        ("- 2021年3月：[an article](https://x.example)", "2021-03"),
        ("1. **2021 年 3 月**《a book》", "2021-03"),
        ("- 2021-03-04 前端 [an article](https://x.example)", "2021-03-04"),
        ("- 2021-03-04 后端：words", "2021-03-04"),
        ("- 2018-12-17~12-21：words", "2018-12-21"),
        ("- [2018-12-31](2018/12/31.md): words", "2018-12-31"),
        ("- 2021-03-04 | words", "2021-03-04"),
        ("- 2021-03-04，[an article](https://x.example)", "2021-03-04"),
        ("- 2021-03-04, https://x.example", "2021-03-04"),
        ("- [2021.03] [an article](https://x.example)", "2021-03"),
        ("- **（2021-3）** words", "2021-03"),
        ("2019-11-23: [an article](https://x.example)", "2019-11-23"),
        ("2019-11-23 https://x.example", "2019-11-23"),
        ("> 2019-11-23: [quoted](https://x.example)", "2019-11-23"),
        ("[2018-12-24~12-28](2018/12/24-28.md): words", "2018-12-28"),
        ("**2019.11.23**：[an article](https://x.example)", "2019-11-23"),
        ("#### 20210331", "2021-03-31"),
        ("####20210331", "2021-03-31"),
        ("## 2021-03-31 words", "2021-03-31"),
        ("## 📅 2021/3/31 ##", "2021-03-31"),
        ("### [2021-03-31]", "2021-03-31"),
        ("### March 31, 2021", "2021-03-31"),
        ("## March 31st, 2021", "2021-03-31"),
        ("## March 2021", "2021-03"),
        ("## Wed, 31 Mar 2021", "2021-03-31"),
        ("## [1.2.0] - March 4, 2021", "2021-03-04"),
        ("- Dec 10, 2020: [an article](https://x.example)", "2020-12-10"),
        ("- Dec. 10, 2020 [an article](https://x.example)", "2020-12-10"),
        ("- 10 Dec 2020", "2020-12-10"),
        ("* **10-Dec-2020** words", "2020-12-10"),
        ("1. 2nd of September, 2020 - words", "2020-09-02"),
        ("- [ ] Sept 2 2020 | words", "2020-09-02"),
        ("- (Thursday, DECEMBER 10th, 2020) words", "2020-12-10"),
        ("- 周四 2020-12-10 words", "2020-12-10"),
        ("May 3rd, 2021: [an article](https://x.example)", "2021-05-03"),
        ("## 2021年3月", "2021-03"),
        ("## 202103", "2021-03"),
        ("## [1.2.0] - 2021-03-04", "2021-03-04"),
        ("## v1.2.0 (2021-03-04)", "2021-03-04"),
        ("## [1.2](https://x.example) / 2021-03-04", "2021-03-04"),
    ],
)
def test_the_first_line_of_an_item_dates_it(line: str, found: str) -> None:
    assert (1, found) in {(first, date) for first, _last, date in item_dates(line + "\n" + TWO)}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("# 学习笔记（2021.4.25）", "# 学习笔记（2021.4.26）"),
        ("## 第10周（2021.4.19-4.25）", "## 第11周（2021.4.20~4.26）"),
        ("## 第十周 [2021/4/25] ##", "## 第十一周 [2021/4/26] ##"),
        ("### Reading (20210425)", "### Reading (2021年4月26日)"),
    ],
)
def test_days_at_the_end_of_headings_that_are_alike_date_what_is_below(first: str, second: str) -> None:
    text = f"{first}\nx\n#### Part\nx\n{second}\nx\n"
    assert _dates(text) == ["2021-04-25"] * 4 + ["2021-04-26"] * 2


@pytest.mark.parametrize(
    "text",
    [
        "## CVPR 2021（2021.6.19-6.25）\nx\n## CVPR 2022（2022.6.19-6.24）\nx\n",
        "## Seattle（2021.6.19）\nx\n## Paris（2021.10.2）\nx\n",
        "## Reading（2021.4.25）\nx\n## Reading\nx\n",
    ],
)
def test_days_in_headings_that_are_not_alike_or_name_a_year_date_nothing(text: str) -> None:
    assert item_dates(text) == []


@pytest.mark.parametrize(
    "line",
    [
        "- 2021 NTIRE",
        "- Dec 2020 words",
        "- December 2020: words",
        "- Dec 10: words of 2020",
        "- Dec 32, 2020: words",
        "- Dec 10, 20201 words",
        "- Dec 10, 2020, someone published something",
        "- Dec 10, 2020 - Dec 12, 2020 in Seattle",
        "- 10 Dec 2020 to 12 Dec 2020: words",
        "- Dec 10-12, 2020: words",
        "- on Dec 10, 2020: words",
        "- Marching 10, 2020 words",
        "- may 2020 be over",
        "Dec 10, 2020 was the day on which it began",
        "## CVPR, June 14, 2020",
        "- 2020-2021年 overview",
        "- 2021年3月4日，someone published something",
        "- 2021年3月，someone published something",
        "- 2021年3月-5月 words",
        "- 2021年13月 words",
        "- 2022-01-01 之前的文章",
        "- 2022-01-01之前的文章",
        "- 2022-01-01 以前 words",
        "- 2022-01-01 之后：words",
        "- 2022-01-01 前",
        "- 2022-01-01 后的文章",
        "- 2022年1月 以来 words",
        "## 2022-01-01 之前",
        "- 2020年6月14日-6月19日 in Seattle",
        "- on 2021-03-04",
        "- 2021-03-04/05 words",
        "- 2021-02-30 words",
        "- 2105.02431 words",
        "- 12345678",
        "- 1. 2021",
        "2019.8.13：someone about operating systems",
        "2019-11-23 was the day on which it began",
        "## CVPR 2021 (2021.6.19-6.25)",
        "## CVPR2020",
        "## 331",
        "# 2021-03-31",
        "    ",
        "| 2021/08/11 | no table |",
    ],
)
def test_what_only_looks_like_a_dated_item_is_none(line: str) -> None:
    assert [date for _first, _last, date in item_dates(line + "\n" + TWO)] == ["2020-01-01", "2020-01-02"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- 2020-12-10：[the only dated item](https://x.example)\n- another\n",
        "2019-11-23: [the only dated line](https://x.example)\n\nProse.\n",
        "# 2021-03-31 the title\n\n[x](https://x.example)\n",
        "# Notes（2022.5.10）\n\n## Part\n",
        "**2018-05-16**\n\nThe date of the document.\n",
        "| paper | date |\n|---|---|\n| the only row | 2021-08-11 |\n",
        "---\ndate: 2021-03-04\n---\n\n- x\n",
        "```\n- 2021-03-04\n- 2021-03-05\n```\n",
        "~~~\n## 2021-03-04\n```\n## 2021-03-05\n",
    ],
)
def test_one_date_makes_no_log(text: str) -> None:
    assert item_dates(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "- Dec 10, 2020: [a](b)\n- Dec 9, 2020: [a](b)\n",
        "## March 31st, 2021\n\n[a](b)\n\n## March 30th, 2021\n",
        "- Thu, 10 Dec 2020 [a](b)\n- Wed, 9 Dec 2020 [a](b)\n",
        "| CVPR 2020 | Dec 10, 2020 |\n|--|--|\n| CVPR 2020 | Dec 9, 2020 |\n| x | 8 Dec 2020 |\n",
        "## March 2021\n\n- a\n\n## April 2021\n\n- b\n",
        "[[March 4th, 2021]]\n\n- a\n\n[[March 5th, 2021]]\n\n- b\n",
        "- [[March 4th, 2021]]\n    - a\n- [[March 5th, 2021]]\n    - b\n",
    ],
)
def test_days_in_english_alone_make_a_log(text: str) -> None:
    assert len(item_dates(text)) == 2


@pytest.mark.parametrize("text", ["## 2021-03-31\n\n- x\n", "Words.\n\n- 2021-02-22\n  - x\n"])
def test_a_heading_or_item_that_is_nothing_but_a_day_needs_no_second(text: str) -> None:
    assert len(item_dates(text)) == 1


def test_an_item_reaches_to_the_next_one_or_to_where_its_indent_ends() -> None:
    text = """\
- 2021-02-22
  - a
    continued

  a paragraph of the item
- 2021-02-21: b
lazily continued
- c

after the list
"""
    first, second = "2021-02-22", "2021-02-21"
    assert _dates(text) == [first, first, first, first, first, second, second, None, None, None]


def test_a_section_reaches_to_the_next_heading_of_its_level_or_above() -> None:
    text = "## 2021-03-31\na\n### more\nb\n## 2021-03-30\nc\n# End\nd\n"
    assert _dates(text) == [*["2021-03-31"] * 4, *["2021-03-30"] * 2, None, None]


def test_the_innermost_date_counts() -> None:
    text = "## 2021-03\n- a\n- 2021-03-04：b\n  - c\n- d\n"
    assert _dates(text) == ["2021-03", "2021-03", "2021-03-04", "2021-03-04", "2021-03"]


def test_underlined_days_and_days_alone_on_a_line_are_headings() -> None:
    underlined = "2021-03-31\n----------\na\n\n2021-03-30\n----------\nb\n"
    assert _dates(underlined) == [*["2021-03-31"] * 4, *["2021-03-30"] * 3]
    marked = "**2021.3.31**\n\na\n\n**2021.3.30**\n\nb\n\n## Other\nc\n"
    assert _dates(marked) == [*["2021-03-31"] * 4, *["2021-03-30"] * 4, None, None]


def test_several_dated_titles_make_a_log() -> None:
    assert _dates("# 2021-03-31\na\n# 2021-03-30\nb\n") == [*["2021-03-31"] * 2, *["2021-03-30"] * 2]


def test_a_row_of_a_table_is_dated_by_its_date_column() -> None:
    text = """\
| title | 2020-01-01 |
|:--|--:|
| [a](https://x.example/a) | 2021/08/11 |
| [b 2021-01-01](https://x.example/b) | `2021.8.12` |
| [c](https://x.example/c) | 20210813 or so |

| 2021-08-14 |
"""
    assert _dates(text) == [None, None, "2021-08-11", "2021-08-12", None, None, None]


def test_a_reference_is_dated_where_it_is_used() -> None:
    text = "- 2021-02-22: [a][1]\n- 2021-02-21: b\n\n[1]: https://x.example\n"
    link = Link(url="https://x.example", line=4, column=6, element=Element.REFERENCE, used_at=(1, 15))
    assert [one.date for one in dated([link], text)] == ["2021-02-22"]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_the_places_of_links_count_them(ending: str) -> None:
    text = (
        "---\na: b\n---\n\n- 2021-02-22\n  - https://a.example/x\n- 2021-02-21\n  - https://b.example/x\n"
    )
    found = dated(extract(text.replace("\n", ending)), text.replace("\n", ending))
    assert [(link.line, link.date) for link in found] == [(6, "2021-02-22"), (8, "2021-02-21")]


def test_links_of_other_documents_stay_as_they_are() -> None:
    links = extract("# Notes\n\n[a](https://x.example)\n")
    assert dated(links, "# Notes\n\n[a](https://x.example)\n") == links


@given(st.lists(st.dates(date(2000, 1, 1), date(2099, 12, 31)), min_size=2, max_size=8))
def test_every_item_of_a_log_has_its_own_day(days: list[date]) -> None:
    items = "".join(f"- {day}: [x](https://x.example/{n})\n" for n, day in enumerate(days))
    sections = "".join(f"#### {day:%Y%m%d}\n[x](https://x.example/{n})\n" for n, day in enumerate(days))
    for text in (items, sections):
        assert [link.date for link in dated(extract(text), text)] == [day.isoformat() for day in days]


@given(st.text(alphabet="-*#|>` \t\n\r.:2015/[]()年月日ab"))
def test_stretches_of_any_text_lie_within_it_and_nest(text: str) -> None:
    lines = len(re.split(r"\r\n?|\n", text))
    open_until = [lines]
    for first, last, _date in item_dates(text):
        assert 1 <= first <= last <= lines
        while first > open_until[-1]:
            open_until.pop()
        assert last <= open_until[-1]
        open_until.append(last)


@pytest.mark.parametrize(
    "text",
    [
        "- 2020-01-01 x\n" * 20_000,
        "".join("  " * depth + "- 2020-01-01\n" for depth in range(600)),
        "## 2020-01-01 " + "# " * 200_000 + "x",
        "|a|\n|-|\n" + "| 2020 " * 50_000,
        "- " * 200_000 + "2020-1",
        "2020-1-1" + " " * 200_000 + "x\n- 2020",
        "- 2020-01-01\n" + " " * 200_000 + "x",
        "2020-1-1-" * 50_000,
        "CVPR 2020 " * 40_000,
        "Dec 10, 2020 " * 30_000,
        "- Dec 10, 2020: x\n" * 20_000,
        "may " * 100_000 + "2020",
        "2020-1\r" * 40_000,
        "```\n- 2020-01-01\n" * 10_000,
        "## 2020-01-01<a" + "<a" * 100_000,
    ],
)
def test_hostile_texts_take_time_in_proportion_to_their_length(text: str) -> None:
    begun = time.process_time()
    item_dates(text)
    assert time.process_time() - begun < 5


# --- real logs --------------------------------------------------------------------------------------

REAL_LOGS = {
    "amusi__daily-paper-computer-vision/2018-Paper.md": 35,
    "amusi__daily-paper-computer-vision/2019-Paper.md": 5,
    "amusi__daily-paper-computer-vision/2020-Paper.md": 9,
    "amusi__daily-paper-computer-vision/2021-Paper.md": 45,
    "amusi__daily-paper-computer-vision/2023-Paper.md": 6,
    "encounter1997__Arxiv-Daily/202103.md": 17,
    "encounter1997__Arxiv-Daily/202104.md": 13,
    "encounter1997__Arxiv-Daily/202106.md": 5,
    "encounter1997__Arxiv-Daily/README.md": 2,
}


def test_the_items_of_real_logs_are_those_that_a_reader_counts() -> None:
    corpus = shared() / "corpus"
    found = {name: len(item_dates((corpus / name).read_bytes().decode())) for name in REAL_LOGS}
    assert found == REAL_LOGS


def test_other_notes_are_no_logs() -> None:
    corpus = shared() / "corpus"
    # Five daily notes begin with a list of the days that they cover.
    covered = re.compile(r"amusi__daily-paper-computer-vision/201[89]/[\d/-]+\.md|SOURCES\.md")
    logs = {
        name
        for file in corpus.rglob("*.m*")
        if item_dates(file.read_bytes().decode())
        and not covered.fullmatch(name := file.relative_to(corpus).as_posix())
    }
    assert logs == set(REAL_LOGS)


def test_nearly_all_links_of_real_logs_have_the_date_of_their_item() -> None:
    corpus = shared() / "corpus"
    for name in ("202103.md", "202104.md", "202106.md"):
        text = (corpus / "encounter1997__Arxiv-Daily" / name).read_bytes().decode()
        links = dated(extract(text), text)
        undated = [link for link in links if link.date is None]
        assert len(undated) <= 2 < 50 < len(links), name
        assert all(link.date is None or link.date.startswith("2021-") for link in links)
