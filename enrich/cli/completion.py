"""``completion``: what a shell needs to complete commands, options and their values.

click asks its own program for candidates, with the line as it stands in the environment. Nothing else of it is
taken: the values come from the same tables as the options.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, NoReturn

import click

from enrich.cli.printing import print_all

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

VARIABLE = "_ENRICH_COMPLETE"
SHELLS = ("bash", "zsh", "fish")


def _kinds() -> Iterable[str]:
    from enrich.registry import kinds

    return kinds()


def _formats() -> Iterable[str]:
    from enrich.registry import formats

    return formats()


def _languages() -> Iterable[str]:
    from enrich.config import LANGUAGES

    return LANGUAGES


def _codes() -> Iterable[str]:
    from enrich.config.values import selectors

    return sorted(selectors())


# What may be given to a setting, where that is one of a few names.
VALUES: Mapping[str, Callable[[], Iterable[str]]] = {
    "kind": _kinds,
    "format": _formats,
    "lang": _languages,
    "undated": lambda: ("include", "skip"),
    "fail_on": _codes,
    "warn_on": _codes,
    "ignore": _codes,
}
# What is a path by its name in the help, and which sort of one.
PATHS = {
    "DIR": "dir",
    "FILE": "file",
    "[FILE]": "file",
    "[PATHS]...": "file",
    "OLD": "file",
    "[NEW]": "file",
}


def candidates(_context: click.Context, parameter: click.Parameter, written: str) -> list[CompletionItem]:
    """What may stand in place of what was written, for an option or an argument of ours."""
    from click.shell_completion import CompletionItem

    if (values := VALUES.get(parameter.name or "")) is not None:
        return [CompletionItem(value) for value in values() if value.startswith(written)]
    sort = PATHS.get(getattr(parameter, "metavar", None) or "")
    return [CompletionItem(written, type=sort)] if sort else []


def answer(group: click.Group, instruction: str) -> NoReturn:
    """Print what a shell asked for, and leave."""
    from click.shell_completion import shell_complete

    code = shell_complete(group, {}, "enrich", VARIABLE, instruction)
    os._exit(code)


@click.command(name="completion")
@click.argument("shell", type=click.Choice(SHELLS))
def completion_command(shell: str) -> None:
    """Print what lets a shell complete commands, options, kinds, formats and codes.

    \b
    eval "$(enrich completion bash)"       in ~/.bashrc; the same with zsh in ~/.zshrc
    enrich completion fish > ~/.config/fish/completions/enrich.fish
    """
    from click.shell_completion import get_completion_class

    from enrich.text import own_source

    group = click.get_current_context().find_root().command
    found = get_completion_class(shell)
    assert found is not None, "click knows the three"
    print_all([own_source(found(group, {}, "enrich", VARIABLE).source())])
