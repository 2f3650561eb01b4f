"""The small web of the demonstration answers as the real one does, and is recognisably invented."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit
from xml.etree import ElementTree

import httpx
import pytest

from enrich.demo import web
from enrich.demo.answers import known

pytestmark = pytest.mark.anyio

ARTICLE = "https://mp.weixin.qq.com/s/Demo_"
QUERY = "https://export.arxiv.org/api/query"
ATOM = "{http://www.w3.org/2005/Atom}"
REAL_HOSTS = {
    "mp.weixin.qq.com",
    "mmbiz.qpic.cn",
    "arxiv.org",
    "ar5iv.labs.arxiv.org",
    "github.com",
}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=web.transport()) as opened:
        yield opened


def note_urls() -> Iterator[str]:
    """Every address in the notes, found without the program that is shown."""
    for note in web.notes().iterdir():
        text = note.read_text(encoding="utf-8")
        yield from re.findall(r"https?://[A-Za-z0-9._~/?#&=%-]+", text)


@pytest.mark.parametrize(
    ("article", "sign"),
    [
        ("Lamp_00000000001A", 'id="js_article"'),
        ("Reed_00000000005A", "pages/common_share.html"),
        ("Moss_00000000003A", "该内容已被发布者删除"),
        ("Pine_00000000009A", "此内容因违规无法查看"),
        (
            "Dune_00000000006A",
            "var transferTargetLink = 'https://mp.weixin.qq.com/s/Demo_Dawn_00000000007A'",
        ),
        ("Nobody_000000000A", "参数错误"),
    ],
)
async def test_an_article_site_says_everything_in_its_page(
    client: httpx.AsyncClient, article: str, sign: str
) -> None:
    answer = await client.get(ARTICLE + article)
    assert (answer.status_code, sign in answer.text) == (200, True)
    assert len(answer.content) > 500


async def test_a_notice_and_an_article_never_stand_on_one_page(client: httpx.AsyncClient) -> None:
    for article in known()["articles"]:
        page = (await client.get(f"https://mp.weixin.qq.com/s/{article['token']}")).text
        assert ('id="js_article"' in page) + ('class="weui-msg' in page) <= 1


async def test_a_distrusted_visitor_is_sent_to_a_captcha_without_words(client: httpx.AsyncClient) -> None:
    first = await client.get(ARTICLE + "Zinc_00000000015A")
    second = await client.get(first.headers["location"])
    assert first.status_code == 302
    assert urlsplit(str(second.url)).path == "/mp/wappoc_appmsgcaptcha"
    assert "secitptpage/verify.html" in second.text
    assert "环境异常" not in second.text


def entries(feed: httpx.Response) -> list[str]:
    ids = ElementTree.fromstring(feed.content).findall(f"{ATOM}entry/{ATOM}id")
    return [(one.text or "").removeprefix("http://arxiv.org/abs/") for one in ids]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_the_paper_server_leaves_out_what_nobody_submitted(
    client: httpx.AsyncClient, method: str
) -> None:
    fields = {"id_list": "2103.90001,2002.90013,2002.90003v1,2002.90003v9", "max_results": "100"}
    sent = {"params": fields} if method == "GET" else {"data": fields}
    feed = await client.request(method, QUERY, **sent)  # type: ignore[arg-type]
    assert entries(feed) == ["2002.90003v1", "2103.90001v2"]
    assert b"<opensearch:totalResults>2</opensearch:totalResults>" in feed.content


async def test_one_malformed_id_spoils_the_whole_batch(client: httpx.AsyncClient) -> None:
    feed = await client.get(QUERY, params={"id_list": "2103.90001,abc", "max_results": "100"})
    assert feed.status_code == 400
    assert entries(feed) == ["https://arxiv.org/api/errors#incorrect_id_format_for_abc"]


async def test_ten_papers_are_answered_unless_more_are_asked_for(client: httpx.AsyncClient) -> None:
    every = ",".join(paper["id"] for paper in known()["papers"])
    assert len(entries(await client.get(QUERY, params={"id_list": every}))) == 10


async def test_a_withdrawn_paper_says_so_in_its_comment(client: httpx.AsyncClient) -> None:
    feed = await client.get(QUERY, params={"id_list": "2103.90003"})
    assert "<arxiv:comment>This paper has been withdrawn" in feed.text


@pytest.mark.parametrize(
    ("paper", "status"), [("2103.90001", 200), ("2103.90001v1", 200), ("2002.90013", 404)]
)
async def test_a_paper_has_a_page_if_it_was_submitted(
    client: httpx.AsyncClient, paper: str, status: int
) -> None:
    assert (await client.get(f"https://arxiv.org/abs/{paper}")).status_code == status


async def test_a_renamed_repository_is_found_through_its_number(client: httpx.AsyncClient) -> None:
    old = await client.get("https://api.github.com/repos/Demo-Kite/Kite-Attn-Old")
    new = await client.get(old.headers["location"])
    assert (old.status_code, urlsplit(str(new.url)).path) == (301, "/repositories/900000002")
    assert new.json()["full_name"] == "demo-kite/kite-attention"


@pytest.mark.parametrize(
    ("name", "status", "archived"),
    [
        ("demo-lantern/paper-lantern", 200, False),
        ("demo-opal/opal-loss", 200, True),
        ("demo-fern/fern-growth", 404, None),
    ],
)
async def test_a_repository_is_answered_for(
    client: httpx.AsyncClient, name: str, status: int, archived: bool | None
) -> None:
    answer = await client.get(f"https://api.github.com/repos/{name}")
    assert (answer.status_code, answer.json().get("archived")) == (status, archived)


WRITTEN_OUT = (
    'query { r0: repository(owner:"demo-kite", name:"kite-attn-old", followRenames:true) { ...R } '
    'r1: repository(owner: "demo-fern", name: "fern-growth") { ...R } }'
)
WITH_VARIABLES = (
    "query($o0:String!,$n0:String!,$o1:String!,$n1:String!) "
    "{ r0: repository(owner:$o0, name:$n0) { ...R } r1: repository(owner:$o1, name:$n1) { ...R } }"
)
VARIABLES = {"o0": "demo-kite", "n0": "kite-attn-old", "o1": "demo-fern", "n1": "fern-growth"}


@pytest.mark.parametrize(("query", "variables"), [(WRITTEN_OUT, None), (WITH_VARIABLES, VARIABLES)])
async def test_graphql_follows_renames_and_answers_null_for_what_is_missing(
    client: httpx.AsyncClient, query: str, variables: dict[str, str] | None
) -> None:
    body = json.dumps({"query": query, "variables": variables})
    answer = (await client.post("https://api.github.com/graphql", content=body)).json()
    assert answer["data"]["r0"]["nameWithOwner"] == "demo-kite/kite-attention"
    assert answer["data"]["r1"] is None
    assert [(error["type"], error["path"]) for error in answer["errors"]] == [("NOT_FOUND", ["r1"])]


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("https://notes.example/reading-slowly", 200),
        ("https://notes.example/2019/optimizers", 301),
        ("https://lab.example/moss/moss-segmentation.pdf", 404),
        ("https://lab.example/workshop-2019/", 410),
        ("https://wall.example/question/356000001", 403),
        ("https://github.com/demo-lantern/paper-lantern/blob/main/docs/train.md", 200),
        ("https://github.com/demo-yarn/yarn/blob/main/docs/knots.md", 404),
    ],
)
async def test_a_page_answers_alike_to_head_and_get(
    client: httpx.AsyncClient, url: str, status: int
) -> None:
    head, get = await client.head(url), await client.get(url)
    assert (head.status_code, get.status_code) == (status, status)
    assert head.content == b""


async def test_a_bot_wall_says_that_it_is_one(client: httpx.AsyncClient) -> None:
    answer = await client.get("https://wall.example/question/356000001")
    assert answer.headers["cf-mitigated"] == "challenge"


async def test_a_busy_host_answers_the_second_time(client: httpx.AsyncClient) -> None:
    url = "https://busy.example/posts/long-tail"
    first, second = await client.get(url), await client.get(url)
    assert (first.status_code, first.headers["retry-after"], second.status_code) == (429, "1", 200)


async def test_a_new_transport_has_seen_nobody_yet() -> None:
    url = "https://busy.example/posts/long-tail"
    for _ in range(2):
        async with httpx.AsyncClient(transport=web.transport()) as opened:
            assert (await opened.get(url)).status_code == 429


async def test_a_host_may_refuse_head(client: httpx.AsyncClient) -> None:
    url = "https://headless.example/articles/label-smoothing"
    head, get = await client.head(url), await client.get(url)
    assert (head.status_code, get.status_code) == (405, 200)


async def test_an_unknown_host_does_not_resolve(client: httpx.AsyncClient) -> None:
    with pytest.raises(httpx.ConnectError) as raised:
        await client.get("https://nowhere.test/birds")
    cause = raised.value.__cause__
    assert isinstance(cause, socket.gaierror)
    assert cause.errno == socket.EAI_NONAME


async def test_a_silent_host_times_out_at_once(client: httpx.AsyncClient) -> None:
    with pytest.raises(httpx.ConnectTimeout):
        await client.get("https://silent.test/wings")


def test_the_notes_hold_three_documents_and_about_sixty_links() -> None:
    assert len(list(web.notes().iterdir())) == 3
    assert 55 <= len(list(note_urls())) <= 70


def test_every_host_of_the_notes_is_invented_or_answers_for_invented_ids() -> None:
    hosts = {urlsplit(url).hostname or "" for url in note_urls()}
    assert {host for host in hosts if not host.endswith((".example", ".test"))} == REAL_HOSTS


def test_every_id_on_a_real_host_is_one_that_nobody_has() -> None:
    urls = set(note_urls())
    papers = {url for url in urls if "arxiv.org" in url}
    impossible = re.compile(r"/\d{4}\.9\d{4}|/2013\.00001$")
    assert all(impossible.search(url) for url in papers)
    assert all("/s/Demo_" in url for url in urls if "mp.weixin.qq.com" in url)
    assert all("github.com/demo-" in url for url in urls if "github.com" in url)


def test_a_token_has_the_form_of_a_real_one() -> None:
    # 16 bytes in base64 without padding: the last of 22 letters carries two bits.
    form = re.compile(r"[A-Za-z0-9_-]{21}[AQgw]")
    assert [one["token"] for one in known()["articles"] if not form.fullmatch(one["token"])] == []
