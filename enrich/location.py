"""Where a cache is: a folder, a file, or a database on a server; and how that is told without its password. Pure."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from enrich.redaction import redact

SCHEMES = ("postgresql://", "postgres://")
FILE_SCHEME = "sqlite:"


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
    return redact(re.split(r"[?#]", location, maxsplit=1)[0])


def check_location(location: str) -> str:
    """The location itself; ValueError, with the way out, for what is none."""
    if location.startswith(FILE_SCHEME):
        if location.removeprefix(FILE_SCHEME).strip("/") == "":
            raise ValueError("sqlite: is followed by the path of a file, as in sqlite:cache/enrich.sqlite3")
        return location
    if not is_server(location):
        raise ValueError("wants postgresql://host/database or sqlite:PATH; a folder is for --cache-dir")
    if not urlsplit(location).path.strip("/"):
        raise ValueError("names no database: postgresql://host/database")
    return location
