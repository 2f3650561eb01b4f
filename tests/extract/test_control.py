"""Comments that switch enrich off for a part of a note."""

from __future__ import annotations

import pytest

from enrich.extract import extract
from enrich.extract.markdown import read

A, B, C = "https://a.example/b", "https://c.example/d", "https://e.example/f"


def off(text: str) -> list[str]:
    return [link.url for link in extract(text) if link.disabled]


@pytest.mark.parametrize("tool", ["enrich", "markdown-link-check", "linkspector", "lychee"])
def test_links_are_off_between_disable_and_enable(tool: str) -> None:
    text = f"{A}\n\n<!-- {tool}-disable -->\n\n[b]({B})\n\n<!-- {tool}-enable -->\n\n{C}\n"
    assert off(text) == [B]
    assert len(extract(text)) == 3


@pytest.mark.parametrize("tool", ["enrich", "markdown-link-check", "linkspector", "lychee"])
def test_one_line_is_off_by_a_comment_on_it_or_before_it(tool: str) -> None:
    assert off(f"{A}\n{B} <!-- {tool}-disable-line -->\n{C}\n") == [B]
    assert off(f"{A}\n<!-- {tool}-disable-next-line -->\n{B}\n{C}\n") == [B]
    assert off(f"{A}\n\n<!-- {tool}-disable-next-line -->\n[b]({B})\n\n{C}\n") == [B]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{A}\n\n<!-- lychee-ignore-start -->\n\n{B}\n\n<!-- lychee-ignore-end -->\n\n{C}", [B]),
        (f"{A}\n{B} <!-- lychee-ignore -->\n{C}", [B]),
        (f"{A}\n\n<!-- lychee-ignore -->\n{B}\n\n{C}", [B]),
    ],
)
def test_what_people_write_for_lychee_is_understood(text: str, expected: list[str]) -> None:
    assert off(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{A}\n\n<!-- enrich-disable -->\n\n{B}\n\n{C}", [B, C]),
        (f"<!-- enrich-enable -->\n\n{A}", []),
        (f"<!-- enrich-disable -->\n<!-- enrich-disable -->\n{A}\n\n<!-- enrich-enable -->\n\n{B}", [A]),
        (f"{A} <!-- enrich-disable --> {B} <!-- enrich-enable --> {C}", [B]),
        (f"<!--enrich-disable-->\n\n{A}", [A]),
        (f"- {A}\n- {B} <!-- enrich-disable-line -->\n- {C}\r\n", [B]),
        (f"<div>\n<!-- enrich-disable-next-line -->\n[b]({A})\n[c]({B})\n</div>", [A]),
        (f"[b][r]\n\n<!-- enrich-disable-next-line -->\n[r]: {A}\n", [A]),
        (f"[b][r] <!-- enrich-disable-line -->\n\n[b][r]\n\n[r]: {A}\n", [A]),
        (f"{A}\n<!-- enrich-disable-next-line -->", []),
        (f"<!-- enrich-disable: behind a login -->\n\n{A}\n\n<!-- enrich-enable: public -->\n\n{B}", [A]),
        (f"<!-- enrich-disable -- see {C} -->\n\n{A}", [A]),
        (f"<!-- enrich-disable：要登录 -->\n\n{A}", [A]),
        (f"{A} <!-- enrich-disable-line: a captcha\non two lines -->\n{B}\n", [A]),
        (f"{A} <!-- lychee-ignore: a captcha -->\n{B}\n", [A]),
        (f"<!-- enrich-disable because -->\n\n{A}", []),
        (f"<!-- enrich-disabled -->\n\n{A}", []),
        (f"<!-- please enrich-disable -->\n\n{A}", []),
        (f"<!-- markdownlint-disable -->\n\n{A}", []),
        (f"`<!-- enrich-disable -->` {A}", []),
        (f"```\n<!-- enrich-disable -->\n```\n\n{A}", []),
    ],
)
def test_only_what_a_comment_means_is_off(text: str, expected: list[str]) -> None:
    assert off(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f".. enrich-disable\n\n{A}\n\n.. enrich-enable\n\n{B}\n", [A]),
        (f".. enrich-disable: behind a login,\n   as of May\n\n{A}\n", [A]),
        (f"..  enrich-disable-next-line -- why\n\n{A}\n{B}\n", [A]),
        (f".. lychee-ignore\n\n{A}\n\n{B}\n", [A]),
        (f".. enrich-disable\n\n.. _a: {A}\n\n.. enrich-enable\n\na_\n", [A]),
        (f".. not enrich-disable\n\n{A}\n", []),
        (f".. enrich-disabled\n\n{A}\n", []),
        (f"enrich-disable\n\n{A}\n", []),
        (".. enrich-disable-next-line\n", []),
    ],
)
def test_restructuredtext_has_comments_of_its_own(text: str, expected: list[str]) -> None:
    assert [link.url for link in extract(text, path="a.rst") if link.disabled] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"<!-- enrich-disable -->\n{A}\n<!-- enrich-enable -->\n{B}\n", [A]),
        (f"  <!-- enrich-disable: why -->\r\n{A}\r\n", [A]),
        (f"{A}\n<!-- enrich-disable-next-line -->\n{B}\n{C}\n", [B]),
        (f"{A} <!-- enrich-disable-line -->\n", []),
        (f"see <!-- enrich-disable -->\n{A}\n", []),
    ],
)
def test_in_plain_text_a_comment_fills_its_line(text: str, expected: list[str]) -> None:
    assert [link.url for link in extract(text, path="a.txt") if link.disabled] == expected


def test_nothing_is_remarked_where_enrich_is_off() -> None:
    text = f"<!-- enrich-disable -->\n\nhttps//a.example/b [x]({A}/(c\n\n<div>\n[b]({B})\n</div>\n"
    assert read(text).remarks == []
    assert len(read(text.replace("disable", "enable")).remarks) == 3
