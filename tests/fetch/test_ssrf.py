"""No document makes us reach a private address: the laws behind the examples of `test_connect.py`.

The table of networks is written from the RFCs, on purpose a second time: the guard's own table is what it judges.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

import pytest
from fetching import failure, settings
from hypothesis import given
from hypothesis import strategies as st
from test_connect import PRIVATE, PUBLIC, Proxy, proxy, scene

from enrich.fetch.address import Guard
from enrich.fetch.client import Fetcher
from enrich.model import FailureKind, Request

pytestmark = [pytest.mark.anyio, pytest.mark.ssrf]

# https://www.iana.org/assignments/iana-ipv4-special-registry and multicast-addresses, as of 2026.
SPECIAL_V4 = {
    "0.0.0.0/8": "RFC 791, this network",
    "0.0.0.0/32": "RFC 1122, this host",
    "10.0.0.0/8": "RFC 1918, private",
    "100.64.0.0/10": "RFC 6598, shared by a carrier's customers",
    "127.0.0.0/8": "RFC 1122, loopback",
    "169.254.0.0/16": "RFC 3927, link-local, with the metadata services",
    "172.16.0.0/12": "RFC 1918, private",
    "192.0.0.0/24": "RFC 6890, protocol assignments",
    "192.0.0.0/29": "RFC 7335, IPv4 service continuity",
    "192.0.0.8/32": "RFC 7600, dummy address",
    "192.0.0.9/32": "RFC 7723, port control anycast",
    "192.0.0.10/32": "RFC 8155, TURN anycast",
    "192.0.0.170/31": "RFC 8880, discovery of NAT64",
    "192.0.2.0/24": "RFC 5737, documentation",
    "192.31.196.0/24": "RFC 7535, AS112",
    "192.52.193.0/24": "RFC 7450, automatic multicast tunnels",
    "192.88.99.0/24": "RFC 7526, 6to4 relays",
    "192.168.0.0/16": "RFC 1918, private",
    "192.175.48.0/24": "RFC 7534, AS112",
    "198.18.0.0/15": "RFC 2544, benchmarks",
    "198.51.100.0/24": "RFC 5737, documentation",
    "203.0.113.0/24": "RFC 5737, documentation",
    "224.0.0.0/4": "RFC 5771, multicast",
    "240.0.0.0/4": "RFC 1112, reserved",
    "255.255.255.255/32": "RFC 919, broadcast",
    "168.63.129.16/32": "no RFC: Azure's wire server, which looks public",
}

# https://www.iana.org/assignments/iana-ipv6-special-registry, and what is not given out at all (RFC 4291).
SPECIAL_V6 = {
    "::1/128": "RFC 4291, loopback",
    "::/128": "RFC 4291, unspecified",
    "::/96": "RFC 4291, IPv4-compatible",
    "64:ff9b:1::/48": "RFC 8215, local NAT64",
    "100::/64": "RFC 6666, discard",
    "100:0:0:1::/64": "RFC 9780, dummy",
    "2001::/23": "RFC 2928, protocol assignments",
    "2001::/32": "RFC 4380, Teredo",
    "2001:1::1/128": "RFC 7723, port control anycast",
    "2001:2::/48": "RFC 5180, benchmarks",
    "2001:3::/32": "RFC 7450, automatic multicast tunnels",
    "2001:4:112::/48": "RFC 7535, AS112",
    "2001:10::/28": "RFC 4843, ORCHID",
    "2001:20::/28": "RFC 7343, ORCHIDv2",
    "2001:30::/28": "RFC 9374, drones",
    "2001:db8::/32": "RFC 3849, documentation",
    "2002::/16": "RFC 3056, 6to4",
    "2620:4f:8000::/48": "RFC 7534, AS112",
    "3fff::/20": "RFC 9637, documentation",
    "5f00::/16": "RFC 9602, segment routing",
    "4000::/2": "RFC 4291, not given out",
    "8000::/1": "RFC 4291, not given out, and what follows",
    "fc00::/7": "RFC 4193, private",
    "fe80::/10": "RFC 4291, link-local",
    "fec0::/10": "RFC 3879, site-local",
    "ff00::/8": "RFC 4291, multicast",
}

MAPPED, NAT64 = int(IPv6Address("::ffff:0:0")), int(IPv6Address("64:ff9b::"))


def some_of(net: IPv4Network | IPv6Network) -> list[IPv4Address | IPv6Address]:
    """The first address of a network, its last, and some between, always the same."""
    chance = random.Random(str(net))
    between = [net[chance.randrange(net.num_addresses)] for _ in range(50)]
    return [net[0], net[-1], *between]


@pytest.mark.parametrize("net", [*SPECIAL_V4, *SPECIAL_V6])
def test_every_special_purpose_network_is_refused(net: str) -> None:
    for address in some_of(ip_network(net)):
        assert Guard().refusal(address, 443)
        if isinstance(address, IPv4Address):
            assert Guard().refusal(IPv6Address(MAPPED | int(address)), 443)
            assert Guard().refusal(IPv6Address(NAT64 | int(address)), 443)


@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_an_address_of_no_special_network_is_asked_in_each_of_its_forms(address: IPv4Address) -> None:
    is_special = any(address in ip_network(net) for net in SPECIAL_V4) or str(address) == "100.100.100.200"
    for form in (address, IPv6Address(MAPPED | int(address)), IPv6Address(NAT64 | int(address))):
        assert (Guard().refusal(form, 443) is None) is not is_special


@given(st.integers(0, 2**128 - 1).map(IPv6Address))
def test_an_ipv6_address_is_asked_only_where_the_registry_has_no_word_about_it(
    address: IPv6Address,
) -> None:
    if Guard().refusal(address, 443) is None and not address.ipv4_mapped:
        assert address in IPv6Network("2000::/3") or address in IPv6Network("64:ff9b::/96")
        assert not any(address in ip_network(net) for net in SPECIAL_V6)


# --- names that change ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("turns", "fewest"),
    [
        # What was looked up may be remembered, so the first turn may count for all.
        ((["127.0.0.1"], [PUBLIC]), 0),
        (([PUBLIC], ["127.0.0.1"]), 20),
        (([PUBLIC, "127.0.0.1"], ["127.0.0.1", PUBLIC]), 40),
        ((["::1", PUBLIC], ["::ffff:127.0.0.1"], ["64:ff9b::7f00:1", PUBLIC]), 26),
    ],
)
async def test_a_rebinding_name_never_leads_to_the_private_service(
    turns: tuple[list[str], ...], fewest: int
) -> None:
    found = itertools.cycle(turns)

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return next(found)

    changes = {"allow_nets": (f"{PUBLIC}/32",)}
    async with scene() as stage, Fetcher(settings(**changes), resolve=resolve) as asking:
        # Each answer ends its connection, so that each question needs a new one.
        url = f"http://rebind.test:{stage.port}/until-close"
        kinds = [getattr(await asking.fetch(Request(url=url)), "kind", None) for _ in range(40)]
    assert stage.private_connections == []
    assert set(kinds) <= {None, FailureKind.FORBIDDEN_ADDRESS}
    assert kinds.count(None) == len(stage.public.arrivals) >= fewest


# --- behind a proxy ---------------------------------------------------------------------------------

LITERALS = [host for host in PRIVATE if not host.endswith(".test")]


@asynccontextmanager
async def behind_a_proxy(**sites: str) -> AsyncIterator[tuple[Proxy, Fetcher]]:
    """A fetcher whose every question goes through a proxy that would reach anything."""

    async def no_resolver(host: str, _port: int) -> list[str]:
        raise AssertionError(f"{host} was resolved here")

    async with proxy(dict(sites)) as serving:
        changes = {"proxies": {"all": f"http://127.0.0.1:{serving.port}"}, "allow_nets": ()}
        async with Fetcher(settings(**changes), resolve=no_resolver) as asking:
            yield serving, asking


@pytest.mark.parametrize("host", LITERALS)
async def test_no_spelling_of_a_private_address_is_handed_to_a_proxy(host: str) -> None:
    async with behind_a_proxy() as (serving, asking):
        for url in (f"http://{host}/", f"https://{host}:8443/"):
            assert failure(await asking.fetch(Request(url=url))).kind is FailureKind.FORBIDDEN_ADDRESS
    assert serving.lines == []


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1/", "http://169.254.169.254/x", "//[::1]/", "http://0/"]
)
async def test_a_redirect_that_came_through_a_proxy_leads_nowhere_private(
    monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    monkeypatch.setattr(Guard, "_port_refusal", lambda _guard, _port: None)
    async with scene() as stage, behind_a_proxy(**{"public.test": PUBLIC}) as (serving, asking):
        url = f"http://public.test:{stage.port}/to/302?{target}"
        found = failure(await asking.fetch(Request(url=url)))
    assert (found.kind, len(found.hops), len(serving.lines)) == (FailureKind.FORBIDDEN_ADDRESS, 1, 1)


SCHEMES = [
    "file:///etc/passwd",
    "ftp://example.org/x",
    "gopher://127.0.0.1:6379/_INFO",
    "unix:/run/docker.sock",
    "http+unix://%2Frun%2Fdocker.sock/x",
    "dict://127.0.0.1:11211/stats",
    "javascript:alert(1)",
    "data:text/html,x",
    "view-source:http://127.0.0.1/",
]


@pytest.mark.parametrize("url", SCHEMES)
async def test_only_the_webs_schemes_are_asked_with_or_without_a_proxy(url: str) -> None:
    async def no_resolver(host: str, _port: int) -> list[str]:
        raise AssertionError(f"{host} was resolved")

    async with behind_a_proxy() as (serving, asking):
        through = failure(await asking.fetch(Request(url=url)))
    async with Fetcher(settings(), resolve=no_resolver) as asking:
        direct = failure(await asking.fetch(Request(url=url)))
    assert through.kind is direct.kind is FailureKind.UNSUPPORTED_SCHEME
    assert serving.lines == []
