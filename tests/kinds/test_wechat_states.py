"""Every state in which WeChat shows an article, and that nothing in an article moves its verdict.

The numbers are those of a table of states that was made from saved pages and from what other programs look for. A
state that nobody has seen saved is drawn with the elements in which WeChat shows its notices.
"""

from __future__ import annotations

import pytest
import wechat_pages as pages

from enrich import registry
from enrich.kinds import wechat
from enrich.model import Hop, Response, Status, Target, Verdict

TARGET = Target(id=f"wechat:{pages.TOKEN}", url=pages.SHORT, kind="wechat", host="mp.weixin.qq.com")
CAPTCHA_ADDRESS = "https://mp.weixin.qq.com/mp/wappoc_appmsgcaptcha?poc_token=x&target_url=y"
ALIVE = {"wechat-article"}
CANNOT_TELL = {Status.BLOCKED, Status.UNREACHABLE}


def judge(body: bytes, url: str = pages.SHORT, hops: tuple[Hop, ...] = ()) -> Verdict:
    answer = Response(url=url, status=200, headers={"content-type": "text/html"}, body=body, hops=hops)
    return wechat.judge(TARGET, answer)


def card(selector: str, words: str) -> bytes:
    """A notice in another of the elements that show one."""
    return pages.page(selector.format(words))


OLD = '<div class="page_msg"><div class="msg_content"><p class="global_error_msg warn">{}</p></div></div>'
H4 = '<div class="page_msg"><div class="msg_content"><h4>{}</h4></div></div>'
BLOCK = '<div class="mesg-block"><p>{}</p></div>'
REASON = "<script>window.cgiData = {del_reason_id: '10001', del_reason: 'x', nick_name: '号'};</script>"

# Number, page, reason.
STATES = [
    ("1", pages.MODERN, "wechat-article"),
    ("2", pages.CLASSIC, "wechat-article"),
    ("3", pages.PICTURES, "wechat-article"),
    ("4", pages.TEXT, "wechat-article"),
    ("5", pages.VIDEO, "wechat-article"),
    ("6", pages.AUDIO, "wechat-article"),
    ("6 older", pages.OLD_AUDIO, "wechat-article"),
    ("7", pages.ALIVE["voice inside an article"], "wechat-article"),
    ("8", pages.REPRINT_CARD.replace(b'_content"></div>', b'_content">all of it</div>'), "wechat-article"),
    ("9", pages.REPRINT_CARD, "wechat-article"),
    ("10", pages.PAID, "wechat-article"),
    ("11", pages.notice("该内容已被发布者删除"), "wechat-deleted"),
    ("11 English", pages.notice("The content has been deleted by the author."), "wechat-deleted"),
    ("11 older", card(OLD, "该内容已被发布者删除"), "wechat-deleted"),
    ("11b", pages.notice("此内容因违规已删除"), "wechat-deleted"),
    ("12", pages.notice("此内容因违规无法查看", "涉嫌过度营销", script="del"), "wechat-violation"),
    (
        "12 English",
        pages.notice("Unable to view this content because it violates regulation", script="del"),
        "wechat-violation",
    ),
    ("12 another language", pages.notice("Ce contenu est retiré", script="del"), "wechat-violation"),
    ("13", pages.notice("此内容发送失败无法查看"), "wechat-violation"),
    ("14", card(OLD, "此内容被多人投诉，相关的内容无法进行查看"), "wechat-violation"),
    ("15", card(OLD, "此内容被投诉且经审核涉嫌侵权，无法查看"), "wechat-infringement"),
    ("15 in the description", pages.notice("无法查看", "投诉类型：冒名侵权"), "wechat-infringement"),
    ("16", card(OLD, "此帐号已被屏蔽, 内容无法查看"), "wechat-account-blocked"),
    ("17", pages.notice("此帐号已自主注销，内容无法查看"), "wechat-account-closed"),
    ("18", pages.MIGRATED, "wechat-migrated"),
    ("18 by its button", pages.MIGRATED_BY_BUTTON, "wechat-migrated"),
    ("19", pages.notice("原帐号迁移时未将文章素材同步至新帐号，该链接已不可访问"), "wechat-migrated-lost"),
    ("19 without a link", pages.notice("该公众号已迁移"), "wechat-migrated-lost"),
    ("20", pages.notice("此帐号处于帐号迁移流程中"), "wechat-migrating"),
    ("21", pages.notice("链接已过期"), "wechat-expired"),
    ("22", pages.notice("参数错误"), "wechat-bad-link"),
    ("22 older", card(OLD, "参数错误"), "wechat-bad-link"),
    ("23", card(OLD, "系统出错"), "wechat-unavailable"),
    ("24", pages.CAPTCHA, "wechat-captcha"),
    ("24 by its style", pages.CAPTCHA_BY_STYLE, "wechat-captcha"),
    (
        "24 by its script",
        pages.page('<script src="https://captcha.gtimg.com/TCaptcha.js"></script>'),
        "wechat-captcha",
    ),
    ("24 another", pages.VERIFICATION, "wechat-captcha"),
    (
        "25",
        pages.page(
            '<div class="weui-msg"><h2 class="weui-msg__title">环境异常</h2><a id="js_verify">去验证</a></div>',
            "<title>Weixin Official Accounts Platform</title>",
        ),
        "wechat-captcha",
    ),
    ("25 by its words", pages.notice("当前环境异常，完成验证后即可继续访问。"), "wechat-captcha"),
    ("26", pages.FREQUENCY, "wechat-rate-limited"),
    ("26 in words", pages.notice("操作频繁，请稍候再试"), "wechat-rate-limited"),
    ("27", card(H4, "请在微信客户端打开链接"), "wechat-needs-client"),
    ("28", card(BLOCK, "该内容暂时无法查看"), "wechat-unavailable"),
    ("29", pages.notice("根据作者隐私设置，无法查看该内容"), "wechat-private"),
    ("29 as served", pages.PRIVATE_SHELL, "wechat-unrecognised"),
    ("30", pages.notice("内容审核中"), "wechat-under-review"),
    ("31", pages.RUMOUR, "wechat-rumour"),
    ("33", pages.page("<h1>Hello</h1>"), "wechat-unrecognised"),
    ("33 a notice", pages.UNKNOWN_NOTICE, "wechat-unrecognised"),
    ("33 nothing", b"", "wechat-unrecognised"),
]


@pytest.mark.parametrize(("number", "body", "reason"), STATES, ids=[number for number, *_ in STATES])
def test_every_state_has_its_status_and_reason(number: str, body: bytes, reason: str) -> None:
    verdict = judge(body)
    assert (verdict.reason, verdict.status) == (reason, registry.reason_of(reason).status)
    if number.startswith("33"):
        assert verdict.status in CANNOT_TELL


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        (CAPTCHA_ADDRESS, "wechat-captcha"),
        ("https://mp.weixin.qq.com/mp/verify?x=1", "wechat-captcha"),
        ("https://mp.weixin.qq.com/mp/wxverify", "wechat-captcha"),
        ("https://mp.weixin.qq.com/mp/rumor?action=info", "wechat-rumour"),
        ("https://weixin110.qq.com/security/newreadtemplate", "wechat-unrecognised"),
    ],
)
def test_some_states_are_told_by_the_address_alone(url: str, reason: str) -> None:
    assert judge(pages.page(""), url, (Hop(pages.SHORT, 302),)).reason == reason


@pytest.mark.parametrize(("reason", "sentence"), pages.TRADITIONAL + pages.ENGLISH)
@pytest.mark.parametrize("draw", [pages.notice, pages.old_notice])
def test_notices_are_read_in_traditional_characters_and_in_english(
    draw, reason: str, sentence: str
) -> None:  # type: ignore[no-untyped-def]
    assert judge(draw(sentence)).reason == reason


def test_the_reason_of_a_violation_and_its_account_are_no_article() -> None:
    body = pages.notice("此内容因违规无法查看", "涉嫌过度营销", script="del").replace(
        b"<body>", b"<body>" + REASON.encode()
    )
    verdict = judge(body)
    assert (verdict.status, verdict.detail) == (
        Status.BROKEN,
        "WeChat says: 此内容因违规无法查看 涉嫌过度营销",
    )


# --- what must not move a verdict -------------------------------------------------------------------

NOTICES = [sentence for _, sentence in (*pages.SENTENCES, *pages.TRADITIONAL, *pages.ENGLISH)]
FORMS = (
    "<p>{}</p>",
    "<!-- {} -->",
    "<script>document.write('{}')</script>",
    '<div class="weui-msg"><h2 class="weui-msg__title warn">{0}</h2><p class="weui-msg__desc">{0}</p></div>',
    '<p class="global_error_msg warn">{0}</p><div class="mesg-block">{0}</div><div class="page_rumor">{0}</div>',
)
MARKS = (
    "<script>window.PAGE_MID='mmbizwap:secitptpage/verify.html'</script>",
    "<script>var transferTargetLink = 'https://mp.weixin.qq.com/s/BBBBBBBBBBBBBBBBBBBBBA';</script>",
    "<a id='js_verify'>去验证</a><a id='js_access_msg' href='https://mp.weixin.qq.com/s/BBBBBBBBBBBBBBBBBBBBBA'>访问</a>",
    '<script id="vite-legacy-entry" data-src="//res.wx.qq.com/assets/del-legacy.x.js"></script>',
    '<link rel="stylesheet" href="//res.wx.qq.com/page/secitptpage/verify.css">',
)
INSIDE = (b'id="js_content"', b'id="js_article"', b'id="voice_p')


def _places(body: bytes) -> list[int]:
    """Where the text of an article may stand: in its content, else in its container, and after it."""
    found = [body.index(b">", body.index(mark)) + 1 for mark in INSIDE if mark in body]
    return [found[0], body.rindex(b"</body>")]


@pytest.mark.parametrize("name", pages.ALIVE)
def test_no_notice_in_any_form_makes_a_live_page_anything_else(name: str) -> None:
    body = pages.ALIVE[name]
    mutations = [form.format(sentence) for sentence in NOTICES for form in FORMS] + list(MARKS)
    assert len(mutations) > 300
    for mutation in mutations:
        for place in _places(body):
            changed = body[:place] + mutation.encode() + body[place:]
            assert judge(changed).reason in ALIVE, mutation


@pytest.mark.parametrize("name", pages.ALIVE)
def test_a_live_page_that_quotes_a_notice_is_not_broken_wherever_it_is_cut(name: str) -> None:
    body = pages.ALIVE[name]
    place = _places(body)[0]
    for form in FORMS:
        changed = body[:place] + form.format("该内容已被发布者删除").encode() + body[place:]
        for twentieth in range(21):
            assert judge(changed[: len(changed) * twentieth // 20]).status is not Status.BROKEN


@pytest.mark.parametrize(("number", "body", "reason"), STATES, ids=[number for number, *_ in STATES])
def test_a_page_that_is_cut_gives_its_own_verdict_or_none(number: str, body: bytes, reason: str) -> None:
    whole = registry.reason_of(reason).status
    for twentieth in range(21):
        verdict = judge(body[: len(body) * twentieth // 20])
        assert verdict.status is whole or verdict.status in CANNOT_TELL, twentieth


def test_an_article_that_is_cut_before_its_container_is_one_by_its_template() -> None:
    whole = pages.page(pages.MODERN_DATA + pages.MODERN_BODY, pages.MODERN_HEAD)
    cut = whole[: whole.index(b'<div id="js_article"')]
    assert judge(cut).reason == "wechat-article"
    assert judge(cut + b"</body></html>").status is Status.BLOCKED, (
        "a whole page lacks what makes an article"
    )
    noticed = cut + '<div class="weui-msg__title">该内容已被发布者删除'.encode()
    assert judge(noticed).reason == "wechat-unrecognised", "a notice in half an article is the article's"


@pytest.mark.parametrize(
    "text",
    [
        "<p>PAGE_MID='mmbizwap:pages/common_share.html'</p>",
        "<!-- window.PAGE_MID = 'mmbizwap:appmsg/newindex.html' -->",
        "<pre>&lt;div id=js_article&gt;</pre>",
        '<style>#js_article, .weui-msg__title {}</style><script>var a = "js_article"; page(PAGE_MID)</script>',
    ],
)
def test_text_about_articles_makes_no_article_of_a_page(text: str) -> None:
    assert judge(pages.page(text)).status in CANNOT_TELL
    assert (
        judge(pages.notice("该内容已被发布者删除").replace(b"<body>", b"<body>" + text.encode())).status
        is Status.BROKEN
    )
