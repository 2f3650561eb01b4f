"""What makes an entry, what belongs to it, and what stays outside."""

from __future__ import annotations

import time
from typing import Any

import pytest
from brief import indexes_of
from hypothesis import given, settings
from hypothesis import strategies as st

from enrich.extract._entry_drafts import topics
from enrich.extract._entry_labels import Role, leading_label, role_of, role_of_text
from enrich.extract.entries import entries
from enrich.extract.markdown import read
from enrich.model import Entry

WECHAT = "https://mp.weixin.qq.com/s/AAAAAAAAAAAAAAAAAAAAAA"
PAPER = "https://arxiv.org/abs/2101.00001"
OTHER_PAPER = "https://arxiv.org/abs/2101.00002"
CODE = "https://github.com/owner/name"
PAGE = "https://project.example/page"


def shown(text: str) -> list[dict[str, Any]]:
    """The entries of a text with URLs in place of indexes, without what is empty."""
    links = read(text).links

    def fields(entry: Entry) -> dict[str, Any]:
        return {
            "line": entry.line,
            "section": entry.section,
            "number": entry.number,
            "title": entry.title,
            "topics": entry.topics,
            "rating": entry.rating,
            "article": None if entry.article is None else links[entry.article].url,
            "papers": [(links[index].url, title) for index, title in entry.papers],
            "code": [links[index].url for index in entry.code],
            "others": [links[index].url for index in entry.others],
            "authors": entry.authors,
            "abstract": entry.abstract,
            "remarks": entry.remarks,
        }

    found = (fields(entry) for entry in entries(text, links))
    return [
        {name: value for name, value in entry.items() if value not in (None, [], ())} for entry in found
    ]


# --- list items ---------------------------------------------------------------------------------------


def test_a_numbered_item_gathers_its_labelled_sub_items() -> None:
    text = (
        "# Notes\n\n## :paperclip: Today\n\n"
        f"1. [A study](<{WECHAT}>)   :star::star:\n"
        "   - Abstract：What it is about\n"
        f"   - Paper: [Long Title]({PAPER})\n"
        f"   - code2：{CODE}\n"
        "   - Tips: keep `this` in mind\n"
    )
    assert shown(text) == [
        {
            "line": 5, "section": ("Today",), "number": 1, "title": "A study", "rating": 2, "article": WECHAT,
            "papers": [(PAPER, "Long Title")], "code": [CODE], "abstract": "What it is about",
            "remarks": "keep `this` in mind",
        }
    ]  # fmt: skip


def test_a_bullet_that_lost_its_indent_stays_with_its_item() -> None:
    text = f"1. [A study]({WECHAT})\n   - Abstract: a\n- Paper: [Title]({PAPER})\n   - Tips: t\n"
    (entry,) = shown(text)
    assert (entry["papers"], entry["remarks"]) == ([(PAPER, "Title")], "t")


def test_items_that_a_raw_html_block_swallows_are_entries_all_the_same() -> None:
    picture = '<div align=center><img src="https://pictures.example/1.png">\n</div>\n'
    text = f"1. [One]({WECHAT})\n\n{picture}2. [Two]({PAGE})\n   - Paper1: [Title]({PAPER})\n"
    assert [(entry["number"], entry["title"]) for entry in shown(text)] == [(1, "One"), (2, "Two")]
    assert shown(text)[1]["papers"] == [(PAPER, "Title")]


def test_an_item_is_a_paper_or_a_repository_where_the_address_says_so() -> None:
    text = f"* NAME - [Some Paper]({PAPER}) ([github]({CODE}))\n* [Tool]({CODE})\n"
    assert shown(text) == [
        {"line": 1, "title": "Some Paper", "papers": [(PAPER, "Some Paper")], "code": [CODE]},
        {"line": 2, "title": "Tool", "code": [CODE]},
    ]


def test_a_group_is_no_entry_and_its_items_are() -> None:
    text = f"- 2021-02-22\n  - [One]({WECHAT})\n  - [Two]({PAGE})\n"
    assert [(entry["line"], entry["title"]) for entry in shown(text)] == [(2, "One"), (3, "Two")]


def test_papers_below_an_article_belong_to_it() -> None:
    text = f"1. [Digest]({WECHAT})\n   - [First]({PAPER})\n   - [Second]({OTHER_PAPER})\n"
    (entry,) = shown(text)
    assert entry["papers"] == [(PAPER, "First"), (OTHER_PAPER, "Second")]


def test_a_labelled_title_begins_an_entry() -> None:
    text = (
        f"- 论文名称：First One\n\n  论文链接：{PAPER}\n\n  项目链接：{CODE}\n\n"
        f"- 论文名称：Second One\n\n  论文地址：{OTHER_PAPER}\n\n  项目地址：{PAGE}\n"
    )
    assert shown(text) == [
        {"line": 1, "title": "First One", "papers": [(PAPER, None)], "code": [CODE]},
        {"line": 7, "title": "Second One", "papers": [(OTHER_PAPER, None)], "others": [PAGE]},
    ]


# --- paragraphs ---------------------------------------------------------------------------------------


def test_a_bold_numbered_paragraph_gathers_the_labelled_lines_below_it() -> None:
    text = (
        f"# Papers\n\n# Accepted\n\n**7. Some: Title**（三维/语义分割）<br>\n论文链接：{PAPER}\t<br>\n"
        f"作者：Ann Lee, Bo Li2 and Cy Wu<br>\n代码：{CODE}<br>\n论文解读：{WECHAT}<br><br>\n"
    )
    assert shown(text) == [
        {
            "line": 5, "section": ("Accepted",), "number": 7, "title": "Some: Title", "topics": ("三维", "语义分割"),
            "article": WECHAT, "papers": [(PAPER, None)], "code": [CODE], "authors": ("Ann Lee", "Bo Li", "Cy Wu"),
        }
    ]  # fmt: skip


def test_a_numbered_paragraph_without_links_counts_among_siblings_that_have_some() -> None:
    text = f"**3. One**\n论文：{PAPER}\n\n**2. Two**（GAN）\n\n**1. Three**\n代码：{CODE}\n"
    assert [(entry["number"], entry["title"]) for entry in shown(text)] == [
        (3, "One"),
        (2, "Two"),
        (1, "Three"),
    ]


def test_numbered_paragraphs_of_prose_are_no_entries() -> None:
    text = f"**1. Why**\n\nBecause.\n\n**2. How**\n\nAs [they]({PAGE}) do it.\n"
    assert shown(text) == []


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("**63.A**", "**62.4D Graphs**", (62, "4D Graphs")),
        ("**Sound**", "**2.5D Sound**", (None, "2.5D Sound")),
    ],
)
def test_a_number_that_runs_into_its_title_is_settled_by_its_neighbour(
    first: str, second: str, expected: tuple[int | None, str]
) -> None:
    entry = shown(f"{first}\n论文：{OTHER_PAPER}\n\n{second}\n论文：{PAPER}\n")[1]
    assert (entry.get("number"), entry["title"]) == expected


def test_links_that_are_labels_belong_to_the_line_above_them() -> None:
    text = (
        f"[2] First Title<br>\n[paper]({PAPER}) | [code]({CODE})<br><br>\n\n"
        f"Second Title: no number<br>\n[paper]({OTHER_PAPER}) | [library]({CODE}/x)<br><br>\n"
    )
    assert shown(text) == [
        {"line": 1, "number": 2, "title": "First Title", "papers": [(PAPER, None)], "code": [CODE]},
        {
            "line": 4, "title": "Second Title: no number", "papers": [(OTHER_PAPER, None)],
            "code": [f"{CODE}/x"],
        },
    ]  # fmt: skip


def test_a_conference_below_a_title_is_not_the_next_title() -> None:
    text = f"**《A Title》**\n\n**ECCV 2018**\n\nAbstract：Words.\n\narXiv：{PAPER}\n\n注：good\n"
    assert shown(text) == [
        {"line": 1, "title": "A Title", "papers": [(PAPER, None)], "abstract": "Words.", "remarks": "good"}
    ]


def test_a_bold_line_with_a_list_of_labels_of_any_sort_is_an_entry() -> None:
    text = (
        f"**A Title**\n\n- intro: CVPR 2019\n- arxiv: [{PAPER}]({PAPER})\n- gtihub(Torch): [{CODE}]({CODE})\n"
        f"- day1: [{PAGE}]({PAGE})\n\n**Next**\n\n[{WECHAT}]({WECHAT})\n"
    )
    assert shown(text) == [
        {
            "line": 1, "title": "A Title", "papers": [(PAPER, None)], "code": [CODE], "others": [PAGE],
            "remarks": "CVPR 2019",
        },
        {"line": 8, "title": "Next", "article": WECHAT},
    ]  # fmt: skip


# --- headings -----------------------------------------------------------------------------------------


def test_a_heading_that_is_a_link_gathers_what_stands_below_it() -> None:
    text = (
        f"# Notes\n\n# Explained\n\n### [14.Good | title]({WECHAT})<br>\n<br>\n论文链接：论文地址：{PAPER}<br>\n"
        f"Prose (see {PAGE}) and more.\n\n论文代码：\n\n{CODE}\n\n### [13.Next]({PAGE}/next)\n"
    )
    assert shown(text) == [
        {
            "line": 5, "section": ("Explained",), "number": 14, "title": "Good | title", "article": WECHAT,
            "papers": [(PAPER, None)], "code": [CODE], "others": [PAGE],
        },
        {"line": 14, "section": ("Explained",), "number": 13, "title": "Next", "article": f"{PAGE}/next"},
    ]  # fmt: skip


def test_a_plain_heading_is_an_entry_where_labelled_links_stand_right_below_it() -> None:
    text = f"# Notes\n\n## Old photographs\n\nProse.\n\n论文地址：{PAPER}\n\n项目地址：\n\n{CODE}\n"
    assert shown(text) == [
        {"line": 3, "title": "Old photographs", "papers": [(PAPER, None)], "code": [CODE]},
    ]


def test_a_plain_heading_over_several_labelled_papers_is_their_section() -> None:
    text = f"# Notes\n\n## GAN\n\n- Paper: [One]({PAPER})\n- Code: {CODE}\n- Paper: [Two]({OTHER_PAPER})\n"
    assert shown(text) == [
        {"line": 5, "section": ("GAN",), "title": "One", "papers": [(PAPER, "One")], "code": [CODE]},
        {"line": 7, "section": ("GAN",), "title": "Two", "papers": [(OTHER_PAPER, "Two")]},
    ]


def test_a_label_alone_on_its_line_waits_for_its_link_and_the_title_of_it() -> None:
    text = f"# [Article]({WECHAT})\n\n论文链接：\n\nThe Title of It\n\n{PAPER}\n"
    assert shown(text)[0]["papers"] == [(PAPER, "The Title of It")]


def test_the_underlined_heading_is_a_heading_and_its_line_no_rule() -> None:
    text = f"[A study]({WECHAT})\n=======\n\n代码：{CODE}\n"
    assert shown(text) == [{"line": 1, "title": "A study", "article": WECHAT, "code": [CODE]}]


# --- links on lines of their own ----------------------------------------------------------------------


def test_a_link_on_a_line_of_its_own_takes_the_quoted_line_below_it() -> None:
    text = f"# Notes\n\n# Material\n\n[One]({WECHAT})\n\n> RUHAcam项目地址：{CODE}\n\n[Two]({PAGE})\n"
    assert shown(text) == [
        {"line": 5, "section": ("Material",), "title": "One", "article": WECHAT, "code": [CODE]},
        {"line": 9, "section": ("Material",), "title": "Two", "article": PAGE},
    ]


@pytest.mark.parametrize("between", ["\n", "\n\n"])
def test_the_title_of_a_bare_url_stands_on_the_next_line(between: str) -> None:
    listed = f"参考：\n\n{WECHAT}{between}First title\n\n{PAGE}{between}Second title：it has a colon\n"
    assert [(entry["title"], entry["article"]) for entry in shown(listed)] == [
        ("First title", WECHAT),
        ("Second title：it has a colon", PAGE),
    ]


@pytest.mark.parametrize("between", ["\n", "\n\n"])
def test_a_list_that_begins_with_words_and_ends_with_a_url_has_its_titles_above(between: str) -> None:
    listed = f"参考：\n\nFirst title{between}{WECHAT}\n\nSecond title{between}{PAGE}\n"
    assert [(entry["title"], entry["article"]) for entry in shown(listed)] == [
        ("First title", WECHAT),
        ("Second title", PAGE),
    ]


# --- what stays outside -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "footer",
    [
        f"- 由于权限问题，[GitHub]({CODE})是完整版\n- 关注我的[博客]({PAGE})\n",
        f"Follow me on [my page]({PAGE}).\n",
        f"## Related links\n\n- [Another list]({PAGE})\n",
        f"相关问题：\n* [What do they say?]({PAGE})\n",
        f"* 推荐阅读：\n  * [A list of surveys]({PAGE})\n",
        f"## Others\n\n- GitHub: {CODE}\n",
        "[Chinese](README.zh.md)\n\n- [Detection](#detection)\n",
        f"| [Table]({PAGE}) | 3.5 |\n| --- | --- |\n",
        f"```\n- [Code]({PAGE})\n```\n",
        f"<!--\n- [Comment]({PAGE})\n-->\n",
        f"官网链接：{PAGE}\n",
    ],
)
def test_what_is_beside_the_matter_is_no_entry(footer: str) -> None:
    text = f"# Notes\n\n{footer}"
    assert shown(text) == []


def test_the_footer_belongs_to_no_entry() -> None:
    text = (
        f"1. [A]({WECHAT})\n   - Paper: [T]({PAPER})\n\n## Others\n\n- the [full version]({CODE}) is here\n"
    )
    (entry,) = shown(text)
    assert "code" not in entry
    assert "others" not in entry


def test_prose_behind_a_list_ends_its_last_item() -> None:
    text = f"1. [A]({WECHAT})\n\nMore of this [elsewhere]({PAGE}).\n"
    assert shown(text) == [{"line": 1, "number": 1, "title": "A", "article": WECHAT}]


@pytest.mark.parametrize(
    "line",
    [f"更多论文：{PAGE}", f"其他：{PAGE}", f"欢迎关注：{PAGE}", f"See also: {PAGE}", f"相关链接：{CODE}"],
)
def test_what_says_that_there_is_more_elsewhere_ends_a_paragraph(line: str) -> None:
    text = f"**1. Some Title**<br>\n论文链接：{PAPER}<br>\n作者：Ann Lee<br><br>\n\n{line}\n"
    (entry,) = shown(text)
    assert entry == {
        "line": 1, "number": 1, "title": "Some Title", "papers": [(PAPER, None)], "authors": ("Ann Lee",)
    }  # fmt: skip


def test_pictures_are_in_no_entry() -> None:
    text = (
        f"1. [A]({WECHAT}) ![](https://pictures.example/1.png)\n   ![x](https://pictures.example/2.png)\n"
    )
    assert shown(text) == [{"line": 1, "number": 1, "title": "A", "article": WECHAT}]


# --- labels -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "role"),
    [
        ("Paper", Role.PAPER), ("paper2", Role.PAPER), ("arXiv", Role.PAPER), ("论文链接", Role.PAPER),
        ("论文地址", Role.PAPER), ("Code", Role.CODE), ("github(TensorFlow)", Role.CODE), ("开源代码", Role.CODE),
        ("论文代码", Role.CODE), ("代码连接", Role.CODE), ("论文解读", Role.ARTICLE), ("项目地址", Role.PROJECT),
        ("RUHAcam项目地址", Role.PROJECT), ("Project Page", Role.PROJECT), ("数据集", Role.OTHER), ("作者", Role.AUTHORS),
        ("Author", Role.AUTHORS), ("Abstract", Role.ABSTRACT), ("摘要", Role.ABSTRACT), ("Tips", Role.REMARKS),
        ("注", Role.REMARKS), ("论文名称", Role.TITLE), ("keywords", Role.TOPICS), ("链接", Role.ANY),
        ("时间", None), ("论文接收公布时间", None), ("GtiHub", None), ("CVPR21", None), ("", None),
    ],
)  # fmt: skip
def test_a_label_means_what_its_words_say(label: str, role: Role | None) -> None:
    assert role_of(label) is role


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("paper", True), ("[code]", True), ("official code", True), ("论文下载", True), ("github", True),
        ("Code Generation with Transformers", False), ("CVPR2020全部论文下载（共1467篇）", False), ("https://a.b", False),
        ("Tips", False), (None, False),
    ],
)  # fmt: skip
def test_a_link_is_a_label_only_where_its_text_says_nothing_else(text: str | None, is_one: bool) -> None:
    assert (role_of_text(text) is not None) is is_one


@pytest.mark.parametrize(
    ("body", "role", "rest"),
    [
        ("Paper: x", Role.PAPER, "x"),
        ("**论文链接**：x", Role.PAPER, "x"),
        ("项目链接：**x", Role.PROJECT, "x"),
        ("论文链接：论文代码：x", Role.CODE, "x"),
        ("> Code ： x", Role.CODE, "x"),
    ],
)
def test_a_label_is_read_whatever_marks_and_colons_stand_around_it(
    body: str, role: Role, rest: str
) -> None:
    label = leading_label(body)
    assert label is not None
    assert (label.role, label.rest) == (role, rest)


def test_an_address_is_no_label() -> None:
    assert leading_label("https://a.example/x") is None


# --- titles -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "title"),
    [
        ("**《Matching with Smoothed**", "**Densities》**", "Matching with Smoothed Densities"),
        ("**《Matching with Smoothed** ", "**Densities》**（三维）", "Matching with Smoothed Densities"),
        ("**12. A Long Way to**", "**the End of a Title**", "A Long Way to the End of a Title"),
        ("**One Loss for All –**", "**and None for One**", "One Loss for All – and None for One"),
    ],
)
def test_a_title_over_two_bold_lines_is_one(first: str, second: str, title: str) -> None:
    found = shown(f"# Part\n\n{first}\n{second}\n\narXiv：{PAPER}\n")
    assert [(entry["line"], entry["title"], entry["papers"]) for entry in found] == [
        (3, title, [(PAPER, None)])
    ]


@pytest.mark.parametrize(
    "text",
    [
        f"**《One Paper》**\n{PAPER}\n**《Another》**\n{OTHER_PAPER}\n",
        f"**1. A Way to**\n{PAPER}\n**the End**\n{OTHER_PAPER}\n",
        f"**《One Paper**\n{PAPER}\n\n**Another》**\n{OTHER_PAPER}\n",
        f"**《One Paper**\n**2. Another》**\n{PAPER}\n\n**《Third》**\n{OTHER_PAPER}\n",
    ],
)
def test_a_title_does_not_swallow_the_next_one(text: str) -> None:
    assert len(shown(text)) == 2


def test_an_address_in_brackets_is_no_part_of_a_title() -> None:
    text = f"[4] Image-to-Image Models({PAPER})<br>\n[paper]({PAPER}) | [code]({CODE})<br><br>\n"
    assert [entry["title"] for entry in shown(text)] == ["Image-to-Image Models"]


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("（三维/语义分割）", ("三维", "语义分割")),
        ("Feature Mask Network (FMN)", ("Feature Mask Network (FMN)",)),
        ("(Feature Mask Network (FMN), Masks (M))", ("Feature Mask Network (FMN)", "Masks (M)")),
        ("（三维 (3D)）", ("三维 (3D)",)),
        ("(3D)（三维）", ("(3D)（三维）",)),
        ("（三维", ("三维",)),
        ("三维）", ("三维",)),
        ("【三维】", ("三维",)),
        ("（三维)", ("三维",)),
        ("**[三维]**", ("三维",)),
        (")三维(", ("三维",)),
        ("（CVPR 2020）", ()),
        ("（）", ()),
        ("(", ()),
    ],
)
def test_a_topic_keeps_the_brackets_that_pair(tag: str, expected: tuple[str, ...]) -> None:
    assert topics(tag) == expected


# --- laws ---------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        "- ", "1. ", "2. ", "  ", "\n", "\n\n", "# ", "## ", "> ", "**", "《", "》", "Paper: ", "代码：", "论文链接：",
        "作者：", "word", "字", "。", ":star:", "|", "```\n", "---\n", "===\n", "\t", "\\", "`", "[", "]", "(", ")",
        "\ufffc", "\u200b", "<!--", "-->", "[1] ", "3.4D ", "\r\n", "<br>", "<div>", "</div>", PAPER, CODE, PAGE,
        f"[A title]({WECHAT})", f"[paper]({PAPER})", f"[B]({CODE})", f"<{PAGE}>", "[x]: https://d.example\n", "[x]",
        "![i](https://p.example/i.png)", f"[![b](https://p.example/b.svg)]({CODE})", f'<a href="{PAGE}">y</a>',
    ]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=200))
def test_no_link_is_in_two_entries_or_roles_and_entries_ascend(text: str) -> None:
    links = read(text).links
    found = entries(text, links)
    used = [index for entry in found for index in indexes_of(entry)]
    lines = [entry.line for entry in found]
    assert len(used) == len(set(used))
    assert all(0 <= index < len(links) and not links[index].image for index in used)
    assert lines == sorted(set(lines))


HOSTILE = {
    "brackets": "[" * 100_000 + f"]({PAGE})",
    "one line of links": f"- [a]({PAGE}) " * 5_000,
    "links below one heading": f"# [a]({WECHAT})\n" + f"x {PAGE}\n- [b]({CODE})\n" * 3_000,
    "ever deeper items": "".join(f"{' ' * depth}- [a]({PAGE})\n" for depth in range(550)),
    "labels": f"# a\n{PAGE}\n" + "Paper: " * 28_000,
    "labelled papers": "# a\n" + f"- Paper: [b]({PAPER})\n" * 4_000,
    "open emphasis": f"{PAGE}\n" + "**a\n" * 50_000,
    "open tags": f"{PAGE} " + "<a" * 100_000,
    "line breaks": f"- [a]({PAGE})" + "<br>b" * 40_000,
    "parentheses": f"- {'(' * 100_000} [a]({PAGE})",
    "pairs": f"{PAGE}\n\nwords\n\n" * 5_000,
    "numbers": f"{PAGE}\n" + "**1.2a**\n" * 20_000,
    "anchors": f'<a href="{PAGE}">a ' * 4_000,
    "relative anchors": "<a href=u>" * 20_000,
    "marks": f"{PAGE}\n" + ('"' * 90 + ":" + '"' * 2_000 + "\n") * 90,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_of_200_kilobytes_takes_a_few_seconds_at_most(name: str) -> None:
    links = read(HOSTILE[name]).links
    started = time.process_time()
    entries(HOSTILE[name], links)
    assert time.process_time() - started < 5
