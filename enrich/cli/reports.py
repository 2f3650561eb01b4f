"""``report``: a saved report, rendered again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from enrich.cli.completion import candidates
from enrich.cli.options import SettingsCommand, config_option, settings_of
from enrich.cli.printing import output_of, render, say
from enrich.earlier import language_of, with_earlier
from enrich.errors import UsageError


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
    from enrich.report import json

    settings = settings_of("report", config_file, options)
    if settings["output"]:
        check_place("--output", settings["output"])
    path = Path(file or f"{DEFAULT_REPORTS_DIR}/latest.json")
    try:
        report = json.load(path.read_bytes(), str(path))
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read: {error.strerror}", hint="`enrich run` writes reports/latest.json"
        ) from None
    if not stable:
        render(replace(with_earlier(report, path.parent, say), language=language_of(settings)), settings)
    elif settings["format"] != "json":
        raise UsageError("--stable: goes with --format json alone", hint="add --format json")
    else:
        with output_of(settings["output"]) as write:
            write(json.render_stable(report))
