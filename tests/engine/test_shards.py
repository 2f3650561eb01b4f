"""Which worker asks which host: the same on all machines, and never two of them the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.engine.shards import BIG_SITE, Placement, placement_of, shards_of, shards_of_apis, site_of

NAMES = st.from_regex(r"\A([a-z]{1,8}\.){1,3}(org|com|cn|uk|example)\Z")
HOSTS = st.dictionaries(NAMES, st.integers(1, 3 * BIG_SITE), max_size=40)


@pytest.mark.parametrize(
    ("host", "site"),
    [
        ("example.org", "example.org"),
        ("www.example.org", "example.org"),
        ("a.b.c.example.org", "example.org"),
        ("example.org.", "example.org"),
        ("www.university.ac.uk", "university.ac.uk"),
        ("mp.weixin.qq.com", "qq.com"),
        ("news.pku.edu.cn", "pku.edu.cn"),
        ("baidu.cn", "baidu.cn"),
        ("127.0.0.1", "127.0.0.1"),
        ("[::1]", "[::1]"),
        ("localhost", "localhost"),
        ("", ""),
    ],
)
def test_hosts_of_one_site_are_known_by_their_names(host: str, site: str) -> None:
    assert site_of(host) == site


@pytest.mark.parametrize(
    ("host", "shard"),
    [
        ("example.org", "shard 5"),
        ("www.example.org", "shard 5"),
        ("example.com", "shard 6"),
        ("127.0.0.1", "shard 4"),
    ],
)
def test_a_shard_is_the_same_on_all_machines(host: str, shard: str) -> None:
    assert Placement(count=8).shard_of(host) == shard


def deal(hosts: dict[str, int], slots: int) -> tuple[Placement, dict[str, str]]:
    placement = placement_of(hosts.items(), {"arxiv.org": "api arxiv"}, slots)
    shards = shards_of(placement, hosts.items(), {"arxiv": "api arxiv"}, lambda _host, count: float(count))
    return placement, {host: shard.name for shard in shards for host in shard.hosts}


@given(HOSTS, st.integers(1, 64))
def test_each_host_is_in_one_shard_and_its_site_with_it(hosts: dict[str, int], slots: int) -> None:
    placement, dealt = deal(hosts, slots)
    assert dealt.keys() == hosts.keys()
    assert all(placement.shard_of(host) == shard for host, shard in dealt.items())
    assert len({(site_of(host), shard) for host, shard in dealt.items()}) == len(
        {site_of(host) for host in hosts}
    )


@given(HOSTS, st.integers(1, 64))
def test_a_big_site_shares_its_shard_with_nobody(hosts: dict[str, int], slots: int) -> None:
    _, dealt = deal(hosts, slots)
    links: dict[str, int] = {}
    for host, count in hosts.items():
        links[site_of(host)] = links.get(site_of(host), 0) + count
    for big in (site for site, count in links.items() if count > BIG_SITE and site != "arxiv.org"):
        (shard,) = {dealt[host] for host in hosts if site_of(host) == big}
        assert {site_of(host) for host in hosts if dealt[host] == shard} == {big}
        assert big not in shard, "names of shards travel, and tell nobody's hosts"


def test_the_slowest_shard_begins_first_and_apis_before_all() -> None:
    hosts = {"slow.example": 100, "quick.example": 1, "arxiv.org": 3}
    placement = placement_of(hosts.items(), {"arxiv.org": "api arxiv"}, 64)
    shards = shards_of(placement, hosts.items(), {"arxiv": "api arxiv"}, lambda _host, count: float(count))
    assert [shard.hosts for shard in shards] == [("arxiv.org",), ("slow.example",), ("quick.example",)]


def test_kinds_with_a_site_in_common_are_asked_by_one_worker() -> None:
    apis = {
        "github": {"api.github.com"},
        "arxiv": {"export.arxiv.org", "api.datacite.org"},
        "doi": {"api.datacite.org"},
    }
    assert shards_of_apis(apis) == {
        "github": ("api github", frozenset({"github.com"})),
        "arxiv": ("api arxiv doi", frozenset({"arxiv.org", "datacite.org"})),
        "doi": ("api arxiv doi", frozenset({"arxiv.org", "datacite.org"})),
    }
