"""Where a cache is: a folder, a file, or a database on a server; and how that is told without its password. Pure."""

from __future__ import annotations

import re

from enrich.redaction import REDACTED, redact

SCHEMES = ("postgresql://", "postgres://")
FILE_SCHEME = "sqlite:"
# A password with an @, a slash or a question mark in it moves the end of the host, so that a part of it would be read,
# and shown, as a host or a database: where an address can be read in two ways, it is none.
_USERINFO = r"(?:[^/?#@%\s]|%[0-9A-Fa-f]{2})*@"
_SERVER = re.compile(
    rf"(?P<scheme>[a-z]+://)(?:{_USERINFO})?(?P<place>[^/?#@\s]*(?:/(?P<database>[^?#@\s]*))?)"
    r"(?(database)(?:\?(?:[A-Za-z_]+=[^#@\s]*)?)?)"
)


def is_server(location: str) -> bool:
    """Whether a cache is on a server, which has an address and no path."""
    return location.startswith(SCHEMES)


def has_scheme(location: str) -> bool:
    """Whether it is meant as an address and not as the path of a folder."""
    return location.startswith(FILE_SCHEME) or re.match(r"[a-z][a-z0-9+.-]*://", location) is not None


def shown(location: str) -> str:
    """A location as people may read it: without user, password and options, among which there may be passwords."""
    if not is_server(location):
        return location
    if (found := _SERVER.fullmatch(location)) is None:
        return location.partition("://")[0] + "://" + REDACTED
    user = f"{REDACTED}@" if "@" in location else ""
    return redact(found["scheme"] + user + found["place"])


def check_location(location: str) -> str:
    """The location itself; ValueError, with the way out, for what is none."""
    if location.startswith(FILE_SCHEME):
        if location.removeprefix(FILE_SCHEME).strip("/") == "":
            raise ValueError("sqlite: is followed by the path of a file, as in sqlite:cache/enrich.sqlite3")
        return location
    if not is_server(location):
        raise ValueError("wants postgresql://host/database or sqlite:PATH; a folder is for --cache-dir")
    found = _SERVER.fullmatch(location)
    if found is None and "@" in location:
        raise ValueError(
            "its user or password holds a character that an address writes by its code: %40 for @, %2F for /, %3F for ?, "
            "%23 for #, %25 for %, %20 for a space; or leave the password to PGPASSWORD"
        )
    if found is None or not (found["database"] or "").strip("/"):
        raise ValueError("names no database: postgresql://host/database")
    return location
