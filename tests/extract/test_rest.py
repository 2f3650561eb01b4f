"""Links in reStructuredText."""

from __future__ import annotations

import re

import pytest
from brief import Brief, brief_of
from hypothesis import given
from hypothesis import strategies as st

from enrich.extract.rest import anchors, read, title

A, B = "https://a.example/b", "https://c.example/d"


def brief(text: str) -> list[Brief]:
    return brief_of(read(text).links)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"`text <{A}>`_", [("inline", A, "text")]),
        (f"`two\nlines <{A}>`__.", [("inline", A, "two lines")]),
        (f"`<{A}>`_", [("inline", A, None)]),
        ("`text <https://a.example/\n  b>`_", [("inline", A, "text")]),
        ("`text <other/page.rst#x>`_", [("inline", "other/page.rst#x", "text")]),
        (f"Text_ here.\n\n.. _Text: {A}\n", [("reference", A, "Text")]),
        (f"`two words`_\n\n.. _Two Words: {A}\n", [("reference", A, "two words")]),
        (f"`a`_\n\n.. _`a`: {A}\n", [("reference", A, "a")]),
        (f".. _unused: {A}\n", [("reference", A, None)]),
        ("x_\n\n.. _x:\n   https://a.example/\n   b\n", [("reference", A, "x")]),
        (f"x_ and x_\n\n.. _x: {A}\n", [("reference", A, "x"), ("reference", A, "x")]),
        (f"`a`__ `b`__\n\n__ {A}\n.. __: {B}\n", [("reference", A, "a"), ("reference", B, "b")]),
        (f"see {A}, and <{B}>.", [("bare", A, None), ("bare", B, None)]),
        (f"见{A}。", [("bare", A, None)]),
        ("https://a.example/b_", [("bare", A, None)]),
        (f"``{A}`` {B}", [("code", A, None), ("bare", B, None)]),
        (f"Code::\n\n  {A}\n\n{B}\n", [("code", A, None), ("bare", B, None)]),
        (f".. code-block:: sh\n\n   curl {A}\n\n{B}\n", [("code", A, None), ("bare", B, None)]),
        (f".. note:: {A}\n\n   {B}\n", [("bare", A, None), ("bare", B, None)]),
        (f".. image:: p.png\n   :target: {A}\n", [("image inline", "p.png", None), ("bare", A, None)]),
        (f".. |x| image:: {A}\n", [("image inline", A, None)]),
        (".. figure:: p.png\n   :target: page.rst\n",
         [("image inline", "p.png", None), ("inline", "page.rst", None)]),
        (f".. [1] see {A}\n", [("bare", A, None)]),
        (f":Homepage: {A}\n", [("bare", A, None)]),
        (f"a stray `` mark\n\n{A} and `` one\n", [("bare", A, None)]),
    ],
)  # fmt: skip
def test_a_link_is_found_in_every_syntax(text: str, expected: list[Brief]) -> None:
    assert brief(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        f".. a comment {A}\n   {B}\n",
        ".. _a: b_\n",
        ".. _place:\n\ntext",
        "`text <Name_>`_ `text`_ name_",
        ":doc:`page` :ref:`place <other>`",
        "`mail <mailto:a@b.example>`_",
    ],
)
def test_what_is_no_address_is_left_out(text: str) -> None:
    assert brief(text) == []


def test_a_use_says_where_it_is_and_a_target_where_the_address_is() -> None:
    (link,) = read(f"go to x_\n\n.. _x: {A}\n").links
    assert (link.line, link.column, link.used_at) == (3, 8, (1, 7))


def test_an_address_over_two_lines_says_how_it_stands() -> None:
    (link,) = read(".. _x: https://a.example/\n   b\n").links
    assert (link.url, link.written) == (A, "https://a.example/\n   b")


TEXT = """\
======
文档 A
======

First part
----------

No title
..

First part
~~~~~~~~~~

.. _Some Place:

.. code::

   Not this
   --------
"""


def test_titles_are_lines_with_a_line_of_marks_below() -> None:
    assert title(TEXT) == "文档 A"
    assert title("text\n") is None


def test_names_are_those_of_docutils_and_of_github() -> None:
    assert anchors(TEXT) == ["a", "first-part", "first-part-1", "文档-a", "some place", "some-place"]
    assert anchors("标题\n====\n") == ["标题", "id1"]


PARTS = ("`", "``", "<", ">", "_", "__", ".. ", "_x: ", "::", "\n", "\n\n", "\r\n", "   ", A, "x", "标题", "\\", "image",
         "code", "|")  # fmt: skip


@given(st.lists(st.sampled_from(PARTS)).map("".join))
def test_every_link_stands_where_it_says(text: str) -> None:
    lines = re.split(r"\r\n|\r|\n", text)
    for link in read(text).links:
        written = re.split(r"\r\n|\r|\n", link.written or link.url)[0]
        assert lines[link.line - 1].startswith(written, link.column - 1)
    title(text)
    anchors(text)
