"""The text report on a terminal: what is wrong in colour, what is beside it dimmed.

A pipe, a file and ``NO_COLOR`` (no-color.org) get the plain text, which is what programs read.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, TextIO

from enrich.model import Severity, Shown

if TYPE_CHECKING:
    from rich.text import Text

# `path:line:column: code  url  (what to do)`, as `enrich.report.text.line` writes it.
_FINDING = re.compile(
    r"(?P<place>\S.*?:\d+(?::\d+)?: )(?P<code>[a-z0-9-]+)(?P<url>  \S+)?(?P<told>  \(.*\))?\Z"
)
_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


def are_wanted(stream: TextIO | None = None, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether an output is a terminal that shows colours, and nobody said that he wants none."""
    stream = stream or sys.stdout
    return stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


def print_coloured(pieces: Iterable[Shown]) -> None:
    """Print the text report line by line; nothing in a line is read as a command of rich."""
    from rich.console import Console

    console = Console(file=sys.stdout, highlight=False, markup=False, emoji=False, soft_wrap=True)
    for line in _lines(pieces):
        console.print(styled(line), end="\n")


def _lines(pieces: Iterable[Shown]) -> Iterator[str]:
    """Whole lines of text that comes in pieces."""
    rest = ""
    for piece in pieces:
        *whole, rest = (rest + piece).split("\n")
        yield from whole
    if rest:
        yield rest


def styled(line: str) -> Text:
    """A line of the report with its parts in colours; one that is no finding stays as it is."""
    from rich.text import Text

    from enrich.report._findings import severity_of

    text = Text(line, no_wrap=True)
    found = _FINDING.match(line)
    if found is None:
        return text
    text.stylize("bold", *found.span("place"))
    text.stylize(_STYLES[severity_of(found["code"])], *found.span("code"))
    if found["told"]:
        text.stylize("dim", *found.span("told"))
    return text
