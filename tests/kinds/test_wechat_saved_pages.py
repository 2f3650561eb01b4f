"""Real saved WeChat pages, where they lie beside the project: verdicts, facts, and what must not move them."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
import wechat_pages as pages
from requirements import shared

from enrich.kinds import wechat
from enrich.model import Article, Response, Status, Target, Verdict

TARGET = Target(id=f"wechat:{pages.TOKEN}", url=pages.SHORT, kind="wechat", host="mp.weixin.qq.com")
EXPECTED = {
    "alive": {Status.OK},
    "gone": {Status.BROKEN},
    "unknown": {Status.BLOCKED, Status.UNREACHABLE},
}


@cache
def _saved() -> list[tuple[dict[str, Any], bytes]]:
    folder = shared() / "wechat"
    items = json.loads((folder / "index.json").read_text(encoding="utf-8"))["items"]
    return [(item, (folder / item["file"]).read_bytes()) for item in items]


def _alive() -> list[tuple[dict[str, Any], bytes]]:
    return [(item, body) for item, body in _saved() if item["verdict"] == "alive"]


def _response(body: bytes) -> Response:
    return Response(url=pages.SHORT, status=200, headers={"content-type": "text/html"}, body=body)


def _judge(body: bytes) -> Verdict:
    return wechat.judge(TARGET, _response(body))


def _article(body: bytes) -> Article:
    found = wechat.read_page(TARGET, _response(body)).metadata
    assert isinstance(found, Article)
    return found


def test_every_saved_page_gets_the_verdict_a_person_gave_it() -> None:
    assert len(_saved()) >= 6
    for item, body in _saved():
        assert _judge(body).status in EXPECTED[item["verdict"]], item["file"]


def test_every_saved_article_gives_the_facts_a_person_read() -> None:
    for item, body in _alive():
        expected, found = item["expected"], _article(body)
        assert found.title is not None
        assert found.title.startswith(expected.get("title") or expected["title_starts_with"])
        assert found.account == expected["account"]
        assert found.published_at == expected["published"]
        assert (found.author or "") == expected["author"]
        assert found.original is expected["original"]
        assert (found.article_id or "").endswith(f":{expected['mid']}:{expected['idx']}")
        for name in ("source_url", "description"):
            assert getattr(found, name) == expected.get(name), name


def test_a_removed_article_says_why() -> None:
    for item, body in _saved():
        if "notice" in item["expected"]:
            detail = _judge(body).detail or ""
            assert item["expected"]["notice"] in detail
            assert item["expected"].get("reason", "") in detail


def test_no_sentence_and_no_fake_notice_moves_a_live_page() -> None:
    fakes = [text for _, text in pages.SENTENCES]
    fakes += [f'<div class="weui-msg"><h2 class="weui-msg__title warn">{text}</h2></div>' for text in fakes]
    count = 0
    for item, body in _alive():
        small = len(body) < 400_000
        for fake in fakes if small else fakes[::4]:
            for place in (b"<body", b'id="js_content"'):
                end = body.index(b">", body.index(place)) + 1
                assert _judge(body[:end] + fake.encode() + body[end:]).reason == "wechat-article", item[
                    "file"
                ]
                count += 1
    assert count >= 100


def test_a_live_page_cut_anywhere_is_never_broken() -> None:
    for item, body in _alive():
        for twentieth in range(20):
            cut = body[: len(body) * twentieth // 20]
            assert _judge(cut).status is not Status.BROKEN, (item["file"], twentieth)


def test_a_dead_page_cut_anywhere_is_never_alive() -> None:
    for item, body in _saved():
        if item["verdict"] == "alive":
            continue
        for twentieth in range(20):
            cut = body[: len(body) * twentieth // 20]
            assert _judge(cut).status not in EXPECTED["alive"], (item["file"], twentieth)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_cut_lowers_the_facts_and_not_the_verdict(share: float) -> None:
    for _, body in _alive():
        cut = body[: int(len(body) * share)]
        if b'id="js_article"' in cut:
            assert _judge(cut).status is Status.OK
