"""``config``: every setting and where it came from, or every code and what it means."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from enrich.cli.options import config_option, settings_of
from enrich.cli.printing import tell
from enrich.model import Shown

if TYPE_CHECKING:
    from enrich.config import Rule, Setting, Settings


@click.command(name="config")
@config_option
@click.option("--codes", is_flag=True, help="List all status reasons and finding codes instead.")
def config_command(config_file: str | None, codes: bool) -> None:
    """Show every setting and where it came from.

    \b
    enrich config
    enrich config --config ../enrich.toml
    enrich config --codes
    """
    if codes:
        _print_codes()
        return
    from enrich.config import SETTINGS
    from enrich.config.values import duration
    from enrich.explain.reasoning import manners_in_words
    from enrich.text import printable

    settings = settings_of("config", config_file, {})
    tell("configuration file: {}", printable(str(settings.file or "none")))
    for setting in SETTINGS:
        source = printable(settings.sources[setting.name])
        tell("{} = {}  [{}]", printable(setting.key), _shown(setting, settings), source)
    tell("report.formats = {}", printable(", ".join(settings.report_formats)))
    for rule in settings.rules:
        tell("rules: {}", printable(_rule(rule)))
    tell("confirm.checks = {}, confirm.days = {:g}", settings.confirm.checks, settings.confirm.days)
    for name, age in settings.ages.items():
        tell("ages.{} = {}", printable(name), printable(duration(age)))
    for host in sorted({*settings.hosts, *_hosts_with_manners()}):
        manners = settings.manners_of(host)
        tell('hosts."{}": {}', printable(host), printable(manners_in_words(manners)))


def _rule(rule: Rule) -> str:
    named = {
        "path": rule.path,
        "url": rule.url,
        "host": rule.host,
        "kind": rule.kind,
        "codes": sorted(rule.codes),
    }
    told = [f"{key} {', '.join(values)}" for key, values in named.items() if values]
    return f"{rule.severity} for {'; '.join(told) or 'everything'}"


def _hosts_with_manners() -> Iterable[str]:
    from enrich.registry import built_in_manners

    return built_in_manners()


def _shown(setting: Setting, settings: Settings) -> Shown:
    from enrich.location import shown
    from enrich.text import REDACTED, fill, printable

    value = settings[setting.name]
    if setting.name == "github_token" and value:
        return printable(REDACTED)
    if setting.name == "cache" and value:
        return printable(shown(value))
    if isinstance(value, tuple):
        return printable(", ".join(value) or "none")
    return fill("none") if value is None else printable(str(value))


def _print_codes() -> None:
    from enrich.registry import finding_codes, reasons
    from enrich.text import printable

    for reason in sorted(reasons().values(), key=lambda reason: (reason.status, reason.code)):
        tell("{}\t{}\t{}", reason.status, printable(reason.code), printable(reason.help))
    for code in sorted(finding_codes().values(), key=lambda code: (code.severity, code.code)):
        tell("{}\t{}\t{}", code.severity, printable(code.code), printable(code.help))
