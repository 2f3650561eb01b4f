"""Foreign text is safe to print, holds no secrets, and is nothing but text in every kind of output."""

from __future__ import annotations

import csv
import errno
import io
import json
import random
import re
import time
from io import StringIO, TextIOWrapper
from pathlib import Path
from tempfile import TemporaryFile
from xml.etree import ElementTree

import pytest
from hostile import CORPUS, SHORT, commands, markdown_structure, markdown_tokens, orders, page_of, unseen
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it.common.normalize_url import normalizeLink

from enrich import redaction
from enrich.json_rows import JsonRows
from enrich.model import Shown, Status
from enrich.redaction import redact
from enrich.text import (
    csv_cell,
    fill,
    href,
    is_harmless,
    joined,
    json_array,
    json_row,
    markdown,
    markdown_code,
    markdown_link,
    markup,
    printable,
    sarif,
    stacked,
    unchanged,
    web_address,
    workflow_data,
    workflow_property,
)

pytestmark = pytest.mark.injection

# Text of the characters that mean something somewhere, and text of all.
ACTIVE = (
    # No text is so long that the tests spend their time on it.
    st.text(
        alphabet="ab1 :#[]{}()<>&\"'`|\\*_~!@=+-%$^.,;?/\n\r\t\x00\x1b\x85"
        "\xa0\u200b\u200d\u202e\u2028\ufe0f\u3000\ud800公"
    )
    | st.text()
    | st.lists(st.sampled_from(SHORT), max_size=5).map("".join)
)  # fmt: skip


# --- terminals and logs -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("left \u202e right", "left \\u202e right"),
        ("two\nlines\r", "two\\x0alines\\x0d"),
        ("##[error]no", "#\\#[error]no"),
        ("##VSO[task.complete]", "#\\#VSO[task.complete]"),
        ("  ::error::x", "  :\\:error::x"),
        ("a::b", "a::b"),
        ("公众号（2022.5.10）", "公众号（2022.5.10）"),
        ("a\u3000b\xa0c", "a\u3000b\xa0c"),
        ("pay\u200bpal so\xadft \ufeff", "pay\\u200bpal so\\xadft \\ufeff"),
        ("\U000e0041", "\\U000e0041"),
        ("\ufffe\U0001ffff", "\\ufffe\\U0001ffff"),
        ("half \ud800", "half \\ud800"),
    ],
)
def test_what_would_act_on_a_terminal_or_in_a_log_is_shown_as_its_code(written: str, shown: str) -> None:
    assert printable(written) == shown


@pytest.mark.parametrize(
    "written",
    [
        "e\u0301 and 👩‍🔬",
        "❤️‍🔥 1️⃣ #️⃣",
        "葛\U000e0100城",
        "می‌خواهم",
        "क्‍ष",
        "١\u0600٢",
        "\ufffd",
    ],
)
def test_what_scripts_and_emoji_need_stays(written: str) -> None:
    assert printable(written) == written


def test_what_joins_nothing_is_shown_as_its_code() -> None:
    assert printable("#\ufe0f#[x") == "#\\ufe0f#[x"
    assert printable("a\u200db") == "a\\u200db"
    assert printable("公\ufe0f\ufe0f") == "公\ufe0f\\ufe0f"


@pytest.mark.parametrize("written", CORPUS, ids=lambda text: ascii(text)[:40])
def test_nothing_in_the_corpus_acts_on_a_terminal_or_a_runner(written: str) -> None:
    shown = printable(written)
    assert orders(shown) == []
    assert unseen(shown) == []
    assert commands(shown) == []
    assert "\n" not in shown


@given(ACTIVE)
def test_nothing_at_all_acts_on_a_terminal_or_a_runner(text: str) -> None:
    shown = printable(text)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", shown)
    assert unseen(shown) == []
    assert commands(shown) == []


@given(ACTIVE)
def test_what_was_made_printable_stays_as_it_is(text: str) -> None:
    shown = printable(text, 10**6)
    assert printable(shown, 10**6) == shown


@given(ACTIVE)
def test_what_is_called_harmless_stays_as_it_is(text: str) -> None:
    """A link's address and label hold no line ends, so that lines are what the newline parts."""
    assert (unchanged(text) is None) is not is_harmless(text)
    if is_harmless(text):
        assert [printable(line, 10**6) for line in text.split("\n")] == text.split("\n")


def test_the_tests_own_reader_knows_a_command_when_it_sees_one() -> None:
    raw = [text for text in CORPUS if commands(text)]
    assert {
        "  ::error::x",
        "a ##[add-mask]x",
        ":\u200b:error::x",
        "#\ufe0f#[error]x",
        "a\x85::error::x",
    } <= {*raw}
    assert orders("\x1b[31m") == ["select_graphic_rendition"]
    assert orders("\x1b]0;title\x07") != []


# --- secrets ----------------------------------------------------------------------------------------


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
    for door in (printable, markdown, markdown_code, markdown_link, markup, csv_cell, sarif, workflow_data):
        assert hidden not in door(url), door
    assert hidden not in workflow_property(url)
    assert hidden not in json_row({"url": url})
    assert hidden not in (href(url) or "") + (web_address(url) or "")


@pytest.mark.parametrize("length", range(1, 60))
def test_a_secret_at_the_place_of_the_cut_is_left_out_all_the_same(length: int) -> None:
    text = "x" * 30 + " https://user:hunter2@a.example/" + "y" * 9000
    assert "hunter" not in printable(text, length)
    assert "hunter" not in printable("eyJaaaaaaaaaa." * 5 + text, length)


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


def test_the_beginnings_of_many_tokens_take_no_time() -> None:
    started = time.process_time()
    redact("http://x.example/" + "-eyJaaaaaaaaaaa" * 70_000)
    redact("http://x.example/" + "-eyJaaaaaaaaaaa." * 70_000)
    assert time.process_time() - started < 5, "it took minutes when a repetition was unbounded"


# --- putting together -------------------------------------------------------------------------------


def test_only_what_came_through_the_door_is_put_together() -> None:
    assert fill("{}: {} of {:.1f}", printable("a"), Status.OK, 2.0) == "a: ok of 2.0"
    assert joined("{}, ", [printable("a"), printable("{0}")]) == "a{}, {0}"
    with pytest.raises(TypeError, match="did not come through"):
        fill("{}", "a")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="did not come through"):
        joined("", ["a"])  # type: ignore[list-item]


def test_two_harmless_parts_make_no_command() -> None:
    assert commands(fill("{}{}", printable(":"), printable(":error::x"))) == []
    assert commands(fill("a\n{}{}\n", printable(" :"), printable(":error::x"))) == []
    assert commands(joined("", [printable("#"), printable("#[error]x")])) == []


def test_lines_below_one_another_have_to_end() -> None:
    assert stacked([fill("a: {}\n", printable(":")), fill(""), fill("b\n")]) == "a: :\nb\n"
    with pytest.raises(ValueError, match="last line"):
        stacked([printable(":"), fill(":error::x\n")])


@pytest.mark.parametrize(
    "secret",
    [
        *("?token=a", "&access_token=a", ";Api_Key=a", "#authorization=a", "&X-Amz-Date=a", "?sig=a"),
        *("&pass_ticket=a", "?uin=a", "&PASSWORD=a", "&poc_token=a", "?credential=a", "&to\u212aen=a"),
        *("/ghp_" + "a" * 20, "/github_pat_" + "a" * 20, "/eyJ" + "a" * 10 + ".a" * 10, "##[group]"),
    ],
)
def test_what_holds_a_secret_is_not_called_harmless(secret: str) -> None:
    assert not is_harmless(f"a.md:1:1: https://a.b/c{secret}\n")


# --- JSON -------------------------------------------------------------------------------------------

# No half of a surrogate pair, which JSON in UTF-8 cannot hold, and nothing that looks like a secret.
_WHOLE = st.text(alphabet=st.characters(exclude_categories=["Cs"])) | st.lists(
    st.sampled_from([text for text in SHORT if not re.search("[\ud800-\udfff]", text)])
).map("".join)


@given(_WHOLE)
def test_json_says_the_same_and_is_inert_as_it_stands(text: str) -> None:
    row = json_row({"a": text, "b": [text]})
    assert json.loads(row) == {"a": redact(text), "b": [redact(text)]}
    assert unseen(row) == []
    assert commands(row) == []


def test_half_a_character_does_not_cost_a_row() -> None:
    assert json.loads(json_row({"a": "x\ud800y", "b": 1})) == {"a": "x?y", "b": 1}


# --- Markdown ---------------------------------------------------------------------------------------


def _read(text: str) -> str:
    return "".join(
        token.content for token in markdown_tokens(text) if token.type in ("text", "code_inline")
    )


def _expected(text: str, limit: int = 300) -> str:
    return " ".join(printable(" ".join(text.split()), limit).split())


@given(ACTIVE)
def test_markdown_shows_the_text_and_nothing_else(text: str) -> None:
    for written in (markdown(text), markdown_code(text)):
        # As a paragraph, behind other words, and in a table.
        assert set(markdown_structure(written)) <= {"paragraph_open", "paragraph_close", "inline"}
        assert _read(written) == _expected(text)
        table = f"| a |\n| --- |\n| {written} |\n"
        assert markdown_structure(table).count("td_open") == 1
        assert _read(table) == "a" + _expected(text)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("a_b [x]", "a\\_b \\[x\\]"),
        ("by @name, see #12", "by `@name,` see `#12`"),
        ("try https://a.example/b", "try `https://a.example/b`"),
        ("https://a.example/|", "`https://a.example/`\\|"),
        ("1. x", "1\\. x"),
        ("2022-05-10 a.md:3:7", "2022-05-10 a.md:3:7"),
    ],
)
def test_what_a_site_would_link_by_itself_stands_as_code(written: str, shown: str) -> None:
    assert markdown(written) == shown


@given(ACTIVE)
def test_a_link_in_markdown_leads_where_it_says_or_nowhere(text: str) -> None:
    for url in (text, f"https://a.example/{text}"):
        opened = [token for token in markdown_tokens(markdown_link(url)) if token.type == "link_open"]
        markdown_structure(markdown_link(url))
        if web_address(url) is None:
            assert opened == []
        else:
            hrefs = [str(one.attrGet("href")).replace("%5B", "[").replace("%5D", "]") for one in opened]
            assert hrefs == [normalizeLink(web_address(url) or "").replace("%5B", "[").replace("%5D", "]")]


# --- the web ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        " javascript:x",
        "data:text/html,x",
        "vbscript:x",
        "//a.example",
        "file:///x",
        "x",
        "",
    ],
)
def test_only_addresses_of_the_web_are_addresses(url: str) -> None:
    assert (web_address(url), href(url)) == (None, None)


def test_an_address_stays_an_address() -> None:
    url = "https://a.example:8080/b%20c/(d)?e=f&g=h;i#j"
    assert web_address(url) == url.replace("(", "%28").replace(")", "%29")
    assert web_address("http://[2001:db8::1]/") == "http://[2001:db8::1]/"
    assert web_address("https://a.example/标 题\ud800\n") == "https://a.example/%E6%A0%87%20%E9%A2%98?%0A"
    assert href("https://a.example/?a=1&b=2") == "https://a.example/?a=1&amp;b=2"


@given(ACTIVE)
def test_markup_is_one_text_in_one_element_and_in_one_attribute(text: str) -> None:
    safe, address = markup(text), href(f"https://a.example/{text}")
    page = page_of(f'<p title="{safe}" lang=\'{safe}\'>{safe}</p><a href="{address}">x</a>')
    assert page.elements == ["p title lang", "a"]
    assert page.words == ([printable(text)] if text else []) + ["x"]
    element = ElementTree.fromstring(f"<p title=\"{safe}\" lang='{safe}'>{safe}</p>")
    assert (element.text or "", element.get("title")) == (printable(text), printable(text))


# --- tables, annotations, results -------------------------------------------------------------------


@given(st.lists(ACTIVE, min_size=1))
def test_a_table_has_the_cells_that_were_written_and_no_formula(texts: list[str]) -> None:
    written = ",".join(csv_cell(text) for text in texts) + "\r\n"
    (row,) = csv.reader(io.StringIO(written, newline=""), strict=True)
    for text, cell in zip(texts, row, strict=True):
        assert cell in (printable(text), "'" + printable(text))
        assert not re.match("[=+\\-@\t\r\n\x00\uff1d\uff0b\uff0d\uff20]", cell.lstrip())


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", " =1", "\uff1d1", "\u3000=1"])
def test_a_formula_is_marked_as_text_and_nothing_else_is(text: str) -> None:
    assert csv_cell(text) == f'"\'{text}"'
    assert csv_cell("a" + text) == f'"a{text}"'


def test_control_characters_at_the_start_of_a_cell_are_codes() -> None:
    assert [csv_cell(text) for text in ("\t=1", "\r=1", "\x00=1")] == [
        '"\\x09=1"',
        '"\\x0d=1"',
        '"\\x00=1"',
    ]


def _unescaped(text: str, *, is_property: bool) -> str:
    """As the runner does it (ActionCommand.UnescapeData and UnescapeProperty), one after the other."""
    for code, character in (("%0D", "\r"), ("%0A", "\n")):
        text = text.replace(code, character)
    if is_property:
        text = text.replace("%3A", ":").replace("%2C", ",")
    return text.replace("%25", "%")


@given(ACTIVE)
def test_an_annotation_is_one_command_with_the_words_that_were_given(text: str) -> None:
    data, value = workflow_data(text), workflow_property(text)
    assert _unescaped(data, is_property=False) == printable(text)
    assert _unescaped(value, is_property=True) == printable(text)
    assert not re.search("[:,\r\n]", value)
    line = f"::error file={value},line=1::{data}"
    assert len(set(commands(line))) <= 2
    assert all(found.startswith("::error file=") for found in commands(line))


def _message(text: str) -> str:
    """A SARIF message as a viewer shows it (2.1.0, 3.11.5 and 3.11.6); fails on links and placeholders."""
    shown, at = [], 0
    while at < len(text):
        pair = text[at : at + 2]
        if text[at] in "{}":
            assert pair == text[at] * 2, f"a placeholder at {at}"
            at += 1
        elif text[at] == "\\":
            at += 1
            assert text[at] in "[]\\"
        else:
            assert text[at] not in "[]", f"a link at {at}"
        shown.append(text[at])
        at += 1
    return "".join(shown)


@given(ACTIVE)
def test_a_sarif_message_has_no_links_and_no_placeholders(text: str) -> None:
    assert _message(sarif(text)) == printable(text)


# --- all of them ------------------------------------------------------------------------------------


DOORS = (
    printable,
    markdown,
    markdown_code,
    markdown_link,
    markup,
    csv_cell,
    sarif,
    workflow_data,
    workflow_property,
    json_row,
)


@example("HTTP:##[]")
@given(ACTIVE)
def test_every_door_gives_what_may_be_shown(text: str) -> None:
    for shown in (door(text) for door in DOORS):
        assert isinstance(shown, Shown)
        assert unseen(shown) == []
        assert commands(shown) == []


def test_no_door_takes_more_time_than_the_text_is_long() -> None:
    draw = random.Random(7)
    for piece in (*SHORT[::4], "".join(draw.choices("`|\\@#:=[]<>&{}\x1b\u200d\ufe0f公", k=50))):
        text = piece * (100_000 // len(piece))
        started = time.process_time()
        for door in DOORS:
            door(text)
        assert time.process_time() - started < 10, ascii(piece)


SECRETS = ["https://u:p@h/", "@", "?token=abc", "&key=AIza" + "x" * 35, "#sig=", "=", "ghp_" + "a" * 36, "gh", "_",
           "eyJ", "eyJ" + "a" * 12 + "." + "b" * 12 + "." + "c" * 12, "github_pat_" + "z" * 22,
           "//mp.weixin.qq.com/s?", "&uin=12", "%3Fkey%3Dabc", "%26pass_ticket%3Dx", "sessionid=1",
           " ", "a", "é", "%", "\\u0026uin=3"]  # fmt: skip


@given(st.lists(st.sampled_from(SECRETS), max_size=8).map("".join))
def test_looking_only_where_a_secret_can_be_finds_the_same(written: str) -> None:
    thorough = redaction._USERINFO.sub(f"{redaction.REDACTED}@", written)
    thorough = redaction._SECRET_PARAMETER.sub(rf"\g<1>{redaction.REDACTED}", thorough)
    thorough = redaction._KEY_PARAMETER.sub(rf"\g<1>{redaction.REDACTED}", thorough)
    thorough = redaction._WECHAT_ADDRESS.sub(redaction._redact_wechat, thorough)
    assert redaction.redact(written) == redaction._TOKEN.sub(redaction.REDACTED, thorough)


# --- rows of JSON that wait -------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 499, 500, 501, 1200])
def test_rows_that_have_waited_are_the_array_that_they_would_have_been(count: int) -> None:
    rows = [json_row({"number": number, "word": "字\n##[x]"}) for number in range(count)]
    with TemporaryFile("w+", encoding="utf-8", newline="\n") as file:
        waiting = JsonRows(file)
        for row in rows:
            waiting.add(row)
        assert waiting.finish()
        for _ in range(2):
            assert "".join(waiting.array()) == "".join(json_array(rows))


class _Full(StringIO):
    def write(self, _text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(("file", "most"), [(_Full(), 1 << 20), (StringIO(), 4000)], ids=["full", "long"])
def test_rows_for_which_there_is_no_room_are_not_whole(file: StringIO, most: int) -> None:
    waiting = JsonRows(file, most)
    for number in range(1000):
        waiting.add(json_row({"number": number}))
    assert not waiting.finish()


class _SoonFull(TextIOWrapper):
    """A file on a disk that has room for one bundle."""

    def write(self, text: str) -> int:
        if self.tell():
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(text)


@pytest.mark.parametrize("most", [1 << 20, 30_000], ids=["full", "long"])
def test_rows_that_are_not_whole_take_no_room(tmp_path: Path, most: int) -> None:
    with _SoonFull((tmp_path / "rows").open("w+b"), encoding="utf-8") as file:
        waiting, sizes = JsonRows(file, most), set()
        for number in range(2000):
            waiting.add(json_row({"number": number, "word": "word" * 4}))
            sizes.add((waiting.is_whole, (tmp_path / "rows").stat().st_size > 0))
    assert sizes == {(True, False), (True, True), (False, False)}
