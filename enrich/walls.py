"""Pages that bot walls show in place of others, known by what stands in them.

Such a page is short, and so are many articles. What surprised us: the words of a mark prove nothing (who writes about
Cloudflare or Anubis quotes them, and a script may carry his whole article as JSON), and neither does the name of a host
(healthy sites allow ``captcha-delivery.com`` in a policy, and F5 writes its scripts into living pages too). So a mark
counts as a tag or inside a script, where a browser would obey it, and only beside fewer words than the wall itself shows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

PAGE_BYTES = 16 << 10
# Anubis explains itself at length, Imperva in 900 characters; most say "Please wait".
_FEW_WORDS, _SOME_WORDS, _MANY_WORDS = 300, 1500, 4000

# In a tag, the name of a wall, and the most bytes of words beside it.
_TAGS: tuple[tuple[bytes, str, int], ...] = (
    (rb'<script id="anubis_', "Anubis", _MANY_WORDS),
    (
        rb"<(?:link|script|img|form)\b[^<>]{0,200}/\.well-known/\.git\.gammaspectra\.live/git/go-away/",
        "go-away",
        _SOME_WORDS,
    ),
    (rb"<meta\b[^<>]{0,60}/\.well-known/sgcaptcha/", "SiteGround", _FEW_WORDS),
    (rb'<script\b[^<>]{0,60}\bsrc="/TSPD/[^<>]{0,200}></script>\s{0,20}<noscript>', "F5", _FEW_WORDS),
    (rb"<title>Request Rejected</title>", "F5", _FEW_WORDS),
    (rb"<title>Pardon Our Interruption[.\s]{0,9}</title>", "Imperva", _FEW_WORDS),
    (
        rb"<title>Pardon Our Interruption[.\s]{0,9}</title>[\s\S]{0,9000}\byou were a bot\b",
        "Imperva",
        _SOME_WORDS,
    ),
    ("<title>百度安全验证</title>".encode(), "Baidu", _FEW_WORDS),
    (rb"<meta\b[^<>]{0,40}\bzh-zse-ck", "Zhihu", _FEW_WORDS),
    (rb"<(?:div|meta)\b[^<>]{0,60}[\"']px-captcha[\"']", "HUMAN", _SOME_WORDS),
    (rb"<(?:script|iframe)\b[^<>]{0,200}//(?:ct|geo)\.captcha-delivery\.com/", "DataDome", _FEW_WORDS),
    (rb"<div\b[^<>]{0,60}\bsec-if-cpt-container", "Akamai", _SOME_WORDS),
    (rb"<p\b[^<>]{0,60}\b_wafchallengeid", "ByteDance", _FEW_WORDS),
    (rb"<!--\s{0,9}To discuss automated access to Amazon data", "Amazon", _SOME_WORDS),
)
# The same in a script that a browser would run.
_SCRIPTS: tuple[tuple[bytes, str, int], ...] = (
    (rb"\b_cf_chl_opt\s{0,3}=", "Cloudflare", _SOME_WORDS),
    (rb"window\.gokuProps\s{0,3}=", "AWS WAF", _SOME_WORDS),
    (rb"'host':\s{0,3}'geo\.captcha-delivery\.com'", "DataDome", _FEW_WORDS),
    (rb"\bsucuri_cloudproxy_js\b", "Sucuri", _FEW_WORDS),
    (rb"byted_acrawler\.init\(\{aid:99999999", "ByteDance", _FEW_WORDS),
    (rb"\bacw_sc__v2\b", "Aliyun", _FEW_WORDS),
    (rb"/_____tmd_____/punish\?x5secdata=", "Alibaba", _FEW_WORDS),
)
_WORDS: tuple[tuple[bytes, str, int], ...] = (
    (rb"Request unsuccessful\. Incapsula incident ID", "Imperva", _FEW_WORDS),
)
_ANY = re.compile(b"|".join(mark for mark, _, _ in (*_TAGS, *_SCRIPTS, *_WORDS)), re.IGNORECASE)

_START = re.compile(rb"<(?:!--|[a-z/!?])", re.IGNORECASE)
_NAME = re.compile(rb"<([a-z][a-z0-9]*)", re.IGNORECASE)
_UNSEEN = frozenset({b"script", b"style", b"noscript", b"template", b"title", b"textarea"})
_DATA = re.compile(rb"\btype\s*=\s*[\"']?(?:application|text)/(?:[\w.+-]*json|template|x-)", re.IGNORECASE)
_SAYS_GONE = re.compile("404|not found|doesn.t exist|不存在|找不到|未找到".encode(), re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Parts:
    """The title of a page, what its scripts would run, and the words that a visitor reads."""

    title: bytes
    scripts: bytes
    words: bytes


def wall_in(page: bytes, is_missing: bool = False) -> str | None:
    """The name of the wall that wrote a page of HTML, or None.

    With ``is_missing`` the page came with a status that says so, and one that says the same in words is no wall's.
    """
    if not 0 < len(page) <= PAGE_BYTES or _ANY.search(page) is None:
        return None
    parts = _parts_of(page)
    if is_missing and _SAYS_GONE.search(parts.title + b"\n" + parts.words) is not None:
        return None
    for marks, text in ((_TAGS, page), (_SCRIPTS, parts.scripts), (_WORDS, parts.words)):
        for mark, wall, most_words in marks:
            if len(parts.words) <= most_words and re.search(mark, text, re.IGNORECASE):
                return wall
    return None


def _parts_of(page: bytes) -> _Parts:
    found: dict[bytes, list[bytes]] = {b"title": [], b"script": [], b"": []}
    lower, at = page.lower(), 0
    while (start := _START.search(page, at)) is not None:
        found[b""].append(page[at : start.start()])
        tag_end = _behind(page, b"-->" if start[0] == b"<!--" else b">", start.start())
        name = _NAME.match(lower, start.start())
        at = tag_end
        if name is not None and name[1] in _UNSEEN:
            end = lower.find(b"</" + name[1], tag_end)
            at = len(page) if end < 0 else end
            if name[1] in found and _DATA.search(page, start.start(), tag_end) is None:
                found[name[1]].append(page[tag_end:at])
    found[b""].append(page[at:])
    title, scripts, words = (b"\n".join(found[name]) for name in (b"title", b"script", b""))
    return _Parts(title, scripts, b" ".join(words.split()))


def _behind(page: bytes, mark: bytes, at: int) -> int:
    end = page.find(mark, at)
    return len(page) if end < 0 else end + len(mark)
