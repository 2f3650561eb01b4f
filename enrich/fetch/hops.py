"""From one address to the next: what stands on the wire, and where a redirect leads. Pure.

URLs are read as browsers read them (WHATWG), and asked as they then stand, byte for byte, so that no other page is
checked than the one that the note names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache

import can_ada

from enrich.model import Request, Response
from enrich.model.records import record
from enrich.moves import REDIRECTS
from enrich.urls import USUAL_PORTS, WEB_SCHEMES, canonical, parsed_canonical

# What may follow a redirect to another origin; anything else (tokens above all) was meant for the first.
_HARMLESS_HEADERS = frozenset({"accept", "accept-language", "content-type"})

# What tells nothing but who asks and what for.
_SAID_TO_ANYBODY = _HARMLESS_HEADERS | {"cache-control", "referer", "user-agent"}

Origin = tuple[str, str, int]
"""Scheme, host (IPv6 in brackets or not) and port."""


@record(frozen=True, slots=True)
class Address:
    """A canonical URL and its parts; ``authority`` is the host with a port that does not go without saying."""

    url: str
    scheme: str
    host: str
    port: int
    authority: str

    @property
    def target(self) -> bytes:
        """What stands in the request line: path and query. A canonical URL always has a path."""
        return self.url[self.url.index("/", len(self.scheme) + 3) :].encode("ascii")

    @property
    def origin(self) -> Origin:
        return self.scheme, self.host, self.port


# One link asks for its address at several places.
@lru_cache(maxsize=4096)
def address_of(url: str) -> Address | None:
    """The parts of an http or https URL as a browser would read it; None for any other."""
    parsed = parsed_canonical(url)
    if parsed is None:
        return None
    scheme = parsed.protocol[:-1]
    if scheme not in WEB_SCHEMES:
        return None
    port = int(parsed.port) if parsed.port else USUAL_PORTS[scheme]
    return Address(parsed.href, scheme, parsed.hostname, port, parsed.host)


def join(base: str, location: str) -> str | None:
    """Where a redirect leads, resolved as browsers do; None when that is no URL. Keeps no fragment."""
    try:
        return canonical((can_ada.parse(base) + location).href)
    except ValueError:
        return None


def redirected(request: Request, status: int, here: Address, url: str) -> Request:
    """The next question after a redirect: its method (RFC 9110 section 15.4), and no secrets elsewhere."""
    there = address_of(url)
    turns_into_get = (status == 303 and request.method != "HEAD") or (
        status in (301, 302) and request.method == "POST"
    )
    moved = replace(request, method="GET", body=None) if turns_into_get else request
    if there is None or there.origin != here.origin:
        headers = tuple(pair for pair in request.headers if pair[0].lower() in _HARMLESS_HEADERS)
        moved = replace(moved, headers=headers)
    return replace(moved, url=url)


def told(headers: Sequence[tuple[str, str]], there: Origin) -> tuple[tuple[str, str], ...]:
    """What of the headers that a user set for a host may be said at an origin.

    A secret was meant for the host's own site: not for who listens in on http, nor for who runs a service at
    another port of the same host, to which any note may lead.
    """
    scheme, _, port = there
    if scheme == "https" and port == USUAL_PORTS["https"]:
        return tuple(headers)
    return tuple(pair for pair in headers if pair[0].lower() in _SAID_TO_ANYBODY)


def headers_of(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The headers by lower-case name; whatever bytes they hold, this is text.

    Repeated ones are joined, but of several `Location` headers the first counts.
    """
    found: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name = raw_name.decode("latin-1").lower()
        if name == "location":
            found.setdefault(name, _text(raw_value, _escaped))
            continue
        value = _text(raw_value, _latin)
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _text(raw: bytes, otherwise: Callable[[bytes], str]) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return otherwise(raw)


def _latin(raw: bytes) -> str:
    return raw.decode("latin-1")


def _escaped(raw: bytes) -> str:
    """An address in an unknown encoding: its bytes are kept, percent-encoded."""
    return "".join(chr(byte) if byte < 128 else f"%{byte:02X}" for byte in raw)


def location_of(answer: Response) -> str | None:
    """Where an answer redirects to, if it does. An empty `Location` does not, as in browsers."""
    return (answer.headers.get("location") or None) if answer.status in REDIRECTS else None
