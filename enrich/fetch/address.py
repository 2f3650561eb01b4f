"""Which addresses may be asked: everything is refused unless it is known to be public. Pure.

Notes are written by strangers, and so are the redirects and the DNS records that they lead to.
`ipaddress.is_global` is no policy: Python 3.11 calls 224.0.0.1, 64:ff9b::7f00:1 and 2002:7f00:1:: global.
The table follows the IANA special-purpose registries instead, and adds the metadata services of clouds,
two of which live on addresses that look public.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from enrich.errors import UsageError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# The ports of the web and its usual substitutes, so that a note cannot make us speak to a mail server.
WEB_PORTS = frozenset({80, 443, 8000, 8080, 8443})

# https://www.iana.org/assignments/iana-ipv4-special-registry
_DENIED_V4 = tuple(
    IPv4Network(net)
    for net in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24"),
        *("192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
        *("224.0.0.0/4", "240.0.0.0/4"),
    )
)

# https://www.iana.org/assignments/iana-ipv6-special-registry: only 2000::/3 is given out for general use,
# and inside it these are tunnels (which embed other addresses), documentation, and AS112, which answers for
# private names wherever one is.
_GLOBAL_V6 = IPv6Network("2000::/3")
_DENIED_V6 = tuple(
    map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"))
)

# RFC 6052: networks with IPv6 alone reach IPv4 hosts under this prefix.
_NAT64 = IPv6Network("64:ff9b::/96")

# What a person means by "private": their own networks, not link-local ones, where metadata services are.
_PRIVATE = tuple(
    ip_network(net)
    for net in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8"),
        *("::1/128", "fc00::/7"),
    )
)

# They hand credentials to whoever asks from inside: AWS and most others; Azure (public to look at);
# Alibaba (in the carrier-grade NAT range); AWS and Google over IPv6.
_METADATA = frozenset(
    map(
        ip_address,
        ("169.254.169.254", "168.63.129.16", "100.100.100.200", "fd00:ec2::254", "fd20:ce::254"),
    )
)


def parse_nets(texts: Iterable[str]) -> tuple[Network, ...]:
    """The networks that a user allows; `10.1.0.0/16`, or one address. Raises UsageError."""
    return tuple(_parse_net(text) for text in texts)


def _parse_net(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError as error:
        raise UsageError(
            f"allow_net: {text!r} is not a network ({error}); write it like 10.1.0.0/16 or fd00::/8"
        ) from error


@lru_cache(maxsize=4096)
def literal(host: str) -> Address | None:
    """The address that a host of a canonical URL spells out (IPv6 in brackets), or None for a name."""
    try:
        return ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None


def is_local_name(host: str) -> bool:
    """Whether a name means the machine itself, wherever it is resolved (RFC 6761 section 6.3)."""
    name = host.removesuffix(".")
    return name == "localhost" or name.endswith(".localhost")


def reached(address: Address) -> Address:
    """The address that a connection would end at: an IPv4 address written inside an IPv6 one is taken out."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(address.packed[-4:])
    return address


def _within(address: Address, nets: Iterable[Network]) -> bool:
    return any(address in net for net in nets)


def is_public(address: Address) -> bool:
    """Whether an address (as `reached` gives it) belongs to the public internet."""
    if address in _METADATA:
        return False
    if isinstance(address, IPv4Address):
        return not _within(address, _DENIED_V4)
    return not address.scope_id and address in _GLOBAL_V6 and not _within(address, _DENIED_V6)


@dataclass(frozen=True, slots=True)
class Guard:
    """What may be asked. Addresses that the user opened are asked on any port, public ones on web ports."""

    allow_nets: tuple[Network, ...] = ()
    allow_private: bool = False
    ports: frozenset[int] = WEB_PORTS

    def opened(self, address: Address) -> bool:
        """Whether the user opened this address, by its network or with all private ones."""
        target = reached(address)
        if _within(target, self.allow_nets):
            return True
        return self.allow_private and target not in _METADATA and _within(target, _PRIVATE)

    def refusal(self, address: Address, port: int) -> str | None:
        """Why this address and port are not asked, as a few words, or None when they may be."""
        if self.opened(address):
            return None
        if not is_public(reached(address)):
            return f"{address} is not a public address"
        return self._port_refusal(port)

    def name_refusal(self, host: str, port: int) -> str | None:
        """The same for a name that somebody else resolves (a proxy), as far as a name can tell."""
        if is_local_name(host):
            return self.refusal(IPv4Address("127.0.0.1"), port)
        return self._port_refusal(port)

    def _port_refusal(self, port: int) -> str | None:
        return None if port in self.ports else f"port {port} is not one of the web's"
