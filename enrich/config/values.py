"""Reading one value: what a source gives (TOML, the environment, an option) to what a setting means.

Each function returns the value or raises ValueError; whoever knows the source says where it stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from enrich.location import check_location
from enrich.registry import finding_codes, reasons
from enrich.spelling import did_you_mean

DAY_SECONDS = 86400.0
_LARGEST = 1e12
_LONGEST_SECONDS = 100 * 366 * DAY_SECONDS
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": DAY_SECONDS, "w": 7 * DAY_SECONDS}
_DURATION = re.compile(r"(\d{1,12}(?:\.\d{1,12})?)\s*(ms|s|m|h|d|w)?")
# RFC 9110 section 5.6.2: a token.
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")


def plain_text(value: object) -> str:
    """Text as it stands."""
    if not isinstance(value, str):
        raise ValueError(f"must be text, not {value!r}")
    return value


def path(value: object) -> str:
    """A path, which is not empty; whether it is there is looked at by whoever opens it."""
    if not plain_text(value).strip():
        raise ValueError("must be a path, and is empty")
    return plain_text(value)


def location(value: object) -> str:
    """Where a cache is, as `enrich.location` reads it."""
    return check_location(plain_text(value))


def revision(value: object) -> str:
    if not plain_text(value).strip():
        raise ValueError("must name a commit or branch such as origin/main, and is empty")
    return plain_text(value)


def flag(value: object) -> bool:
    """Yes or no, as TOML and environment variables write it."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("1", "true", "yes", "on"):
        return True
    if isinstance(value, str) and value.lower() in ("0", "false", "no", "off", ""):
        return False
    raise ValueError(f"must be true or false, not {value!r}")


def number(minimum: float, whole: bool = False) -> Callable[[object], Any]:
    """A reader of numbers from ``minimum`` on, as numbers or as text."""

    def read(value: object) -> float | int:
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise ValueError(f"must be a number, not {value!r}")
        try:
            number = float(value)
        except ValueError:
            raise ValueError(f"must be a number, not {value!r}") from None
        if not minimum <= number:
            raise ValueError(f"must be at least {minimum:g}, not {value}")
        if not number < _LARGEST:
            raise ValueError(f"must be below {_LARGEST:g}, not {value}")
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


def duration(seconds: float) -> str:
    """Seconds as a configuration file takes them: ``7d``, ``12h``, ``5m``, ``90s``, ``5ms``."""
    units = ("d", "h", "m", "s") if seconds else ("s",)
    for unit in units:
        if seconds % _UNITS[unit] == 0:
            return f"{seconds / _UNITS[unit]:g}{unit}"
    return f"{seconds * 1000:g}ms"


def pattern(value: object) -> str:
    """A regular expression that compiles, as text."""
    try:
        re.compile(plain_text(value))
    except re.error as error:
        # What a shell takes for any text repeats here what stands before it.
        meant = (
            "; any text is .* and not *" if error.msg in ("multiple repeat", "nothing to repeat") else ""
        )
        raise ValueError(f"is not a regular expression: {value!r}: {error}{meant}") from None
    return plain_text(value)


def remap(value: object) -> str:
    """``PATTERN REPLACEMENT``, as text; the first space parts them."""
    expression, _, replacement = plain_text(value).partition(" ")
    if not replacement:
        raise ValueError(f"must be 'PATTERN REPLACEMENT' with a space between, not {value!r}")
    pattern(expression)
    return plain_text(value)


def network(value: object) -> str:
    """An IP network in its usual form; a single address is one too."""
    import ipaddress

    try:
        return str(ipaddress.ip_network(plain_text(value)))
    except ValueError as error:
        raise ValueError(f"must be a network such as 10.1.0.0/16: {error}") from None


def one_of(
    names: Callable[[], Iterable[str]], is_one: Callable[[str], object] | None = None
) -> Callable[[object], str]:
    """A reader of names out of some that are known only when a value is read; ``is_one`` tells it of one at less cost."""

    def read(value: object) -> str:
        if is_one is not None and isinstance(value, str) and is_one(value):
            return plain_text(value)
        if value not in (known := list(names())):
            raise _misspelt(ValueError(f"must be one of {', '.join(known)}, not {value!r}"), value, known)
        return plain_text(value)

    return read


def _misspelt(error: ValueError, value: object, names: Iterable[str]) -> ValueError:
    """The error, with the name that may have been meant as its hint."""
    if isinstance(value, str) and (hint := did_you_mean(value, names)):
        error.add_note(hint)
    return error


def selectors() -> frozenset[str]:
    """What ``--fail-on``, ``--warn-on`` and ``--ignore`` take: statuses, reasons, findings, confirmed."""
    from enrich.model import Status

    return frozenset({*Status, *reasons(), *finding_codes(), "confirmed"})


def selector(value: object) -> str:
    """One of `selectors`, or the reason of any HTTP status."""
    text = plain_text(value)
    if text in selectors() or re.fullmatch(r"http-[1-9]\d\d", text):
        return text
    error = ValueError(f"{text!r} is no status, reason or finding code; `enrich config --codes` lists them")
    raise _misspelt(error, text, selectors())


def suffix(value: object) -> str:
    """A file suffix in lower case, with its dot."""
    text = plain_text(value).strip().lower()
    if not text.strip("."):
        raise ValueError("must be a file suffix such as md")
    return "." + text.lstrip(".")


def url(value: object) -> str:
    """An http or https address without the slash at its end."""
    if not re.match(r"https?://[^/\s]+", text := plain_text(value)):
        raise ValueError(f"must be an http or https address, not {value!r}")
    return text.rstrip("/")


def printable(value: object) -> str:
    """Text that may stand in a header: printable ASCII on one line."""
    if any(not 0x20 <= ord(character) < 0x7F for character in plain_text(value)):
        raise ValueError("must be printable ASCII on one line")
    return plain_text(value)


def headers(value: object) -> tuple[tuple[str, str], ...]:
    """Headers by name, in the order of the table."""
    if not isinstance(value, dict):
        raise ValueError(f'must be a table such as {{ Accept = "text/html" }}, not {value!r}')
    for name in value:
        if not _HEADER_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a header")
    return tuple((name, printable(text)) for name, text in value.items())
