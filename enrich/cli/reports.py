"""``report``: a saved report, rendered again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from enrich.cli.completion import candidates
from enrich.cli.options import SettingsCommand, config_option, settings_of
from enrich.cli.printing import output_of, render, say
from enrich.earlier import language_of, with_earlier
from enrich.errors import UsageError
from enrich.places import folder_in_repository

if TYPE_CHECKING:
    from enrich.config import Settings
    from enrich.model import Report


@click.command(cls=SettingsCommand, name="report")
@click.argument("file", required=False, metavar="[FILE]", shell_complete=candidates)
@config_option
@click.option(
    "--stable", is_flag=True, help="With json: leave out what differs between two runs that found the same."
)
def report_command(file: str | None, config_file: str | None, stable: bool, **options: Any) -> None:
    """Render a saved report again, in any format.

    \b
    enrich report --format markdown
    enrich report reports/latest.json --format json --stable
    """
    from enrich.config import DEFAULT_REPORTS_DIR, check_place
    from enrich.report.saved import read_saved

    settings = settings_of("report", config_file, options)
    if settings["output"]:
        check_place("--output", settings["output"])
    if stable and settings["format"] != "json":
        raise UsageError("--stable: goes with --format json alone", hint="add --format json")
    path = Path(file or f"{DEFAULT_REPORTS_DIR}/latest.json")
    with read_saved(path) as report:
        if stable:
            _print_stable(report, settings)
        else:
            _print(report, path.parent, settings)


def _print(report: Report, folder: Path, settings: Settings) -> None:
    from enrich.registry import formats

    # To see what changed, two reports are read from end to end, which few formats have a use for.
    if formats()[settings["format"]].tells_earlier:
        report = with_earlier(report, folder, say)
    told = replace(report, language=language_of(settings), folder=folder_in_repository())
    render(told, settings)


def _print_stable(report: Report, settings: Settings) -> None:
    from enrich.report import json

    with output_of(settings["output"]) as write:
        write(json.render_stable(report))
