"""The article site: mp.weixin.qq.com as it answers in 2026, in small.

Every state answers with status 200 and differs only in the page; a visitor who is not trusted is sent to
the captcha by a 302. The templates keep what a reader has to look at (containers, page ids, where the
numbers stand), lie in the folder ``pages`` and leave out the two megabytes around it.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from html import escape
from importlib import resources
from string import Template
from typing import Any

from enrich.demo.answers import Answer, Question, html, known, moved

ORIGIN = "https://mp.weixin.qq.com"
CAPTCHA_PATH = "/mp/wappoc_appmsgcaptcha"


def _page(name: str, **fields: object) -> Answer:
    """A template of the folder ``pages``, filled in."""
    text = (resources.files(__package__) / "pages" / f"{name}.html").read_text(encoding="utf-8")
    return html(Template(text).substitute(fields))


def _notice(sentence: str, entry: str, reason: str = "") -> Answer:
    """A notice in place of an article; ``entry`` is the script that WeChat draws it with."""
    return _page("notice", notice=sentence, reason=reason, entry=entry)


def _link(token: str) -> str:
    return f"{ORIGIN}/s/{token}"


def _number(token: str) -> int:
    """The running number at the end of a demonstration token, before its last letter."""
    return int(token.rsplit("_", 1)[1].rstrip("A"))


def _fields(article: Mapping[str, Any]) -> dict[str, object]:
    """What the templates put in: the facts of an article, and the numbers WeChat derives."""
    account = known()["accounts"][article["account"]]
    token = article["token"]
    texts = {name: escape(article.get(name, "")) for name in ("title", "author", "account", "description")}
    numbers = {
        "biz": base64.b64encode(str(account).encode()).decode(),
        "user": f"gh_{_number(token):012x}",
        "mid": 2_650_000_000 + _number(token),
        "sn": f"{_number(token):032x}",
        "epoch": int(article["published"].timestamp()),
    }
    return {**texts, **numbers, "token": token, "url": _link(token)}


def _captcha(article: Mapping[str, Any]) -> Answer:
    token = article["token"]
    return moved(f"{ORIGIN}{CAPTCHA_PATH}?poc_token=demo&target_url={_link(token)}", status=302)


def _violation() -> Answer:
    return _notice("此内容因违规无法查看", "del", "由用户投诉并经平台审核，涉嫌违反相关规则")


_STATES: Mapping[str, Callable[[Mapping[str, Any]], Answer]] = {
    "article": lambda article: _page("article", **_fields(article)),
    "pictures": lambda article: _page("pictures", **_fields(article)),
    "deleted": lambda _: _notice("该内容已被发布者删除", "error"),
    "violation": lambda _: _violation(),
    "migrated": lambda article: _page("migrated", to=_link(article["to"])),
    "captcha": _captcha,
}


def answer(question: Question) -> Answer:
    """An article, a notice in its place, or the captcha; a wrong token is a notice too."""
    if question.path == CAPTCHA_PATH:
        return _page("captcha")
    for article in known()["articles"]:
        if question.path == f"/s/{article['token']}":
            return _STATES[article.get("state", "article")](article)
    return _notice("参数错误", "error")
