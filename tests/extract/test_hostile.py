"""Documents made to hurt: each costs time in line with its size, and little memory.

Most are a piece repeated until something looks back once too often; the sizes are those at which other
parsers were measured to take seconds or minutes.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from requirements import ROOT, require

from enrich.extract.markdown import read, title

PIECES = [
    "[", "<a ", "http://a.http://a.", "![", "](", "[a](", "[a](<", "(", "http://a(", "http://a(x", "http://a.b/中", "http://a.b/(中)",
    "http://a.b/(c)中", "'http://a.b/(c)'", "==http://a.b/c== ", "==http://a.b/c==中", "\\(http://a.b\\)", "http://a.b/:star:",
    "http://a.b/:star: ", "http://a.b/<id>", "http://a.b/&lt;",
    "<http://a.b/=>", "<a =http://a.b/=>", "<a=http://a.b/->", "==a== ==http://a.b/==",
    "](http:// a.b", "[x](http:// a.b", "](http: //", "](http:// ", "http://a.b/==(",
    "http://a)", "<a '", "<a \"'", "<a x='\">", "<!--", "<!-", "<div>", "<div>[a](b)\n", "<br>\n", "<a href=u>",
    "</a>", "<script>", "`", "``` ", "&amp;", "&a;", "https://a.b/x&a;", "\\", "*a_ ", "*a **b ", "[r]: http://a.b\n",
    "[r]: x\n[r]\n", "[x][", "> ", "- ", "|", "|a", "|a|b|\n|-|-|\n", "www.", "www.a.", "http://", "'http://a ", "http://a,",
    "'https://a.b/", "'www.a.b/",
    "http://a.b/{", "---\na: b\n", "# [a](b)\n", "\n\n\t", " ", "\t", "~~",
    "<div><!--\n\n", "<div><!--\n\n-->", "<!-- enrich-disable -->", "<!-- enrich-disable-line -->http://a.b\n",
    "<!-- lychee-ignore -->", "](http://a.b/(c ", "[x](http://a .b ", "[x]: http://a.b ", "\n[x]: http://a.b\n[x]: http://a.b\n",
    "[r]: http://a.b\n\n<div>[r]\n[s]: x\n\n", "<div>\n[s]: x\n\n", "<div><http://a.b>\n\n", "<http://a.b", "<http://a.b>",
    "10.", "10.1000/", "doi:10.1000/a(", "arXiv:", "arXiv:2001.12345 ", "github.com/a/b ", "github.com/a/b(",
    "github.com/a/b:", "github.com/a:", "10.1000/a,", "10.1000/a(),", "doi.org/10.1000/,", "arxiv.org/abs/",
    "mp.weixin.qq.com/s?a=", "h", "t", "httttttttt", "hhhtttp//a.b ", "http：//a.b", "https//a.b/(", "http://http://",
    "![[a](b)", "![<img src=a>", "![a](b) ", "[![a](b)](c) ", "[a](b 'c", "[a](\n> ", "[a]: <b\n", "中文", "，", "😀",
]  # fmt: skip

# What stands in the middle, and what is put around it again and again.
NESTED = [
    ("![", "](http://a.b)"),
    ("[", "](http://a.b)"),
    ("[", "]"),
    ("(", ")"),
    ("*", "*"),
    ("<b>", "</b>"),
    ("> ", ""),
]

CHARACTERS = 50_000


def seconds(text: str) -> float:
    """The lesser of two runs: others use the machine too. The collector looks at all of this process, so it waits."""
    best = float("inf")
    gc.disable()
    try:
        for _ in range(2):
            begin = time.process_time()
            read(text)
            best = min(best, time.process_time() - begin)
    finally:
        gc.enable()
    return best


def assert_linear(text: str, twice: str) -> None:
    """At most 2.6 times the time for twice the size; what takes a blink is too quick to measure."""
    ratios = []
    for _ in range(10):
        short, long = seconds(text), seconds(twice)
        assert long < 5.0
        if long < 0.02 or long <= 2.6 * short:
            return
        ratios.append(long / short)
    pytest.fail(f"twice the size takes {ratios} times as long")


@pytest.mark.parametrize("piece", PIECES)
def test_a_repeated_piece_is_read_in_time_linear_in_its_size(piece: str) -> None:
    count = CHARACTERS // len(piece)
    assert_linear(piece * count, piece * (2 * count))


@pytest.mark.parametrize(("opening", "closing"), NESTED)
def test_deep_nesting_is_read_in_time_linear_in_its_depth(opening: str, closing: str) -> None:
    count = CHARACTERS // len(opening + closing)
    assert_linear(
        opening * count + "http://a.b" + closing * count,
        opening * (2 * count) + "http://a.b" + closing * (2 * count),
    )


@pytest.mark.parametrize("piece", ["# [a](b)\n", "#", "---\na: b\n", "[", "a\n=\n"])
def test_a_title_is_found_in_time_linear_in_the_size_of_the_text(piece: str) -> None:
    begin = time.process_time()
    title(piece * (200_000 // len(piece)))
    assert time.process_time() - begin < 5


def documents() -> dict[str, str]:
    """The documents at which parsers were measured, by name."""
    return {
        "30,000 brackets": "[" * 30_000,
        "20,000 images that never close": "![" * 20_000,
        "20,000 nested links": "[" * 20_000 + "a" + "](http://a.b)" * 20_000,
        "20,000 definitions": "".join(f"[r{number}]: http://a.b/{number}\n" for number in range(20_000)),
        "10,000 definitions and uses": "".join(
            f"[r{number}]: http://a.b/{number}\n\n[r{number}]\n\n" for number in range(10_000)
        ),
        "a line of 5 MB": ("http://a.example/b" + "中文" * 110 + " ") * 20_000,
        "a line of 5 MB without a link": "中文字符" * 1_250_000,
        "20,000 stars": "*a **b " * 20_000,
        "a URL of 175 KB": "http://a." * 20_000,
        "a wide table": "|" + "a|" * 20_000 + "\n|" + "-|" * 20_000 + "\n" + ("|" + "http://a.b|" * 2_000 + "\n") * 10,
        "488 KB of <div>": "<div>" * 100_000,
        "a tag with 100,000 attributes": "<a " + " ".join(f"a{number}=1" for number in range(100_000)) + " href='http://a.b'>",
        "20,000 comments": "<!-- http://a.b -->\n" * 20_000,
        "a comment that never closes": "<!-- " + "http://a.b\n" * 20_000,
        "20,000 links": "[a](http://a.b/c) " * 20_000,
        "20,000 swallowed links": "<div>\n" + "[a](http://a.b/c)\n" * 20_000,
        "10,000 blocks of HTML": "<div>\n[a](http://a.b/c)\n\n" * 10_000,
        "a definition for 10,000 blocks of HTML": "[r]: http://a.b\n\n" + "<div>\n[r]\n\n" * 10_000,
        "NUL and lone surrogates": "\x00\ud800" * 100_000,
    }  # fmt: skip


# The size of the interpreter with all imports is part of what is measured. The peak is that of the program alone:
# what getrusage gives begins with the size of the process that started it.
_CHILD = """
import json, re, sys, time
sys.path[:0] = json.loads(sys.argv[1])
from test_hostile import documents
from enrich.extract.markdown import read
text = documents()[sys.argv[2]]
read("[a](http://a.b)")
begin = time.process_time()
read(text)
seconds = time.process_time() - begin
with open("/proc/self/status") as status:
    peak = int(re.search(r"VmHWM:\\s*(\\d+)", status.read())[1])
print(json.dumps([seconds, peak / 1024]))
"""


@pytest.mark.parametrize("name", documents())
def test_a_hostile_document_takes_a_few_seconds_at_most_and_200_megabytes(name: str) -> None:
    require("proc", Path("/proc/self/status").exists(), "the peak of a process is read from /proc")
    folders = json.dumps([str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "extract")])
    run = subprocess.run(
        [sys.executable, "-c", _CHILD, folders, name],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    taken, megabytes = json.loads(run.stdout)
    assert taken < 5.0, f"{taken:.2f} s"
    assert megabytes < 200, f"{megabytes:.0f} MB"
