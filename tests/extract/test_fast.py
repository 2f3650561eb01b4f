"""The fast reader of links against the exact one: whatever the text, they give the same."""

from __future__ import annotations

import importlib
import re
import time

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from requirements import ROOT, shared

from enrich.extract import _fast_tokens, fast, markdown
from enrich.extract.fast import CODE, ELSEWHERE, IMAGE, spot_of, spots


def exact(text: str) -> list[fast.Spot]:
    return sorted(spot_of(link) for link in markdown.links(text))


def agree(text: str) -> bool:
    return sorted(spots(text)) == exact(text)


# Each was once taken for something else, by an earlier version of the fast reader or by a shorter rule.
TRAPS = {
    "an item in a block of HTML is none, so that deep lines behind a blank one are code": (
        "<p>\n- x\n\n    [](g)",
        "<div>\n- .\n\n    http://a",
    ),
    "a rule of dashes looks like an item": ("- --\n\n    http://a", "* * *\n\n    [x](y)"),
    "a number that begins no list is prose": (
        "text\n2. x\n\n    http://a",
        "- a\n10. b\n\n       http://a",
    ),
    "a tab behind closing marks closes nothing": ("```\n```\t\nhttp://a",),
    "a cell too many is left out": ('||\n-|\n||<a href="h"></a>', "a | b\n--- | ---\nc | d | [x](y)"),
    "a bar ends a cell inside a label": ("a | b\n--- | ---\n[a|b](https://a.b/t) | c",),
    "a tag may go on in the next line": ("<pre\n[](h)</pre>", "<a\nhref='x'>y</a>"),
    "URLs in code are listed as such, in whatever letters": ("```HTTP://A\n```", "`a https://b.c`"),
    "a fence in HTML opens nothing": ("<div>\n```\n\n[x](y)\n```\n[z](w)",),
    "a fence in an item ends with it": ("- x\n  ```\nhttp://a\n  ```\nhttp://b",),
    "a marker of three characters, and then the space of code": (
        "10. \thttps://a.b/c",
        "10.     https://a.b/c",
    ),
    "a tab is as wide as it takes to be in an item, or to be code": (
        "1. x\n\n\t[](g)\n2. y",
        "10. x\n\n\t[](g)",
        "- x\n\n\t\t[](g)",
        "- x\n\n  \t[](g)",
        "- x\n\n \t    [](g)",
    ),
    "a blank line ends HTML, behind which code is code": (
        "<p>\n\nx\n\n`<img src=i>`",
        "<p>\n\n`<img src=i>`\n<b>\n`<img src=i>`",
    ),
    "marks of code so deep that they are prose": (
        "x\n\t\t```[](b)\n\n\t\t```",
        "x\n    ```\n    [](b)\n    ```",
    ),
    "a quoted fence, and one behind a marker": (
        "> ```\nhttp://a\n```\nhttp://b",
        "- ```\n  http://a\n  ```\n",
    ),
    "an image in a link, an image in an image": ("[![i](https://a/i)](https://a/o)", "![![a](b)](c)"),
    "brackets in a label": (
        "[a [b] c](https://a/n)",
        "[a [b](c) d](e)",
        "[[a]](https://a/n)",
        "[^1](https://a)",
    ),
    "a label over two lines": ("[a\nb](https://a.b/c)", "- [a\n- b](https://a.b/c)"),
    "code that holds brackets": ("`a [x` https://a.b/c `y](z)`", "``a ` [x](y)``", "`[x](y)"),
    "pictures": ('<img src="i" srcset="j 2x">', '<img srcset="j, k" src="i">', "<video poster=p src=q>"),
    "code in HTML is none": ("<div>`<img src=i>`", "<div>`<!--`\n\n[x](y)\n\n-->", "`<img src=i>`"),
    "escapes": ("\\[x](https://a.b/c)", "\\![x](y)", "\\`[x](y)`", "\\\\[x](y)", "\\<br>"),
    "definitions reach everywhere": (
        "[x]\n\n[x]: https://a.b",
        "[^1]\n\n> [^1]: https://a.b",
        "- [ ] [x]: y\n\n[x]",
    ),
    "comments hide": ("<!--\n\nhttps://a.b\n\n-->", "<!-- enrich-disable -->\n\n[x](y)", "`<!--` [x](y)"),
    "a comment reaches as far as it is open, and what it asks for further": (
        "<!-- a\n[x](y)\n-->\n\n[z](w)",
        "<!-->\n[x](y)\n\n[z](w)\n-->",
        "<div><!--\n\n    [x](y)-->\n\n[z](w)",
        "a <!-- b\n- [x](y) -->\n- [z](w)",
        "- <!--\n- [x](y) -->\n- [z](w)",
        "[a](b) <!-- lychee-ignore -->\n\n[z](w)",
        "<!-- enrich-disable-next-line -->\n\n[z](w)",
    ),
    "some hosts need no scheme": (
        "x github.com/a/b",
        "CN.ARXIV.ORG/abs/2101.00001",
        "mp.weixin.qq.com/s?a=b",
        "example.com/a",
    ),
    "an anchor's label is its own": ('<a href="x">https://l</a>', '<a href="x">\n- a\n- https://b</a>'),
    "scripts, and blank lines in them": (
        "<script>\n\n[x](y)\n</script>",
        "<script>[x](y)</script>\n\n[z](w)",
    ),
    "preformatted text": ("<pre>\n    [x](y)\n</pre>\n    [z](w)", "x <pre>\n\n    [x](y)\n</pre>"),
    "an address in any attribute is one in code": (
        '\t<a name="https://a.b/c"></a>',
        "    <p title='https://a.b'>",
        '    <b class="x" title="a: b">https://a.b',
    ),
    "deep lines": (
        "x\n    [x](y)",
        "# x\n    [x](y)",
        "- x\n\n    [x](y)",
        "- x\n\n      [x](y)",
        "-     [x](y)",
    ),
    "attributes of a heading hide what they hold": ("# h {[x](https://a.b/c)}", "h {[x](y)}\n==="),
    "front matter": (
        "---\nurl: https://a.b\n---\n[x](y)",
        "---\n\n[x](y)\n\n---\n",
        "+++\nx = 'www.a.bc'\n+++\n",
    ),
    "names that stand for a page": (
        "www.a.bc",
        "[www.a.bc]",
        "GitHub.com/o/r",
        "arXiv：2001.12345",
        "10.1234/abc",
    ),
    "where a URL of running text ends": (
        "https://a.b/c，x",
        "(https://a.b/c)",
        "'https://a.b/c'x",
        "https://a.b/c,https://d.e",
        "https://a.b/中",
        "https://a.b/%s",
        "**https://a.b/c**",
        "https://a.b/c_",
        "https://a.b:80/~x/y.",
        "HTTPS://A.B",
        "xhttps://a.b",
        "https://a.b/c:star:",
        "- https://a.b/c:1st: x:+1::100:",
        "==https://a.b/c==",
        "](http: //a.b)",
        "https://a.b/<id> https://a.b/<br>",
        "https://a.b/c=<svg> https://a.b/<x-y>",
        "https://a.b/&lt;id&gt; https://[a]/b",
        "[x](https://a.b/<id>) [y](https://[a]/b)",
        "[x] y](http: //a.b)",
        "==a https://a.b/c++ ++https://a.b/c++ https://a.b/c==",
        "\\(https://a.b\\)",
        "x https://a.b(c)中",
        "ftp://a.b",
    ),
    "destinations": (
        "[x]( https://a.b )",
        "[x](<a b>)",
        '[x](y "t")',
        "[x]()",
        "[x](mailto:a@b)",
        "[x](a(b))",
        "[x](%s)",
        "[x](https:// a.b/c)",
        "[x](https: //a.b) ![y](http:// www.a.bc)",
    ),
    "entities and escapes in addresses": (
        "[x](a&amp;b)",
        '<img src="a&amp;b">',
        "[x](a\\_b)",
        "[x](a&copy=1)",
    ),
    "line ends": (
        "[x](y)\r\n\r\nhttps://a.b\r\n",
        "[x](y)\rhttps://a.b",
        "a\x0bhttps://b",
        "\ufeffhttps://a.b",
    ),
    "other fences": ("~~~\n[x](y)\n~~~\n[z](w)", "````\n```\n[x](y)\n````", "```\n[x](y)"),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_what_is_easily_mistaken_is_read_as_the_exact_reader_does(trap: str) -> None:
    assert [text for text in TRAPS[trap] if not agree(text)] == []


@pytest.mark.parametrize("trap", TRAPS)
def test_it_is_so_between_other_sections_too(trap: str) -> None:
    around = "# h\n\n[a](b) https://c.d/e\n\n{}\n\n- [f](g)\n- https://h.i/j，k\n\n![l](m)\n"
    assert [text for text in TRAPS[trap] if not agree(around.format(text))] == []


def test_places_and_marks_are_those_of_the_links() -> None:
    text = "文 [a](https://b.c)\n\n![d](e.png)\n`https://f.g`\n"
    assert spots(text) == [
        (1, 7, "https://b.c", 0),
        (3, 6, "e.png", IMAGE | ELSEWHERE),
        (4, 2, "https://f.g", CODE),
    ]


def test_plain_notes_never_meet_the_exact_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(_text: str) -> list[object]:
        raise AssertionError("read exactly")

    monkeypatch.setattr(markdown, "links", never)
    note = (
        "# 笔记（2022.5.10）\n\n1. [标题 | x](https://mp.weixin.qq.com/s/abc)  :star:\n"
        "   - Paper: [T](https://arxiv.org/abs/2205.02101)\n"
        "   - Code: https://github.com/o/r\n\n    - deep: https://a.b/c，x\n\n"
        "<div align=center><img src=\"https://a.b/i.png\" style='x'>\n"
        "</div>\n\n```python\nd = {'x': [1, 2]}\n```\n\n`code` [x [y] z](w.md)<br>\n"
    )
    assert len(spots(note)) == 6


# --- whatever the text ------------------------------------------------------------------------------

MARKS = r"""
text 文字 1. 2) ># # --- === |---|---| ` ``` ~~~ ~~ [ ] ]( ( ) ! { } < > <br> <div> </div> <b> </a> <pre> </pre> </script>
[a](https://b.c/d) ![a](b.png) https://a.b/c [x] [x][y] <https://a.b> &lt; \ 😀 -->
"""
PIECES = [
    *sorted({text for texts in TRAPS.values() for text in texts}),
    *MARKS.split(),
    "- ",
    "* x",
    "a | b",
    "<a name='x'/>",
]
INDENTS = ("", "", "", " ", "  ", "   ", "    ", "      ", "\t", "> ", "- ", "1. ", "-   ", "        ")
ENDS = ("\n", "\n", "\n", "\n\n", "\n\n", " ", "", "\n \n", "，", " | ", "\r\n")

piece = st.tuples(st.sampled_from(INDENTS), st.sampled_from(PIECES), st.sampled_from(ENDS)).map("".join)


@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example("- [x]\n        [a](https://b.c/d)\n")
@example("-   [ ] \n\n\thttps://a.b/c\n")
@given(st.lists(piece, min_size=1, max_size=12).map("".join))
def test_both_readers_agree_on_markup_thrown_together(text: str) -> None:
    assert agree(text)


@settings(max_examples=500, deadline=None)
@given(st.text(alphabet="[]()<>!`~|-*+>#\\/:.=\"'& \t\nahttpsw1中，", max_size=60))
def test_both_readers_agree_on_any_marks(text: str) -> None:
    assert agree(text)


# --- real notes -------------------------------------------------------------------------------------


def notes() -> dict[str, str]:
    folder = shared() / "corpus"
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8-sig", errors="replace")
        for path in sorted(folder.rglob("*.md"))
    }


def test_both_readers_agree_on_every_real_note() -> None:
    assert [name for name, text in notes().items() if spots(text) != exact(text)] == []


def test_both_readers_agree_on_real_notes_with_other_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    changed = importlib.import_module("benchmarks.inputs").changed
    assert [name for name, text in notes().items() if not agree(changed(text, 7))] == []


def test_few_links_of_real_notes_need_the_exact_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def counted(text: str) -> list[markdown.Link]:
        found = original(text)
        read.append(len(found))
        return found

    original = markdown.links
    monkeypatch.setattr(markdown, "links", counted)
    found = sum(len(spots(text)) for text in notes().values())
    assert sum(read) < found * 0.03, f"{sum(read)} of {found}"


# --- hostile texts ----------------------------------------------------------------------------------

HOSTILE = {
    "brackets": "[",
    "pairs": "[a]",
    "definitions": "[a]: ",
    "bars": "|-",
    "marks of code": "``` ",
    "scripts": "<script>",
    "fences": "  ```\n  ```\n",
    "deep links": "    [a](b)\n",
    "items with a doubt": "- [a\n",
    "links in one line": "[a](https://b.c/d) ",
    "URLs in one line": "https://a.b/c ",
    "blank lines that are no borders": "\n\n    [a](b)",
    "braces": "{[",
    "anchors": '<a href="x">',
}


@pytest.mark.parametrize("sort", HOSTILE)
def test_time_grows_with_the_length_of_a_hostile_text(sort: str) -> None:
    piece = HOSTILE[sort]
    count = 200_000 // len(piece)
    spots(piece * 10)
    short, long = (min(_seconds(piece * times) for _ in range(3)) for times in (count, 2 * count))
    assert long < 3 or long < 2.6 * short


def _seconds(text: str) -> float:
    begin = time.process_time()
    spots(text)
    return time.process_time() - begin


@pytest.mark.parametrize(
    ("holds", "leaves_out"),
    [
        (_fast_tokens._SAME_WORDS, r"[\[\]<>`\\\n\x00\x0b\x0c]"),
        (_fast_tokens._SAME_DESTINATION, r"[\s()<>\[\]{}\\`|\"';\x00-\x1f\x7f]"),
        (_fast_tokens._CALM, r"[\[!<`:xX/wW\\{|~\x00\x0b\x0c]"),
    ],
)
def test_a_set_that_says_what_it_holds_leaves_out_what_it_is_said_to(holds: str, leaves_out: str) -> None:
    held, left_out = re.compile(holds), re.compile(leaves_out)
    for code in range(0x110000):
        assert bool(held.fullmatch(chr(code))) != bool(left_out.fullmatch(chr(code))), hex(code)


def test_no_find_begins_in_the_plain_text_that_another_takes_along() -> None:
    gap = re.compile(_fast_tokens._GAP)
    beginnings = "arXiv: 2001.00001 ARXIV：2001.1 www.a.b WWW.a.b github.com/a/b doi.org/10.1234/x 10.12345/y http://a"
    plain = "see x, w: X/W and a/b at 12:30"
    for start in range(len(beginnings)):
        end = gap.match(f"`{plain} {beginnings[start:]}", 1).end() - 1  # type: ignore[union-attr]
        found = _fast_tokens.TOKEN.search(f" {plain} {beginnings[start:]}")
        assert found is None or found.start() - 1 >= end
