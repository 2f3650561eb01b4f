"""Sites that papers and articles are linked to most, and what is peculiar to their pages.

A record says what the general reader cannot know: where the abstract stands, what a site adds to every title, and at
which address a PDF is described. What surprised us: every paper of the Computer Vision Foundation has the title
"CVPR 2021 Open Access Repository", and six links of seven to it lead to a PDF, whose page differs by two words.

All of them but Zhihu and those with videos give Highwire ``citation_*`` facts, whose title counts before that of the
page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

Rewriting = tuple[re.Pattern[str], str]
"""The path and query of a PDF, and those of the page about it (`re.Match.expand`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """The peculiarities of one site.

    ``landing`` leads from a PDF to its page, which is asked over https. ``abstract`` are selectors without
    descendants, so that looking costs no more than the page is long; ``abstract_heading`` is what stands before it where
    it has no mark of its own. ``author`` is a selector and the attribute that holds the name. ``title_end`` is what the
    site adds to every title, ``no_titles`` are those of the site itself. ``wall`` marks what is shown to programs, and
    ``gone`` the page that stands with 200 for what is not there.
    """

    name: str
    hosts: frozenset[str]
    landing: tuple[Rewriting, ...] = ()
    abstract: str | None = None
    abstract_heading: str | None = None
    author: tuple[str, str] | None = None
    title: str | None = None
    title_end: str = ""
    no_titles: frozenset[str] = frozenset()
    wall: bytes | None = None
    gone: re.Pattern[bytes] | None = None


CVF = Host(
    name="CVF Open Access",
    hosts=frozenset({"openaccess.thecvf.com", "cv-foundation.org"}),
    # /content_CVPRW_2019/papers/WORKSHOP/NAME.pdf, /openaccess/content_cvpr_2014/papers/NAME.pdf
    landing=(
        (
            re.compile(r"(/(?:openaccess/)?content[^/?]*(?:/[^/?]+)?)/papers/([^?]+)\.pdf"),
            r"\1/html/\2.html",
        ),
    ),
    title="#papertitle",
    abstract="#abstract",
)
OPENREVIEW = Host(
    name="OpenReview",
    hosts=frozenset({"openreview.net"}),
    landing=((re.compile(r"/pdf\?id=([\w-]+)(?:&[^#]*)?"), r"/forum?id=\1"),),
    title_end=" | OpenReview",
    no_titles=frozenset({"OpenReview"}),
    wall=b"ChallengeRequiredError",
)
ACL = Host(
    name="ACL Anthology",
    hosts=frozenset({"aclanthology.org", "aclweb.org"}),
    # A version is no page of its own: 2020.acl-main.1v2.pdf.
    landing=(
        (re.compile(r"/((?:anthology/)?(?:[A-Z]\d\d-\d{4}|\d{4}\.[\w-]+\.\d+))(?:v\d+)?\.pdf"), r"/\1/"),
    ),
    title="#title",
    abstract=".acl-abstract > span, .acl-abstract > p",
    title_end=" - ACL Anthology",
)
PMLR = Host(
    name="PMLR",
    hosts=frozenset({"proceedings.mlr.press"}),
    # Since volume 58 a PDF lies in a folder of its own name.
    landing=((re.compile(r"/(v\d+|r\d+)/([\w-]+)(?:/\2)?\.pdf"), r"/\1/\2.html"),),
    abstract="#abstract",
)
NEURIPS = Host(
    name="NeurIPS Proceedings",
    hosts=frozenset(
        {
            "papers.nips.cc",
            "papers.neurips.cc",
            "proceedings.neurips.cc",
            "datasets-benchmarks-proceedings.neurips.cc",
        }
    ),
    landing=(
        (
            re.compile(r"/(paper(?:_files/paper)?/\d{4})/file/(\w+)-Paper([\w-]*)\.pdf"),
            r"/\1/hash/\2-Abstract\3.html",
        ),
        # /paper/5333-large-scale-l-bfgs-using-mapreduce.pdf, which leads to the page of today.
        (re.compile(r"/paper/(\d+-[\w-]+)\.pdf"), r"/paper/\1"),
    ),
    abstract=".paper-abstract",
    abstract_heading="Abstract",
)
ZHIHU_COLUMN = Host(
    name="Zhihu column",
    hosts=frozenset({"zhuanlan.zhihu.com"}),
    title="h1.Post-Title",
    author=('.AuthorInfo > meta[itemprop="name"]', "content"),
    title_end=" - 知乎",
    no_titles=frozenset({"知乎", "知乎专栏", "知乎 - 有问题，就会有答案", "安全验证"}),
    wall=b"zse-ck",
)
ZHIHU = Host(
    name="Zhihu",
    hosts=frozenset({"zhihu.com"}),
    # Of a question; it has many authors, and the page does not say whose answer is meant.
    title="h1.QuestionHeader-title",
    title_end=" - 知乎",
    no_titles=ZHIHU_COLUMN.no_titles,
    wall=ZHIHU_COLUMN.wall,
)
# To whom it takes for a robot, YouTube says LOGIN_REQUIRED, as it does of private videos. An error that names a country,
# or asks to try later, is about the visitor.
YOUTUBE = Host(
    name="YouTube",
    hosts=frozenset({"youtube.com", "m.youtube.com"}),
    title_end=" - YouTube",
    no_titles=frozenset({"YouTube", "- YouTube"}),
    gone=re.compile(
        rb'"playabilityStatus":\{"status":"ERROR"(?!,"reason":"[^"]{0,200}(?:later|country|captcha))'
    ),
)
BILIBILI = Host(
    name="Bilibili",
    hosts=frozenset({"bilibili.com", "m.bilibili.com"}),
    title_end="_哔哩哔哩_bilibili",
    gone=re.compile("<title[^<>]{0,200}>视频去哪了呢".encode()),
)
# Any other site: its pages are read by the general rules.
ELSEWHERE = Host(name="elsewhere", hosts=frozenset())

HOSTS = (CVF, OPENREVIEW, ACL, PMLR, NEURIPS, ZHIHU_COLUMN, ZHIHU, YOUTUBE, BILIBILI)


@cache
def _by_host() -> dict[str, Host]:
    return {name: host for host in HOSTS for name in host.hosts}


def host_at(url: str) -> Host:
    """The record of the site that an http or https address belongs to, ``ELSEWHERE`` when there is none."""
    name = (urlsplit(url).hostname or "").lower().removeprefix("www.")
    return _by_host().get(name, ELSEWHERE)


def has_landing_pages(host: str) -> bool:
    """Whether the PDFs of a host are described at other addresses of it."""
    return bool(_by_host().get(host.removeprefix("www."), ELSEWHERE).landing)


def landing_page(urls: Iterable[str]) -> str | None:
    """The address of the page about a PDF that one of these canonical addresses is known to lead to."""
    for url in urls:
        parts = urlsplit(url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        for pattern, page in host_at(url).landing:
            if (match := pattern.fullmatch(path)) is not None:
                return f"https://{parts.hostname}{match.expand(page)}"
    return None
