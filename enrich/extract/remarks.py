"""What the links of a note show by themselves, without asking anybody.

A label that is an address promises to lead there. It mostly does (in 2,924 such links of real notes, five
differ), so that a difference is nearly always a slip: another paper's number, a lost character, an older
version. What only looks different must not be counted: a label may be shortened, decoded, or written
without scheme, and a target may lead through somebody's redirector to the very address of the label.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from urllib.parse import unquote

import can_ada

from enrich.model import Link, Remark
from enrich.registry import identify
from enrich.urls import canonical, host_of, is_web

# A label is an address when it says so, or names one of the few hosts that people write without scheme;
# `socket.io/redis` and `Node.js/npm` are no addresses.
_ADDRESS = re.compile(
    r"(?:https?://|www\.|(?:arxiv\.org|doi\.org|github\.com|mp\.weixin\.qq\.com)/)\S+", re.IGNORECASE
)
_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_INNER = re.compile(r"https?(?::|%3A)(?:/|%2F){2}", re.IGNORECASE)
_ELLIPSIS = re.compile(r"\u2026+|\.{2,}|\u22ef+")
_CUT = re.compile(r"(?:\u2026|\.\.|\u22ef)\s*\Z")
# Emphasis and escapes that a label may still carry, and the marks of a sentence behind it.
_MARKUP = re.compile(r"[\\*`\u200b\ufeff]|%5c", re.IGNORECASE)
_BEHIND = "<>.\u2026\u22ef,;:!?'\"，。；：！？、）》】」』”’"
# What is longer is nobody's promise; and comparing takes time.
_LONGEST = 2000
_MOST_INNER = 4

# Their addresses stand for another one that only they know.
_REDIRECTOR_NAMES = """
    aka.ms bit.ly doi.org dwz.cn git.io goo.gl hdl.handle.net hf.co is.gd lnkd.in ow.ly reurl.cc t.cn t.co
    tinyurl.com url.cn youtu.be
"""
_REDIRECTORS = frozenset(_REDIRECTOR_NAMES.split())

# Hosts that answer on https, each met with both schemes in real notes or known to send http there. A host
# that is missing costs a note; one too many would advise a dead link.
_SECURE_NAMES = """
    aclanthology.org arxiv.org baike.baidu.com bbs.cvmart.net bit.ly bitbucket.org blog.csdn.net
    developer.nvidia.com dl.acm.org doi.org docs.google.com drive.google.com dx.doi.org en.wikipedia.org
    export.arxiv.org gist.github.com gitee.com github.com gitlab.com huggingface.co ieeexplore.ieee.org juejin.cn
    juejin.im link.springer.com medium.com mp.weixin.qq.com news.ycombinator.com openaccess.thecvf.com
    openreview.net pan.baidu.com papers.nips.cc proceedings.mlr.press proceedings.neurips.cc
    raw.githubusercontent.com research.google scholar.google.com segmentfault.com sites.google.com
    stackoverflow.com towardsdatascience.com twitter.com v.qq.com weibo.com www.arxiv.org www.bilibili.com
    www.cnblogs.com www.github.com www.infoq.cn www.jianshu.com www.kaggle.com www.linkedin.com www.nature.com
    www.reddit.com www.sciencedirect.com www.semanticscholar.org www.youtube.com www.zhihu.com youtu.be
    zh.wikipedia.org zhuanlan.zhihu.com
"""
_SECURE_HOSTS = frozenset(_SECURE_NAMES.split())
# Every name right below these has the provider's certificate.
_SECURE_BELOW = frozenset({"github.io", "gitbook.io", "medium.com", "readthedocs.io", "wikipedia.org"})


def remarks(links: Iterable[Link]) -> list[Remark]:
    """What the links show by themselves, in the order of the links; at most one remark of a code at a place."""
    found = (remark for link in links for remark in (*_label_differs(link), *_https_available(link)))
    return list({(one.code, one.line, one.column): one for one in found}.values())


# --- label-differs ----------------------------------------------------------------------------------


def _label_differs(link: Link) -> Iterator[Remark]:
    """The label stands where a reference is used, not where its address is defined."""
    text = link.text
    if not text or text == link.url or "." not in text or link.image:
        return
    if not is_web(link.url) or len(link.url) > _LONGEST:
        return
    label = address_in(text)
    if label is None or same_address(label, link.url):
        return
    line, column = link.used_at or (link.line, link.column)
    message = f"the label says {label}, but the link leads to {link.url}"
    yield Remark(code="label-differs", message=message, line=line, column=column)


def address_in(label: str) -> str | None:
    """The address that a label is, wholly, without the markup around it; None for other labels."""
    plain = html.unescape(_MARKUP.sub("", label[: _LONGEST + 1])).strip(" \t\r\n" + _BEHIND)
    if len(plain) > _LONGEST or _ADDRESS.fullmatch(plain) is None:
        return None
    return f"{plain}\u2026" if _CUT.search(label) else plain


def same_address(label: str, url: str) -> bool:
    """Whether a label that is an address names what ``url`` leads to, as a reader would see it."""
    pieces = _ELLIPSIS.split(label)
    if len(pieces) > 1:
        return _shortened(pieces, url)
    wanted, given = _address(label), _address(url)
    if wanted is None or given is None:
        # What no browser can open is a finding of its own.
        return True
    if (wanted.host in _REDIRECTORS) != (given.host in _REDIRECTORS):
        # Only they know, and we do not ask.
        return True
    return wanted.names(given) or any(wanted.names(inner) for inner in _inner_addresses(url))


@dataclass(frozen=True, slots=True)
class _Address:
    """What of an address tells readers where it leads."""

    id: str
    host: str
    path: str
    query: str

    def names(self, other: _Address) -> bool:
        """One target, or one place; a label may leave the target's query out, but not have another."""
        same_place = (self.host, self.path) == (other.host, other.path)
        return self.id == other.id or (same_place and self.query in ("", other.query))


def _address(text: str) -> _Address | None:
    secure = f"https://{_SCHEME.sub('', _MARKUP.sub('', html.unescape(text)), count=1)}"
    url = canonical(secure)
    if url is None:
        return None
    parsed = can_ada.parse(url)
    return _Address(
        id=identify(url).id,
        host=parsed.host.removeprefix("www.").removeprefix("dx."),
        path=unquote(parsed.pathname).rstrip("/").removesuffix(".pdf"),
        query=unquote(parsed.search.removeprefix("?")),
    )


def _shortened(pieces: list[str], url: str) -> bool:
    """Whether the pieces that an ellipsis left stand in the address in this order, the first at its start."""
    whole = unquote(_without_scheme(url))
    position = 0
    for number, piece in enumerate(pieces):
        wanted = unquote(_without_scheme(piece)) if number == 0 else unquote(piece)
        found = whole.lower().find(wanted.lower(), position)
        if found < 0 or (number == 0 and found != 0):
            return False
        position = found + len(wanted)
    return True


def _without_scheme(url: str) -> str:
    return _SCHEME.sub("", url, count=1).removeprefix("www.")


def _inner_addresses(url: str) -> Iterator[_Address]:
    """The addresses that redirectors and archives carry in their own."""
    for found in islice(_INNER.finditer(url, 1), _MOST_INNER):
        rest = unquote(url[found.start() :])
        for candidate in (rest, rest.partition("&")[0]):
            if (address := _address(candidate)) is not None:
                yield address


# --- https-available --------------------------------------------------------------------------------


def _https_available(link: Link) -> Iterator[Remark]:
    """An address without scheme has http from us, not from the note."""
    if not (link.written or link.url).lower().startswith("http:") or not answers_securely(link.url):
        return
    better = f"https:{link.url[5:]}"
    message = f"{host_of(link.url)} is known to answer on https; write {better}"
    yield Remark(
        code="https-available", message=message, line=link.line, column=link.column, suggestion=better
    )


def answers_securely(url: str) -> bool:
    """Whether an address is of a host that is known to answer on https, so that nobody need ask it."""
    address = canonical(url)
    if address is None or can_ada.parse(address).port:
        return False
    host = host_of(address)
    return host in _SECURE_HOSTS or host.partition(".")[2] in _SECURE_BELOW
