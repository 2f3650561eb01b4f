"""Parsers behind caps: no answer keeps one busy for longer than its bytes are worth, and no verdict suffers.

Ceilings are generous, since machines differ; the ratio between a page and one twice as long is what tells a
linear reader from one that is not.
"""

from __future__ import annotations

import gc
import json
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from local_arxiv import answer, entry, feed
from rows import report_link, report_target

from enrich.findings import Policy, findings_of
from enrich.kinds import _github_api, _html, _wechat_page, github, web, wechat
from enrich.kinds._arxiv_client import Answer, Feed, Trouble, ask, feed_problem
from enrich.model import (
    Api,
    Page,
    ReportTarget,
    Request,
    Response,
    Status,
    Target,
    Verdict,
)

pytestmark = pytest.mark.bombs

KIB, MIB = 1 << 10, 1 << 20
# Shapes of which pages can be made: what is repeated, and what stands before it.
SHAPES = {
    "elements": (b"<div>", b""),
    "tables": (b"<table><tr><td>", b""),
    "tables without cells": (b"<table>", b""),
    "formatting": (b"<b>", b""),
    "formatting in paragraphs": (b"<p><b>", b""),
    "anchors": (b"<a href=x>", b""),
    "anchors and blocks": (b"<a><div>", b""),
    "misnested formatting": (b"<b><div></b>", b""),
    "fonts": (b"<font>", b""),
    "lists": (b"<ul><li>", b""),
    "templates": (b"<template>", b""),
    "selections": (b"<select><optgroup>", b""),
    "drawings": (b"<svg><g>", b""),
    "formulas": (b"<math><mi>", b""),
    "words out of tables": (b"<table>x", b""),
    "end tags": (b"</p>", b""),
    "unknown end tags": (b"</x>", b""),
    "bodies": (b"<body a=b>", b""),
    "attributes": (b" a=b", b"<p"),
    "attributes of many elements": (b"<p a b c d e f g h i>", b""),
    "half a tag": (b"<a =", b""),
    "open quotes": (b'<a b="', b""),
    "openings": (b"<", b""),
    "comments": (b"<!---->", b""),
    "half a comment": (b"<!--", b""),
    "declarations": (b"<!", b""),
    "character data": (b"<![CDATA[", b"<svg>"),
    "entities": (b"&#x41;&amp;&", b""),
    "NULs": (b"\0", b""),
    "titles": (b"<title>", b""),
    "facts": (b'<meta name="citation_author" content="A">', b""),
    "links": (b'<link rel=canonical href="https://a.example/">', b""),
}


def built(shape: str, size: int) -> bytes:
    piece, before = SHAPES[shape]
    # Attributes that differ are kept by a parser, those that repeat are not.
    if shape == "attributes":
        return before + b"".join(b" a%07d" % number for number in range(size // 9)) + b">"
    return before + piece * (size // len(piece))


def seconds(work: Callable[[], object]) -> float:
    gc.collect()
    started = time.process_time()
    work()
    return time.process_time() - started


def is_in_proportion(small: Callable[[], object], twice: Callable[[], object], slack: float) -> bool:
    """Whether twice the size takes 2.6 times as long at most, in one of some measurements: others use the machine too,
    and make either dearer."""
    return any(seconds(twice) < 2.6 * seconds(small) + slack for _ in range(10))


URL = "https://example.org/a"
TARGET = Target(id=f"url:{URL}", url=URL, kind="web", host="example.org")
ARTICLE_URL = "https://mp.weixin.qq.com/s/0123456789012345678901"
ARTICLE = Target(
    id="wechat:0123456789012345678901", url=ARTICLE_URL, kind="wechat", host="mp.weixin.qq.com"
)


def page(body: bytes, url: str = URL) -> Response:
    return Response(url=url, status=200, headers={"content-type": "text/html; charset=utf-8"}, body=body)


# --- pages ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
def test_a_page_of_any_shape_costs_a_few_seconds_at_most(shape: str) -> None:
    """Unguarded, 256 KiB of nested elements take four seconds, and 868 KiB of attributes 38."""
    body = built(shape, 256 * KIB)
    assert seconds(lambda: web.read_page(TARGET, page(body))) < 3
    assert seconds(lambda: web.read_page(TARGET, page(body + b"<title>t</title>" * 9))) < 3


@pytest.mark.parametrize("shape", SHAPES)
def test_looking_at_a_page_beforehand_takes_time_by_its_length_alone(shape: str) -> None:
    one, two = (built(shape, size) for size in (256 * KIB, 512 * KIB))
    assert is_in_proportion(lambda: _html.is_harmless(one), lambda: _html.is_harmless(two), 0.05)


@pytest.mark.parametrize(
    "shape",
    [
        shape
        if shape in ("elements", "comments", "attributes")
        else pytest.param(shape, marks=pytest.mark.soak)
        for shape in SHAPES
    ],
)
def test_the_longest_page_of_an_article_is_judged_in_bounded_time(shape: str) -> None:
    """Articles are read up to 8 MiB, and what a page shows decides the verdict: none of these is gone."""
    answered = page(built(shape, 8 * MIB), ARTICLE_URL)
    judged: list[Verdict] = []
    assert seconds(lambda: judged.append(wechat.judge(ARTICLE, answered))) < 40
    assert judged[0].status is not Status.BROKEN


def row(metadata: Page | None) -> ReportTarget:
    links = [report_link(URL, text="t")]
    return report_target(
        TARGET.id, URL, links, kind="web", status=Status.OK, reason="http-200", metadata=metadata
    )


def test_a_page_that_was_not_read_is_there_all_the_same_and_costs_one_finding() -> None:
    answered = page(built("elements", 256 * KIB))
    assert web.judge(TARGET, answered).status is Status.OK
    read = web.read_page(TARGET, answered).metadata
    assert read == Page()
    found = list(findings_of(row(Page()), Policy(fail_on=frozenset({"broken"}))))
    assert [(one.code, one.document, one.line) for one in found] == [("page-not-read", "a.md", 3)]


@pytest.mark.parametrize("metadata", [None, Page(title="t"), Page(description="d")])
def test_a_page_that_was_read_or_says_nothing_costs_none(metadata: Page | None) -> None:
    assert list(findings_of(row(metadata), Policy(fail_on=frozenset({"broken"})))) == []
    assert web.read_page(TARGET, page(b"<p>no facts</p>")).metadata is None


def test_more_tags_than_any_page_has_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_html, "TAGS", 1000)
    assert _html.is_harmless(b"<i></i>" * 500)
    assert not _html.is_harmless(b"<i></i>" * 501)


def test_more_attributes_than_any_tag_has_are_not_read() -> None:
    def tag(count: int) -> bytes:
        return b"<p" + b"".join(b" a%d" % number for number in range(count)) + b">"

    assert _html.is_harmless(tag(_html.ATTRIBUTES_PER_TAG))
    assert not _html.is_harmless(tag(_html.ATTRIBUTES_PER_TAG + 1))


@pytest.mark.parametrize(
    "fill", [b"transferTargetLink = 'x", b"PAGE_MID = 'x", b'PAGE_MID="', b"=", b"var ct='", b"\\x"]
)
def test_the_scripts_of_an_article_are_read_in_bounded_time(fill: bytes) -> None:
    def article(size: int) -> bytes:
        return b"<div id=js_article></div><script>" + fill * (size // len(fill)) + b"</script>"

    one, two = (page(article(size), ARTICLE_URL) for size in (2 * MIB, 4 * MIB))
    assert seconds(lambda: wechat.read_page(ARTICLE, two)) < 15
    assert is_in_proportion(
        lambda: wechat.read_page(ARTICLE, one), lambda: wechat.read_page(ARTICLE, two), 0.1
    )
    tree = _html.parse(article(MIB))
    assert tree is not None
    assert _wechat_page.state_of(tree, article(MIB), ARTICLE_URL).reason == "wechat-article"


# --- feeds ------------------------------------------------------------------------------------------


def _asked(body: bytes) -> Answer:
    import anyio

    async def fetch(request: Request) -> Response:
        return answer(request, 200, body)

    async def run() -> Answer:
        return await ask(["2205.00001"], Api(fetch=fetch))

    return anyio.run(run)


WHOLE = feed(entry("2205.00001", 1))
HEAD, TAIL = WHOLE[: WHOLE.index(b"<entry>")], b"</feed>"
LAUGHS = b"<!DOCTYPE f [<!ENTITY a0 'ha'>" + b"".join(
    b"<!ENTITY a%d '%s'>" % (level, b"&a%d;" % (level - 1) * 10) for level in range(1, 10)
)
QUADRATIC = b"<!DOCTYPE f [<!ENTITY a '" + b"a" * 100_000 + b"'>]><feed>" + b"&a;" * 20_000 + b"</feed>"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(LAUGHS + b"]><feed>&a9;</feed>", id="entities of entities"),
        pytest.param(QUADRATIC, id="one long entity many times"),
        pytest.param(
            b"<!DOCTYPE f [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><feed>&a;</feed>", id="a file"
        ),
        pytest.param(b"<!DOCTYPE f SYSTEM 'http://127.0.0.1:1/x.dtd'><feed/>", id="an address"),
        pytest.param(b"<?xml version='1.0'?>\n<!-- x -->\n<!DOCTYPE feed><feed/>", id="behind a comment"),
        pytest.param("\ufeff<!DOCTYPE feed><feed/>".encode("utf-16-le"), id="in UTF-16"),
        pytest.param(
            b"<?xml version='1.0' encoding='UTF-7'?>+ADwAIQ-DOCTYPE f+AD4APA-f/+AD4-", id="in UTF-7"
        ),
    ],
)
def test_a_feed_that_declares_anything_is_refused_before_it_grows(body: bytes) -> None:
    tracemalloc.start()
    asked: list[Answer] = []
    assert seconds(lambda: asked.append(_asked(body))) < 10
    assert tracemalloc.get_traced_memory()[1] < 30 * MIB
    tracemalloc.stop()
    assert isinstance(asked[0], Trouble)


@pytest.mark.parametrize(
    ("piece", "end"),
    [
        pytest.param(b"x", b"", id="one long text"),
        pytest.param(b"<!--" + b"-x" * 1000 + b"-->", b"", id="comments"),
        pytest.param(b"<a b='c' d='e'/>", b"", id="elements"),
        pytest.param(b"&amp;", b"", id="references"),
    ],
)
def test_a_feed_of_any_shape_takes_time_by_its_length_alone(piece: bytes, end: bytes) -> None:
    def body(size: int) -> bytes:
        times = size // len(piece + end)
        title = b"<title>" + piece * times + end * times + b"</title>"
        return HEAD + title + entry("2205.00001", 1).encode() + TAIL

    one, two = body(MIB), body(2 * MIB)
    asked: list[Answer] = []
    assert seconds(lambda: asked.append(_asked(two))) < 30
    assert is_in_proportion(lambda: _asked(one), lambda: _asked(two), 0.2)
    assert isinstance(asked[0], Feed)
    assert len(asked[0].papers) == 1


@pytest.mark.parametrize("depth", [100, 300, 1_000_000])
def test_a_feed_that_the_package_would_read_in_part_is_refused(depth: int) -> None:
    """Its parser gives up at a depth of 256 and takes what came before for the whole: no paper would exist."""
    nested = b"<a>" * depth + b"</a>" * depth
    asked: list[Answer] = []
    assert (
        seconds(lambda: asked.append(_asked(HEAD + nested + entry("2205.00001", 1).encode() + TAIL))) < 20
    )
    assert isinstance(asked[0], Trouble)
    assert isinstance(
        _asked(HEAD + b"<" + b"a" * 60_000 + b"/>" + entry("2205.00001", 1).encode() + TAIL), Trouble
    )
    shallow = b"<a>" * 50 + b"</a>" * 50
    assert isinstance(_asked(HEAD + shallow + entry("2205.00001", 1).encode() + TAIL), Feed)


@pytest.mark.parametrize(
    "token", [b"<" + b"a" * (8 * MIB - 4) + b"/>", b"<a b='" + b"c" * (8 * MIB - 9) + b"'/>"]
)
def test_a_single_token_of_eight_mebibytes_is_read_once(token: bytes) -> None:
    """Old parsers read such a token again with every piece of it that came (CVE-2023-52425)."""
    assert seconds(lambda: feed_problem(page(token))) < 10


def test_attributes_without_end_are_linear() -> None:
    def body(count: int) -> bytes:
        return HEAD + b"<a " + b" ".join(b"a%d='x'" % number for number in range(count)) + b"/></feed>"

    one, two = page(body(50_000)), page(body(100_000))
    assert is_in_proportion(lambda: feed_problem(one), lambda: feed_problem(two), 0.1)


# --- JSON -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"[" * MIB, b'{"a":' * 500_000, b"[" * 100_000 + b"]" * 100_000, b"1" * 4 * MIB, b'"' + b"\\" * 4 * MIB,
        b"NaN", b"[1e999999]", b"\xff\xfe", b"", b"null", b'"text"', b"[]", b'{"data": []}', b'{"data": {"r0": 7}}',
    ],
    ids=lambda body: repr(body[:12]),
)  # fmt: skip
@pytest.mark.anyio
async def test_json_of_any_shape_decides_nothing(body: bytes) -> None:
    async def fetch(request: Request) -> Response:
        return Response(
            url=request.url, status=200, headers={"content-type": "application/json"}, body=body
        )

    async def look_up(token: str | None) -> list[Any]:
        target = Target(
            id="github:a/b", url="https://github.com/a/b", kind="github", host="api.github.com", parent=None
        )
        return [one async for one in github.look_up([target], Api(fetch=fetch, github_token=token))]

    started = time.process_time()
    for token in (None, "t"):
        for found in await look_up(token):
            assert found.metadata is None
            assert found.verdict is None or found.verdict.status is not Status.BROKEN
    assert time.process_time() - started < 3


def test_the_whole_answer_of_an_api_is_bounded() -> None:
    assert _github_api.MAX_ANSWER_BYTES == 4 * MIB
    cut = Response(url=URL, status=200, headers={}, body=json.dumps({"id": 1}).encode(), truncated=True)
    assert _github_api._json(cut) is None
