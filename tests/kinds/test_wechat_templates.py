"""What each template of WeChat says about its article, field by field."""

from __future__ import annotations

import pytest
import wechat_pages as pages

from enrich.kinds import _html, wechat
from enrich.model import Article, Response, Target

TARGET = Target(id=f"wechat:{pages.TOKEN}", url=pages.SHORT, kind="wechat", host="mp.weixin.qq.com")


def article(body: bytes) -> Article:
    answer = Response(url=pages.SHORT, status=200, headers={"content-type": "text/html"}, body=body)
    assert wechat.judge(TARGET, answer).reason == "wechat-article"
    found = wechat.read_page(TARGET, answer).metadata
    assert isinstance(found, Article)
    return found


def about(**facts: object) -> Article:
    return Article(**({"article_id": pages.ARTICLE_ID} | facts))  # type: ignore[arg-type]


TEMPLATES = [
    (
        pages.CLASSIC,
        about(
            title="旧文",
            account="旧号",
            author="旧作者",
            published_at="2018-04-07T22:21:55+08:00",
            description="旧的 & 短",
            cover_url="https://mmbiz.qpic.cn/first/0",
            original=True,
            source_url="https://example.org/old",
            paid=False,
            words=2,
        ),
    ),
    (
        pages.PICTURES,
        about(
            title="看图",
            account="图号",
            author="图作者",
            published_at="2023-11-15T06:13:20+08:00",
            description="三个字",
            cover_url="https://mmbiz.qpic.cn/one?a=1&b=2",
            original=True,
            source_url="https://example.org/pictures",
            paid=False,
            words=3,
        ),
    ),
    (
        pages.TEXT,
        about(
            title="第一段",
            account="文号",
            author="文作者",
            published_at="2020-05-26T18:10:13+08:00",
            description="短",
            cover_url="https://mmbiz.qpic.cn/text",
            original=False,
            paid=False,
            words=5,
        ),
    ),
    (
        pages.VIDEO,
        about(
            title="影片",
            account="影号",
            author="影作者",
            published_at="2019-05-17T14:15:16+08:00",
            description="一段影片",
            cover_url="https://mmbiz.qpic.cn/film",
            original=True,
            source_url="https://example.org/film",
            paid=False,
        ),
    ),
    (
        pages.AUDIO,
        about(
            title="听",
            account="声号",
            author="声作者",
            published_at="2023-11-15T06:13:20+08:00",
            description="四个汉字",
            cover_url="https://mmbiz.qpic.cn/voice",
            original=True,
            source_url="https://example.org/voice",
            paid=True,
            words=4,
        ),
    ),
    (
        pages.REPRINT_CARD,
        about(
            title="转",
            account="转号",
            published_at="2023-11-15T06:13:20+08:00",
            description="转的话",
            cover_url="http://mmbiz.qpic.cn/card",
            original=False,
            reprint_url=f"http://mp.weixin.qq.com/s?__biz={pages.BIZ}&mid=2247480009&idx=2",
            paid=False,
        ),
    ),
]


@pytest.mark.parametrize(("body", "expected"), TEMPLATES)
def test_each_template_gives_every_fact_that_it_has(body: bytes, expected: Article) -> None:
    assert article(body) == expected


@pytest.mark.parametrize(("body", "expected"), TEMPLATES)
def test_reading_a_page_again_gives_the_same_facts(body: bytes, expected: Article) -> None:
    assert article(body) == article(body) == expected


def test_a_reprint_in_full_names_who_wrote_it_and_where() -> None:
    card = pages.REPRINT_CARD.replace(b'class="original_panel_content">', "><p>全文在此</p>".encode())
    full = card.replace(
        b"reprint_style: '2'", b"reprint_url: JsDecode('http://example.org/s'), reprint_style: '0'"
    )
    found = article(full)
    assert (found.original, found.words, found.reprint_url) == (False, 4, "http://example.org/s")


def test_a_paid_article_is_known_by_its_heading_where_no_script_says_so() -> None:
    heading = '<h1 id="activity-name" class="rich_media_title rich_media_title_paid">题 已付费</h1>'
    found = article(pages.page(f'<div id="js_article">{heading}</div>'))
    assert (found.title, found.paid) == ("题", True)


# --- the literal ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "literal",
    [
        "{ nick_name: JsDecode('号'), }",
        "{ 'nick_name': '号' }",
        '{"nick_name":"号","mid":5}',
        "{ list: [ { nick_name: 'x' }, [], {} ], nick_name: '号' }",
        "{ a: { b: { c: { d: { nick_name: 'x' } } } }, nick_name: '号' }",
        r"{ note: 'it\'s {not} [a] bracket: \x7d', nick_name: '\u53f7' }",
        "{ time: '0' * 1, flag: !0, nothing: null, nick_name: '号' || '', nick_name: '后' }",
    ],
)
def test_a_literal_is_read_whatever_its_style(literal: str) -> None:
    script = f"<script>var a = window.cgiDataNew; window.cgiDataNew = {literal};</script>"
    assert article(pages.page('<div id="js_article"></div>' + script)).account == "号"


@pytest.mark.parametrize(
    "literal",
    [
        "{ nick_name: (function(){ while (true) {} })() }",
        "{ nick_name: `号` }",
        "{" * 50_000,
        "{ a: " + "[" * 50_000,
        "{ a: '" + "x" * 1_000_000,
        "{ a: '" + "\\'" * 500_000,
        "{ a: " + " " * 1_000_000,
        "0; var ct =" + " " * 1_000_000,
        "}" * 100,
        "{ " + "a: '1', " * 150_000 + "nick_name: '号' }",
        "",
    ],
)
def test_a_literal_that_cannot_be_read_costs_its_facts_and_no_time(literal: str) -> None:
    script = f"<script>window.cgiDataNew = {literal}</script>"
    assert article(pages.page('<div id="js_article"></div>' + script)).account is None


# --- the permanent address --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "better"),
    [
        (f'var msg_link = "{pages.LONG.replace("&", "&amp;")}";', pages.LONG),
        (f'var msg_link = "http://mp.weixin.qq.com/s/{pages.TOKEN}";', pages.SHORT),
        (
            f'var biz = "" || "{pages.BIZ}";var mid = "2247480001";var idx = "1";var sn = "0123456789abcdef";',
            f"https://mp.weixin.qq.com/s?__biz={pages.BIZ}&mid=2247480001&idx=1&sn=0123456789abcdef",
        ),
        ('var msg_link = "https://mp.weixin.qq.com/s?src=11&timestamp=1&ver=1&signature=x";', None),
        ('var msg_link = "https://evil.example/s/AAAAAAAAAAAAAAAAAAAAAA";', None),
        ("var biz = '' || '';var mid = '' || '';", None),
    ],
)
def test_an_expired_link_suggests_the_address_that_its_page_gives(script: str, better: str | None) -> None:
    body = pages.notice("链接已过期").replace(b"</body>", f"<script>{script}</script></body>".encode())
    answer = Response(url=pages.SHORT, status=200, headers={}, body=body)
    verdict = wechat.judge(TARGET, answer)
    assert (verdict.status, verdict.reason) == ("broken", "wechat-expired")
    assert (verdict.suggestion.url if verdict.suggestion else None) == better


def test_a_page_that_is_judged_and_read_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = []
    parse = _html.parse

    def counted(page: bytes) -> object:
        parsed.append(page)
        return parse(page)

    monkeypatch.setattr("enrich.kinds._html.parse", counted)
    article(pages.MODERN)
    assert len(parsed) == 1
