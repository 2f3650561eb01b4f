"""What strangers write, and what reads our output: programs that would obey it.

The readers here are those that people and machines use on our output: a terminal, the runners of workflows, a
Markdown renderer, spreadsheets, parsers of JSON, HTML and XML. Each gives what it saw, so that a test can ask
whether all that is ours is there, and nothing of a stranger is more than text.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pyte
from markdown_it import MarkdownIt
from markdown_it.token import Token

TERMINAL = (
    "\x1b[31mred\x1b[0m", "\x1b[2J\x1b[Hgone", "\x1b]0;title\x07", "\x1b]2;title\x1b\\",
    "\x1b]8;;http://evil.example\x1b\\here\x1b]8;;\x1b\\", "\x9b31mred", "\x9d0;title\x9c", "over\rwritten",
    "over\x08\x08written", "\x7f", "a\x00b", "\x1bc", "\x1b[6n", "\x0e\x0f", "\x1bP$qm\x1b\\", "\x1b[1A\x1b[2K", "\x07",
)  # fmt: skip
HIDDEN = (
    "exe.\u202efdp", "\u2066x\u2069", "\u200f\u061cx", "pay\u200bpal", "\ufeffx", "so\u00adft", "x\u2060y",
    "\U000e0041\U000e0042", "\u3164", "\u115f\u1160", "x\ufe0f\ufe0f\ufe00y", "a\u200d\u200d\u200db", "\u2800",
    "a\u2028b", "a\u2029b", "a\x85b", "a\x0bb\x0cc\x1cd", "\ud800", "\udfff\ud800", "\udcff.md", "\ufffe\uffff",
)  # fmt: skip
COMMANDS = (
    "::error::x", "  ::error::x", "\t::add-mask::x", "\u3000::error::x", "\xa0::set-output name=x::y", "\x00::error::x",
    "a\n::error::x", "a\r::error::x", "a\r\n::warning file=a::x", "a\x85::error::x", "a\u2028::error::x",
    "a\u2029::error::x", "a\x0b::error::x", "a\x0c::error::x", "\u200b::error::x", ":\u200b:error::x", ":\u2060:error::x",
    ":\ufe0f:error::x", "::stop-commands::x", "::ERROR::x", "##[error]x", "a ##[add-mask]x", "##[set-env name=x;]y",
    "#\u200b#[error]x", "#\ufe0f#[error]x", "#\u200d#[error]x", "##\u034f[group]x",
    "#\ufe0f\u20e3#[error]", "###[error]x",
    "##vso[task.setvariable variable=x]y", "##VSO[task.complete]x", "##v\u200dso[task.complete]x",
    ":", "::", "%0A::error::x",
)  # fmt: skip
TABLES = (
    "=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "\x00=1", " =1", '"=1', '=HYPERLINK("http://evil.example")',
    "\uff1d1", "\uff0b1", 'a;b,c"d', '","=1', "'=1",
)  # fmt: skip
MARKDOWN = (
    "[a](javascript:alert(1))", "![a](http://evil.example/x.png)", "<b>x</b>", "<img src=x onerror=alert(1)>",
    "</td></tr></table>", "a | b | c |", "\\| x", "`a` | `b`", "a`|`b", "```", "~~~",
    "``` x\n~~~ y", "@name", "@org/team",
    "#123", "GH-1", "owner/repo#1", "https://evil.example/x", "www.evil.example", "me@evil.example", "a@b",
    "<https://evil.example>", "&lt;b&gt; &copy; &#60;", "# heading", "- item", "+ item", "1. item", "1) item", "> quote",
    "---", "===", ":--", "[x]: http://evil.example", "[x][y]", "[^1]", "*a* _b_ **c** ~~d~~", "$x$", "ends\\", "\\", "`",
    "``", "` ` ` `", "| --- |", "<!--", "-->", "![", "](", "]()", "<evil:x>",
    "(http://evil.example)", "mailto:a@b.example",
    "http://a.example/`x`|y\\", "0123456789abcdef0123456789abcdef01234567", ":smile:", "a  \nb", "    code", "\n\n# x",
)  # fmt: skip
MARKUP = (
    "[a](0)", "{0} {{1}}", "\\[x\\]", "</script><script>alert(1)</script>", '" onmouseover="x', "' onmouseover='x",
    "]]>", "<?xml version='1.0'?>", "<!DOCTYPE x [<!ENTITY a 'b'>]>&a;", "javascript:alert(1)", " javascript:alert(1)",
    "JaVaScRiPt:x", "data:text/html,<b>", "vbscript:x", "//evil.example", "file:///etc/passwd", "http://x\" onclick=\"y",
    "https://a.example/'><b>", "https://a.example/?a&lt;b&copy=1", "https://[::1]/x", "https://a.example/\ud800",
)  # fmt: skip
LONG = ("x" * 20_000, "\x1b" * 3000, "[" * 3000, "`|" * 3000, "@a " * 3000, "<" * 3000, "::" * 3000)
SHORT = (*TERMINAL, *HIDDEN, *COMMANDS, *TABLES, *MARKDOWN, *MARKUP)
CORPUS = (*SHORT, *LONG)


# --- a terminal -------------------------------------------------------------------------------------


def orders(output: str) -> list[str]:
    """What a terminal is told to do beyond showing characters and beginning a new line."""
    told: list[str] = []

    class Watched:
        mode: frozenset[int] = frozenset()

        def __getattr__(self, name: str) -> Callable[..., None]:
            return lambda *_, **__: None if name in ("draw", "linefeed", "tab") else told.append(name)

    pyte.Stream(Watched(), strict=False).feed(output)
    return told


def unseen(output: str) -> list[str]:
    """Characters that reorder, hide or end a line, other than the line feed and the tab."""
    formless = "\u034f\u115f\u1160\u3164\uffa0\u2800\u17b4\u17b5"
    return [
        f"U+{ord(character):04X}"
        for character in sorted(set(output))
        if character not in "\n\t\u200c\u200d"
        and (unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") or character in formless)
    ]


# --- runners of workflows ---------------------------------------------------------------------------

# .NET compares strings by the rules of a language unless told otherwise, and skips what has no weight there.
_WEIGHTLESS = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
)


def commands(output: str) -> list[str]:
    """The workflow commands in an output, by the rules of GitHub's runner and of Azure's agent.

    After ActionCommand.cs of actions/runner: ``TryParseV2`` at the beginning of a trimmed line, ``TryParse`` anywhere.
    Stricter than it: every name is a command, every line end of Unicode ends a line, and strings are compared
    in both of the ways in which .NET can.
    """
    lines = [line for written in output.splitlines() for line in (written, _WEIGHTLESS.sub("", written))]
    return [found for line in lines for found in _commands_in(line)]


def _commands_in(line: str) -> Iterator[str]:
    trimmed = line.lstrip()
    if trimmed.startswith("::") and "::" in trimmed[2:]:
        yield trimmed
    for prefix in ("##[", "##vso["):
        at = line.lower().find(prefix)
        if at >= 0 and "]" in line[at:]:
            yield line[at:]


# --- readers of formats -----------------------------------------------------------------------------

_PARSER = MarkdownIt("commonmark", {"linkify": True}).enable(["table", "strikethrough", "linkify"])
assert _PARSER.linkify is not None
# As GitHub does it: with a scheme or "www.", and mail addresses.
_PARSER.linkify.set({"fuzzy_link": False, "fuzzy_email": True, "fuzzy_ip": False})


def markdown_tokens(text: str) -> list[Token]:
    """All tokens of a Markdown text in a flat list."""
    blocks = _PARSER.parse(text)
    return [token for block in blocks for token in (block, *(block.children or ()))]


# What GitHub makes links of after rendering, in text outside of code.
_NAMED = re.compile(r"(?<![\w`])@[\w-]+|(?<!\w)#\d+|\bGH-\d+|\bwww\.|//")


def markdown_structure(text: str) -> list[str]:
    """The blocks of a Markdown text. Fails where there is more than text, code, links and what we write."""
    found = []
    inside_link = False
    for token in markdown_tokens(text):
        assert not token.type.startswith(("html", "image", "fence", "code_block")), token
        if token.type == "link_open":
            assert re.match("https?://", str(token.attrGet("href")), re.IGNORECASE), token
            assert token.markup != "linkify", token
        inside_link = token.type == "link_open" or (inside_link and token.type != "link_close")
        if token.type == "text" and not inside_link:
            assert _NAMED.search(token.content) is None, token
        if token.block or token.type in ("link_open", "strong_open", "em_open", "s_open"):
            found.append(token.type)
    return found


def table_structure(text: str) -> list[str]:
    """The number of cells in each row of CSV; fails on a cell that a spreadsheet would run."""
    rows = list(csv.reader(io.StringIO(text, newline="")))
    for row in rows:
        for cell in row:
            assert not cell.lstrip().startswith(
                ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
            ), cell
    return [str(len(row)) for row in rows]


# What is drawn: how many there are depends on which hosts, years and months there are.
_DRAWN = frozenset({"rect", "title", "text", "tr", "th", "td", "li", "span", "circle", "polyline"})


class _Page(HTMLParser):
    """Elements with the names of their attributes, and the addresses they lead to; of a picture only its frame."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.addresses: list[str] = []
        self.words: list[str] = []
        self.in_figure = False

    def handle_endtag(self, tag: str) -> None:
        self.in_figure = self.in_figure and tag != "figure"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.in_figure = self.in_figure or tag == "figure"
        if self.in_figure and tag in _DRAWN:
            assert {name for name, _ in attrs} <= {
                "class",
                "x",
                "y",
                "width",
                "height",
                "scope",
                "cx",
                "cy",
                "r",
                "points",
            }
            return
        self.elements.append(" ".join([tag, *(name for name, _ in attrs if name not in ("href", "src"))]))
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src", "action")]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def page_of(text: str) -> _Page:
    page = _Page()
    page.feed(text)
    page.close()
    return page


def page_structure(text: str) -> list[str]:
    """The elements of an HTML page; fails on an address that is neither of the web nor inside the page."""
    page = page_of(text)
    for address in page.addresses:
        assert re.match(r"https?://|#|[\w./-]+\Z", address, re.IGNORECASE), address
    return page.elements


def xml_structure(text: str) -> list[str]:
    assert "<!" not in text.replace("<!--", "")
    return [element.tag for element in ElementTree.fromstring(text).iter()]


def suites_structure(text: str) -> list[str]:
    """The elements of JUnit XML without the suites: which documents there are is what strangers' names decide."""
    return sorted(tag for tag in xml_structure(text) if tag != "testsuite")


def json_structure(text: str) -> list[str]:
    """The paths of all values in JSON text."""
    return sorted(_paths(json.loads(text), ""))


def scan_structure(text: str) -> list[str]:
    """The paths in a SARIF log and the number of results; how many rules there are depends on the codes met."""
    (run,) = json.loads(text)["runs"]
    # Where a link ends is known where its place is the finding's.
    paths = {path for path in json_structure(text) if not path.endswith("/endColumn")}
    return [*sorted(paths), *("result" for _ in run["results"])]


def _paths(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, part in value.items():
            # Counters by kind have keys of their own.
            yield from _paths(part, f"{path}/{key}" if "by_kind" not in path else f"{path}/*")
    elif isinstance(value, list):
        for part in value:
            yield from _paths(part, f"{path}/-")
    else:
        yield path


def strings_in(value: Any) -> Iterator[str]:
    """All strings in decoded JSON, keys left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from strings_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from strings_in(part)


def json_lines_structure(text: str) -> list[str]:
    return [path for line in text.split("\n") if line for path in json_structure(line)]


def line_structure(text: str) -> list[str]:
    """One mark a line: text has no other structure."""
    return ["line"] * text.count("\n")


_ANNOTATION = re.compile(r"::(?:error|warning|notice) [a-z]+=[^:,]*(?:,[a-z]+=[^:,]*)*::")


def annotations_structure(text: str) -> list[str]:
    """The names of the properties of each annotation, a mark for any other line; `without_ours` is for the rest."""
    found = []
    for line in text.splitlines():
        command = _ANNOTATION.match(line)
        given = command[0].partition(" ")[2].split(",") if command else ["line"]
        found.append(" ".join(one.partition("=")[0] for one in given))
    return found


def bibtex_structure(text: str) -> list[str]:
    """Types and fields of the entries; fails where braces do not pair or TeX is told to do something."""
    assert not re.search(r"\\(?:input|write|immediate|openin|read|csname|def|include|catcode)", text)
    found = []
    for entry in filter(None, re.split(r"\n\n", text.strip())):
        assert entry.count("{") == entry.count("}"), entry
        lines = entry.split("\n")
        assert lines[-1] == "}", entry
        found.append(lines[0].partition("{")[0])
        found += [line.partition(" = ")[0] for line in lines[1:-1]]
    return found


def ris_structure(text: str) -> list[str]:
    """The tags in their order."""
    found = []
    for line in filter(None, text.split("\n")):
        assert re.match(r"[A-Z][A-Z0-9]  - ", line), line
        found.append(line[:2])
    return found


def citations_structure(text: str) -> list[str]:
    """The paths in CSL-JSON; whether a name is taken apart depends on the name."""
    names = re.compile("(?<=/author/-/)(?:family|literal)$")
    return [names.sub("", path) for path in json_structure(text) if not path.endswith("/given")]


def without_ours(name: str, text: str) -> str:
    """An output without what only we may write in this format: annotations, the mark of a table in UTF-8."""
    if name == "github":
        return "\n".join(_ANNOTATION.sub("", line, count=1) for line in text.splitlines())
    return text.removeprefix("\ufeff") if name == "csv" else text


READERS: dict[str, Callable[[str], list[str]]] = {
    "text": line_structure,
    "markdown": markdown_structure,
    "json": json_structure,
    "jsonl": json_lines_structure,
    "csv": table_structure,
    "html": page_structure,
    "junit": suites_structure,
    "sarif": scan_structure,
    "rdjson": json_structure,
    "gitlab": json_structure,
    "github": annotations_structure,
    "bibtex": bibtex_structure,
    "ris": ris_structure,
    "csl-json": citations_structure,
}
"""By the name of a report format; one that is missing here fails the test of the formats, which says so."""
