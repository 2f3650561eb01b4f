"""Links in Jupyter notebooks, at their places in the file."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.extract import markdown
from enrich.extract.notebook import anchors, prose, read, title

A, B = "https://a.example/b", "https://c.example/d"


def notebook(*cells: str | list[str], **form: Any) -> str:
    made = [{"cell_type": "markdown", "metadata": {}, "source": cell} for cell in cells]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, **form)


def assert_places(text: str) -> None:
    lines = text.split("\n")
    for link in read(text).links:
        assert lines[link.line - 1].startswith(link.written or link.url, link.column - 1), link


@pytest.mark.parametrize("form", [{}, {"indent": 1}, {"ensure_ascii": False}, {"separators": (",", ":")}])
@pytest.mark.parametrize(
    "cell",
    [
        f"[a]({A})",
        [f"# 标题 \"q\"\n\t😀 [a]({A})\n", f"and {B}，后面\n"],
        ["[a][r] \\\\ [r]\n", "\n", f"[r]: {A}"],
        [f"split [a]({A[:12]}", f"{A[12:]})"],
        "",
    ],
)  # fmt: skip
def test_links_stand_in_the_file_where_it_says(cell: str | list[str], form: dict[str, Any]) -> None:
    text = notebook(cell, f"last <{B}>", **form)
    source = cell if isinstance(cell, str) else "".join(cell)
    urls = [link.url for part in (source, f"last <{B}>") for link in markdown.read(part).links]
    found = read(text).links
    assert [link.url for link in found] == urls
    # An address that is cut by the end of a string stands in two pieces, so it cannot be looked up as one.
    if not (isinstance(cell, list) and cell[0].startswith("split")):
        assert_places(text)


def test_an_escaped_address_says_how_it_stands() -> None:
    text = notebook("https://a.example/?x=1&y=2").replace("&", "\\u0026").replace("/?", "\\/?")
    (link,) = read(text).links
    assert (link.url, link.written) == ("https://a.example/?x=1&y=2", "https://a.example\\/?x=1\\u0026y=2")
    assert_places(text)


def test_a_reference_is_used_where_it_is_used() -> None:
    text = notebook(["see [a]\n", "\n", f"[a]: {A}"], indent=1)
    (link,) = read(text).links
    assert link.used_at is not None
    line, column = link.used_at
    assert text.split("\n")[line - 1].startswith("[a]", column - 1)


def test_code_its_output_and_raw_cells_are_not_read() -> None:
    cells = [
        {"cell_type": "code", "source": [A], "outputs": [{"data": {"text/markdown": [A]}}], "metadata": {}},
        {"cell_type": "raw", "source": A, "metadata": {"source": B, "cell_type": "markdown"}},
    ]
    assert read(json.dumps({"cells": cells, "metadata": {"cells": [A]}})).links == []


def test_a_cell_may_give_its_type_after_its_text() -> None:
    text = json.dumps({"cells": [{"source": A, "cell_type": "markdown"}]})
    assert [link.url for link in read(text).links] == [A]


def test_notebooks_of_version_3_have_worksheets() -> None:
    text = json.dumps({"worksheets": [{"cells": [{"cell_type": "markdown", "source": [A]}]}]})
    assert [link.url for link in read(text).links] == [A]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", (1, 1)),
        ("{", (1, 2)),
        ('{"cells": [\n  {"source": "a"\n', (3, 1)),
        ("# no notebook\n", (1, 1)),
        ("[" * 200_000, (1, 1)),
    ],
)
def test_what_is_no_json_costs_one_remark_that_says_where(text: str, place: tuple[int, int]) -> None:
    extraction = read(text)
    (remark,) = extraction.remarks
    assert (remark.code, (remark.line, remark.column)) == ("unreadable-document", place)
    assert extraction.links == []
    assert title(text) is None
    assert prose(text) == ""


@pytest.mark.parametrize(
    "text", ["[]", "1", '"cells"', "{}", '{"cells": 1}', '{"cells": [1, {"source": 2}]}']
)
def test_json_of_another_shape_has_no_cells(text: str) -> None:
    assert read(text).links == []
    assert read(text).remarks == []


def test_remarks_stand_in_the_file_too() -> None:
    text = notebook(["text\n", f"[a]({A}/(c)\n"], indent=1)
    within = markdown.read(f"text\n[a]({A}/(c)\n").remarks
    moved = read(text).remarks
    assert [remark.code for remark in moved] == [remark.code for remark in within]
    for remark in moved:
        assert text.split("\n")[remark.line - 1].lstrip().startswith('"[a]')


def test_a_notebook_has_the_title_and_names_of_its_cells() -> None:
    text = notebook("# My Notes (1)\n", "## Part\n")
    assert title(text) == "My Notes (1)"
    assert anchors(text) == ["my-notes-1", "part", "My-Notes-(1)", "Part"]
    assert prose(text) == "# My Notes (1)\n\n\n## Part\n"


@given(
    st.lists(st.lists(st.sampled_from([A, "[a](", ")", "\n", '"', "\\", "😀", "中", "\t", " ", "<", ">"]), max_size=9)),
    st.booleans(),
)  # fmt: skip
def test_every_link_of_any_cell_stands_where_it_says(cells: list[list[str]], ascii_only: bool) -> None:
    text = notebook(*("".join(cell) for cell in cells), ensure_ascii=ascii_only)
    assert not re.search(r"\n", text)
    assert_places(text)
