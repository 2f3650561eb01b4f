"""Settings: what can be set, from where, and who is trusted to set it.

Every setting is one row of `SETTINGS`; the command line, the environment (``ENRICH_TIMEOUT``), the
configuration file and ``enrich config`` are all made from these rows. A later source wins: default,
file, environment, option.

A configuration file in the tree that is checked may come from a stranger's pull request. From such a
file ``enrich check`` takes only what narrows; rows marked ``trusted`` must come from flags or environment.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from enrich.errors import UsageError
from enrich.periods import Period, parse_period
from enrich.registry import built_in_manners, finding_codes, formats, kinds, reasons
from enrich.urls import canonical, host_of, is_web

if TYPE_CHECKING:
    from enrich.model import Manners

ENVIRONMENT_PREFIX = "ENRICH_"
FILE_NAME = "enrich.toml"
DEFAULT_REPORTS_DIR = "reports"

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_DURATION = re.compile(r"(\d{1,12}(?:\.\d{1,12})?)\s*(ms|s|m|h|d|w)?")


# --- reading one value ------------------------------------------------------------------------------


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"must be text, not {value!r}")
    return value


def _path(value: object) -> str:
    if not _text(value).strip():
        raise ValueError("must be a path, and is empty")
    return _text(value)


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("1", "true", "yes", "on"):
        return True
    if isinstance(value, str) and value.lower() in ("0", "false", "no", "off", ""):
        return False
    raise ValueError(f"must be true or false, not {value!r}")


_LARGEST = 1e12
DAY_SECONDS = 86400.0
_LONGEST_SECONDS = 100 * 366 * 86400.0


def _number(minimum: float, whole: bool = False) -> Callable[[object], Any]:
    def read(value: object) -> float | int:
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise ValueError(f"must be a number, not {value!r}")
        try:
            number = float(value)
        except ValueError:
            raise ValueError(f"must be a number, not {value!r}") from None
        if not minimum <= number < _LARGEST:
            raise ValueError(f"must be at least {minimum:g} and below {_LARGEST:g}, not {value}")
        if whole and number != int(number):
            raise ValueError(f"must be a whole number, not {value}")
        return int(number) if whole else number

    return read


def seconds(value: object) -> float:
    """A duration in seconds: a number, or text such as ``500ms``, ``20s``, ``12h``, ``7d``."""
    found = -1.0
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        found = float(value)
    elif isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
        found = float(match[1]) * _UNITS[match[2] or "s"]
    if not 0 <= found <= _LONGEST_SECONDS:
        raise ValueError(f"must be a duration such as 500ms, 20s, 12h or 7d, not {value!r}")
    return found


def _pattern(value: object) -> str:
    try:
        re.compile(_text(value))
    except re.error as error:
        raise ValueError(f"is not a regular expression: {value!r}: {error}") from None
    return _text(value)


def _remap(value: object) -> str:
    pattern, _, replacement = _text(value).partition(" ")
    if not replacement:
        raise ValueError(f"must be 'PATTERN REPLACEMENT' with a space between, not {value!r}")
    _pattern(pattern)
    return _text(value)


def _network(value: object) -> str:
    import ipaddress

    try:
        return str(ipaddress.ip_network(_text(value)))
    except ValueError as error:
        raise ValueError(f"must be a network such as 10.1.0.0/16: {error}") from None


def _one_of(names: Callable[[], Iterable[str]]) -> Callable[[object], str]:
    def read(value: object) -> str:
        if value not in (known := list(names())):
            raise ValueError(f"must be one of {', '.join(known)}, not {value!r}")
        return _text(value)

    return read


def selectors() -> frozenset[str]:
    """What ``--fail-on``, ``--warn-on`` and ``--ignore`` take: statuses, reasons, findings, confirmed."""
    from enrich.model import Status

    return frozenset({*Status, *reasons(), *finding_codes(), "confirmed"})


def _selector(value: object) -> str:
    text = _text(value)
    if text in selectors() or re.fullmatch(r"http-[1-9]\d\d", text):
        return text
    raise ValueError(f"{text!r} is no status, reason or finding code; `enrich config --codes` lists them")


def _suffix(value: object) -> str:
    text = _text(value).strip().lower()
    if not text.strip("."):
        raise ValueError("must be a file suffix such as md")
    return "." + text.lstrip(".")


def _url(value: object) -> str:
    if not re.match(r"https?://[^/\s]+", text := _text(value)):
        raise ValueError(f"must be an http or https address, not {value!r}")
    return text.rstrip("/")


def _printable(value: object) -> str:
    if any(not 0x20 <= ord(character) < 0x7F for character in _text(value)):
        raise ValueError("must be printable ASCII on one line")
    return _text(value)


# --- what can be set --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting. ``read`` turns what a source gives into the value, or raises ValueError.

    ``many`` collects a tuple; ``split`` is what separates items in an environment variable.
    ``trusted`` settings are refused by ``check`` from a file in the tree.
    """

    name: str
    help: str
    read: Callable[[object], Any]
    default: Any = None
    many: bool = False
    split: str = ","
    flag: bool = False
    trusted: bool = False
    metavar: str = "TEXT"
    commands: tuple[str, ...] = ("run", "check")
    in_file: bool = True

    @property
    def option(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def key(self) -> str:
        return self.name.replace("github_api_url", "github.api_url").replace(
            "arxiv_api_url", "arxiv.api_url"
        )


_EXTRACTING = ("run", "check", "links")
_CACHED = ("run", "check", "cache")
_REPORTING = ("run", "check", "report")

SETTINGS: tuple[Setting, ...] = (
    Setting(name="since", read=_text, metavar="DATE", commands=_EXTRACTING,
            help="Only links dated from here on: 2021, 2021-01 or 2021-01-15."),
    Setting(name="until", read=_text, metavar="DATE", commands=_EXTRACTING,
            help="Only links dated up to here, the whole period included."),
    Setting(name="undated", read=_one_of(lambda: ("include", "skip")), default="include", metavar="include|skip",
            commands=_EXTRACTING, help="What becomes of links whose date nobody knows, when dates are asked for."),
    Setting(name="git_dates", read=_flag, flag=True, default=False, commands=_EXTRACTING,
            help="Date a document that carries no date by its first commit."),
    Setting(name="kind", read=_one_of(kinds), many=True, default=(), metavar="KIND",
            commands=_EXTRACTING, help="Only links of this kind (repeatable): wechat, arxiv, github, web."),
    Setting(name="include", read=_pattern, many=True, split="\n", default=(), metavar="RE", commands=_EXTRACTING,
            help="Check URLs that match, whatever --exclude says (repeatable)."),
    Setting(name="exclude", read=_pattern, many=True, split="\n", default=(), metavar="RE", commands=_EXTRACTING,
            help="Skip URLs that match (repeatable); .enrichignore holds one a line."),
    Setting(name="exclude_path", read=_pattern, many=True, split="\n", default=(), metavar="RE",
            commands=_EXTRACTING, help="Do not read documents whose path matches (repeatable)."),
    Setting(name="files_from", read=_text, metavar="FILE", commands=_EXTRACTING, in_file=False,
            help="Read the paths of documents from FILE, one a line; - for standard input."),
    Setting(name="extensions", read=_suffix, many=True, default=(), metavar="EXT", commands=_EXTRACTING,
            help="Read files with these suffixes in folders (repeatable or with commas); default: Markdown."),
    Setting(name="hidden", read=_flag, flag=True, default=False, commands=_EXTRACTING,
            help="Read hidden files and folders too."),
    Setting(name="check_images", read=_flag, flag=True, default=False, commands=_EXTRACTING,
            help="Check the addresses of images, which are skipped otherwise."),
    Setting(name="remap", read=_remap, many=True, split="\n", default=(), trusted=True, metavar="'RE REPL'",
            commands=_EXTRACTING, help="Ask another address in place of those that match (repeatable)."),
    Setting(name="cache_dir", read=_path, default="cache", trusted=True, metavar="DIR", commands=_CACHED,
            help="Where results are remembered."),
    Setting(name="reports_dir", read=_path, trusted=True, metavar="DIR",
            help="Where reports are written; run: reports, check: nowhere unless given."),
    Setting(name="keep", read=_number(1, whole=True), default=30, metavar="N", commands=("run", "check"),
            help="How many dated reports are kept."),
    Setting(name="max_age", read=seconds, metavar="AGE",
            help="Ask again what was last asked longer ago than this; default: by status."),
    Setting(name="refresh", read=_flag, flag=True, default=False, in_file=False,
            help="Ask everything again, however recent."),
    Setting(name="offline", read=_flag, flag=True, default=False,
            help="Ask nobody; answer from the cache alone."),
    Setting(name="fresh", read=_flag, flag=True, default=False, in_file=False,
            help="Start anew instead of going on with a run that was killed."),
    Setting(name="wait", read=seconds, default=0.0, metavar="AGE", commands=_CACHED,
            help="Wait this long for another run to release the cache."),
    Setting(name="concurrency", read=_number(1, whole=True), default=256, metavar="N",
            help="Requests in flight over all hosts."),
    Setting(name="host_concurrency", read=_number(1, whole=True), default=4, metavar="N",
            help="Requests in flight to one host."),
    Setting(name="host_interval", read=seconds, default=0.1, metavar="SECONDS",
            help="Time between two requests to one host."),
    Setting(name="timeout", read=_number(0.001), default=20.0, metavar="SECONDS",
            help="Longest time for one attempt, redirects and body included."),
    Setting(name="connect_timeout", read=_number(0.001), default=5.0, metavar="SECONDS",
            help="Longest time to establish a connection."),
    Setting(name="retries", read=_number(0, whole=True), default=2, metavar="N",
            help="How often an answer that may pass (429, 5xx, time-out, reset) is asked for again."),
    Setting(name="deadline", read=seconds, metavar="AGE",
            help="End the run after this long; what was not reached keeps its older verdict."),
    Setting(name="canary", read=_url, many=True, split=" ", default=(), trusted=True, metavar="URL",
            help="A host to ask whether the network is up (repeatable); default: those longest alive by the cache."),
    Setting(name="network_wait", read=seconds, default=300.0, metavar="AGE",
            help="Wait this long for the network to come back when it is lost in mid-run."),
    Setting(name="accept_mass_change", read=_flag, flag=True, default=False, trusted=True, in_file=False,
            help="Believe at once that many links are gone, instead of waiting for a second run to see it."),
    Setting(name="max_per_host", read=_number(1, whole=True), metavar="N",
            help="Targets asked per host in one run; the rest wait for the next. check: 2000."),
    Setting(name="respect_robots", read=_flag, flag=True, default=False,
            help="Skip what a host's robots.txt disallows; its Crawl-delay is obeyed in any case."),
    Setting(name="i_own_these_hosts", read=_flag, flag=True, default=False, trusted=True, in_file=False,
            help="Allow intervals below the built-in ones of hosts with strict manners."),
    Setting(name="allow_net", read=_network, many=True, default=(), trusted=True, metavar="CIDR",
            help="Addresses that may be asked although they are not public (repeatable)."),
    Setting(name="allow_private", read=_flag, flag=True, default=False, trusted=True,
            help="Allow private and loopback addresses; cloud metadata services stay refused."),
    Setting(name="github_token", read=_printable, trusted=True, metavar="TOKEN",
            help="Goes to the GitHub API alone; default: GITHUB_TOKEN."),
    Setting(name="contact", read=_printable, metavar="ADDRESS",
            help="An address at which a server's owner can reach you; goes into the User-Agent."),
    Setting(name="github_api_url", read=_url, default="https://api.github.com", trusted=True, metavar="URL",
            help="Another GitHub API, such as that of an Enterprise server."),
    Setting(name="arxiv_api_url", read=_url, default="https://export.arxiv.org/api/query", trusted=True,
            metavar="URL", help="Another arXiv API, such as a mirror's."),
    Setting(name="fail_on", read=_selector, many=True, metavar="CODE",
            help="Exit 1 on this status, reason, finding or 'confirmed' (repeatable); check: broken."),
    Setting(name="warn_on", read=_selector, many=True, default=(), metavar="CODE",
            help="Report as a warning (repeatable)."),
    Setting(name="ignore", read=_selector, many=True, default=(), metavar="CODE",
            help="Do not report (repeatable)."),
    Setting(name="format", read=_one_of(formats), default="text", metavar="FORMAT",
            commands=_REPORTING, help="text, json, jsonl or markdown."),
    Setting(name="output", read=_path, trusted=True, metavar="FILE", commands=_REPORTING,
            help="Write there instead of to standard output."),
    Setting(name="no_progress", read=_flag, flag=True, default=False, help="No progress on standard error."),
)  # fmt: skip

_BY_NAME = {setting.name: setting for setting in SETTINGS}
_HOST_KEYS = ("concurrency", "interval", "timeout", "headers", "accept", "user_agent", "max_per_run")
# Hosts whose owners state a rate, or punish a faster one (facts of each host stand with its kind).
STRICT_HOSTS = ("mp.weixin.qq.com", "export.arxiv.org", "api.github.com")
# What `check` asks of one host at most, so that nobody's pull request turns it against a victim.
CHECK_MAX_PER_HOST = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSettings:
    """What ``[hosts."name"]`` sets for one host; None leaves the general setting."""

    concurrency: int | None = None
    interval: float | None = None
    timeout: float | None = None
    headers: tuple[tuple[str, str], ...] = ()
    accept: frozenset[int] = frozenset()
    user_agent: str | None = None
    max_per_run: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmRule:
    """When a failure is confirmed: seen in so many checks, at least so many days apart in all."""

    checks: int = 3
    days: float = 6.0


def age_defaults() -> dict[str, float]:
    """The keys of ``[ages]`` and their values in seconds: after how long a target is asked again.

    ``ok_spread`` says how much shorter or longer an ``ok`` lasts for one target or another. A kind may have keys of
    its own: ``wechat_ok``, ``wechat_ok_spread``, ``wechat_metadata``.
    """
    day = DAY_SECONDS
    found = {"ok": 7 * day, "ok_spread": 2 * day, "broken": day, "blocked": day, "unreachable": day,
             "confirmed": 30 * day, "confirmed_spread": 8 * day}  # fmt: skip
    for kind in (kind for kind in kinds().values() if kind.ok_age_seconds > 0):
        if kind.ok_age_seconds != found["ok"]:
            found[f"{kind.name}_ok"] = kind.ok_age_seconds
            found[f"{kind.name}_ok_spread"] = kind.ok_spread_seconds
        found[f"{kind.name}_metadata"] = kind.metadata_age_seconds
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of one command, read and checked. Durations are in seconds.

    ``given_ages`` are those that stand in place of the built-in ones, all of them.
    """

    values: Mapping[str, Any]
    sources: Mapping[str, str]
    hosts: Mapping[str, HostSettings] = field(default_factory=dict)
    confirm: ConfirmRule = ConfirmRule()
    given_ages: Mapping[str, float] | None = None
    report_formats: tuple[str, ...] = ("json",)
    file: Path | None = None
    period: Period

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    @property
    def ages(self) -> Mapping[str, float]:
        """After how long a target is asked again. Only whoever asks needs to know which kinds there are."""
        return age_defaults() if self.given_ages is None else self.given_ages

    def manners_of(self, host: str) -> Manners:
        """The manners for a host: its own settings over built-in ones over the general ones."""
        from enrich.model import Manners

        own = self.hosts.get(host, HostSettings())
        manners = built_in_manners().get(host)
        if manners is None:
            manners = Manners(width=self["host_concurrency"], interval_seconds=self["host_interval"])
        if own.concurrency is not None:
            manners = replace(manners, width=own.concurrency)
        if own.interval is not None:
            manners = replace(manners, interval_seconds=own.interval, jitter_seconds=0.0)
        return manners

    def reads_robots(self, host: str) -> bool:
        """Whether a host's robots.txt counts: not where an API's terms or built-in manners say how to ask."""
        apis = {host_of(self["github_api_url"]), host_of(self["arxiv_api_url"])}
        return host not in built_in_manners() and host not in apis

    def budget_of(self, host: str) -> int | None:
        """How many targets of a host one run may ask by the user's own limits; None without one."""
        limits = [self["max_per_host"], self.hosts.get(host, HostSettings()).max_per_run]
        return min((limit for limit in limits if limit is not None), default=None)


# --- gathering --------------------------------------------------------------------------------------


def _read(setting: Setting, given: object, place: str) -> Any:
    """The value of a setting as one source gives it; UsageError names the place."""
    try:
        if not setting.many:
            return setting.read(given)
        items = given if isinstance(given, (list, tuple)) else [given]
        return tuple(setting.read(item) for item in items)
    except ValueError as error:
        raise UsageError(f"{place}: {error}") from None


def _from_environment(environ: Mapping[str, str]) -> dict[str, tuple[Any, str]]:
    found: dict[str, tuple[Any, str]] = {}
    for setting in SETTINGS:
        variable = ENVIRONMENT_PREFIX + setting.name.upper()
        if (text := environ.get(variable)) is None:
            continue
        items = [item.strip() for item in text.split(setting.split)] if setting.many else text
        given = [item for item in items if item] if setting.many else items
        found[setting.name] = (_read(setting, given, variable), f"environment {variable}")
    if "github_token" not in found and (token := environ.get("GITHUB_TOKEN")):
        found["github_token"] = (
            _read(_BY_NAME["github_token"], token, "GITHUB_TOKEN"),
            "environment GITHUB_TOKEN",
        )
    return found


def _from_options(options: Mapping[str, Any]) -> dict[str, tuple[Any, str]]:
    found: dict[str, tuple[Any, str]] = {}
    for name, given in options.items():
        if given is None or given == () or (given is False and _BY_NAME[name].flag):
            continue
        setting = _BY_NAME[name]
        if setting.many and setting.split == ",":
            given = [part for item in given for part in item.split(",")]
        found[name] = (_read(setting, given, setting.option), f"option {setting.option}")
    return found


_QUOTED_END = re.compile(r'"[^"]*"$')
_LAST_PART = re.compile(r"[^.]+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFile:
    """A configuration file as found: its table, and the text, so that errors can name lines."""

    path: Path
    table: Mapping[str, Any]
    text: str
    in_tree: bool

    def place(self, key: str) -> str:
        """``enrich.toml:4: timeout``: where a key stands, as far as its last part can be found."""
        last = re.escape((_QUOTED_END.search(key) or _LAST_PART.search(key) or [key])[0].strip('"'))
        pattern = re.compile(rf"""^\s*(?:\[.*)?["']?{last}["']?(?:\s*=|.*\])""")
        for number, line in enumerate(self.text.splitlines(), 1):
            if pattern.match(line):
                return f"{self.path}:{number}: {key}"
        return f"{self.path}: {key}"


def _git_root(folder: Path) -> Path:
    """The nearest folder at or above with a ``.git``, else the folder itself."""
    return next((up for up in (folder, *folder.parents) if (up / ".git").exists()), folder)


def _from_here(path: Path) -> Path:
    """The path as seen from the current folder, where it lies below it."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _candidates(folder: Path) -> Iterable[tuple[Path, bool]]:
    """Files in which a configuration may stand, nearest first, and whether as part of pyproject.toml."""
    for place in dict.fromkeys((folder, _git_root(folder))):
        yield place / FILE_NAME, False
        yield place / "pyproject.toml", True


def _parse(path: Path, partial: bool, in_tree: bool) -> ConfigFile | None:
    import tomllib

    try:
        text = path.read_text(encoding="utf-8")
        table: Any = tomllib.loads(text)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: is not TOML: {error}") from None
    if partial:
        tool = table.get("tool", {})
        table = tool.get("enrich") if isinstance(tool, dict) else None
        if table is None:
            return None
        if not isinstance(table, dict):
            raise UsageError(f"{path}: tool.enrich must be a table, [tool.enrich]")
    return ConfigFile(path=path, table=table, text=text, in_tree=in_tree)


def find_file(named: str | None, folder: Path) -> ConfigFile | None:
    """The configuration file: the one named, else ``enrich.toml`` or ``[tool.enrich]`` here or at the git root."""
    if named is not None:
        path = Path(named)
        in_tree = path.resolve().is_relative_to(_git_root(folder.resolve()))
        return _parse(path, path.name == "pyproject.toml", in_tree)
    for path, partial in _candidates(folder):
        path = _from_here(path)
        if path.is_file() and (found := _parse(path, partial, True)) is not None:
            return found
    return None


def _reject_unknown(file: ConfigFile, keys: Iterable[str], valid: Iterable[str], prefix: str = "") -> None:
    for key in keys:
        if key not in (names := sorted(valid)):
            raise UsageError(f"{file.place(prefix + key)}: unknown key; valid keys are {', '.join(names)}")


def _table(file: ConfigFile, name: str) -> Mapping[str, Any]:
    table = file.table.get(name, {})
    if not isinstance(table, dict):
        raise UsageError(f"{file.place(name)}: must be a table, [{name}]")
    return table


# RFC 9110 section 5.6.2: a token.
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")


def _headers(value: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict):
        raise ValueError(f'must be a table such as {{ Accept = "text/html" }}, not {value!r}')
    for name in value:
        if not _HEADER_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a header")
    return tuple((name, _printable(text)) for name, text in value.items())


def _host_settings(file: ConfigFile, host: str, table: object) -> HostSettings:
    where = f'hosts."{host}"'
    if not isinstance(table, dict):
        raise UsageError(f"{file.place(where)}: must be a table, [{where}]")
    _reject_unknown(file, table, _HOST_KEYS, f"{where}.")
    readers: dict[str, Callable[[object], Any]] = {
        "concurrency": _number(1, whole=True),
        "interval": seconds,
        "timeout": _number(0.001),
        "user_agent": _printable,
        "max_per_run": _number(1, whole=True),
        "accept": lambda given: frozenset(
            map(_number(100, whole=True), given if isinstance(given, list) else [given])
        ),
        "headers": _headers,
    }
    found = {}
    for key, given in table.items():
        try:
            found[key] = readers[key](given)
        except (ValueError, TypeError) as error:
            raise UsageError(f"{file.place(f'{where}.{key}')}: {error}") from None
    return HostSettings(**found)


def _from_file(file: ConfigFile) -> dict[str, tuple[Any, str]]:
    top = {
        setting.name: setting for setting in SETTINGS if setting.in_file and "api_url" not in setting.name
    }
    _reject_unknown(file, file.table, [*top, "hosts", "github", "arxiv", "confirm", "ages", "report"])
    found: dict[str, tuple[Any, str]] = {}
    for name, given in file.table.items():
        if name in top:
            found[name] = (_read(top[name], given, file.place(name)), file.place(name))
    for provider in ("github", "arxiv"):
        _reject_unknown(file, table := _table(file, provider), ["api_url"], f"{provider}.")
        if "api_url" in table:
            place = file.place(f"{provider}.api_url")
            setting = _BY_NAME[f"{provider}_api_url"]
            found[setting.name] = (_read(setting, table["api_url"], place), place)
    return found


def _confirm_rule(file: ConfigFile) -> ConfirmRule:
    table = _table(file, "confirm")
    _reject_unknown(file, table, ["checks", "days"], "confirm.")
    readers = {"checks": _number(1, whole=True), "days": _number(0)}
    found = {}
    for key, given in table.items():
        try:
            found[key] = readers[key](given)
        except ValueError as error:
            raise UsageError(f"{file.place(f'confirm.{key}')}: {error}") from None
    return ConfirmRule(**found)


def _ages(file: ConfigFile) -> dict[str, float]:
    """Ages of the file over the built-in ones. A spread that is not given keeps its share of the age."""
    table, ages = _table(file, "ages"), age_defaults()
    _reject_unknown(file, table, ages, "ages.")
    for key, given in table.items():
        try:
            age = seconds(given)
        except ValueError as error:
            raise UsageError(f"{file.place(f'ages.{key}')}: {error}") from None
        spread = f"{key}_spread"
        if spread in ages and spread not in table:
            # Who wants a day or less means it exactly.
            ages[spread] = age * ages[spread] / ages[key] if age > DAY_SECONDS else 0.0
        ages[key] = age
    for key in ages:
        if (spread := f"{key}_spread") in ages and ages[spread] > ages[key]:
            raise UsageError(f"{file.place(f'ages.{spread}')}: must not be longer than {key}")
    return ages


def _report_formats(file: ConfigFile) -> tuple[str, ...]:
    table = _table(file, "report")
    _reject_unknown(file, table, ["formats"], "report.")
    setting = replace(_BY_NAME["format"], many=True)
    named = _read(setting, table.get("formats", ["json"]), file.place("report.formats"))
    return tuple(dict.fromkeys(("json", *named)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Contents:
    """What a configuration file says, or what holds without one; values come with the place where they stand."""

    values: Mapping[str, tuple[Any, str]] = field(default_factory=dict)
    hosts: Mapping[str, HostSettings] = field(default_factory=dict)
    confirm: ConfirmRule = field(default_factory=ConfirmRule)
    ages: Mapping[str, float] | None = None
    report_formats: tuple[str, ...] = ("json",)


def _contents(file: ConfigFile, command: str) -> _Contents:
    values = _from_file(file)
    hosts = {
        host.lower(): _host_settings(file, host, table) for host, table in _table(file, "hosts").items()
    }
    if command == "check" and file.in_tree:
        _refuse_untrusted(file, values, hosts)
    return _Contents(
        values=values,
        hosts=hosts,
        confirm=_confirm_rule(file),
        ages=_ages(file) if "ages" in file.table else None,
        report_formats=_report_formats(file),
    )


def _refuse_untrusted(file: ConfigFile, found: Iterable[str], hosts: Mapping[str, HostSettings]) -> None:
    """What a stranger's pull request must not decide (contract, "Trust")."""
    refused = [_BY_NAME[name].key for name in found if _BY_NAME[name].trusted]
    refused += [f'hosts."{host}".headers' for host, own in hosts.items() if own.headers]
    if refused:
        raise UsageError(
            f"{file.place(refused[0])}: `enrich check` does not take this from a file in the tree that it "
            f"checks; give it as an option or as {ENVIRONMENT_PREFIX}… in the environment"
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


def _patterns_of_ignore_file(folder: Path) -> tuple[str, ...]:
    """``.enrichignore``: one regular expression a line, ``#`` begins a comment."""
    path = folder / ".enrichignore"
    if not path.is_file():
        return ()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UsageError(f"{_from_here(path)}: cannot be read: {why}") from None
    found = []
    for number, line in enumerate(lines, 1):
        if (line := line.strip()) and not line.startswith("#"):
            found.append(_read(_BY_NAME["exclude"], [line], f"{path}:{number}")[0])
    return tuple(found)


def load(
    command: str,
    options: Mapping[str, Any],
    *,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
    named_file: str | None = None,
    use_files: bool = True,
) -> Settings:
    """The settings of one command from all sources; raises UsageError with the place of what is wrong.

    ``use_files=False`` leaves configuration files out, for a run that is nobody's project.
    """
    folder = folder or Path.cwd()
    file = find_file(named_file, folder) if use_files else None
    contents = _contents(file, command) if file else _Contents()
    gathered: dict[str, tuple[Any, str]] = {
        setting.name: (setting.default, "default") for setting in SETTINGS
    }
    gathered |= contents.values
    if command == "check" and "max_per_host" not in contents.values:
        gathered["max_per_host"] = (CHECK_MAX_PER_HOST, "default")
    gathered |= _from_environment(os.environ if environ is None else environ)
    gathered |= _from_options(options)
    values = {name: value for name, (value, _) in gathered.items()}
    values["exclude"] = (*(values["exclude"] or ()), *_patterns_of_ignore_file(folder))
    settings = Settings(
        values=values,
        sources={name: source for name, (_, source) in gathered.items()},
        hosts=contents.hosts,
        confirm=contents.confirm,
        given_ages=contents.ages,
        report_formats=contents.report_formats,
        file=file.path if file else None,
        period=parse_period(values["since"], values["until"]),
    )
    if command in ("run", "check"):
        _refuse_haste(settings, file.place if file else str)
    return settings


def host_setting_names() -> tuple[str, ...]:
    return tuple(field.name for field in fields(HostSettings))


def check_network_environment(environ: Mapping[str, str]) -> None:
    """Raise UsageError for a proxy or a certificate bundle that cannot be used, before anything is written."""
    bundle = environ.get("SSL_CERT_FILE")
    if bundle and not Path(bundle).is_file():
        raise UsageError(f"SSL_CERT_FILE: {bundle}: there is no such file; name a file of PEM certificates")
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"):
        for variable in (name, name.lower()):
            if (text := environ.get(variable)) and not _is_proxy(text):
                raise UsageError(
                    f"{variable}: must be an HTTP proxy, written like http://proxy.example:3128 (SOCKS is not supported)"
                )


def check_places(settings: Settings) -> None:
    """Raise UsageError for folders and files that cannot be written to, before the work begins."""
    for name in ("cache_dir", "reports_dir"):
        if settings[name] and Path(settings[name]).exists() and not Path(settings[name]).is_dir():
            raise UsageError(f"{_BY_NAME[name].option}: {settings[name]} is not a folder")
    output = settings["output"]
    if output and (Path(output).is_dir() or not Path(output).parent.is_dir()):
        raise UsageError(f"--output: {output}: is a folder, or lies in one that is not there")


def _is_proxy(text: str) -> bool:
    url = canonical(text if "://" in text else f"http://{text}")
    return url is not None and is_web(url)
