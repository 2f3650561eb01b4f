"""Tags and the places of their attributes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.extract.html import tags


def read(text: str) -> list[tuple[str, bool, dict[str, str]]]:
    return [
        (tag.name, tag.closing, {one.name: text[one.start : one.end] for one in tag.attributes})
        for tag in tags(text, 0, len(text))
    ]


@pytest.mark.parametrize(
    ("text", "attributes"),
    [
        ('<img src="u" alt="a">', {"src": "u", "alt": "a"}),
        ("<img src='u'/>", {"src": "u"}),
        ("<img src=u>", {"src": "u"}),
        ("<img src=https://a.example/b/>", {"src": "https://a.example/b/"}),
        ("<IMG\n  SRC =\n 'u'\n>", {"src": "u"}),
        ('<img alt="a > b" src="u">', {"alt": "a > b", "src": "u"}),
        ('<img alt="it\'s" src="u">', {"alt": "it's", "src": "u"}),
        ('<img hidden src="u">', {"hidden": "", "src": "u"}),
        ('<img src="u"alt="a">', {"src": "u", "alt": "a"}),
        ('<img src="">', {"src": ""}),
        ('<img src="u>', {"src": "u"}),
    ],
)
def test_attributes_are_read_with_any_quotes_over_any_lines(text: str, attributes: dict[str, str]) -> None:
    assert read(text) == [("img", False, attributes)]


def test_of_two_attributes_with_one_name_the_first_counts() -> None:
    text = '<a href="x" href="y">'
    (tag,) = tags(text, 0, len(text))
    first = tag.attribute("href")
    assert first is not None
    assert text[first.start : first.end] == "x"


@pytest.mark.parametrize(
    "text", ["a < b", "<", "<1>", "<img src='u'", "<a <", "</>", "<https://a.example>", "< img>"]
)
def test_what_is_no_tag_is_text(text: str) -> None:
    assert read(text) == []


def test_a_tag_behind_one_that_never_closes_is_read() -> None:
    assert read('<div <img src="u">') == [("img", False, {"src": "u"})]


@pytest.mark.parametrize(
    "text",
    ["<!-- <img src='u'> -->", "<!-- <img src='u'>", "<!doctype html>", "<?php <a ?>", "<![CDATA[x]]>"],
)
def test_comments_and_declarations_hold_no_tags(text: str) -> None:
    assert {name for name, _closing, _attributes in read(text)} == {"!"}


def test_scripts_and_styles_are_text() -> None:
    text = "<script>let x = '<a href=u>'</script><style>a{}</style><a href=v>"
    names = [name for name, _closing, _attributes in read(text)]
    assert names == ["script", "!", "script", "style", "!", "style", "a"]


@given(st.text(alphabet="<>!-/='\" aimgsrc\n", max_size=200))
def test_tags_stand_in_order_and_apart(text: str) -> None:
    last = 0
    for tag in tags(text, 0, len(text)):
        assert last <= tag.start <= tag.end <= len(text)
        assert all(tag.start <= one.start <= one.end <= tag.end for one in tag.attributes)
        last = tag.end
