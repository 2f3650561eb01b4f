"""The text report in colours, where a person reads it and nowhere else."""

from __future__ import annotations

import io
import sys

import pytest
from terminal import Terminal

from enrich.cli.colours import are_wanted, print_coloured, styled
from enrich.text import printable

LINE = "notes/a b.md:3:7: http-404  https://a.example/x  (It answered 404; try https://a.example/y)"


def spans(line: str) -> dict[str, str]:
    return {line[span.start : span.end].strip(): str(span.style) for span in styled(line).spans}


def test_a_finding_has_its_place_its_code_and_what_is_beside_it() -> None:
    assert spans(LINE) == {
        "notes/a b.md:3:7:": "bold",
        "http-404": "bold red",
        "(It answered 404; try https://a.example/y)": "dim",
    }


@pytest.mark.parametrize(
    ("code", "style"),
    [
        ("wechat-deleted", "bold red"),
        ("github-archived", "yellow"),
        ("duplicate-target", "cyan"),
        ("not-yet", "yellow"),
    ],
)
def test_a_code_has_the_colour_of_its_severity(code: str, style: str) -> None:
    assert spans(f"a.md:3: {code}  (said)")[code] == style


@pytest.mark.parametrize("line", ["", "63 links in 3 documents, 60 targets: 40 ok", "1 error: http-404 1"])
def test_other_lines_stay_as_they_are(line: str) -> None:
    assert styled(line).spans == []
    assert styled(line).plain == line


def test_what_strangers_wrote_is_no_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal(columns=200)
    monkeypatch.setattr(sys, "stdout", screen)
    hostile = "a.md:3:7: http-404  https://a.example/[red]x[/red]:smile:  (said)"
    print_coloured([printable(hostile), printable("second line")])
    assert "".join(screen.lines) == f"{hostile}second line"


def test_pieces_that_hold_several_lines_or_a_part_of_one_come_out_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = Terminal(columns=200)
    monkeypatch.setattr(sys, "stdout", screen)
    from enrich.text import fill

    print_coloured([fill("{}", printable(LINE)), fill("\n\nsecond\nthi"), fill("rd\n")])
    assert screen.lines == [LINE, "second", "third"]


@pytest.mark.parametrize(
    ("stream", "environ", "wanted"),
    [
        (Terminal(), {}, True),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"NO_COLOR": ""}, True),
        (Terminal(), {"TERM": "dumb"}, False),
        (io.StringIO(), {}, False),
    ],
)
def test_colours_are_for_terminals(stream: io.StringIO, environ: dict[str, str], wanted: bool) -> None:
    assert are_wanted(stream, environ) is wanted
