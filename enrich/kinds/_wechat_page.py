"""Which state of an article a WeChat page shows.

Every state answers 200. Structure decides before words: a page with the container of an article is that
article, whatever it says, for articles quote the notices ("this content was deleted by its author") word by
word. Words count only inside the elements that show notices, and never outside them when they would say
that something is gone. The captcha page, as served, holds no words at all.

A page says in a script which template made it (``PAGE_MID``), in the same words for every language. That is
believed where the script is one of the page itself, and not text that somebody wrote about such scripts.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from enrich.kinds import _html, _wechat_ids
from enrich.urls import canonical, host_of

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

ARTICLE = "wechat-article"
UNRECOGNISED = "wechat-unrecognised"
EXPIRED = "wechat-expired"

CAPTCHA_PATHS = frozenset({"/mp/wappoc_appmsgcaptcha", "/mp/verify", "/mp/wxverify"})
RUMOUR_PATH = "/mp/rumor"

# Pages that draw their notice with a script are 11 KB; an article is never below 60 KB.
_DRAWN_PAGE_BYTES = 30_000
_NOTICE_CHARACTERS = 160

_NOTICE_ELEMENTS = (
    ".weui-msg__title, .weui-msg__desc, .global_error_msg, .mesg-block, .page_msg .msg_content, .page_rumor"
)
# Sentences as `_squeezed` leaves them. Order matters: a challenge first, since to take it for a deletion is
# the expensive mistake, and of two sentences on one page the one that says more.
#
# The English ones about deletion, violation and closed accounts were seen; the others say the same in the words
# that WeChat would use, and can do no harm: they too count in notices alone.
_SENTENCES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "wechat-captcha",
        ("环境异常", "完成验证后即可继续访问", "environmentisabnormal", "environmentisunusual"),
    ),
    ("wechat-rate-limited", ("访问过于频繁", "操作频繁,请稍候再试", "toofrequent")),
    ("wechat-migrating", ("账号处于账号迁移流程中", "accountisbeingmigrated")),
    ("wechat-migrated-lost", ("未将文章素材同步至新账号",)),
    ("wechat-migrated", ("该公众号已迁移", "账号已迁移", "accounthasbeenmigrated", "accounthasmigrated")),
    (
        "wechat-deleted",
        (
            "内容已被发布者删除",
            "内容已被作者删除",
            "内容已被删除",
            "内容已被群发删除",
            "内容已删除",
            "内容因违规已删除",
            "contenthasbeendeletedbytheauthor",
        ),
    ),
    ("wechat-infringement", ("内容被投诉且经审核涉嫌侵权", "冒名侵权", "suspectedinfringement")),
    ("wechat-account-closed", ("账号已自主注销", "账号已注销", "accounthasbeendeletedbytheowner")),
    ("wechat-account-blocked", ("账号已被屏蔽", "accounthasbeenblocked")),
    (
        "wechat-violation",
        (
            "内容因违规无法查看",
            "内容发送失败无法查看",
            "政策发送失败无法查看",
            "内容被多人投诉",
            "接相关投诉,此内容违反",
            "contentbecauseitviolatesregulation",
        ),
    ),
    ("wechat-rumour", ("已被第三方辟谣",)),
    ("wechat-expired", ("链接已过期", "linkhasexpired", "linkexpired")),
    ("wechat-bad-link", ("参数错误", "parametererror")),
    ("wechat-unavailable", ("系统出错", "系统错误", "systemerror")),
    ("wechat-private", ("根据作者隐私设置", "内容需要权限才可查看", "author'sprivacysettings")),
    ("wechat-under-review", ("内容审核中", "contentisunderreview")),
    ("wechat-unavailable", ("内容暂时无法查看", "contentistemporarilyunavailable")),
    ("wechat-needs-client", ("请在微信客户端打开链接", "openthelinkinwechat", "openthelinkinweixin")),
)
# The characters of those sentences as they are written in Hong Kong and Taiwan, and the words that differ there.
_SIMPLIFIED = str.maketrans(
    "帐賬帳號該內發佈刪違規無經審權訴關註銷遷處於時將連鏈結過參數錯誤統環異驗證後繼續訪問頻請開啟戶隱設檢視暫闢謠眾敗進據試",
    "账账账号该内发布删违规无经审权诉关注销迁处于时将连链结过参数错误统环异验证后继续访问频请开启户隐设检视暂辟谣众败进据试",
)
_SAME_WORDS = (
    ("检视", "查看"),
    ("连结", "链接"),
    ("链结", "链接"),
    ("账户", "账号"),
    ("用户端", "客户端"),
    ("开启", "打开"),
    ("设定", "设置"),
    ("稍后再", "稍候再"),
)
# What may be read out of the whole source of a small page, since none of it says that something is gone.
_DRAWN = frozenset({"wechat-captcha", "wechat-rate-limited", "wechat-needs-client", "wechat-unavailable"})

# An assignment of a literal: the bare name stands in the error report of every page.
_PAGE_MID = re.compile(r"""PAGE_MID\s*=\s*(["'])(?P<name>[^"'\n]{1,100})\1""")
_TRANSFER = re.compile(
    r"""(?:transferTargetLink|transfer_target_link)\s*=\s*(["'])(?P<url>[^"'\n]{1,2000})\1"""
)
# Templates of articles that need no container, and the one whose container comes as late as byte 790,000.
_SHARED_PAGE, _ARTICLE_PAGE = "pages/common_share", "appmsg/newindex"
# What every page of the host closes that it opens.
_CLOSED = (b"html", b"body", b"div")
_CHALLENGE_PAGES = ("secitptpage/", "wxverify/")
_ARTICLE_LINK = "a[href*='//mp.weixin.qq.com/s']"


@dataclass(frozen=True, slots=True)
class PageState:
    """A reason code, what the page's notice says, and a better address: the new one of a moved article, or the
    permanent one.

    ``begins`` is the visible beginning of a page without any notice, for a person to judge.
    """

    reason: str
    said: str = ""
    better: str | None = None
    begins: str = ""


def is_captcha_address(url: str) -> bool:
    """Whether an address of the host is that of its captcha."""
    return urlsplit(url).path.rstrip("/") in CAPTCHA_PATHS


def has_article(tree: LexborHTMLParser) -> bool:
    """Whether the container of an article is there: once on each of 41 saved live pages, on no other.

    The older page of a voice message has one of its own.
    """
    if tree.css_matches("#js_article, #voice_parent, .page_share_audio"):
        return True
    return tree.css_matches("#js_content") and tree.css_matches("#activity-name, .rich_media_title")


def state_of(tree: LexborHTMLParser, page: bytes, url: str) -> PageState:
    """The state that a page shows; ``url`` is where it came from."""
    if has_article(tree):
        return PageState(ARTICLE)
    scripts = [node.text() for node in tree.css("script:not([src])")]
    template = _first(_PAGE_MID, "name", scripts)
    if _SHARED_PAGE in template:
        return PageState(ARTICLE)
    if _is_captcha(tree, template):
        return PageState("wechat-captcha")
    if urlsplit(url).path.rstrip("/") == RUMOUR_PATH or tree.css_matches(".page_rumor"):
        return PageState("wechat-rumour", _shown(_notice(tree)))
    if (address := _transfer_address(tree, scripts)) is not None:
        return PageState("wechat-migrated", _shown(_notice(tree)), address)
    if _ARTICLE_PAGE in template and is_cut(page, _CLOSED) and not _notice(tree):
        # It ends before the container. No notice is made by this template.
        return PageState(ARTICLE)
    return _noticed(tree, page)


def _first(pattern: re.Pattern[str], group: str, scripts: Iterable[str]) -> str:
    """What a pattern finds first in the scripts of a page."""
    return next((found[group] for script in scripts if (found := pattern.search(script))), "")


def is_cut(page: bytes, opened: Iterable[bytes] = (b"html", b"body")) -> bool:
    """Whether a page ends before its end: it opens what it does not close."""
    lower = page.lower()
    return any(lower.count(b"<" + name) > lower.count(b"</" + name) for name in opened)


def _is_captcha(tree: LexborHTMLParser, template: str) -> bool:
    if any(name in template for name in _CHALLENGE_PAGES):
        return True
    return tree.css_matches(
        "a#js_verify, script[src*='secitptpage/'], link[href*='secitptpage/'], "
        "script[src*='captcha.gtimg.com/TCaptcha']"
    )


def _transfer_address(tree: LexborHTMLParser, scripts: Iterable[str]) -> str | None:
    """Where the article of a migrated account is now, as script or button of the page say."""
    button = tree.css_first("a#js_access_msg[href]")
    written = [_first(_TRANSFER, "url", scripts), button.attributes.get("href") if button else None]
    return next((address for text in written if text and (address := _article_address(text))), None)


def _article_address(text: str) -> str | None:
    """An address of WeChat as a suggestion can give it; None for anything else."""
    url = canonical(html.unescape(_wechat_ids.unescaped(text.strip())))
    if url is None or host_of(url) != _wechat_ids.HOST:
        return None
    return _wechat_ids.secure(url)


def _noticed(tree: LexborHTMLParser, page: bytes) -> PageState:
    notice = _notice(tree)
    said, reason = _shown(notice), _reason_of(notice)
    if reason == "wechat-migrated":
        return _migrated_in_words(tree, page, said)
    if reason is not None:
        return PageState(reason, said)
    if not notice and len(page) < _DRAWN_PAGE_BYTES and (drawn := _drawn(page)) is not None:
        return PageState(drawn)
    return _unworded(tree, said)


def _unworded(tree: LexborHTMLParser, said: str) -> PageState:
    """A page whose words we do not know: the name of its script tells in every language."""
    node = tree.css_first("#vite-legacy-entry[data-src]")
    entry = (node.attributes.get("data-src") or "") if node else ""
    if "/del-legacy." in entry:
        return PageState("wechat-violation", said)
    begins = _visible_beginning(tree)
    if "/error-legacy." in entry:
        return PageState(UNRECOGNISED, said or begins or "an error page without words")
    return PageState(UNRECOGNISED, said, begins=begins)


def _visible_beginning(tree: LexborHTMLParser) -> str:
    """Title and first words of a page; its scripts and styles are lost on the way."""
    tree.strip_tags(["script", "style", "noscript"], recursive=True)
    return _shown(f"{_html.text_of(tree.css_first('title'))} {_html.text_of(tree.body)}".strip())


def _migrated_in_words(tree: LexborHTMLParser, page: bytes, said: str) -> PageState:
    """The account has moved; without any way on to an article, this one did not move with it.

    In a page that was cut the way may have stood behind the cut.
    """
    links = [node.attributes.get("href") or "" for node in tree.css(_ARTICLE_LINK)]
    address = next((found for link in links if (found := _article_address(link))), None)
    if address is None and is_cut(page, _CLOSED):
        return PageState(UNRECOGNISED, said)
    return PageState("wechat-migrated" if address else "wechat-migrated-lost", said, address)


def _notice(tree: LexborHTMLParser) -> str:
    texts = (_html.text_of(node) for node in tree.css(_NOTICE_ELEMENTS))
    return " ".join(text for text in texts if text)


def _shown(text: str) -> str:
    return text if len(text) <= _NOTICE_CHARACTERS else text[: _NOTICE_CHARACTERS - 1] + "…"


def _reason_of(text: str) -> str | None:
    squeezed = _squeezed(text)
    return next(
        (reason for reason, sentences in _SENTENCES if any(part in squeezed for part in sentences)), None
    )


def _drawn(page: bytes) -> str | None:
    if b"/mp/appmsgqrcode?ticket=" in page or b"qrcheck_box" in page:
        return "wechat-rate-limited"
    reason = _reason_of(page.decode("utf-8", errors="replace"))
    return reason if reason in _DRAWN else None


def _squeezed(text: str) -> str:
    """Text as notices are compared: one of them is written with two forms of a character and of a comma."""
    normal = unicodedata.normalize("NFKC", text).replace("\u2019", "'").translate(_SIMPLIFIED)
    squeezed = "".join(normal.lower().split())
    for there, here in _SAME_WORDS:
        squeezed = squeezed.replace(there, here)
    return squeezed
