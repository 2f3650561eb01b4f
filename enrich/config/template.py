"""The text of a new ``enrich.toml``: every setting as a comment.

It is made from the rows that the settings are read by, so that it cannot lie about a name or a default. A line that is
a setting begins with ``#`` and no space behind it. All names are dotted: under a header of a table that is a comment
itself, a line would set something else, or nothing that there is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap

from enrich.config.contents import Contents
from enrich.config.settings import ConfirmRule, age_defaults
from enrich.config.table import SETTINGS, Setting
from enrich.config.values import duration, seconds

WIDTH = 108
# What stands at the top, in this order.
FIRST = ("since", "exclude", "exclude_path", "extensions", "fail_on", "contact", "report.formats")

# What is shown where nothing is the default.
EXAMPLES: Mapping[str, object] = {
    "since": "2021-01",
    "until": "2021-12",
    "kind": ("arxiv", "github"),
    "include": (r"^https://intranet\.example\.org/public/",),
    "exclude": (r"^https://intranet\.", "/draft/"),
    "exclude_path": ("^archive/",),
    "extensions": ("md", "ipynb"),
    "remap": (r"^https://old\.example\.org/ https://new.example.org/",),
    "cache": "postgresql://host/database",
    "reports_dir": "reports",
    "max_age": "7d",
    "deadline": "5h",
    "canary": ("https://www.example.org",),
    "max_per_host": 500,
    "allow_net": ("10.1.0.0/16",),
    "github_token": "TOKEN",
    "contact": "me@example.org",
    "fail_on": ("broken",),
    "warn_on": ("github-archived",),
    "ignore": ("https-available",),
    "lang": "zh",
    "output": "report.txt",
}
HOST = "blog.example.org"
# What can be set for one host: an example, and what it is for.
HOST_EXAMPLES: Mapping[str, tuple[object, str]] = {
    "concurrency": (1, "requests in flight to it."),
    "interval": ("2s", "time between two requests."),
    "timeout": (40, "longest time for one attempt, in seconds."),
    "max_per_run": (100, "targets asked in one run."),
    "accept": ((403,), "HTTP statuses that count as ok here."),
    "user_agent": ("Mozilla/5.0 (compatible; notes of mine)", "what enrich calls itself there."),
    "headers": ({"Accept-Language": "zh-CN"}, "headers of its own; secrets go to the https site of this host alone."),
}  # fmt: skip
HOST_TRUSTED = frozenset({"headers"})
CONFIRM_HELP: Mapping[str, str] = {
    "checks": "How many checks must see a failure before it is confirmed.",
    "days": "How many days must lie between the first and the last of these checks.",
}

HEAD = """\
# Settings of enrich for this folder. All of them are here, and none is set: take the # away in front of a name to set it.
# The values are the defaults, or examples where it says so. An option wins over the environment (ENRICH_TIMEOUT=30),
# and that over this file; `enrich config` shows what holds and where it came from.
# A name with a dot may stand in a table as well, but not both ways: `confirm.checks = 3` is `checks = 3` under [confirm].
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One setting of the file: its name, a value as the file takes it, and what it is for."""

    key: str
    value: object
    help: str
    is_example: bool = False
    trusted: bool = False


def template() -> str:
    """A configuration file that sets nothing and shows all there is."""
    lines = {line.key: line for line in _all_lines()}
    first = [lines.pop(key) for key in FIRST]
    trusted = [line for line in lines.values() if line.trusted]
    rest = [line for line in lines.values() if not line.trusted]
    sections = (
        ("What most people set first", first),
        ("Everything else", rest),
        ("For `enrich run` alone: `enrich check` wants these as options or from the environment", trusted),
    )  # fmt: skip
    return HEAD + "".join(_section(title, rows) for title, rows in sections)


def _all_lines() -> Iterator[Line]:
    yield from (_of_setting(setting) for setting in SETTINGS if setting.in_file)
    yield Line("report.formats", Contents().report_formats, "Which files are written beside latest.json.")
    rule = ConfirmRule()
    for key, help_ in CONFIRM_HELP.items():
        yield Line(f"confirm.{key}", getattr(rule, key), help_)
    for key, age in age_defaults().items():
        yield Line(f"ages.{key}", duration(age), _age_help(key))
    for key, (value, help_) in HOST_EXAMPLES.items():
        name = f'hosts."{HOST}".{key}'
        yield Line(name, value, f"For one host: {help_}", is_example=True, trusted=key in HOST_TRUSTED)


def _of_setting(setting: Setting) -> Line:
    value, is_example = setting.default, setting.default in (None, ())
    if is_example:
        value = EXAMPLES[setting.name]
    elif setting.read is seconds:
        value = duration(value)
    help_ = re.sub(r" \(repeatable[^)]*\)", "", setting.help)
    if setting.many:
        help_ = f"{help_} A list."
    return Line(setting.key, value, help_, is_example, setting.trusted)


def _age_help(key: str) -> str:
    name, _, last = key.rpartition("_")
    if last == "spread":
        return f"How much sooner or later than ages.{name} says, so that not all are asked in one night."
    if last == "metadata":
        return f"After how long metadata are asked for again ({name})."
    if key == "confirmed":
        return "After how long a link that is broken for sure is asked again."
    return f"After how long a link that was {last} is asked again{f' ({name})' if name else ''}."


def _section(title: str, lines: Sequence[Line]) -> str:
    parts = ["", f"# --- {title}", ""]
    for line in lines:
        told = f"{line.help} (Not set; an example.)" if line.is_example else line.help
        parts += [f"# {row}" for row in wrap(told, WIDTH - 2)]
        parts += [f"#{line.key} = {toml(line.value)}", ""]
    return "\n".join(parts)


def toml(value: object) -> str:
    """A value as TOML: what settings have, which is text, numbers, yes or no, lists and small tables."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(int(value) if value == int(value) else value)
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{key} = {toml(one)}' for key, one in value.items())} }}"
    if isinstance(value, Iterable) and not isinstance(value, str):
        return f"[{', '.join(map(toml, value))}]"
    assert isinstance(value, str), f"no setting has a {type(value)}"
    # Between single quotes a backslash is only that, as regular expressions want it.
    return f"'{value}'" if "\\" in value and "'" not in value else json.dumps(value, ensure_ascii=False)
