"""Exit codes, and what is said when a command ends by an error."""

from __future__ import annotations

import click

from enrich.cli.printing import say
from enrich.errors import CacheBusyError, EnrichError, StorageError, first_of

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INCOMPLETE = 3
EXIT_BUSY = 4
EXIT_OURS = 70
EXIT_INTERRUPTED = 130


def code_of(error: BaseException) -> int | None:
    """Say what is wrong and give the exit code; None for what is a mistake of ours."""
    from enrich.text import fill, joined, printable

    if first_of(error, KeyboardInterrupt) is not None:
        return EXIT_INTERRUPTED
    if isinstance(error, OSError):
        # The disk, a folder or the output, at a place that has no better words for it.
        where = printable(str(error.filename or "standard output"))
        say(fill("error: {}: {}", where, printable(error.strerror or str(error))))
        return EXIT_INCOMPLETE
    if (ours := first_of(error, EnrichError)) is None:
        return None
    say(fill("error: {}", joined(" ", map(printable, str(ours).splitlines()))))
    if isinstance(ours, CacheBusyError):
        return EXIT_BUSY
    return EXIT_INCOMPLETE if isinstance(ours, StorageError) else EXIT_USAGE


def say_misused(error: click.ClickException) -> None:
    """What click would print: how the command is used, then what is wrong with what was given."""
    from enrich.text import fill, joined, printable

    context = getattr(error, "ctx", None)
    if context is not None:
        help_line = f"Try '{context.command_path} -h' for help."
        for line in (*context.get_usage().splitlines(), help_line, ""):
            say(printable(line))
    say(fill("Error: {}", joined(" ", map(printable, error.format_message().splitlines()))))


def say_mistake(error: BaseException) -> None:
    """A mistake of ours, with its traceback."""
    from enrich.progress import traceback_lines
    from enrich.text import fill

    for line in traceback_lines(error):
        say(line)
    say(fill("this is a mistake in enrich; please report it with the lines above"))
