"""What the labels of an entry mean: ``Paper2:``, ``论文链接：``, ``GitHub：``, and the text of a link like [code].

The words are those met in real notes, misspellings included: what no word settles (``GtiHub``) the host
does. A label that merely says *link* or *project* is decided by the host too, since 项目地址 leads to a
repository here and to a home page there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from enrich.extract._entry_lines import LINK


class Role(StrEnum):
    """What a labelled line gives; ``ANY`` and ``PROJECT`` leave it to the host."""

    PAPER = "paper"
    CODE = "code"
    ARTICLE = "article"
    OTHER = "other"
    PROJECT = "project"
    ANY = "any"
    TITLE = "title"
    AUTHORS = "authors"
    ABSTRACT = "abstract"
    REMARKS = "remarks"
    TOPICS = "topics"


WORDED = frozenset({Role.TITLE, Role.AUTHORS, Role.ABSTRACT, Role.REMARKS, Role.TOPICS})
"""Roles whose value is text and not a link."""

# In this order: "paper title" is a title, "paper code" is code, "code and data" is code.
_ENGLISH: tuple[tuple[Role, frozenset[str]], ...] = (
    (Role.TITLE, frozenset({"title"})),
    (Role.AUTHORS, frozenset({"author", "authors"})),
    (Role.ABSTRACT, frozenset({"abstract", "summary", "introduction", "tldr"})),
    (Role.REMARKS, frozenset(
        {"tip", "tips", "note", "notes", "remark", "remarks", "comment", "comments", "intro", "ps"})),
    (Role.TOPICS, frozenset({"keyword", "keywords", "tag", "tags", "topic", "topics"})),
    (Role.CODE, frozenset(
        {"code", "codes", "github", "gitlab", "gitee", "repo", "repository", "implementation",
         "implementations"})),
    (Role.OTHER, frozenset(
        {"demo", "dataset", "datasets", "data", "video", "videos", "youtube", "slides", "slide", "poster",
         "supp", "supplementary", "talk", "tutorial", "colab", "homepage", "website", "bibtex"})),
    (Role.ARTICLE, frozenset({"article", "post", "wechat", "blog", "zhihu", "interpretation"})),
    (Role.PROJECT, frozenset({"project"})),
    (Role.PAPER, frozenset(
        {"paper", "papers", "arxiv", "pdf", "abs", "openreview", "preprint", "cvf", "doi", "thesis"})),
    (Role.ANY, frozenset({"link", "links", "url"})),
)  # fmt: skip
_BESIDE = frozenset({"official", "source", "page", "the", "and", "link", "links", "url", "here", "full", "pytorch",
                     "tensorflow", "caffe", "keras", "site", "address", "download"})  # fmt: skip
# "Second Title: more words" is no label; with a link below it any of the words of a label will do.
_BESIDE_WORDED = frozenset({"paper", "article", "the", "my", "short", "brief", "and", "key"})
_LINK_WORDS = _BESIDE.union(*(words for role, words in _ENGLISH if role not in WORDED))
_WORDED_WORDS = _BESIDE_WORDED.union(*(words for role, words in _ENGLISH if role in WORDED))
_RANKS = {word: rank for rank, (_, words) in reversed([*enumerate(_ENGLISH)]) for word in words}
_AROUND_NAME = " \t*_`0123456789#.-"
_MOST_WORDS = 4
# No label is longer, whatever marks stand around it.
_FARTHEST_COLON = 100
_MOST_LABELS = 3
_LONGEST_TEXT = 24

_CHINESE_WORDED = {
    word: role
    for role, words in (
        (Role.TITLE, "论文名称 论文标题 论文题目 论文名 文章标题 标题 题目"),
        (Role.AUTHORS, "作者 论文作者 作者列表 主要作者"),
        (Role.ABSTRACT, "摘要 论文摘要 简介 论文简介 内容简介 主要内容 概述 概要"),
        (Role.REMARKS, "注 备注 点评 评注 提示 笔记 亮点 核心要点 要点"),
        (Role.TOPICS, "关键词 关键字 标签"),
    )
    for word in words.split()
}
_CHINESE_LINK_WORDS = (
    r"(?:(?P<project>(?:项目|工程)(?:主页|页面|网站|官网)?)|(?P<article>解读|讲解|推文|公众号|原文|文章|博客)"
    r"|(?P<code>源代码|代码|源码|开源|仓库)|(?P<other>数据集?|演示|视频|幻灯片|海报|主页|官网|网站|补充材料)"
    r"|(?P<paper>论文|预印本))?(?P<any>链接|连接|地址|网址|下载)*"
)
# Before a colon much may stand (RUHAcam项目地址：); a link's own text is a label only when little does.
_CHINESE_LABEL = re.compile(rf".{{0,12}}?{_CHINESE_LINK_WORDS}")
_CHINESE_TEXT = re.compile(rf".{{0,2}}?{_CHINESE_LINK_WORDS}")
_BRACKETED = re.compile(r"[(（][^()（）]{0,40}[)）]")
_CJK = re.compile(r"[\u4e00-\u9fff]")
_WORD = re.compile(r"[a-z]+")

_MARKS = r"[*_`\"“”「」【】\[\]《》]*"
_LABEL = re.compile(
    rf"(?:>[ \t]?)*{_MARKS}(?P<label>[^:：{LINK}\n。，,;；!！?？|*`【】]{{1,30}}?"
    rf"(?:[(（][^()（）{LINK}]{{0,30}}[)）])?\s{{0,3}}){_MARKS}\s{{0,3}}[:：](?!//)[*_`]*\s*"
)
_LABEL_BEFORE_LINK = re.compile(
    rf"{_MARKS}(?P<label>[^:：{LINK}\n。，,;；!！?？|*`【】]{{1,20}}?){_MARKS}\s*(?={LINK})"
)
_LAST_LABEL = re.compile(
    rf"(?P<label>[^:：{LINK}\n。，,;；!！?？|*`/【】\s)）]{{1,20}})\s{{0,3}}[:：]\s{{0,3}}[*_`<\[(（]*\s*$"
)

_ADDRESS = re.compile(r"[a-z]://|^(?:mailto:|www\.)", re.IGNORECASE)
_PAPER_URL = re.compile(
    r"https?://(?:(?:\w+\.)?arxiv\.org/(?:abs|pdf|html|ftp)/|openaccess\.thecvf\.com/\w*content|openreview\.net/(?:forum|pdf)"
    r"|(?:www\.)?(?:aclanthology\.org|aclweb\.org/anthology)|(?:papers|proceedings)\.(?:nips|neurips)\.cc/paper"
    r"|proceedings\.mlr\.press/|(?:www\.)?jmlr\.org/papers|(?:dx\.)?doi\.org/10\.|(?:www\.)?ecva\.net/papers/"
    r"|ieeexplore\.ieee\.org/|dl\.acm\.org/|(?:www\.)?biorxiv\.org/content)|[^?#]{1,2000}\.pdf(?:[?#]|$)",
    re.IGNORECASE,
)
_CODE_URL = re.compile(
    r"https?://(?:www\.)?(?:github\.com|gitlab\.com|gitee\.com|bitbucket\.org)/", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Label:
    """A label, its role (None for words that no list holds), and what follows it."""

    text: str
    role: Role | None
    rest: str


def leading_label(body: str) -> Label | None:
    """The label with which a line begins; of ``论文链接：论文地址：`` the last one."""
    found = _label_at(body)
    for _ in range(_MOST_LABELS):
        inner = _label_at(found.rest) if found else None
        if inner is None or inner.role is None or inner.role in WORDED:
            break
        found = inner
    return found


def _label_at(body: str) -> Label | None:
    near = body[:_FARTHEST_COLON]
    if (":" in near or "：" in near) and (match := _LABEL.match(body)):
        return Label(match["label"].strip(), role_of(match["label"]), body[match.end() :])
    match = _LABEL_BEFORE_LINK.match(body) if LINK in body[:30] else None
    if match and (role := role_of(match["label"])) and role not in WORDED:
        return Label(match["label"].strip(), role, body[match.end() :])
    return None


def last_label(before: str) -> Role | None:
    """The role of the label that stands right before a link; ``PS:`` in a sentence is none."""
    match = _LAST_LABEL.search(before[-40:]) if before[-8:].strip() else None
    role = role_of(match["label"]) if match else None
    return None if role in WORDED else role


def role_of(label: str) -> Role | None:
    """What a label means, in any case, numbered or not; None for words that are no label."""
    name = (_BRACKETED.sub("", label) if label[-1:] in ")）" else label).strip(_AROUND_NAME).casefold()
    if not name.isascii() and _CJK.search(name):
        return _chinese(name)
    words = _WORD.findall(name)
    ranks = [_RANKS[word] for word in words if word in _RANKS] if len(words) <= _MOST_WORDS else ()
    for rank in sorted(ranks):
        role = _ENGLISH[rank][0]
        if role not in WORDED or _WORDED_WORDS.issuperset(words):
            return role
    return None


def _chinese(name: str) -> Role | None:
    if worded := _CHINESE_WORDED.get(name):
        return worded
    match = _CHINESE_LABEL.fullmatch(name)
    said = (group for group, value in match.groupdict().items() if value) if match else ()
    return next((Role(group) for group in said), None)


def role_of_text(text: str | None) -> Role | None:
    """The role of a link whose own text is a label, as in ``[paper](…) | [code](…)``."""
    if not text or len(text) > _LONGEST_TEXT:
        return None
    role = role_of(text)
    if role is None or role in WORDED:
        return None
    name = _BRACKETED.sub("", text).casefold()
    if _CJK.search(name):
        return role if _CHINESE_TEXT.fullmatch(name) else None
    return role if _LINK_WORDS.issuperset(_WORD.findall(name)) else None


def is_address(text: str | None) -> bool:
    """Whether a link's own text is an address, or nothing at all."""
    # A pattern that ignores case is tried at every place; most texts are words.
    return not text or (("://" in text or text[0] in "mMwW") and _ADDRESS.search(text) is not None)


def role_of_url(url: str) -> Role | None:
    """Paper or code where the address alone tells."""
    if _PAPER_URL.match(url):
        return Role.PAPER
    return Role.CODE if _CODE_URL.match(url) else None


def settled(role: Role, url: str) -> Role:
    """The role of a link below a label, with the host's word where the label leaves it open."""
    match role:
        case Role.ANY:
            return role_of_url(url) or Role.OTHER
        case Role.PROJECT:
            return Role.CODE if role_of_url(url) is Role.CODE else Role.OTHER
        case Role.ARTICLE:
            return Role.PAPER if role_of_url(url) is Role.PAPER else Role.ARTICLE
        case _:
            return role
