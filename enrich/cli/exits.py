"""Exit codes, and what is said when a command ends by an error."""

from __future__ import annotations

import click

from enrich.cli.printing import say
from enrich.errors import CacheBusyError, EnrichError, StorageError, first_of, hint_of
from enrich.interrupts import exit_code_of
from enrich.spelling import did_you_mean

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INCOMPLETE = 3
EXIT_BUSY = 4
EXIT_OURS = 70
EXIT_INTERRUPTED = 130


def code_of(error: BaseException) -> int | None:
    """Say what is wrong and give the exit code; None for what is a mistake of ours."""
    from enrich.text import fill, printable

    if (interrupt := first_of(error, KeyboardInterrupt)) is not None:
        return exit_code_of(interrupt)
    if isinstance(error, OSError):
        # The disk, a folder or the output, at a place that has no better words for it.
        where = printable(str(error.filename or "standard output"))
        say(fill("error: {}: {}", where, printable(error.strerror or str(error))))
        return EXIT_INCOMPLETE
    if (ours := first_of(error, EnrichError)) is None:
        return None
    _say_error(str(ours), hint_of(ours))
    if isinstance(ours, CacheBusyError):
        return EXIT_BUSY
    return EXIT_INCOMPLETE if isinstance(ours, StorageError) else EXIT_USAGE


def _say_error(message: str, hint: str | None) -> None:
    from enrich.text import fill, joined, printable

    say(fill("error: {}", joined(" ", map(printable, message.splitlines()))))
    if hint is not None:
        say(fill("hint: {}", printable(hint)))


def say_misused(error: click.ClickException) -> None:
    """What is wrong with how a command was called, and the way out; the help, where nothing was asked for."""
    from enrich.text import printable

    message = error.format_message().strip()
    if message.startswith("Usage:"):
        # A group without a command is no mistake; from version 8.2 on click raises its help.
        for line in message.splitlines():
            say(printable(line))
        return
    if isinstance(error, click.exceptions.NoSuchOption):
        message = f"no such option: {error.option_name}"
    _say_error(f"{message[:1].lower()}{message[1:]}".removesuffix("."), _way_out(error))


def _way_out(error: click.ClickException) -> str | None:
    context = getattr(error, "ctx", None)
    if context is None:
        return None
    help_line = f"`{context.command_path} --help` lists all options"
    if isinstance(error, click.MissingParameter):
        return " ".join(context.get_usage().split())
    if isinstance(error, click.exceptions.NoSuchOption):
        names = [name for parameter in context.command.get_params(context) for name in parameter.opts]
        near = did_you_mean(error.option_name, (name for name in names if name.startswith("--")))
        return f"{near} {help_line}" if near else help_line
    return help_line


def say_mistake(error: BaseException) -> None:
    """A mistake of ours, with its traceback."""
    from enrich.progress import traceback_lines
    from enrich.text import fill

    for line in traceback_lines(error):
        say(line)
    say(fill("this is a mistake in enrich; please report it with the lines above"))
