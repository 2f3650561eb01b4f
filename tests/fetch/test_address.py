"""The guard's table: default deny, and what a user can open."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from enrich.errors import UsageError
from enrich.fetch.address import Guard, is_local_name, is_public, literal, parse_nets, reached

pytestmark = pytest.mark.ssrf

REFUSED = [
    *("0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.8.8.8", "169.254.169.254", "172.16.0.1"),
    *(
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
    ),
    *("198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
    *("168.63.129.16", "100.100.100.200"),
    *("::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254"),
    *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1"),
    *(
        "2002:7f00:1::",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
    ),
    *("ff02::1", "2606:4700::1%eth0"),
]
PUBLIC = [
    *("1.1.1.1", "8.8.8.8", "172.15.0.1", "172.32.0.1", "100.128.0.1", "198.20.0.1", "223.255.255.255"),
    *("168.63.129.15", "2606:4700:4700::1111", "2400:3200::1", "::ffff:1.1.1.1", "64:ff9b::101:101"),
]


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert str(Guard().refusal(ip_address(address), 443)).endswith("is not a public address")


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_asked(address: str) -> None:
    assert Guard().refusal(ip_address(address), 443) is None


@pytest.mark.parametrize("port", [80, 443, 8000, 8080, 8443])
def test_the_ports_of_the_web_are_asked(port: int) -> None:
    assert Guard().refusal(ip_address("1.1.1.1"), port) is None


@pytest.mark.parametrize("port", [0, 22, 25, 3306, 6379, 9200, 65535])
def test_other_ports_of_public_hosts_are_not(port: int) -> None:
    assert Guard().refusal(ip_address("1.1.1.1"), port) == f"port {port} is not one of the web's"


def test_an_allowed_network_is_asked_on_any_port_and_its_neighbours_are_not() -> None:
    guard = Guard(parse_nets(["10.1.0.0/16", "fd12::/16"]))
    assert guard.refusal(ip_address("10.1.2.3"), 6379) is None
    assert guard.refusal(ip_address("::ffff:10.1.2.3"), 6379) is None
    assert guard.refusal(ip_address("fd12::1"), 1) is None
    assert guard.refusal(ip_address("10.2.0.1"), 80)
    assert guard.refusal(ip_address("fd13::1"), 80)


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "172.16.0.1", "192.168.0.1", "127.0.0.1", "100.64.0.1", "::1", "fd00::1"]
)
def test_allow_private_opens_private_networks(address: str) -> None:
    assert Guard(allow_private=True).refusal(ip_address(address), 3000) is None


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "168.63.129.16", "100.100.100.200", "fd00:ec2::254", "fd20:ce::254"],
)
def test_metadata_services_stay_closed_unless_they_are_named(address: str) -> None:
    assert Guard(allow_private=True).refusal(ip_address(address), 80)
    assert Guard(parse_nets([address])).refusal(ip_address(address), 80) is None


@pytest.mark.parametrize("address", ["224.0.0.1", "0.0.0.0", "fe80::1", "192.0.2.1", "169.254.1.1"])
def test_allow_private_opens_nothing_else(address: str) -> None:
    assert Guard(allow_private=True).refusal(ip_address(address), 80)


def test_an_address_inside_another_is_taken_out() -> None:
    assert str(reached(ip_address("64:ff9b::7f00:1"))) == "127.0.0.1"
    assert str(reached(ip_address("::ffff:1.2.3.4"))) == "1.2.3.4"
    assert str(reached(ip_address("2606:4700::1"))) == "2606:4700::1"


def test_every_ipv6_address_outside_the_global_block_is_refused() -> None:
    for first in range(0x10000):
        if first >> 13 != 1:
            assert not is_public(ip_address(first << 112 | 1)), hex(first)


@pytest.mark.parametrize("text", ["10.1.0.0/33", "example.org", "10.1.2.3/16", ""])
def test_a_network_that_is_none_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match=r"allow_net: .*10\.1\.0\.0/16"):
        parse_nets([text])


def test_a_name_that_a_proxy_resolves_is_judged_as_far_as_it_goes() -> None:
    assert Guard().name_refusal("example.org", 443) is None
    assert Guard().name_refusal("example.org", 25)
    assert Guard().name_refusal("localhost.", 80)
    assert Guard(allow_private=True).name_refusal("app.localhost", 80) is None
    assert not is_local_name("notlocalhost")


@pytest.mark.parametrize(
    ("host", "expected"), [("[::1]", "::1"), ("127.0.0.1", "127.0.0.1"), ("example.org", None), ("", None)]
)
def test_a_literal_is_told_from_a_name(host: str, expected: str | None) -> None:
    assert literal(host) == (expected and ip_address(expected))
