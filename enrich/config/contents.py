"""What a configuration file says, table by table.

A file in the tree that is checked may come from a stranger's pull request. From such a file ``enrich check`` takes
only what narrows; rows marked ``trusted``, and what asks faster, wider or more often than without the file, must come
from flags or environment.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from enrich.config.files import ConfigFile, reject_unknown, table_of
from enrich.config.rules import Rule, rules_of
from enrich.config.settings import ConfirmRule, HostSettings, age_defaults
from enrich.config.table import (
    BY_NAME,
    CHECK_MAX_PER_HOST,
    ENVIRONMENT_PREFIX,
    PROVIDERS,
    SETTINGS,
    Setting,
)
from enrich.config.values import DAY_SECONDS, headers, number, printable, seconds
from enrich.errors import UsageError, hint_of
from enrich.registry import built_in_manners

_HOST_READERS: Mapping[str, Callable[[object], Any]] = {
    "concurrency": number(1, whole=True),
    "interval": seconds,
    "timeout": number(0.001),
    "user_agent": printable,
    "max_per_run": number(1, whole=True),
    "accept": lambda given: frozenset(
        map(number(100, whole=True), given if isinstance(given, list) else [given])
    ),
    "headers": headers,
}


def read(setting: Setting, given: object, place: str) -> Any:
    """The value of a setting as one source gives it; UsageError names the place."""
    try:
        if not setting.many:
            return setting.read(given)
        items = given if isinstance(given, (list, tuple)) else [given]
        return tuple(setting.read(item) for item in items)
    except ValueError as error:
        raise UsageError(f"{place}: {error}", hint=hint_of(error)) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a configuration file says, or what holds without one; values come with the place where they stand."""

    values: Mapping[str, tuple[Any, str]] = field(default_factory=dict)
    hosts: Mapping[str, HostSettings] = field(default_factory=dict)
    confirm: ConfirmRule = field(default_factory=ConfirmRule)
    ages: Mapping[str, float] | None = None
    report_formats: tuple[str, ...] = ("json", "html")
    rules: tuple[Rule, ...] = ()


def contents_of(file: ConfigFile, command: str) -> Contents:
    """All that a file says to a command; UsageError names the line of what is wrong."""
    values = _values(file)
    hosts = {
        host.lower(): _host_settings(file, host, table) for host, table in table_of(file, "hosts").items()
    }
    if command == "check" and file.in_tree:
        _refuse_untrusted(file, values, hosts)
    return Contents(
        values=values,
        hosts=hosts,
        confirm=_confirm_rule(file),
        ages=_ages(file) if "ages" in file.table else None,
        report_formats=_report_formats(file),
        rules=rules_of(file),
    )


def _refuse_untrusted(
    file: ConfigFile, found: Mapping[str, tuple[Any, str]], hosts: Mapping[str, HostSettings]
) -> None:
    """What a stranger's pull request must not decide (docs/privacy.md, "Whom it trusts")."""
    way_out = f"give it as an option or as {ENVIRONMENT_PREFIX}… in the environment"
    for name, (value, _) in found.items():
        setting = BY_NAME[name]
        limit = "" if setting.trusted else _beyond(value, setting.least, setting.most)
        if limit is not None:
            raise _untrusted(file, setting.key, limit, way_out)
    for host, own in hosts.items():
        for key, limit in _host_limits(host, own).items():
            if limit is not None:
                way_out = "give it in a file outside of the tree (--config FILE)"
                raise _untrusted(file, f'hosts."{host}".{key}', limit, way_out)


def _untrusted(file: ConfigFile, key: str, limit: str, way_out: str) -> UsageError:
    return UsageError(
        f"{file.place(key)}: `enrich check` does not take this from a file in the tree that it checks{limit}; {way_out}"
    )


def _beyond(value: Any, least: float, most: float) -> str | None:
    """The limit that a value is beyond, if it is."""
    if not isinstance(value, (int, float)) or least <= value <= most:
        return None
    return f" (there at least {least:g})" if value < least else f" (there at most {most:g})"


def _host_limits(host: str, own: HostSettings) -> dict[str, str | None]:
    """By key, the limit beyond which a host would be asked faster, wider or more often than without the file."""
    built_in = built_in_manners().get(host)
    width = built_in.width if built_in else BY_NAME["host_concurrency"].most
    # An interval of one's own has no jitter.
    pause = (
        built_in.interval_seconds + built_in.jitter_seconds if built_in else BY_NAME["host_interval"].least
    )
    return {
        "headers": "" if own.headers else None,
        "interval": _beyond(own.interval, pause, math.inf),
        "concurrency": _beyond(own.concurrency, 1, width),
        "max_per_run": _beyond(own.max_per_run, 1, CHECK_MAX_PER_HOST),
        "timeout": _beyond(own.timeout, 0.0, BY_NAME["timeout"].most),
    }


def _values(file: ConfigFile) -> dict[str, tuple[Any, str]]:
    top = {setting.name: setting for setting in SETTINGS if setting.in_file and setting.key == setting.name}
    reject_unknown(file, file.table, [*top, "hosts", *PROVIDERS, "confirm", "ages", "report", "rules"])
    found: dict[str, tuple[Any, str]] = {}
    for name, given in file.table.items():
        if name in top:
            found[name] = (read(top[name], given, file.place(name)), file.place(name))
    for provider, keys in PROVIDERS.items():
        reject_unknown(file, table := table_of(file, provider), keys, f"{provider}.")
        for key, given in table.items():
            place, name = file.place(f"{provider}.{key}"), f"{provider}_{key}"
            found[name] = (read(BY_NAME[name], given, place), place)
    return found


def _each(
    file: ConfigFile, table: Mapping[str, Any], readers: Mapping[str, Callable[[object], Any]], where: str
) -> dict[str, Any]:
    """What a table says, each key read by its own reader."""
    reject_unknown(file, table, readers, f"{where}.")
    found = {}
    for key, given in table.items():
        try:
            found[key] = readers[key](given)
        except ValueError as error:
            raise UsageError(f"{file.place(f'{where}.{key}')}: {error}", hint=hint_of(error)) from None
    return found


def _host_settings(file: ConfigFile, host: str, table: object) -> HostSettings:
    where = f'hosts."{host}"'
    if not isinstance(table, dict):
        raise UsageError(f"{file.place(where)}: must be a table, [{where}]")
    return HostSettings(**_each(file, table, _HOST_READERS, where))


def _confirm_rule(file: ConfigFile) -> ConfirmRule:
    readers = {"checks": number(1, whole=True), "days": number(0)}
    return ConfirmRule(**_each(file, table_of(file, "confirm"), readers, "confirm"))


def _ages(file: ConfigFile) -> dict[str, float]:
    """Ages of the file over the built-in ones. A spread that is not given keeps its share of the age."""
    ages = age_defaults()
    given = _each(file, table_of(file, "ages"), dict.fromkeys(ages, seconds), "ages")
    for key, age in given.items():
        spread = f"{key}_spread"
        if spread in ages and spread not in given:
            # Who wants a day or less means it exactly.
            ages[spread] = age * ages[spread] / ages[key] if age > DAY_SECONDS else 0.0
        ages[key] = age
    for key in ages:
        if (spread := f"{key}_spread") in ages and ages[spread] > ages[key]:
            raise UsageError(f"{file.place(f'ages.{spread}')}: must not be longer than {key}")
    return ages


def _report_formats(file: ConfigFile) -> tuple[str, ...]:
    table = table_of(file, "report")
    reject_unknown(file, table, ["formats"], "report.")
    setting = replace(BY_NAME["format"], many=True)
    named = read(setting, table.get("formats", ["json", "html"]), file.place("report.formats"))
    return tuple(dict.fromkeys(("json", *named)))
