"""The command line: the way in, and the way out with an exit code.

A command lives in the file of its story. Nothing heavy is imported before a command needs it.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import NoReturn

import click

from enrich import __version__
from enrich.cli.cache import cache_group
from enrich.cli.completion import VARIABLE, answer, completion_command
from enrich.cli.diff import diff_command
from enrich.cli.exits import (
    EXIT_INTERRUPTED,
    EXIT_OURS,
    EXIT_USAGE,
    code_of,
    say_mistake,
    say_misused,
)
from enrich.cli.explain import explain_command
from enrich.cli.init import init_command
from enrich.cli.jobs import check_command, demo_command, run_command
from enrich.cli.leases import leases_command
from enrich.cli.links import links_command
from enrich.cli.options import Commands
from enrich.cli.reports import report_command
from enrich.cli.settings import config_command
from enrich.cli.streams import prepare
from enrich.interrupts import drop_output, exit_code_of

__all__ = ["cli", "main"]


@click.group(
    cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="enrich")
def cli() -> None:
    """Find every link in a folder of notes, and what became of it.

    \b
    enrich demo                      see the whole job on bundled notes
    enrich run notes/                ask everything that is due, write reports/
    enrich check docs/ README.md     for CI: exit 1 when a link is broken
    """


for _command in (
    *(run_command, check_command, links_command, report_command, diff_command, explain_command),
    *(cache_group, leases_command, init_command, config_command, demo_command, completion_command),
):
    cli.add_command(_command)


def _invoke(arguments: list[str]) -> str | None:
    """Run a command and tell which. Not through click's own main, which makes exit code 1 of a closed pipe."""
    if instruction := os.environ.get(VARIABLE):
        answer(cli, instruction)
    with cli.make_context("enrich", arguments) as context:
        cli.invoke(context)
        sys.stdout.flush()
        return context.invoked_subcommand


def _leave(command: str | None) -> NoReturn:
    """End well. ``links`` asks nobody and keeps nothing, so that what it loaded need not be taken apart: 3 ms."""
    if command == links_command.name:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
    sys.exit(0)


def main() -> NoReturn:
    """Run the command line and leave with its exit code."""
    try:
        # Modules that are loaded leave nothing to collect, and forty looks at them take as long as loading some.
        gc.set_threshold(10_000)
        prepare()
        _leave(_invoke(sys.argv[1:]))
    except click.exceptions.Abort:
        sys.exit(EXIT_INTERRUPTED)
    except click.ClickException as error:
        say_misused(error)
        sys.exit(EXIT_USAGE)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except (Exception, BaseExceptionGroup) as error:
        code = code_of(error)
        if code is not None:
            sys.exit(code)
        say_mistake(error)
        sys.exit(EXIT_OURS)
    except KeyboardInterrupt as error:
        drop_output()
        sys.exit(exit_code_of(error))
