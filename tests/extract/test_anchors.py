"""The names of headings, and those that authors write out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.extract.anchors import (
    docutils_name,
    heading_name,
    html_anchors,
    markdown_anchors,
    numbered,
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Getting Started", "getting-started"),
        ("图像分割 Image_Segmentation：综述（上）", "图像分割-image_segmentation综述上"),
        ("⚙️ Setup", "\ufe0f-setup"),
        ("🚀 Start", "-start"),
        ("C++ & C#", "c--c"),
        ("v1.2 (beta)", "v12-beta"),
        ("a - b", "a---b"),
        ("Über Größe", "über-größe"),
        ("什么是「注意力」？", "什么是注意力"),
        ("一、二；三", "一二三"),
        ("half ½ and ①", "half--and-"),
        ("Ⅳ Ⓐ", "ⅳ-ⓐ"),
    ],
)
def test_a_heading_is_called_as_on_github(text: str, name: str) -> None:
    assert heading_name(text) == name


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("# A\n## B c\n", ["a", "b-c"]),
        ("A\n===\nB\n---\n", ["a", "b"]),
        ("# A\n# A\n# A\n", ["a", "a-1", "a-2"]),
        ("# dup\n# dup\n# dup-1\n", ["dup", "dup-1", "dup-1-1"]),
        ("# dup-1\n# dup\n# dup\n", ["dup-1", "dup", "dup-2"]),
        ("# dup-1\n# dup-1\n# dup\n# dup\n", ["dup-1", "dup-1-1", "dup", "dup-2"]),
        ("# *a* **b** `c` [d](https://a.example) &amp; e", ["a-b-c-d--e"]),
        ("# a_b_c __d__", ["a_b_c-d"]),
        ("# :rocket: Go", ["rocket-go", "-go", "go"]),
        ("# ![logo](a.png) Title", ["-title", "title"]),
        ("```\n# not\n```\n", []),
        ("    # not\n", []),
        ("<!-- # not -->\n", []),
        ("---\ntitle: not\n---\n# A\n", ["a"]),
        ("# A {#own}\n", ["a", "own"]),
        ("## A\n{: #own .class}\n", ["a", "own"]),
        ("(own)=\n# A\n", ["a", "own"]),
        ('<a name="Own"></a>text <span id=two>x</span>', ["Own", "two"]),
        ('<h2 align="center">Raw <b>HTML</b></h2>\n', ["raw-html"]),
        ("# A\n\n<h1>A</h1>\n", ["a", "a-1"]),
        ("<!-- <a name='x'></a> -->", []),
        ("x[^n]\n\n[^n]: note\n", ["fn-n", "fnref-n", "fn:n", "fnref:n"]),
        ("> # quoted\n- # listed\n", ["quoted", "listed"]),
    ],
)
def test_a_markdown_text_has_these_names(text: str, names: list[str]) -> None:
    assert markdown_anchors(text) == names


def test_a_page_has_the_names_of_its_attributes_alone() -> None:
    text = '<h1>Title</h1><p id="one"><a name=two></a><!-- <p id=three> --><a id="a&amp;b">'
    assert html_anchors(text) == ["one", "two", "a&b"]


@pytest.mark.parametrize(
    ("text", "name"), [("1. Getting Started!", "getting-started"), ("Über uns", "uber-uns"), ("标题", "")]
)
def test_docutils_keeps_latin_letters_and_digits_alone(text: str, name: str) -> None:
    assert docutils_name(text) == name


@given(st.lists(st.sampled_from(["a", "b", "c"])))
def test_repeated_names_differ(names: list[str]) -> None:
    made = list(numbered(names))
    assert len(set(made)) == len(names)


@given(st.text())
def test_any_text_has_names(text: str) -> None:
    names = markdown_anchors(text)
    assert len(set(names)) == len(names)
    assert all(names)
