"""Links in HTML pages."""

from __future__ import annotations

import re

import pytest
from brief import Brief, brief_of
from hypothesis import given
from hypothesis import strategies as st

from enrich.extract.pages import prose, read, title

A, B = "https://a.example/b", "https://c.example/d"


def brief(text: str) -> list[Brief]:
    return brief_of(read(text).links)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f'<a href="{A}">a <b>b</b></a>', [("html", A, "a b")]),
        (f"<A HREF={A}>a</A>", [("html", A, "a")]),
        (f"<a\n  class='x'\n  href=' {A}\n'>a</a>", [("html", A, "a")]),
        ("<a href='https://a.example/?x=1&amp;y=2'>a</a>", [("html", "https://a.example/?x=1&y=2", "a")]),
        ("<a href='https://a.example/\n  b'>a</a>", [("html", "https://a.example/  b", "a")]),
        (f"<a href='{A}'><img src='{B}' alt='x'></a>", [("html", A, None), ("image html", B, "x")]),
        (f"<a href='{A}'>{A}</a>", [("html", A, A)]),
        (f"<area href='{A}'><iframe src='{B}'></iframe>", [("html", A, None), ("html", B, None)]),
        (f"<video src='{A}'><source src='{B}'></video>", [("html", A, None), ("image html", B, None)]),
        ("<a href='x/y.html#z'>a</a> <img src=p.png>", [("html", "x/y.html#z", "a"), ("image html", "p.png", None)]),
        (f"<p>see {A}, and</p>", [("bare", A, None)]),
        (f"<p>见{A}。</p>", [("bare", A, None)]),
        (f"<pre>{A}</pre><code>{B}</code> {A}", [("code", A, None), ("code", B, None), ("bare", A, None)]),
        (f"<pre><code>{A}</code> {B}</pre>", [("code", A, None), ("code", B, None)]),
        (f"<pre><a href='{A}'>a</a></pre>", [("html", A, "a")]),
        (f"<code>{A} never closed", [("bare", A, None)]),
        (f"<p>{A}<p>{B}", [("bare", A, None), ("bare", B, None)]),
        (f"---\nlink: {A}\n---\n<p>{B}", [("frontmatter", A, None), ("bare", B, None)]),
    ],
)  # fmt: skip
def test_what_a_reader_sees_or_follows_is_a_link(text: str, expected: list[Brief]) -> None:
    assert brief(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        f"<script>fetch('{A}')</script><style>@import '{A}'</style>",
        f"<!-- <a href='{A}'>a</a> {A} -->",
        f"<!DOCTYPE html PUBLIC '{A}'>",
        f"<link rel='preconnect' href='{A}'><script src='{A}'></script>",
        "<a href='mailto:a@b.example'>a</a> <img src='data:image/png;base64,AAAA'> <a href=''>b</a>",
        "<a href='{{ site.url }}/x'>a</a>",
        f"</a href='{A}'>",
    ],
)
def test_what_nobody_sees_is_none(text: str) -> None:
    assert brief(text) == []


@pytest.mark.parametrize(
    ("srcset", "urls"),
    [
        ("a.png 1x, b.png 2x", ["a.png", "b.png"]),
        ("a.png", ["a.png"]),
        ("a.png, b.png", ["a.png", "b.png"]),
        ("a.png 1x,b.png 2x", ["a.png", "b.png"]),
        (f"{A},x.png 480w,\n {B} 800w", [f"{A},x.png", B]),
        (" , ", []),
    ],
)
def test_each_picture_of_a_set_is_a_link(srcset: str, urls: list[str]) -> None:
    assert [link.url for link in read(f"<img srcset='{srcset}'>").links] == urls


def test_the_poster_of_a_film_is_a_picture() -> None:
    links = read(f"<video poster='{A}' src=b.mp4>").links
    assert [(link.url, link.image) for link in links] == [(A, True), ("b.mp4", False)]


def test_a_base_ties_relative_links_to_where_a_page_was_saved_from() -> None:
    text = f"<base href='https://a.example/x/'><a href='y.html'>a</a><a href='#z'>b</a><a href='{B}'>c</a>"
    links = read(text).links
    assert [link.url for link in links] == ["https://a.example/x/y.html", "https://a.example/x/#z", B]
    assert [link.written for link in links] == ["y.html", "#z", None]


def test_comments_switch_links_off() -> None:
    text = f"<!-- enrich-disable --><a href='{A}'>a</a><!-- enrich-enable --><a href='{B}'>b</a>"
    assert [link.disabled for link in read(text).links] == [True, False]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<html><head><title> A &amp;\n B </title></head><h1>C</h1>", "A & B"),
        ("<title></title><meta property='og:title' content='A'><h1>C</h1>", "A"),
        ("<h1>C <i>d</i></h1>", "C d"),
        ("---\ntitle: E\n---\n<title>A</title>", "E"),
        ("<p>x", None),
    ],
)
def test_a_page_has_the_title_that_it_gives_itself(text: str, expected: str | None) -> None:
    assert title(text) == expected


def test_the_prose_of_a_page_is_its_text() -> None:
    text = "<title>A</title><script>x()</script><p>更新日期：2022.5.10</p><!-- no --><p>b &amp; c"
    assert prose(text) == "A\n更新日期：2022.5.10\nb & c"


PARTS = ("<a href='", "'>", "</a>", "<pre>", "</pre>", "<!--", "-->", "https://a.example/b", " ", "\n", "\r\n", "标题",
         "<img srcset='", "x.png 1x, ", "&amp;", "<script>", "</script>", "\"", "<")  # fmt: skip


@given(st.lists(st.sampled_from(PARTS)).map("".join))
def test_every_link_stands_where_it_says(text: str) -> None:
    lines = re.split(r"\r\n|\r|\n", text)
    for link in read(text).links:
        written = re.split(r"\r\n|\r|\n", link.written or link.url)[0]
        assert lines[link.line - 1].startswith(written, link.column - 1)
