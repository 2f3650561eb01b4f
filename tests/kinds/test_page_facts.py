"""What is read of a page: the vocabularies, LaTeX in titles, and the peculiarities of the sites that notes link to."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from enrich.kinds import _latex, web
from enrich.kinds._web_hosts import ELSEWHERE, HOSTS, host_at, landing_page
from enrich.model import CanonicalUrl, Page, Response, Target
from enrich.urls import canonical, host_of

HTML = {"content-type": "text/html; charset=utf-8"}


def read(url: str, body: str, *, target_url: str | None = None, status: int = 200) -> Page | None:
    target_url = target_url or url
    target = Target(
        id=f"url:{target_url}", url=CanonicalUrl(target_url), kind="web", host=host_of(target_url)
    )
    found = web.read_page(
        target, Response(url=url, status=status, headers=HTML, body=body.encode())
    ).metadata
    assert found is None or isinstance(found, Page)
    return found


def elsewhere(body: str) -> Page:
    page = read("https://example.org/a", body)
    assert page is not None
    return page


# --- vocabularies -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "title"),
    [
        (
            "<title>A</title><meta property='og:title' content='B'><meta name=citation_title content='C'>",
            "A",
        ),
        ("<meta property='og:title' content='B'><meta name=twitter:title content='T'>", "B"),
        ("<meta name=twitter:title content='T'><meta name=citation_title content='C'>", "T"),
        ("<meta name=citation_title content='C'><meta name='DC.title' content='D'>", "C"),
        ("<meta name='DC.Title' content='D'>", "D"),
        ("<title> &nbsp; </title><meta property='og:title' content='B'>", "B"),
        ("<title>A &amp; B &lt;C&gt; &#x4E2D;&hellip; &eacute;</title>", "A & B <C> 中… é"),
        ("<title>How to write &amp;amp; in HTML</title>", "How to write &amp; in HTML"),
        ("<title>a\n\t b\u3000c\u00a0d</title>", "a b c d"),
        (r"<title>$\alpha$-  net and {\'e}t{\'{e}}</title>", r"$\alpha$- net and été"),
    ],
)
def test_the_title_is_what_the_page_calls_itself(head: str, title: str) -> None:
    assert elsewhere(head).title == title


@pytest.mark.parametrize(
    ("head", "description"),
    [
        ("<meta name=description content=A><meta property=og:description content=B>", "A"),
        ("<meta name=twitter:description content=T><meta property=og:description content=B>", "B"),
        ("<meta name=citation_abstract content=C><meta name=twitter:description content=T>", "T"),
        ("<meta name='DC.Description' content=D><meta name=citation_abstract content=C>", "C"),
        ("<meta name='DCTERMS.abstract' content=D>", "D"),
    ],
)
def test_the_description_is_taken_from_the_first_vocabulary_that_has_one(
    head: str, description: str
) -> None:
    assert elsewhere(head).description == description


@pytest.mark.parametrize(
    ("head", "address"),
    [
        ("<link rel=canonical href='https://a.example/x#y'><meta property=og:url content='https://b.example/'>", "https://a.example/x"),
        ("<meta property=og:url content=' https://B.example/z '>", "https://b.example/z"),
        ("<meta property=og:url content='/z'>", None),
        ("<meta property=og:url content='javascript:x'>", None),
    ],
)  # fmt: skip
def test_the_address_that_a_page_gives_for_itself_is_whole_or_none(head: str, address: str | None) -> None:
    assert elsewhere(f"<title>t</title>{head}").canonical_url == address


def test_what_a_site_says_of_its_papers_is_kept_in_the_order_of_the_page() -> None:
    page = elsewhere(
        """<meta name=citation_author content="Müller, K."><meta name=citation_author content="{\\L}uk, A.">
        <meta name=citation_publication_date content=2021/06/19><meta name=citation_doi content="10.1/x">
        <meta property=citation_journal_title content="J. of  Things"><meta name=citation_ content=x>"""
    )
    assert page.citation == {
        "author": ("Müller, K.", "Łuk, A."),
        "publication_date": ("2021/06/19",),
        "doi": ("10.1/x",),
        "journal_title": ("J. of Things",),
    }


# --- LaTeX ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        (r"{\'e}", "é"), (r"{\'{e}}", "é"), (r"\'{e}", "é"), (r"{\'\i}", "í"), (r'G{\"o}del', "Gödel"),
        (r"{\c c}", "ç"), (r"{\c{c}}", "ç"), (r"{\v{S}}", "Š"), (r"{\~n}", "ñ"), (r"{\H{o}}", "ő"),
        (r"{\ss}", "ß"), (r"{\o}", "ø"), (r"{\AA}", "Å"), (r"{\L}", "Ł"), (r"A \& B", "A & B"), (r"10\%", "10%"),
        # What may be a formula, a program or plain text.
        (r"$\alpha$-net", r"$\alpha$-net"), (r"$\hat{x}$", r"$\hat{x}$"), (r"\emph{x}", r"\emph{x}"),
        (r"{BERT}", "{BERT}"), (r"C:\c{d}", r"C:\c{d}"), (r"\'s", r"\'s"), (r"{\foo}", r"{\foo}"), ("{'e}", "{'e}"),
    ],
)  # fmt: skip
def test_only_what_nobody_but_latex_writes_becomes_a_letter(written: str, plain: str) -> None:
    assert _latex.plain(written) == plain


def test_accents_are_read_in_time_by_length_alone() -> None:
    start = time.process_time()
    for piece in ("{\\", "{\\'{", "\\'{e", "{\\c ", "\\"):
        _latex.plain(piece * 200_000)
    assert time.process_time() - start < 10


# --- sites ------------------------------------------------------------------------------------------

# Skeletons of each site's pages: the tags of the site, our words.
CVF = """<title>CVPR 2021 Open Access Repository</title>
<meta name="citation_title" content="A Net of $\\alpha$-Nets"><meta name="citation_author" content="Li, Wei">
<meta name="citation_author" content="Garc{\\'i}a, Ana"><meta name="citation_publication_date" content="2021">
<meta name="citation_pdf_url" content="https://openaccess.thecvf.com/content/CVPR2021/papers/Li_A_paper.pdf">
<div id="papertitle"> A Net of $\\alpha$-Nets</div><div id="authors"><b><i>Wei Li, Ana Garcia</i></b></div>
<font size="5">Abstract</font><div id="abstract"> We  show that nets help.</div>"""
OPENREVIEW = """<title>Nets Help Nets | OpenReview</title><meta name="description" content="Nets are what helps nets.">
<meta property="og:title" content="Nets Help Nets"><meta name="citation_title" content="Nets Help Nets">
<meta name="citation_author" content="Wei Li"><meta name="citation_online_date" content="2022/01/28">
<meta name="citation_pdf_url" content="https://openreview.net/pdf?id=abc_DEF-9"><div id="__next"></div>"""
ACL = """<title>Nets of Words - ACL Anthology</title><meta content="Nets of Words" name="citation_title">
<meta content="Wei Li" name="citation_author"><meta content="2022/5" name="citation_publication_date">
<meta content="10.18653/v1/2022.acl-long.304" name="citation_doi">
<meta property="og:description" content="Wei Li. Proceedings of a Meeting. 2022.">
<h2 id="title"><a href="x.pdf">Nets of <span class="acl-fixed-case">W</span>ords</a></h2>
<div class="card-body acl-abstract"><h5 class="card-title">Abstract</h5><span>Words make <i>nets</i>.</span></div>"""
PMLR = """<title>Nets in Proceedings</title><meta name="citation_title" content="Nets in Proceedings">
<meta name="citation_author" content="Wei Li"><meta name="citation_inbook_title" content="A Conference">
<article><h1>Nets in Proceedings</h1><h4>Abstract</h4>
<div id="abstract" class="abstract"> Nets proceed. </div></article>"""
NEURIPS = """<title>Nets are All</title><meta name="citation_title" content="Nets are All">
<meta name="citation_author" content="Li, Wei"><meta name="citation_journal_title" content="Advances in Nets">
<meta name="citation_volume" content="33"><h4>Nets are All</h4><h4>Authors</h4><p><i>Wei Li</i></p>
<h4>Abstract</h4><p><p>All are nets.</p></p>"""
ZHIHU_COLUMN = """<title data-rh="true">读一篇关于网络的论文 - 知乎</title>
<meta name="description" content="一段话">
<meta property="og:title" content="读一篇关于网络的论文"><h1 class="Post-Title">读一篇关于网络的论文</h1>
<div class="AuthorInfo" itemprop="author"><meta itemprop="name" content="某人"/></div>"""
ZHIHU = """<title data-rh="true">网络是什么？ - 知乎</title><h1 class="QuestionHeader-title">网络是什么？</h1>
<meta itemprop="name" content="网络是什么？"/><div class="AuthorInfo"><meta itemprop="name" content="甲"/></div>
<div class="AuthorInfo"><meta itemprop="name" content="乙"/></div>"""

YOUTUBE = (
    """<title>Nets in Five Minutes - YouTube</title><meta name="description" content="Nets, quickly.">"""
)
BILIBILI = """<title data-vue-meta="true">五分钟讲完网络_哔哩哔哩_bilibili</title>
<meta name="description" content="网络">"""

SITES = {
    "CVF Open Access": ("https://openaccess.thecvf.com/content/CVPR2021/html/Li_A_paper.html", CVF,
                        r"A Net of $\alpha$-Nets", "We show that nets help.", ("Li, Wei", "García, Ana")),
    "OpenReview": ("https://openreview.net/forum?id=abc_DEF-9", OPENREVIEW,
                   "Nets Help Nets", "Nets are what helps nets.", ("Wei Li",)),
    "ACL Anthology": ("https://aclanthology.org/2022.acl-long.304/", ACL,
                      "Nets of Words", "Words make nets.", ("Wei Li",)),
    "PMLR": ("https://proceedings.mlr.press/v97/li19a.html", PMLR, "Nets in Proceedings", "Nets proceed.", ("Wei Li",)),
    "NeurIPS Proceedings": ("https://papers.nips.cc/paper/2020/hash/0a-Abstract.html", NEURIPS,
                            "Nets are All", "All are nets.", ("Li, Wei",)),
    "Zhihu column": ("https://zhuanlan.zhihu.com/p/111306353", ZHIHU_COLUMN, "读一篇关于网络的论文", "一段话", ("某人",)),
    "Zhihu": ("https://www.zhihu.com/question/372070853", ZHIHU, "网络是什么？", None, None),
    "YouTube": ("https://www.youtube.com/watch?v=aaaaaaaaaaa", YOUTUBE, "Nets in Five Minutes", "Nets, quickly.", None),
    "Bilibili": ("https://www.bilibili.com/video/BV1", BILIBILI, "五分钟讲完网络", "网络", None),
}  # fmt: skip


def test_every_record_has_a_page_here() -> None:
    assert {host.name for host in HOSTS} == set(SITES)


@pytest.mark.parametrize("name", SITES)
def test_a_page_of_a_known_site_gives_title_abstract_and_authors(name: str) -> None:
    url, body, title, description, authors = SITES[name]
    page = read(url, body)
    assert page is not None
    assert (page.title, page.description) == (title, description)
    assert (page.citation or {}).get("author") == authors


@pytest.mark.parametrize("name", SITES)
def test_a_page_of_a_known_site_without_its_facts_has_its_plain_title(name: str) -> None:
    host = next(host for host in HOSTS if host.name == name)
    page = read(
        SITES[name][0], f"<title>Something{host.title_end}</title><h4>Abstract</h4><h4>Abstract</h4>"
    )
    assert page == Page(title="Something")


@pytest.mark.parametrize(
    ("url", "body"),
    [
        ("https://zhuanlan.zhihu.com/p/1", '<title>知乎</title><meta id="zh-zse-ck" content="004_x">'),
        ("https://www.zhihu.com/question/1", "<title>安全验证 - 知乎</title>"),
        ("https://zhuanlan.zhihu.com/p/1", "<title>知乎 - 有问题，就会有答案</title>"),
        ("https://openreview.net/forum?id=x", '<title>Wait</title>{"name":"ChallengeRequiredError"}'),
        ("https://openreview.net/forum?id=x", "<title>OpenReview</title>"),
    ],
)
def test_what_is_shown_to_programs_is_no_page(url: str, body: str) -> None:
    assert read(url, body) is None


def test_a_long_article_may_speak_of_a_wall() -> None:
    body = "<title>绕过 zse-ck - 知乎</title>" + "<p>关于 zse-ck 的说明。" * 2000
    assert read("https://zhuanlan.zhihu.com/p/1", body) == Page(title="绕过 zse-ck")


CVF_HOST = "https://openaccess.thecvf.com"
LANDING = [
    (f"{CVF_HOST}/content/CVPR2021/papers/Li_A_B_paper.pdf", f"{CVF_HOST}/content/CVPR2021/html/Li_A_B_paper.html"),
    ("http://openaccess.thecvf.com/content_ECCV_2018/papers/Li_A_paper.pdf",
     f"{CVF_HOST}/content_ECCV_2018/html/Li_A_paper.html"),
    (f"{CVF_HOST}/content_CVPRW_2019/papers/TRMTMCT/Li_A_paper.pdf",
     f"{CVF_HOST}/content_CVPRW_2019/html/TRMTMCT/Li_A_paper.html"),
    ("http://www.cv-foundation.org/openaccess/content_cvpr_2014/papers/Li_A_paper.pdf",
     "https://www.cv-foundation.org/openaccess/content_cvpr_2014/html/Li_A_paper.html"),
    (f"{CVF_HOST}/content_cvpr_2017/supplemental/Li_A_supplemental.pdf", None),
    (f"{CVF_HOST}/CVPR2020.py", None),
    ("https://openreview.net/pdf?id=B1fUVMzKg", "https://openreview.net/forum?id=B1fUVMzKg"),
    ("https://openreview.net/pdf?id=B1f&name=pdf", "https://openreview.net/forum?id=B1f"),
    ("https://openreview.net/pdf/0123abcd.pdf", None),
    ("https://aclanthology.org/2022.acl-long.304.pdf", "https://aclanthology.org/2022.acl-long.304/"),
    ("https://aclanthology.org/2020.acl-main.1v2.pdf", "https://aclanthology.org/2020.acl-main.1/"),
    ("https://www.aclweb.org/anthology/P19-1001.pdf", "https://www.aclweb.org/anthology/P19-1001/"),
    ("https://aclanthology.org/attachments/2022.acl-long.304.software.zip", None),
    ("http://proceedings.mlr.press/v97/tan19a/tan19a.pdf", "https://proceedings.mlr.press/v97/tan19a.html"),
    ("http://proceedings.mlr.press/v37/ioffe15.pdf", "https://proceedings.mlr.press/v37/ioffe15.html"),
    ("http://proceedings.mlr.press/v97/tan19a/tan19a-supp.pdf", None),
    ("http://papers.nips.cc/paper/5333-large-scale-l-bfgs.pdf", "https://papers.nips.cc/paper/5333-large-scale-l-bfgs"),
    ("https://papers.nips.cc/paper/2020/file/0a1b-Paper.pdf", "https://papers.nips.cc/paper/2020/hash/0a1b-Abstract.html"),
    ("https://proceedings.neurips.cc/paper_files/paper/2022/file/0a-Paper-Conference.pdf",
     "https://proceedings.neurips.cc/paper_files/paper/2022/hash/0a-Abstract-Conference.html"),
    ("https://proceedings.neurips.cc/paper_files/paper/2022/file/0a-Paper-Datasets_and_Benchmarks.pdf",
     "https://proceedings.neurips.cc/paper_files/paper/2022/hash/0a-Abstract-Datasets_and_Benchmarks.html"),
    ("https://proceedings.neurips.cc/paper/2021/file/0a-Supplemental.pdf", None),
    ("https://example.org/content/CVPR2021/papers/Li_A_paper.pdf", None),
]  # fmt: skip


@pytest.mark.parametrize(("pdf", "page"), LANDING)
def test_a_pdf_of_a_known_site_is_described_at_its_page(pdf: str, page: str | None) -> None:
    assert landing_page([pdf]) == page
    assert page is None or canonical(page) == page


def test_the_address_that_a_pdf_was_found_at_counts_before_that_of_the_link() -> None:
    moved = "https://papers.nips.cc/paper/2014/file/0a-Paper.pdf"
    assert landing_page([moved, "http://papers.nips.cc/paper/5333-x.pdf"]) == (
        "https://papers.nips.cc/paper/2014/hash/0a-Abstract.html"
    )


@pytest.mark.parametrize(
    ("content_type", "asked"),
    [("application/pdf", True), ("application/octet-stream", True), ("text/html", False)],
)
def test_only_what_is_no_page_itself_is_looked_up_at_another(content_type: str, asked: bool) -> None:
    url = "https://aclanthology.org/2022.acl-long.304.pdf"
    target = Target(id=f"url:{url}", url=CanonicalUrl(url), kind="web", host="aclanthology.org")
    answer = Response(url=url, status=200, headers={"content-type": content_type})
    question = web.ask_facts(target, answer)
    assert (question is not None) == asked
    if question is not None:
        assert (question.url, question.method) == ("https://aclanthology.org/2022.acl-long.304/", "GET")
    assert (
        web.ask_facts(replace(target, url=CanonicalUrl("https://a.example/")), replace(answer, url=URL))
        is None
    )


URL = "https://example.org/paper.pdf"


def test_a_page_that_is_not_about_the_paper_describes_no_pdf() -> None:
    pdf, page = "https://aclanthology.org/P19-1001.pdf", "https://aclanthology.org/P19-1001/"
    assert read(page, ACL, target_url=pdf) is not None
    assert read("https://aclanthology.org/", "<title>ACL Anthology</title>", target_url=pdf) is None
    assert read(page, ACL, target_url=pdf, status=404) is None


PIECES = (
    "<h4>Abstract</h4>",
    "<h4>Abstract<p></p>",
    '<div class="AuthorInfo acl-abstract"></div>',
    "<p><span>x",
)


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("name", ["NeurIPS Proceedings", "ACL Anthology", "Zhihu column"])
def test_a_hostile_page_of_a_known_site_costs_a_few_seconds_at_most(name: str, piece: str) -> None:
    start = time.process_time()
    read(SITES[name][0], piece * ((256 << 10) // len(piece)))
    assert time.process_time() - start < 3


@pytest.mark.parametrize("url", ["", "x", "https://", "mailto:a@b.c", "https://zhihu.com.evil.example/"])
def test_other_addresses_belong_to_no_known_site(url: str) -> None:
    assert host_at(url) is ELSEWHERE
    assert landing_page([url]) is None
