"""Foreign text is safe to print, and holds no secrets."""

from __future__ import annotations

import json
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.text import markdown, printable, redact


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("left \u202e right", "left \\u202e right"),
        ("two\nlines\r", "two\\x0alines\\x0d"),
        ("##[error]no", "#\\#[error]no"),
        ("公众号（2022.5.10）", "公众号（2022.5.10）"),
        ("e\u0301 and 👩‍🔬", "e\u0301 and 👩‍🔬"),
    ],
)
def test_what_would_act_on_a_terminal_or_in_a_log_is_shown_as_its_code(written: str, shown: str) -> None:
    assert printable(written) == shown


def test_a_line_does_not_begin_with_a_workflow_command() -> None:
    assert not printable("  ::error::x").lstrip().startswith("::")


@pytest.mark.parametrize(
    ("url", "hidden"),
    [
        ("https://user:pass@a.example/x", "pass"),
        ("https://a.example/x?token=s3cret&y=1", "s3cret"),
        ("https://a.example/x?y=1&X-Amz-Signature=s3cret", "s3cret"),
        ("https://mp.weixin.qq.com/s?__biz=B&mid=1&key=s3cret&uin=s3cret2&idx=1", "s3cret"),
        ("https://mp.weixin.qq.com/s?__biz=B&mid=1&pass_ticket=s3cret", "s3cret"),
        ("https://a.example/x#access_token=s3cret&state=1", "s3cret"),
        ("https://a.example/x#state=1&access_token=s3cret", "s3cret"),
        ("https://a.example/x?q=1&key=0a1b2c3d4e5f60718293a4b5c6d7e8f9", "0a1b2c3d"),
        ("https://a.example/x?KEY=AIzaSyA-not-a-key-of-anybody-at-all-012", "not-a-key"),
        ("failed for ghp_0123456789abcdefghij0123", "ghp_0123456789"),
    ],
)
def test_credentials_are_left_out(url: str, hidden: str) -> None:
    assert hidden not in redact(url)
    assert hidden not in printable(url)
    assert hidden not in markdown(url)


def test_what_only_looks_like_a_secret_stays() -> None:
    assert redact("https://a.example/?key=intro&uin=2") == "https://a.example/?key=intro&uin=2"
    for word in ("a-long-title-of-chapter-12", "internationalisation", "20261121093000123", "#key=words"):
        assert redact(f"https://a.example/?key={word}") == f"https://a.example/?key={word}"
    assert redact("https://mp.weixin.qq.com/s?__biz=B&sn=abc&chksm=def").endswith("sn=abc&chksm=def")
    assert (
        redact("mail me@a.example, or see https://a.example")
        == "mail me@a.example, or see https://a.example"
    )


_TRICKY = st.text() | st.from_regex(
    r"(https?://[a-z@:\"\\]{0,9}(mp\.weixin\.qq\.com/)?\?(token|key|uin)=[a-z\"\\&]{0,9}){1,3}",
    fullmatch=True,
)


@given(st.dictionaries(st.text(), _TRICKY))
def test_redacting_an_encoded_line_leaves_it_json(table: dict[str, str]) -> None:
    assert json.loads(redact(json.dumps(table, ensure_ascii=False))).keys() is not None


@given(st.text())
def test_nothing_that_controls_a_terminal_is_left(text: str) -> None:
    shown = printable(text)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", shown)
    assert "##[" not in shown


@given(st.text())
def test_markdown_holds_no_active_characters(text: str) -> None:
    assert not re.search(r"(?<!\\)(?:\\\\)*[\[\]<>|`]", markdown(text))


def test_the_beginnings_of_many_tokens_take_no_time() -> None:
    started = time.process_time()
    redact("http://x.example/" + "-eyJaaaaaaaaaaa" * 70_000)
    redact("http://x.example/" + "-eyJaaaaaaaaaaa." * 70_000)
    assert time.process_time() - started < 5, "it took minutes when a repetition was unbounded"
