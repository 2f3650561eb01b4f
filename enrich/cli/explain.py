"""``explain``: all that is known of one address, from what it means to when it is asked again."""

from __future__ import annotations

from typing import Any

import click

from enrich.cli.options import SettingsCommand, config_option, settings_of
from enrich.cli.printing import print_all


@click.command(cls=SettingsCommand, name="explain")
@click.argument("url", metavar="URL")
@config_option
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print.")
def explain_command(url: str, config_file: str | None, form: str, **options: Any) -> None:
    """Say all that is known of one address or id: what came back, which rule decided, what happens next.

    Asks nobody, and works while a run is going on.

    \b
    enrich explain https://example.org/page
    enrich explain arxiv:2205.02101
    enrich explain github:owner/repo --format json
    """
    from enrich.config import check_place
    from enrich.explain.facts import explain
    from enrich.explain.text import render
    from enrich.job import clock
    from enrich.text import fill, json_row

    settings = settings_of("explain", config_file, options)
    if settings["cache"] is None:
        check_place("--cache-dir", settings["cache_dir"])
    about = explain(url, settings, clock()())
    print_all(render(about) if form == "text" else [fill("{}\n", json_row(about))])
