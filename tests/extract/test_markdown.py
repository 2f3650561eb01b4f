"""Links in Markdown: which are found, what they say, and where they stand."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from brief import Brief, brief_of
from hypothesis import assume, example, given
from hypothesis import strategies as st

import enrich
from enrich.extract import extract
from enrich.extract.markdown import DOCUMENT_TYPE, title
from enrich.extract.positions import code_points, lines_of
from enrich.front_matter import front_matter
from enrich.model import Element, Link
from enrich.registry import document_types

A, B = "https://a.example/b", "https://c.example/d"


def brief(text: str) -> list[Brief]:
    return brief_of(extract(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"[a]({A})", [("inline", A, "a")]),
        (f'[a]( {A} "title" )', [("inline", A, "a")]),
        (f"[a](<{A}>)", [("inline", A, "a")]),
        (f"[**a** `b`\nc]({A})", [("inline", A, "a b c")]),
        (f"[]({A})", [("inline", A, None)]),
        (f"[{A}]({A})", [("inline", A, A)]),
        (f"[a]({A}_(c))", [("inline", f"{A}_(c)", "a")]),
        (f"[a\\]]({A})", [("inline", A, "a]")]),
        (f"# [a]({A})", [("inline", A, "a")]),
        (f"| x |\n|---|\n| [a]({A}) {B}|", [("inline", A, "a"), ("bare", B, None)]),
        (f"> [a\n> b](\n> {A})", [("inline", A, "a b")]),
        (f"<{A}>", [("autolink", A, None)]),
        (f"![a]({A})", [("image inline", A, "a")]),
        (f"[![a]({A})]({B})", [("image inline", A, "a"), ("inline", B, "a")]),
        (f"[![a]({A})](page.md)", [("image inline", A, "a")]),
        (f"[<img src='{A}'>]({B})", [("image html", A, None), ("inline", B, None)]),
        (f"[a][r]\n\n[r]: {A}", [("reference", A, "a")]),
        (f"[r][] and [R]\n\n[r]: <{A}> 't'", [("reference", A, "r"), ("reference", A, "R")]),
        (f"![a][r]\n\n[r]: {A}", [("image reference", A, "a")]),
        (f"[r]: {A}", [("reference", A, None)]),
        (f"> [two words]:\n> {A}\n\n[Two  Words]", [("reference", A, "Two Words")]),
        (f"x[^1]\n\n[^1]: see {A}", [("bare", A, None)]),
        (f"**链接：**{A}**", [("bare", A, None)]),
        (f"![a]({A}){B}![b]({A})", [("image inline", A, "a"), ("bare", B, None), ("image inline", A, "b")]),
        (f"`{A}` {B}", [("code", A, None), ("bare", B, None)]),
        (f"```\n{A}\n```\n\n    {B}\n", [("code", A, None), ("code", B, None)]),
        ("[a](ftp://a.example/b)", [("inline", "ftp://a.example/b", "a")]),
        ("[a](javascript:void)", [("inline", "javascript:void", "a")]),
        ("[a](www.a.example/b)", [("inline", "http://www.a.example/b", "a")]),
    ],
)
def test_a_link_is_found_in_every_syntax(text: str, expected: list[Brief]) -> None:
    assert brief(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "[a](mailto:a@b.example) <a@b.example>",
        "[a](page.md) [b](#anchor) ![c](image.png) [d](/root)",
        "<std::vector> [a](localhost:80)",
        "![a](data:image/png;base64,AAAA)",
        "[a](http://${host}/) <https://{service}.example>",
        f"<!-- {A} -->",
        f"text <!-- {A} --> text",
        f"<script>\nfetch('{A}')\n</script>",
    ],
)
def test_what_is_no_absolute_link_for_a_reader_is_left_out(text: str) -> None:
    assert extract(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"<img src='{A}' alt='x &amp; y'>", [("image html", A, "x & y")]),
        (
            f"<img src={A} srcset='{B} 2x, {A}?3 3x' alt=x>",
            [("image html", A, "x"), ("image html", B, "x"), ("image html", f"{A}?3", "x")],
        ),
        (f"<picture><source srcset='{A}'></picture>", [("image html", A, None)]),
        (f"<video src='{A}' poster=' {B} '></video>", [("html", A, None), ("image html", B, None)]),
        (f"<div srcset='{A}' poster='{B}'></div>", []),
        (f"text <img\n  width=3\n  src={A}> text", [("image html", A, None)]),
        (f'<a href="{A}">a <b>b</b></a>', [("html", A, "a b")]),
        (f'see <a href="{A}">{A}</a>', [("html", A, A)]),
        (f'<a href="{A}"><img src="{B}"></a>', [("html", A, None), ("image html", B, None)]),
        (f'<a name="x"></a>{A}', [("bare", A, None)]),
        (f'<a href="{A}">never closed\n\n{B}', [("html", A, None), ("bare", B, None)]),
        (f'<a href="#x">{A}</a>', []),
        (f"<div>{A}</div>", [("bare", A, None)]),
        (f"<p>a\n<br>{A}<br>", [("bare", A, None)]),
    ],
)
def test_links_of_html_are_found(text: str, expected: list[Brief]) -> None:
    assert brief(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"<div>\n</div>\n2. [a]({A})", [("inline", A, "a")]),
        (
            f"<div align=center><img src='{A}'>\n</div>\n- [a]({B})\n",
            [("image html", A, None), ("inline", B, "a")],
        ),
        (f"<table>\n    <tr>\n        <td>[a]({A})</td>\n", [("inline", A, "a")]),
        (f"<div>\n**[a]({A})** ![b]({B})", [("inline", A, "a"), ("image inline", B, "b")]),
        (f"<div>\n```\n{A}\n```\n</div>", [("code", A, None)]),
    ],
)
def test_markdown_that_an_html_block_swallows_is_found(text: str, expected: list[Brief]) -> None:
    assert brief(text) == expected


def test_a_broken_link_is_text_with_a_url_in_it() -> None:
    assert brief("[x](https://a.b/(c)") == [("bare", "https://a.b/(c)", None)]
    assert brief(f"[x] ({A}) [y]({B}）") == [("bare", A, None), ("bare", B, None)]


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("https://a.example/?x=1&amp;y=2", "https://a.example/?x=1&y=2"),
        (r"https://a.example/?x=1\x26amp;y=2", "https://a.example/?x=1&y=2"),
        (r"https://a.example/sam\_2020.pdf", "https://a.example/sam_2020.pdf"),
    ],
)
@pytest.mark.parametrize("around", ["{}", "[a]({})", "[a][r]\n\n[r]: {}"])
def test_what_is_written_is_kept_where_the_url_differs(written: str, url: str, around: str) -> None:
    (link,) = extract(around.format(written))
    assert (link.url, link.written) == (url, written)


def test_percent_encoding_case_and_slashes_are_untouched() -> None:
    url = "HTTPS://A.example//b/%e4%b8%ad/?q=%2F#F"
    (link,) = extract(f"[a]({url})")
    assert (link.url, link.written) == (url, None)


def test_a_name_without_a_scheme_is_written_as_it_stands() -> None:
    (link,) = extract("see www.a.example.")
    assert (link.url, link.written, link.column) == ("http://www.a.example", "www.a.example", 5)


@pytest.mark.parametrize("prose", ["。", "，更多文字", "）", "|label"])
def test_prose_inside_an_autolink_is_no_part_of_it(prose: str) -> None:
    (link,) = extract(f"<{A}{prose}>")
    assert (link.url, link.element) == (A, Element.AUTOLINK)


def test_a_pair_of_brackets_inside_an_autolink_is_part_of_it() -> None:
    (link,) = extract(f"<{A}/数学（高中）/《x》）。后面>")
    assert link.url == f"{A}/数学（高中）/《x》"


def test_a_second_definition_of_a_name_is_listed_and_never_used() -> None:
    assert brief(f"[a][r]\n\n[r]: {A}\n[R]: {B}\n") == [("reference", A, "a"), ("reference", B, None)]
    assert brief(f"[a][r]\n\n[r]: {A}\n\ntext [s]: {B}\n") == [("reference", A, "a"), ("bare", B, None)]


def test_inside_raw_html_autolinks_and_references_are_what_they_are_elsewhere() -> None:
    assert brief(f"<div>\n<{A}>\n</div>") == [("autolink", A, None)]
    assert brief(f"<div>\n[a][r] ![b][]\n</div>\n\n[r]: {A}\n[b]: {B}\n") == [
        ("reference", A, "a"),
        ("image reference", B, "b"),
    ]
    assert brief(f"<div>\n[r]\n</div>\n\n[s]: {A}\n") == [("reference", A, None)]


def test_a_comment_hides_all_up_to_its_end_even_behind_a_blank_line() -> None:
    text = f"<div>\n<!-- {A}\n\n[b]({B}) `{A}` <img src='{A}'>\n\n-->\n</div>\n\n[c]({B})\n"
    assert brief(text) == [("inline", B, "c")]
    assert brief(text.replace("-->", "")) == [
        ("inline", B, "b"),
        ("code", A, None),
        ("image html", A, None),
        ("inline", B, "c"),
    ]


@pytest.mark.parametrize("inner", ["[b]({})", "![b]({})", "<{}>", "<img src='{}'>"])
def test_the_alternative_text_of_an_image_holds_no_links(inner: str) -> None:
    assert [link.url for link in extract(f"![a {inner.format(B)}]({A})", relative=True)] == [A]


# --- relative links ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "url", "element"),
    [
        ("[a](page.md)", "page.md", "inline"),
        ("[a](../b/page.md#part)", "../b/page.md#part", "inline"),
        ("[a](/root)", "/root", "inline"),
        ("[a](#part)", "#part", "inline"),
        ("[a](<two words.md>)", "two words.md", "inline"),
        ("[a](two%20words.md)", "two%20words.md", "inline"),
        ("[a](笔记/五月.md)", "笔记/五月.md", "inline"),
        ("[a](a&amp;b.md)", "a&b.md", "inline"),
        (r"[a](a\_b.md)", "a_b.md", "inline"),
        ("![a](image.png)", "image.png", "inline"),
        ("[a][r]\n\n[r]: page.md", "page.md", "reference"),
        ("[r]: page.md", "page.md", "reference"),
        ("<img src=image.png>", "image.png", "html"),
        ("<a href='#part'>a</a>", "#part", "html"),
        ("<div>\n[a](page.md)\n</div>", "page.md", "inline"),
        ("//a.example/b is no link, [a](//a.example/b) is one", "//a.example/b", "inline"),
        ("[a](localhost:80)", "localhost:80", "inline"),
    ],
)
def test_a_relative_link_is_found_when_it_is_asked_for(text: str, url: str, element: str) -> None:
    (link,) = extract(text, relative=True)
    assert (link.url, link.element) == (url, element)
    assert extract(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "[a]() [b](<>) [c][r]\n\n[r]: <>",
        "[a](mailto:a@b.example) <a@b.example> <a href='MAILTO:a@b.example'>a</a>",
        "![a](data:image/png;base64,AAAA)",
        "[a]({{ site.url }}/b) <img src='{path}'>",
        "page.md and ./page.md",
        "`[a](page.md)`",
        "<!-- [a](page.md) -->",
        "[a]\n\n[^1]: page.md",
    ],
)
def test_what_leads_nowhere_is_no_relative_link(text: str) -> None:
    assert extract(text, relative=True) == []


@pytest.mark.parametrize(
    ("destination", "url"),
    [
        ("www.a.example/b", "http://www.a.example/b"),
        ("github.com/owner/name", "https://github.com/owner/name"),
        ("arxiv.org/abs/2111.08687", "https://arxiv.org/abs/2111.08687"),
    ],
)
def test_a_destination_that_only_lacks_its_scheme_gets_one(destination: str, url: str) -> None:
    (link,) = extract(f"[a]({destination})")
    assert (link.url, link.written) == (url, destination)


def test_the_suffix_of_a_path_says_how_a_text_is_read() -> None:
    assert [link.element for link in extract(f"`{A}`", path="notes/a.MARKDOWN")] == [Element.CODE]
    assert enrich.extract(f"[a]({A})") == extract(f"[a]({A})", path="a.unknown")


# --- places -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (f"{A}", (1, 1)),
        (f"\ufeff{A}", (1, 1)),
        (f"一二三{A}", (1, 4)),
        (f"\U0001f600e\u0301\u200b {A}", (1, 6)),
        (f"a\r\nb\t{A}", (2, 3)),
        (f"a\rb\n\n{A}", (4, 1)),
        (f"a\u2028b\f{A}", (1, 5)),
        (f"论文：[标题]({A})", (1, 9)),
        (f"[a](\n  {A})", (2, 3)),
        (f"<img\n  alt='图'\n  src='{A}'>", (3, 8)),
        (f"---\nurl: {A}\n---\n", (2, 6)),
        (f"<div>\n文：[a]({A})", (2, 7)),
    ],
)
def test_a_place_is_a_line_and_a_column_in_characters(text: str, place: tuple[int, int]) -> None:
    (link,) = extract(text)
    assert (link.line, link.column) == place


def test_a_reference_stands_at_its_definition_and_says_where_it_is_used() -> None:
    first, second, unused = extract(f"文 [a][r] ![b][r]\n\n[r]: {A}\n[s]: {B}\n")
    assert (first.line, first.column, first.used_at) == (3, 6, (1, 3))
    assert (second.line, second.column, second.used_at, second.image) == (3, 6, (1, 11), True)
    assert (unused.line, unused.column, unused.used_at) == (4, 6, None)


def test_links_come_in_the_order_of_their_places() -> None:
    text = f"---\nx: {A}\n---\n[r] `{A}` [a]({A}) {B}\n\n<img src={A}>\n\n[r]: {B}\n"
    places = [(link.line, link.column) for link in extract(text)]
    assert len(places) == 6
    assert places == sorted(places)


def test_byte_offsets_become_code_points() -> None:
    text = "a中\U0001f600b"
    assert code_points(text, [0, 1, 4, 8, 9]) == {0: 0, 1: 1, 4: 2, 8: 3, 9: 4}
    assert lines_of("a\nb\r\nc\rd").place(7) == (4, 1)


# --- front matter and titles ------------------------------------------------------------------------


def test_front_matter_counts_at_the_top_alone() -> None:
    assert brief(f"---\nlayout: post\nlink: '{A}' # {B}\n---\n") == [
        ("frontmatter", A, None),
        ("frontmatter", B, None),
    ]
    assert brief(f"text\n\n---\nlink: {A}\n---\n") == [("bare", A, None)]
    assert brief(f"---\n\n{A}\n\n---\n") == [("bare", A, None)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# a **b** `c` &amp; d\n", "a b c & d"),
        ("text\n\na *b*\n===\n", "a b"),
        ("## two\n\n# one {#id}\n", "one"),
        ("```\n# code\n```\n\n# title #\n", "title"),
        (f"# [a]({A})\n\n## more", "a"),
        (f"# [a]({A})\n\n# [b]({B})\n", None),
        (f"# [a]({A}) b\n\n# c\n", "a b"),
        ("---\ntitle:  'a: b' \n---\n\n# c\n", "a: b"),
        ("---\nlayout: post\n---\n\n# c\n", "c"),
        ('+++\ntitle = "a"\n+++\n', "a"),
        ("\ufeff# a\r\n", "a"),
        ("#\n", None),
        ("text", None),
        ("", None),
    ],
)
def test_the_title_is_what_the_author_calls_the_note(text: str, expected: str | None) -> None:
    assert title(text) == expected


def test_every_suffix_of_markdown_is_read() -> None:
    for suffix in (".md", ".markdown", ".mdx", ".qmd", ".rmd"):
        assert document_types()[suffix] is DOCUMENT_TYPE


# --- laws -------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        "[", "]", "(", ")", "![", "](", "<", ">", "*", "**", "_", "`", "```\n", "~~", "|", "\\", "\n", "\r\n",
        "\n\n", "    ", "\t", "> ", "- ", "1. ", "# ", "---\n", "[r]: ", "[r]", "[^1]: ", "<a href='", "<a href=",
        "<img src=\"", "'>", '">', "</a>", "<div>", "</div>\n", "<!--", "-->", "<script>", "&amp;", "&lt;",
        "\\x26amp;", "https://", "http://a.example/b", "www.a.example", "javascript:", "中文", "，", "）", "😀", "\ufeff",
        "a", ".", "/", "{x}", "%20", "'", '"', "\x00", "\u2028", "\ud800", "|a|b|\n|-|-|\n", "title: x\n",
    ]
)  # fmt: skip


def assert_places_hold(text: str, links: list[Link]) -> None:
    # Half a surrogate pair has no encoding; it counts as one character.
    lines = re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff"))
    for link in links:
        before, *_rest = (link.written or link.url).splitlines()
        held = lines[link.line - 1][link.column - 1 :]
        assert held.encode("utf-8", "replace").startswith(before.encode()), (link, held)


@given(st.lists(PIECES, max_size=60).map("".join))
@example(f"[a\n> b](\n> {A})")
@example(f"> [r]:\n> {A}\n\n[r]")
def test_every_link_stands_where_it_says(text: str) -> None:
    assert_places_hold(text, extract(text, relative=True))
    title(text)


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    assert_places_hold(text, extract(text, relative=True))
    assert title(text) is None or title(text)


@given(st.lists(PIECES, max_size=40).map("".join))
def test_a_paragraph_before_moves_links_down_and_changes_none(text: str) -> None:
    assume(not front_matter(text) and not text.startswith("\ufeff"))
    moved = [
        replace(link, line=link.line + 2, used_at=link.used_at and (link.used_at[0] + 2, link.used_at[1]))
        for link in extract(text)
    ]
    assert extract(f"prose\n\n{text}") == moved


def test_an_image_with_a_size_is_an_image_though_commonmark_sees_none() -> None:
    sized = extract("![图](https://a.example/b.png#pic_center =600x)\n[x](https://a.example/c =600x)\n")
    assert [(link.url, link.element, link.image) for link in sized] == [
        ("https://a.example/b.png#pic_center", Element.BARE, True),
        ("https://a.example/c", Element.BARE, False),
    ]


def test_the_components_of_mdx_have_addresses_on_the_web_and_their_paths_are_the_sites_own() -> None:
    text = (
        f'<Card href="{A}/b" title="x">\n\n<Link\n  to=\'{A}/c\'>y</Link> '
        f'<Card href="/start" note="{A}/d"/> <use href="#x"/>\n'
    )
    found = [(link.url, link.element) for link in extract(text, path="a.mdx", relative=True)]
    assert found == [(f"{A}/b", Element.HTML), (f"{A}/c", Element.HTML)]


def test_what_is_embedded_is_found_as_in_a_page() -> None:
    text = f'<embed src="{A}/b.pdf"> <object data="{A}/c.svg"></object>'
    for path in ("a.md", "a.html"):
        assert [link.url for link in extract(text, path=path)] == [f"{A}/b.pdf", f"{A}/c.svg"]
