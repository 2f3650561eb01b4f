"""Addresses in plain text."""

from __future__ import annotations

import pytest

from enrich.extract.plain import DOCUMENT_TYPE, read, title
from enrich.registry import document_types


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see https://a.example/b, and\nhttp://c.example.", [("https://a.example/b", 1, 5), ("http://c.example", 2, 1)]),
        ("论文：https://a.example/b（新）", [("https://a.example/b", 1, 4)]),
        ("<https://a.example/b>", [("https://a.example/b", 1, 2)]),
        ("[a](https://a.example/b)", [("https://a.example/b", 1, 5)]),
        ("https://a.example/?x=1&amp;y=2", [("https://a.example/?x=1&amp;y=2", 1, 1)]),
        ("`https://a.example/b`", [("https://a.example/b", 1, 2)]),
        ("    https://a.example/b", [("https://a.example/b", 1, 5)]),
        ("<!-- https://a.example/b -->", [("https://a.example/b", 1, 6)]),
        ("a/b.md #x mailto:a@b.example", []),
        ("", []),
    ],
)  # fmt: skip
def test_an_address_is_a_link_and_nothing_is_markup(text: str, found: list[tuple[str, int, int]]) -> None:
    links = read(text).links
    assert [(link.url, link.line, link.column) for link in links] == found
    assert all(link.element == "bare" for link in links)


def test_a_name_without_a_scheme_says_how_it_stands() -> None:
    (link,) = read("see www.a.example/b").links
    assert (link.url, link.written) == ("http://www.a.example/b", "www.a.example/b")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\n 论文笔记 2022.5.10\n\nmore", "论文笔记 2022.5.10"),
        ("https://a.example/b\n", None),
        ("x" * 201, None),
        ("", None),
    ],
)
def test_the_first_line_is_the_title_where_it_can_be_one(text: str, expected: str | None) -> None:
    assert title(text) == expected


def test_txt_files_are_plain_text_and_logs_are_not_read() -> None:
    assert document_types()[".txt"] is DOCUMENT_TYPE
    assert document_types()[".text"] is DOCUMENT_TYPE
    assert ".log" not in document_types()
