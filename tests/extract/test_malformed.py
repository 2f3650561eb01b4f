"""Addresses with a misspelt scheme, and Markdown that makes no link of what was meant as one."""

from __future__ import annotations

import json

import pytest
from requirements import shared

from enrich.extract import extract
from enrich.extract.malformed import intended
from enrich.extract.markdown import read

A = "https://a.example/b"

Seen = tuple[str, int, int, str | None]


def remarks(text: str) -> list[Seen]:
    return [(one.code, one.line, one.column, one.suggestion) for one in read(text).remarks]


MISSPELT = [
    ("https//a.example/b", A),
    ("http//a.example/b", "http://a.example/b"),
    ("htttp://a.example/b", "http://a.example/b"),
    ("htttps://a.example/b", A),
    ("hhttps://a.example/b", A),
    ("ttps://a.example/b", A),
    ("ttp://a.example/b", "http://a.example/b"),
    ("htps://a.example/b", A),
    ("httpss://a.example/b", A),
    ("http：//a.example/b", "http://a.example/b"),
    ("https：//a.example/b", A),
    ("https;//a.example/b", A),
    ("https:/a.example/b", A),
    ("https:://a.example/b", A),
    ("Https//a.example/b", A),
    ("http://http://a.example/b", "http://a.example/b"),
    ("https://https://a.example/b", A),
    ("http://https://a.example/b", A),
    ("https://https//a.example/b", A),
]


@pytest.mark.parametrize(("written", "meant"), MISSPELT)
def test_a_misspelt_scheme_is_remarked_with_the_address_that_was_meant(written: str, meant: str) -> None:
    assert intended(written) == meant
    assert remarks(f"见 {written}。") == [("malformed-url", 1, 3, meant)]
    assert remarks(f"见 [x]({written})") == [("malformed-url", 1, 7, meant)]
    assert remarks(f"<a href='{written}'>x</a>") == [("malformed-url", 1, 10, meant)]


@pytest.mark.parametrize(
    ("text", "column"),
    [
        (f"[x](({A}))", 5),
        (f'[x]("{A}")', 5),
        (f"[x](“{A}”)", 5),
        (f"[x]([{A}]({A}))", 5),
        (f"[x]:({A})", 5),
        (f"<a href=“{A}”>x</a>", 9),
        (f"[x](\u200b{A})", 5),
        (f"[x]({A}\u3000)", 5),
        (f"[x](\u00a0{A}\ufeff)", 5),
        (f"<a href='{A}\u200b'>x</a>", 10),
    ],
)
def test_an_address_with_marks_or_what_nobody_sees_around_it_is_told_as_it_was_meant(
    text: str, column: int
) -> None:
    assert remarks(text) == [("malformed-url", 1, column, A)]


@pytest.mark.parametrize(
    "text",
    [
        A,
        f"(https)/{A}",
        "(x)",
        "HTTP://a.example",
        "ftp://a.example/b",
        "git://a.example/b.git",
        "https://a.example//b",
        "https://a.example/https//c.example/d",
        "https://a.example/?u=http://c.example",
        "https://tp.example/b",
        "//a.example/b",
        "tcp://127.0.0.1:80",
        "sftp://a.example",
        "smtp://a.example",
        "path/http//a.example",
        "http//x",
        "http://",
        "http:// a.example",
    ],
)
def test_a_scheme_that_is_spelt_as_it_should_be_is_not_remarked(text: str) -> None:
    assert intended(text) is None
    assert remarks(f"{text} [x](<{text}>)") == []


def test_a_misspelt_address_in_code_is_left_alone() -> None:
    assert (
        remarks("`https//a.example/b` and\n\n```\nhttps//a.example/b\nhttp://http://a.example\n```\n") == []
    )


def test_a_doubled_scheme_is_a_link_as_it_stands_and_a_misspelt_one_in_prose_is_none() -> None:
    assert [link.url for link in extract("http://http://a.example/b")] == ["http://http://a.example/b"]
    assert (
        extract("https//a.example/b htttp://a.example ttps://a.example http：//a.example", relative=True)
        == []
    )
    assert [link.url for link in extract("[x](https//a.example/b)", relative=True)] == [
        "https//a.example/b"
    ]


@pytest.mark.parametrize(
    ("text", "column", "suggestion"),
    [
        ("[x](https://a.example/(c)", 5, None),
        ("[x](https://a.example/b）后面", 5, None),
        ("[x]（https://a.example/b）", 5, None),
        ("[x](<https://a.example/b)", 6, None),
        ("[x](https://a.example/b", 5, None),
        ('[x](https://a.example/b "title)', 5, None),
        ("[x](https://a.example/ b/c)", 5, "https://a.example/b/c"),
        ("[x](https://a. example/b)", 5, A),
        ("[x](https:// a.example/b)", 5, A),
        ("![x]( https: //a.example/b )", 7, None),
        ("[x](https://a.example/b_ c)", 5, "https://a.example/b_c"),
        ("[x](https://a.example/b title)", 5, None),
        ("[x](https://a.example/b 标题)", 5, None),
        ("[x](https://a.example/b/ “标题”)", 5, None),
        ("![x](https://a.example/b.png =600x400)", 6, None),
        ("![x](https://a.example/b.png =600x)", 6, None),
        ("| [x](https://a.example/b | y |", 7, None),
    ],
)
def test_markdown_that_fails_to_make_a_link_is_remarked(
    text: str, column: int, suggestion: str | None
) -> None:
    assert remarks(text) == [("unbalanced-markdown", 1, column, suggestion)]


@pytest.mark.parametrize(
    "text",
    [
        f"[x]({A})",
        f"[x]({A}/(c))",
        f"[x]({A})）",
        f"（[x]({A})）",
        f"x（{A}）",
        f"({A})",
        f"[{A}]",
        f"[1] {A}",
        f"[x] ({A})",
        rf"\[x\]({A})",
        f"`[x]({A}/(c`",
        f"[x]: {A}",
    ],
)
def test_markdown_that_is_as_it_should_be_is_not_remarked(text: str) -> None:
    assert remarks(text) == []


@pytest.mark.parametrize(
    ("text", "places"),
    [
        (f"<div>\n</div>\n2. [a]({A})\n", [(3, 8)]),
        (f"<br>\n![a]({A}) [b](page.md)\n\n[c]({A})\n", [(2, 6), (2, 31)]),
        (f"<table><tr><td>\n<{A}>\n</td></tr></table>\n", [(2, 2)]),
        (f"<div>\n[a][r]\n</div>\n\n[r]: {A}\n", [(2, 1)]),
    ],
)
def test_markdown_inside_raw_html_is_remarked_where_it_stands(
    text: str, places: list[tuple[int, int]]
) -> None:
    assert remarks(text) == [("not-rendered", line, column, None) for line, column in places]


@pytest.mark.parametrize(
    "text",
    [
        f"<div>\n</div>\n\n2. [a]({A})\n",
        f"<div>\n<a href='{A}'>a</a>\n</div>\n",
        f"<div>\n{A}\n</div>\n",
        f"text <b>[a]({A})</b>\n",
        f"<div markdown='1'>\n[a]({A})\n</div>\n",
        f"<!--\n[a]({A})\n-->\n",
    ],
)
def test_markdown_that_is_rendered_or_meant_to_be_hidden_is_not_remarked(text: str) -> None:
    assert remarks(text) == []


@pytest.mark.parametrize(
    ("text", "intended"),
    [
        ("see https://github. com/o/r, and", "https://github.com/o/r"),
        ("代码：https://github .com/o/r。后面", "https://github.com/o/r"),
        ("http://arxiv. org/abs/2101.00001", "http://arxiv.org/abs/2101.00001"),
        ("https://mp.weixin. qq. com/s/AbC_-d)", "https://mp.weixin.qq.com/s/AbC_-d"),
        ("https://www. GitHub.com/o/r", "https://www.GitHub.com/o/r"),
    ],
)
def test_a_well_known_host_that_a_space_cuts_is_remarked(text: str, intended: str) -> None:
    assert remarks(text) == [("malformed-url", 1, text.index("http") + 1, intended)]


@pytest.mark.parametrize(
    "text",
    [
        "It is on https://example. Com/a is another",
        "It is on https://github. com/o/r".replace("https://", ""),
        "Look at https://github. Com is a domain",
        "https://github.com/o/r. com/a",
        "https://github.com and arxiv. org/abs",
        "https://github.com /o/r",
        "https://github.\ncom/o/r",
        "`https://github. com/o/r`",
    ],
)
def test_a_sentence_that_ends_behind_an_address_is_left_alone(text: str) -> None:
    assert remarks(text) == []


def test_ten_links_of_a_seed_are_not_rendered() -> None:
    text = (shared() / "corpus" / "seeds" / "daily-2021-04-25.md").read_text("utf-8")
    lines = (shared() / "gold" / "daily-2021-04-25.jsonl").read_text("utf-8").splitlines()
    swallowed = [
        entry
        for entry in map(json.loads, lines)
        if entry.get("context") == "html_block" and entry["syntax"] == "inline"
    ]
    assert [(code, line, column) for code, line, column, _ in remarks(text)] == [
        ("not-rendered", entry["line"], entry["col"]) for entry in swallowed
    ]
    assert len(swallowed) == 10
