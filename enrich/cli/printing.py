"""The doors to the outside: data goes to standard output, everything else to standard error."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from enrich.errors import StorageError
from enrich.model import Shown

if TYPE_CHECKING:
    from enrich.config import Settings
    from enrich.model import Report
    from enrich.text import Part


def say(text: Shown) -> None:
    """A line of standard error."""
    click.echo(text, err=True)


def tell(template: str, *parts: Part) -> None:
    """A line of data on standard output."""
    from enrich.text import fill

    click.echo(fill(template, *parts))


@contextlib.contextmanager
def output_of(file: str | None) -> Iterator[Callable[[Iterable[Shown]], None]]:
    """Where a command's data goes: standard output, or the file of ``--output``, replaced as a whole."""
    if file is not None:
        from enrich.publish import write_atomically

        yield lambda pieces: write_atomically(Path(file), pieces)
        return

    yield print_all


def print_all(pieces: Iterable[Shown]) -> None:
    """Print to standard output until all is out or the reader has had enough."""
    try:
        for piece in pieces:
            sys.stdout.write(piece)
        sys.stdout.flush()
    except BrokenPipeError:
        # `… | head`: nothing failed. What is still in the buffer must not be written at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        raise StorageError(f"standard output: cannot be written: {error.strerror}") from None


def render(report: Report, settings: Settings) -> None:
    """A report in the format and to the place of the settings."""
    from enrich.cli.colours import are_wanted, print_coloured
    from enrich.registry import format_named

    pieces = format_named(settings["format"]).render(report)
    if settings["format"] == "text" and settings["output"] is None and are_wanted():
        print_coloured(pieces)
        return
    with output_of(settings["output"]) as write:
        write(pieces)
