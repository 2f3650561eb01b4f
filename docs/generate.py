"""Writes those parts of the pages that the code knows better: codes, settings, formats, manners, ages.

    python docs/generate.py

A part stands between two comments, and the rest of the page is written by hand. A test runs this and fails where a
page differs. It lies beside the pages and not in the package, since only who changes enrich needs it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import click

from enrich.cli import cli
from enrich.cli.options import SettingsCommand
from enrich.config import DAY_SECONDS, SETTINGS, Setting
from enrich.config.settings import age_defaults
from enrich.explain.reasoning import manners_in_words
from enrich.model import FindingCode, Reason, Severity, Status
from enrich.registry import built_in_manners, finding_codes, formats, reasons

FOLDER = Path(__file__).resolve().parent
_PART = re.compile(r"(<!-- made: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table; a bar inside a cell is escaped, in code too (GFM, "Tables")."""
    lines = [list(heads)]
    lines += [["---"] * len(lines[0]), *map(list, rows)]
    return "".join(
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines
    )


def code(text: str) -> str:
    return f"`{text}`"


# --- codes --------------------------------------------------------------------------------------------


def _anchored(name: str) -> str:
    """A code with a name of its own, so that others can link to it."""
    return f'<a id="{name}"></a>{code(name)}'


def _reason_rows(status: Status) -> Iterator[list[str]]:
    found: list[Reason] = [reason for reason in reasons().values() if reason.status is status]
    for reason in sorted(found, key=lambda reason: reason.code):
        yield [_anchored(reason.code), "yes" if reason.certain else "", reason.help]


def reason_table(status: Status) -> str:
    if status is Status.BROKEN:
        return table(("reason", "certain", "what it means, and what to do"), _reason_rows(status))
    rows = ([code_, help_] for code_, _, help_ in _reason_rows(status))
    return table(("reason", "what it means, and what to do"), rows)


def finding_table(severity: Severity) -> str:
    found: list[FindingCode] = [one for one in finding_codes().values() if one.severity is severity]
    rows = ([_anchored(one.code), one.help] for one in sorted(found, key=lambda one: one.code))
    return table(("finding", "what it means, and what to do"), rows)


# --- settings -----------------------------------------------------------------------------------------


def _default(setting: Setting) -> str:
    match setting.default:
        case None | ():
            return "–"
        case bool():
            return "on" if setting.default else "off"
        case float():
            return f"{setting.default:g}"
    return code(str(setting.default))


def _option(setting: Setting) -> str:
    return code(setting.option if setting.flag else f"{setting.option} {setting.metavar}")


def _from_the_tree(setting: Setting) -> str:
    """What `check` takes from a configuration file in the tree that it checks."""
    if not setting.in_file:
        return "in no file"
    if "check" not in setting.commands:
        return "–"
    if setting.trusted:
        return "no"
    bounds = [f"at least {setting.least:g}"] * (setting.least > float("-inf"))
    bounds += [f"at most {setting.most:g}"] * (setting.most < float("inf"))
    return ", ".join(bounds) or "yes"


def settings_table() -> str:
    rows = (
        [code(setting.key), _option(setting), _default(setting), _from_the_tree(setting), setting.help]
        for setting in SETTINGS
    )
    return table(("key", "option", "default", "from a stranger's file", "meaning"), rows)


def separators_table() -> str:
    """What separates several values in an environment variable."""
    shown = {",": "a comma", "\n": "a line break", " ": "a space"}
    many = [setting for setting in SETTINGS if setting.many]
    rows = (
        [code(f"ENRICH_{setting.name.upper()}"), shown[setting.split], setting.option.join("``")]
        for setting in many
    )
    return table(("variable", "values are separated by", "option"), rows)


def _duration(seconds: float) -> str:
    return f"{seconds / DAY_SECONDS:g}d"


def ages_table() -> str:
    rows = ([code(name), code(_duration(age))] for name, age in age_defaults().items())
    return table(("key", "default"), rows)


def manners_table() -> str:
    rows = []
    for host, manners in sorted(built_in_manners().items()):
        stop = manners.stop_after_blocked
        told = f", until it refuses {stop} times in a row" if stop is not None else ""
        rows.append([code(host), manners_in_words(manners) + told])
    return table(("host", "asked"), rows)


def formats_table() -> str:
    rows = ([code(name), code(f"latest.{form.suffix}")] for name, form in sorted(formats().items()))
    return table(("format", "file in the reports folder"), rows)


# --- commands -----------------------------------------------------------------------------------------


def _leaves(
    command: click.Command, words: tuple[str, ...] = ("enrich",)
) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield " ".join(words), command
        return
    for name, inner in sorted(command.commands.items()):
        yield from _leaves(inner, (*words, name))


def _own_options(command: click.Command) -> Iterator[str]:
    """Options that are no settings, and so stand in no other table."""
    settings = {setting.name for setting in SETTINGS} if isinstance(command, SettingsCommand) else set()
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.name not in settings:
            yield f"{', '.join(map(code, parameter.opts))}: {parameter.help}"


def commands_table() -> str:
    rows = (
        [code(name), command.get_short_help_str(200), "<br>".join(_own_options(command)) or "–"]
        for name, command in _leaves(cli)
    )
    return table(("command", "what it does", "options that are no settings"), rows)


PARTS: Mapping[str, Callable[[], str]] = {
    **{f"reasons-{status}": lambda status=status: reason_table(status) for status in Status},  # type: ignore[misc]
    **{f"findings-{severity}": lambda severity=severity: finding_table(severity) for severity in Severity},  # type: ignore[misc]
    "settings": settings_table,
    "separators": separators_table,
    "ages": ages_table,
    "manners": manners_table,
    "formats": formats_table,
    "commands": commands_table,
}


def renewed(page: str) -> str:
    """A page with its parts as the code has them now; KeyError for a part that nobody makes."""
    return _PART.sub(lambda part: f"{part[1]}\n{PARTS[part[2]]()}\n{part[3]}", page)


def main() -> None:
    for path in sorted(FOLDER.glob("*.md")):
        page = path.read_text(encoding="utf-8")
        if (new := renewed(page)) != page:
            path.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main()
