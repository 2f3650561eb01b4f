"""Gathering the settings from all sources. A later one wins: default, file, environment, option."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from enrich.config.contents import Contents, contents_of, read
from enrich.config.files import find_file, from_here, places_to_look
from enrich.config.settings import Settings
from enrich.config.table import BY_NAME, CHECK_MAX_PER_HOST, ENVIRONMENT_PREFIX, SETTINGS
from enrich.errors import UsageError
from enrich.periods import parse_period
from enrich.registry import built_in_manners

# Hosts whose owners state a rate, or punish a faster one (facts of each host stand with its kind).
STRICT_HOSTS = (
    "mp.weixin.qq.com",
    "api.github.com",
    "arxiv.org",
    "browse.arxiv.org",
    "export.arxiv.org",
    "static.arxiv.org",
    "www.arxiv.org",
)


def load(
    command: str,
    options: Mapping[str, Any],
    *,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
    named_file: str | None = None,
    use_files: bool = True,
    given: Mapping[str, Any] = MappingProxyType({}),
) -> Settings:
    """The settings of one command from all sources; raises UsageError with the place of what is wrong.

    ``options`` are those of the command line, as they come from there: what has no value was not given. ``given`` are
    settings that a program names, of which all count but None. ``use_files=False`` leaves configuration files out, for
    a run that is nobody's project.
    """
    folder = folder or Path.cwd()
    file = find_file(named_file, folder) if use_files else None
    contents = contents_of(file, command) if file else Contents()
    gathered = _defaults(command)
    gathered |= contents.values
    gathered |= _from_environment(os.environ if environ is None else environ)
    gathered |= _from_options(options)
    gathered |= _from_program(given)
    values = {name: value for name, (value, _) in gathered.items()}
    values["exclude"] = (*(values["exclude"] or ()), *_patterns_of_ignore_file(folder))
    settings = Settings(
        values=values,
        sources={name: source for name, (_, source) in gathered.items()},
        hosts=contents.hosts,
        confirm=contents.confirm,
        given_ages=contents.ages,
        report_formats=contents.report_formats,
        rules=contents.rules,
        file=file.path if file else None,
        is_check=command == "check",
        period=parse_period(values["since"], values["until"]),
    )
    _refuse_two_caches(settings)
    if command in ("run", "check"):
        _refuse_haste(settings, file.place if file else str)
    return settings


def _defaults(command: str) -> dict[str, tuple[Any, str]]:
    """The value of every setting where no source gives one, and where it stands: nowhere."""
    values = {setting.name: setting.default for setting in SETTINGS}
    if command == "check":
        values["max_per_host"] = CHECK_MAX_PER_HOST
    return {name: (value, "default") for name, value in values.items()}


def _from_environment(environ: Mapping[str, str]) -> dict[str, tuple[Any, str]]:
    found: dict[str, tuple[Any, str]] = {}
    for setting in SETTINGS:
        variable = ENVIRONMENT_PREFIX + setting.name.upper()
        if (text := environ.get(variable)) is None:
            continue
        items = [item.strip() for item in text.split(setting.split)] if setting.many else text
        given = [item for item in items if item] if setting.many else items
        found[setting.name] = (read(setting, given, variable), f"environment {variable}")
    if "github_token" not in found and (token := environ.get("GITHUB_TOKEN")):
        found["github_token"] = (
            read(BY_NAME["github_token"], token, "GITHUB_TOKEN"),
            "environment GITHUB_TOKEN",
        )
    return found


def _from_options(options: Mapping[str, Any]) -> dict[str, tuple[Any, str]]:
    found: dict[str, tuple[Any, str]] = {}
    for name, given in options.items():
        if given is None or given == () or (given is False and BY_NAME[name].flag):
            continue
        setting = BY_NAME[name]
        if setting.many and setting.split == ",":
            given = [part for item in given for part in item.split(",")]
        found[name] = (read(setting, given, setting.option), f"option {setting.option}")
    return found


def _from_program(given: Mapping[str, Any]) -> dict[str, tuple[Any, str]]:
    return {
        name: (read(BY_NAME[name], value, name), "program")
        for name, value in given.items()
        if value is not None
    }


def _patterns_of_ignore_file(folder: Path) -> tuple[str, ...]:
    """``.enrichignore``, here or at the git root: one regular expression a line, ``#`` begins a comment."""
    path = next((at for up in places_to_look(folder) if (at := up / ".enrichignore").is_file()), None)
    if path is None:
        return ()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UsageError(f"{from_here(path)}: cannot be read: {why}") from None
    found = []
    for number, line in enumerate(lines, 1):
        if (line := line.strip()) and not line.startswith("#"):
            found.append(read(BY_NAME["exclude"], [line], f"{path}:{number}")[0])
    return tuple(found)


def _refuse_two_caches(settings: Settings) -> None:
    # The default, said once more, as in a file that lists all of them, is nobody's choice.
    if settings["cache"] is None or settings["cache_dir"] == BY_NAME["cache_dir"].default:
        return
    raise UsageError(
        f"cache and cache_dir are both set ({settings.sources['cache']}, {settings.sources['cache_dir']}): "
        "results are remembered in one place; leave one of them out"
    )


def _refuse_haste(settings: Settings, place: Callable[[str], str]) -> None:
    """A shorter interval than a strict host's built-in one needs a reason."""
    replaced = {"api.github.com": "github_api_url", "export.arxiv.org": "arxiv_api_url"}
    for host in STRICT_HOSTS:
        own, built_in = settings.hosts.get(host), built_in_manners().get(host)
        if own is None or built_in is None or settings["i_own_these_hosts"]:
            continue
        if host in replaced and settings.sources[replaced[host]] != "default":
            continue
        hasty = own.interval is not None and own.interval < built_in.interval_seconds
        wide = own.concurrency is not None and own.concurrency > built_in.width
        if hasty or wide:
            key = f'hosts."{host}".' + ("interval" if hasty else "concurrency")
            raise UsageError(
                f"{place(key)}: {host} is asked by {built_in.width} connection at least "
                f"{built_in.interval_seconds:g} s apart; --i-own-these-hosts allows less"
            )
