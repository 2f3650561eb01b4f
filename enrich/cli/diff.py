"""``diff``: what changed between two saved reports."""

from __future__ import annotations

from pathlib import Path

import click

from enrich.cli.completion import candidates
from enrich.cli.printing import output_of
from enrich.earlier import language_of_locale


@click.command(name="diff")
@click.argument("old", metavar="OLD", shell_complete=candidates)
@click.argument(
    "new", metavar="[NEW]", default="reports/latest.json", required=False, shell_complete=candidates
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="How to print.",
)
@click.option("--lang", "lang", type=click.Choice(["en", "zh"]), help="Language; default: the locale's.")
@click.option("--output", "output", metavar="FILE", help="Write there instead of to standard output.")
def diff_command(old: str, new: str, form: str, lang: str | None, output: str | None) -> None:
    """Say what changed from one saved report to another: broken, recovered, moved, facts, stars.

    \b
    enrich diff reports/2026-11-20T03-15-00Z.json
    enrich diff old.json new.json --format markdown
    """
    from enrich.changes import compare
    from enrich.config import check_place
    from enrich.report.changes import RENDERERS
    from enrich.report.saved import open_saved

    if output:
        check_place("--output", output)
    before, after = open_saved(Path(old)), open_saved(Path(new))
    changes = compare(before.run, before.targets(), after.run, after.targets())
    with output_of(output) as write:
        write(RENDERERS[form](changes, lang or language_of_locale()))
