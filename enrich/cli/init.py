"""``init``: the first files of somebody's own. It asks nothing and writes over nothing."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import click

from enrich.cli.printing import print_all, say
from enrich.errors import UsageError

WORKFLOWS = Path(".github", "workflows")


@dataclass(frozen=True, slots=True)
class Planned:
    """A file to write, and what it is for, in words that end a sentence."""

    path: Path
    text: str
    purpose: str


@click.command(name="init")
@click.option(
    "--github",
    is_flag=True,
    help="Also write workflows for GitHub Actions: pull requests, and every night.",
)
@click.option("--print", "only_print", is_flag=True, help="Print what would be written, and write nothing.")
def init_command(github: bool, only_print: bool) -> None:
    """Write a commented enrich.toml here. What is there already stays as it is, which is no error.

    \b
    enrich init
    enrich init --github
    """
    planned = [_configuration(), *(_workflows() if github else [])]
    if only_print:
        _print(planned)
        return
    from enrich.config import check_place
    from enrich.text import fill

    for one in planned:
        check_place("enrich init", str(one.path))
    hidden = _other_configuration()
    if hidden:
        _say_hidden(hidden)
    wanted = planned[1:] if hidden else planned
    written = {one.path for one in wanted if _write(one)}
    if planned[0].path in written:
        say(
            fill(
                "next: take the # away in front of what you want to set; `enrich config` shows what holds then"
            )
        )
    if written - {planned[0].path}:
        _say_what_ci_needs()
    say(fill("next: `enrich links` lists what would be asked, `enrich run` asks and writes the report"))


def _configuration() -> Planned:
    from enrich.config.files import FILE_NAME
    from enrich.config.template import template

    return Planned(Path(FILE_NAME), template(), "every setting, as a comment; none is set yet")


def _workflows() -> list[Planned]:
    """Where GitHub looks for them; UsageError below the root of a repository."""
    from enrich.places import repository_of
    from enrich.workflows import own_requirement, workflows

    here = Path.cwd()
    if (root := repository_of(here)) not in (None, here):
        raise UsageError(
            f"--github: GitHub reads workflows at the root of a repository only; call it in {root}"
        )
    purposes = (
        "checks the links of each pull request",
        "asks what is due, and tells of what is gone in an issue",
    )
    texts = workflows(own_requirement())
    return [
        Planned(WORKFLOWS / name, text, purpose)
        for (name, text), purpose in zip(texts.items(), purposes, strict=True)
    ]


def _other_configuration() -> Path | None:
    """A ``[tool.enrich]`` that holds here and would not any more beside an ``enrich.toml``."""
    from enrich.config.files import FILE_NAME, find_file

    if os.path.lexists(FILE_NAME):
        return None
    found = find_file(None, Path.cwd())
    return found.path if found else None


def _write(planned: Planned) -> bool:
    """Write one file unless there is one, and say what was done; whether it was written."""
    from enrich.publish import write_new
    from enrich.text import fill, printable

    path = planned.path
    shown = printable(path.as_posix())
    if write_new(path, planned.text):
        say(fill("written: {} ({})", shown, printable(planned.purpose)))
        return True
    say(fill("{} is there already and stays as it is; `enrich init --print` shows what it would be", shown))
    return False


def _say_hidden(path: Path) -> None:
    from enrich.text import fill, printable

    say(
        fill(
            "{} configures enrich here, and an enrich.toml would take its place: none was written; "
            "`enrich init --print` shows what it would be",
            printable(path.as_posix()),
        )
    )


def _say_what_ci_needs() -> None:
    from enrich.text import fill, printable
    from enrich.workflows import FOLDER, own_requirement

    found = own_requirement()
    if found is not None:
        say(fill("next: commit the workflows; they install {}", printable(found)))
        return
    say(
        fill(
            "next: this enrich was installed from a folder, so say in the workflows what they are to install (ENRICH), "
            "or put it where they expect it: git submodule add ADDRESS {}",
            printable(FOLDER.removeprefix("./")),
        )
    )


def _print(planned: list[Planned]) -> None:
    """The files one after the other, each under a comment with its path."""
    from enrich.text import fill, printable

    for one in planned:
        if len(planned) > 1:
            print_all([fill("# --- file: {}\n", printable(one.path.as_posix()))])
        print_all(fill("{}\n", printable(line)) for line in one.text.splitlines())
