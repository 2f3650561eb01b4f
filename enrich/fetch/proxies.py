"""Proxies: which one an origin is asked through, and what is said to it.

A plain question is handed to the proxy with its whole URL (RFC 9112 section 3.2.2); for https a tunnel is opened
with CONNECT (RFC 9110 section 9.3.6), and TLS with the origin runs inside it, so that the proxy neither reads nor
forges anything. The proxy itself may be spoken to over TLS. The guard does not judge its address: the user named it.
"""

from __future__ import annotations

import base64
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import unquote

import httpx

from enrich.errors import UsageError
from enrich.urls import USUAL_PORTS, WEB_SCHEMES


def proxies_from_environment() -> tuple[dict[str, str], str | None]:
    """The proxies by scheme (``http``, ``https``, ``all``) and the hosts that go without, from the environment.

    ``HTTPS_PROXY``, ``HTTP_PROXY``, ``ALL_PROXY`` and ``NO_PROXY`` in either case; ``HTTP_PROXY`` is ignored
    under CGI, where a visitor could set it.
    """
    found: dict[str, str] = dict(urllib.request.getproxies_environment().items())
    schemes = [scheme for scheme in found if scheme in {"http", "https", "all"}]
    return {scheme: found[scheme] for scheme in schemes}, found.get("no")


@dataclass(frozen=True, slots=True)
class Proxy:
    """One proxy, ready to be connected to. ``authorization`` is the value of its header, a secret."""

    scheme: str
    host: str
    port: int
    authorization: bytes | None = None

    @property
    def headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """What is said to the proxy alone."""
        return ((b"Proxy-Authorization", self.authorization),) if self.authorization else ()


@dataclass(frozen=True, slots=True)
class Proxies:
    """Which proxy an origin is asked through."""

    by_scheme: Mapping[str, str]
    no_proxy: str | None = None

    def choose(self, scheme: str, host: str, port: int) -> str | None:
        """The proxy's URL, or None to ask directly."""
        url = self.by_scheme.get(scheme) or self.by_scheme.get("all")
        if not url or self._bypasses(host.strip("[]"), port):
            return None
        return url

    def _bypasses(self, host: str, port: int) -> bool:
        rules: dict[str, str] = {"no": self.no_proxy} if self.no_proxy else {}
        # It strips a port itself; an IPv6 address has colons that are none.
        name = host if ":" in host else f"{host}:{port}"
        return bool(rules) and bool(urllib.request.proxy_bypass_environment(name, rules))  # type: ignore[attr-defined]

    def check(self) -> None:
        """Raise UsageError for a proxy that cannot be used."""
        for scheme in USUAL_PORTS:
            if url := self.by_scheme.get(scheme) or self.by_scheme.get("all"):
                parse_proxy(url)


@cache
def parse_proxy(url: str) -> Proxy:
    """A proxy as the environment writes it, with or without a scheme and credentials. Raises UsageError."""
    written = _without_credentials(url)
    try:
        parsed = httpx.URL(url if "://" in url else f"http://{url}")
    except (ValueError, httpx.InvalidURL) as error:
        raise UsageError(
            f"the proxy {written!r} cannot be used: write it like http://proxy.example:3128"
        ) from error
    if parsed.scheme not in WEB_SCHEMES or not parsed.host:
        raise UsageError(
            f"the proxy {written!r} cannot be used: name one for HTTP, in HTTPS_PROXY and HTTP_PROXY"
        )
    host = parsed.raw_host.decode("ascii")
    return Proxy(
        parsed.scheme, host, parsed.port or USUAL_PORTS[parsed.scheme], _authorization(parsed.userinfo)
    )


def _authorization(userinfo: bytes) -> bytes | None:
    """Basic authentication (RFC 7617) from the part of a URL before the @."""
    if not userinfo:
        return None
    name, _, password = userinfo.decode("ascii").partition(":")
    return b"Basic " + base64.b64encode(f"{unquote(name)}:{unquote(password)}".encode())


def _without_credentials(url: str) -> str:
    return url.rpartition("@")[2]
