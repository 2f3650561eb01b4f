"""Documents made to hurt, for the readers of everything but Markdown.

The pieces are those that hurt Markdown and some of each format's own. A second size finds what looks back only a
little: slices of a long line are copied so quickly that a few kilobytes do not show it.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable

import pytest
from test_hostile import PIECES

from enrich.extract import notebook, pages, plain, rest

CHARACTERS = 25_000
MANY_CHARACTERS = 500_000

HTML_PIECES = [
    "<pre>", "<code></code>", "<pre>http://a.b</pre>",
    "<img srcset='", "<img srcset='a 1x, b 2x'>", "<img srcset='a,,'>",
    "<source srcset=a,", "srcset=a 1x,", "<base href=a>", "<a href=a>b</a>", "<a href='a\n'>", "<a href='http://[a'>",
    "<h1>a", "<title>", "<textarea>", "<style>", "</script>", "<a id=a>", "<![CDATA[", "<?", "&#60;",
    "<meta property=og:title>",
]  # fmt: skip

REST_PIECES = [
    "``", "`a <", "`a <b", "`a <b>`_ ", "`a`_ ", "a_ ", "a__ ", "_", "__ ", "__ a\n", ".. ", ".. a\n", ".. _a: http://a.b\n",
    ".. _a: http://a.b\n\na_\n", "__ http://a.b\n\na__\n", "::\n", "a::\n\n b\n", ".. code::\n", " .. code::\n", " a::\n",
    ".. image:: a\n", ".. |a| image:: b\n", "|a| ", ".. [a] b\n", "a\n=\n", "====\na\n====\n", " :target: a\n",
    "``a\n", "`a\n",
    "\\ ", "a.a-a+", ".. _a\\:", "\n  a::\n  b", ".. enrich-disable\n", ".. lychee-ignore\n\n",
]  # fmt: skip

# Cells are read by the Markdown reader, so that only what surrounds it is of interest.
CELL_PIECES = [
    "[",
    "中文",
    "\\",
    '"',
    "😀",
    "http://a.b ",
    "<div>\n",
    "# [a](b)\n",
    "[r]: x\n[r]\n",
    "<!--",
]
NOTEBOOK_PIECES = ['"', '\\"', "{", "[", '{"cells":[', '"a",', "\\u4e2d", "\\ud83d\\ude00", "\n"]


def in_one_string(text: str) -> str:
    return json.dumps({"cells": [{"cell_type": "markdown", "source": text}]})


def in_strings(piece: str, characters: int) -> str:
    count = characters // len(json.dumps([piece]))
    return json.dumps({"cells": [{"cell_type": "markdown", "source": [piece] * count}]})


def in_cells(piece: str, characters: int) -> str:
    cell = {"cell_type": "markdown", "source": [piece]}
    return json.dumps({"cells": [cell] * (characters // len(json.dumps(cell)))})


def repeated(piece: str, characters: int) -> str:
    return piece * (characters // len(piece))


Make = Callable[[str, int], str]
Read = Callable[[str], object]

CASES: list[tuple[str, Read, Make, list[str]]] = [
    ("html", pages.read, repeated, [*PIECES, *HTML_PIECES]),
    ("html prose", pages.prose, repeated, HTML_PIECES),
    ("html title", pages.title, repeated, HTML_PIECES),
    ("rest", rest.read, repeated, [*PIECES, *REST_PIECES]),
    ("rest anchors", rest.anchors, repeated, REST_PIECES),
    ("text", plain.read, repeated, [*PIECES, "<!-- enrich-disable -->\n", "<!-- lychee-ignore -->\n"]),
    ("notebook", notebook.read, repeated, NOTEBOOK_PIECES),
    ("notebook strings", notebook.read, in_strings, CELL_PIECES),
    ("notebook cells", notebook.read, in_cells, CELL_PIECES),
]


def seconds(read: Read, text: str) -> float:
    """The time of this process alone, without that of its collector, which looks at all that tests have left."""
    gc.disable()
    try:
        begin = time.process_time()
        read(text)
        return time.process_time() - begin
    finally:
        gc.enable()


@pytest.mark.parametrize(("name", "read", "make", "pieces"), CASES, ids=[case[0] for case in CASES])
def test_repeated_pieces_are_read_in_time_linear_in_their_size(
    name: str, read: Read, make: Make, pieces: list[str]
) -> None:
    for piece in pieces:
        short, long = make(piece, CHARACTERS), make(piece, 2 * CHARACTERS)
        ratios = []
        for _ in range(10):
            # What takes a blink is too quick to measure.
            if (twice := seconds(read, long)) < 0.02:
                break
            assert twice < 3, (name, piece)
            ratios.append(twice / seconds(read, short))
            if ratios[-1] <= 2.6:
                break
        else:
            pytest.fail(f"{name}: {piece!r}: twice the size takes {ratios} times as long")


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (pages.read, "<!-- lychee-ignore -->"),
        (pages.read, "<pre>http://a.b</pre>"),
        (pages.read, "doi:10.1000/a("),
        (rest.read, "doi:10.1000/a("),
        (rest.read, "__ a\n"),
        (rest.read, "::\n"),
        (rest.read, "\n\n\t"),
        (rest.read, "`a <b>`_ "),
        (rest.anchors, "::\n"),
        (plain.read, "doi:10.1000/a("),
        (plain.read, "<!-- lychee-ignore -->\n"),
    ],
)
def test_half_a_megabyte_that_is_hard_to_read_takes_a_few_seconds_at_most(read: Read, text: str) -> None:
    assert seconds(read, repeated(text, MANY_CHARACTERS)) < 5.0


@pytest.mark.parametrize("piece", ["[", "(", "\\", "> ", "#", "中"])
def test_a_notebook_of_half_a_megabyte_takes_a_few_seconds_at_most(piece: str) -> None:
    assert seconds(notebook.read, in_strings(piece, MANY_CHARACTERS)) < 5.0


def test_comments_on_one_line_are_read_in_time_linear_in_their_number() -> None:
    short, long = (repeated("<!-- lychee-ignore -->", size) for size in (1_000_000, 2_000_000))
    ratios = []
    for _ in range(10):
        ratios.append(seconds(pages.read, long) / seconds(pages.read, short))
        if ratios[-1] <= 2.6:
            return
    pytest.fail(f"twice the size takes {ratios} times as long")
