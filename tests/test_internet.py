"""The tests' own internet: what the other end-to-end tests rely on it for."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from internet import Internet, Site
from sites import TOKEN, Arxiv, GitHub, Preprint, Repo, WeChat, small_web, unavailable

SITES: dict[str, Site] = {
    **small_web(),
    "export.arxiv.org": Arxiv({"2101.00001": Preprint("2101.00001", "A paper", version=2)}).api,
    "mp.weixin.qq.com": WeChat({"alive-token": "alive", "dead-token": "deleted", "busy-token": "captcha"}),
}


@pytest.fixture
def internet(tmp_path: Path) -> Iterator[Internet]:
    with Internet(tmp_path, SITES) as running:
        yield running


@pytest.fixture
def client(internet: Internet) -> Iterator[httpx.Client]:
    trusted = ssl.create_default_context(cafile=str(internet.certificate))
    with httpx.Client(proxy=internet.url, verify=trusted, trust_env=False, timeout=60) as running:
        yield running


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_every_host_of_the_small_web_answers_under_its_own_name(
    internet: Internet, client: httpx.Client, scheme: str
) -> None:
    assert "page-7.example" in client.get(f"{scheme}://page-7.example/words?a=1").text
    assert client.head(f"{scheme}://page-7.example/words").content == b""
    assert [asked.url for asked in internet.asked("page-7.example")] == [
        f"{scheme}://page-7.example/words?a=1",
        f"{scheme}://page-7.example/words",
    ]


def test_a_name_that_does_not_exist_gets_bad_gateway(internet: Internet, client: httpx.Client) -> None:
    with pytest.raises(httpx.ProxyError, match="502"):
        client.get("https://no-such-name.invalid/")
    assert client.get("http://no-such-name.invalid/").status_code == 502
    assert "no-such-name.invalid:443" in internet.tunnels


def test_a_connection_serves_several_requests(internet: Internet, client: httpx.Client) -> None:
    for number in range(5):
        client.get(f"https://page-1.example/{number}")
    assert internet.tunnels == ["page-1.example:443"]


def test_a_closed_internet_refuses_connections(tmp_path: Path) -> None:
    with Internet(tmp_path, {}) as running:
        address = httpx.URL(running.url)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address.host, address.port or 0), timeout=60).close()


def test_a_site_can_be_replaced_while_it_runs(internet: Internet, client: httpx.Client) -> None:
    internet.sites[".example"] = unavailable
    assert client.get("https://page-1.example/").status_code == 503


def test_arxiv_leaves_absent_papers_out_and_refuses_malformed_ids(client: httpx.Client) -> None:
    url = "https://export.arxiv.org/api/query"
    found = client.get(url, params={"id_list": "2101.09999,2101.00001,2101.00001v1", "max_results": "10"})
    assert re.findall(r"http://arxiv\.org/abs/([\w.]+)", found.text) == ["2101.00001v1", "2101.00001v2"]
    assert client.post(url, data={"id_list": "2101.00001"}).text.count("<entry>") == 1
    refused = client.get(url, params={"id_list": "2101.00001,abc"})
    assert (refused.status_code, "errors#incorrect_id_format_for_abc" in refused.text) == (400, True)


def test_github_answers_a_missing_repository_with_null_and_an_error(
    internet: Internet, client: httpx.Client
) -> None:
    github = GitHub({"o/new": Repo("O/new", 7)}, renamed={"o/old": "O/new"})
    internet.sites["api.github.com"] = github.api
    first, second = 'a: repository(owner:"o", name:$n)', 'b: repository(owner:"o", name:"none")'
    query = f"query($n: String!) {{ {first} {{ nameWithOwner databaseId }} {second} {{ nameWithOwner }} }}"
    question = {"query": query, "variables": {"n": "old"}}
    assert client.post("https://api.github.com/graphql", json=question).status_code == 401
    answer = client.post(
        "https://api.github.com/graphql", json=question, headers={"Authorization": f"bearer {TOKEN}"}
    ).json()
    assert answer["data"] == {"a": {"nameWithOwner": "O/new", "databaseId": 7}, "b": None}
    assert [(error["type"], error["path"]) for error in answer["errors"]] == [("NOT_FOUND", ["b"])]


def test_github_answers_sixty_questions_without_a_token(internet: Internet, client: httpx.Client) -> None:
    github = GitHub({"o/new": Repo("O/new", 7)}, renamed={"o/old": "O/new"})
    internet.sites["api.github.com"] = github.api
    moved = client.get("https://api.github.com/repos/o/old")
    assert (moved.status_code, moved.headers["location"]) == (301, "https://api.github.com/repositories/7")
    assert client.get(moved.headers["location"]).json()["full_name"] == "O/new"
    statuses = [client.get("https://api.github.com/repos/o/none").status_code for _ in range(59)]
    assert (statuses[0], statuses[-2:]) == (404, [404, 403])


def test_wechat_answers_everything_with_status_200(client: httpx.Client) -> None:
    site = "https://mp.weixin.qq.com/s"
    assert 'id="js_article"' in client.get(f"{site}/alive-token").text
    assert "该内容已被发布者删除" in client.get(f"{site}/dead-token").text
    captcha = client.get(f"{site}/busy-token", follow_redirects=True)
    assert (captcha.status_code, captcha.url.path) == (200, "/mp/wappoc_appmsgcaptcha")
    assert f'target_url : "{site}/busy-token"' in captcha.text
