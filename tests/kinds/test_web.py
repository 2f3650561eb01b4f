"""Any other page: how it is asked, and what it says about itself."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import report_target

from enrich import registry
from enrich.kinds import _html, _page_facts, web
from enrich.kinds._shown import READ_BYTES
from enrich.model import (
    CanonicalUrl,
    Failure,
    FailureKind,
    Hop,
    Page,
    Purpose,
    Response,
    Status,
    Suggestion,
    Target,
)

URL = "https://example.org/a"
TARGET = Target(id=f"url:{URL}", url=URL, kind="web", host="example.org")
HTML = "text/html; charset=utf-8"


def response(
    body: bytes = b"", status: int = 200, content_type: str | None = HTML, **headers: str
) -> Response:
    given_headers = {name.replace("_", "-"): value for name, value in headers.items()}
    if content_type is not None:
        given_headers["content-type"] = content_type
    return Response(url=URL, status=status, headers=given_headers, body=body)


def read(body: bytes | str, content_type: str | None = HTML) -> Page | None:
    raw = body.encode() if isinstance(body, str) else body
    found = web.read_page(TARGET, response(raw, content_type=content_type)).metadata
    assert found is None or isinstance(found, Page)
    return found


def title(body: bytes | str, content_type: str | None = HTML) -> str | None:
    page = read(body, content_type)
    return page.title if page else None


# --- identity and asking ----------------------------------------------------------------------------


@pytest.mark.parametrize("url", ["https://example.org/", "mailto:a@example.org", "ftp://example.org/x"])
def test_every_address_is_a_page_of_its_own(url: str) -> None:
    identity = registry.identify(CanonicalUrl(url))
    assert (identity.id, identity.kind, identity.url) == (f"url:{url}", "web", url)


def test_a_page_that_is_wanted_is_asked_for_at_once() -> None:
    question = web.request(TARGET, True)
    assert (question.method, question.purpose, question.url) == ("GET", Purpose.PAGE, URL)
    assert question.retry
    assert not question.retries_silence, "others go first"


@pytest.mark.parametrize(
    "end", ["/a.pdf", "/a.PDF#page=3", "/a.tar.gz", "/a.zip?download=1", "/photo.jpeg", "/data.csv"]
)
def test_a_file_is_asked_about_and_not_fetched(end: str) -> None:
    target = replace(TARGET, url=f"https://example.org{end}")
    assert web.request(target, True).method == "HEAD"


@pytest.mark.parametrize("wants_page", [False, True])
def test_a_pdf_whose_page_is_known_is_not_fetched_itself(wants_page: bool) -> None:
    target = replace(TARGET, url="https://openreview.net/pdf?id=H1xscnEKDr", host="openreview.net")
    assert web.request(target, wants_page).method == "HEAD"


def test_all_that_was_waited_for_in_vain_counts_as_retries() -> None:
    silent = Failure(kind=FailureKind.TIMEOUT, detail="", url=URL, attempts=2)
    question = web.confirm(TARGET, silent, True)
    assert question is not None
    assert question.asked_before == 2


@pytest.mark.parametrize("end", ["/", "/a", "/a.html", "/a.php?id=1", "/a.pdf/view", "/v1.0", "/zip"])
def test_what_may_be_a_page_is_fetched(end: str) -> None:
    target = replace(TARGET, url=f"https://example.zip{end}")
    assert web.request(target, True).method == "GET"


@pytest.mark.parametrize(
    ("kind", "before"),
    [("timeout", 1), ("protocol-error", 0), ("connect-failure", 0), ("too-large", 0), ("bot-wall", 0)],
)
def test_a_page_that_did_not_come_may_be_told_to_be_there_by_a_head(kind: str, before: int) -> None:
    failed = Failure(kind=FailureKind(kind), detail="", url=URL)
    question = web.confirm(TARGET, failed, True)
    assert question is not None
    assert (question.method, question.retry, question.asked_before) == ("HEAD", before > 0, before)


@pytest.mark.parametrize("status", [200, 202, 301, 403, 404, 405, 500, 503])
def test_what_a_page_was_answered_with_stands(status: int) -> None:
    answered = replace(response(status=status), attempts=3 if status >= 500 else 1)
    assert web.confirm(TARGET, answered, True) is None


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_refusal_that_was_not_put_again_is_put_to_whoever_knows_why(status: int) -> None:
    question = web.confirm(TARGET, response(status=status), True)
    assert question is not None
    assert (question.method, question.asked_before) == ("GET", 1)


def test_the_first_question_without_a_page_is_a_head() -> None:
    question = web.request(TARGET, False)
    assert (question.method, question.purpose, question.url) == ("HEAD", Purpose.PROBE, URL)
    assert not question.retry, "a GET follows, and is asked again where that helps"


@pytest.mark.parametrize(
    ("kind", "before"), [("timeout", 1), ("connect-failure", 0), ("protocol-error", 0)]
)
def test_a_head_that_was_waited_for_in_vain_is_one_of_the_tries(kind: str, before: int) -> None:
    failed = Failure(kind=FailureKind(kind), detail="", url=URL)
    question = web.confirm(TARGET, failed, False)
    assert question is not None
    assert question.asked_before == before


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 405, 410, 429, 451, 500, 501, 503, 999])
def test_head_never_condemns(status: int) -> None:
    question = web.confirm(TARGET, response(status=status), False)
    assert question is not None
    assert (question.method, question.purpose, question.max_body_bytes) == ("GET", Purpose.PAGE, 1 << 20)
    assert question.body_types == ("text/html", "application/xhtml+xml")


def test_what_a_get_cannot_change_is_not_asked_again() -> None:
    assert web.confirm(TARGET, response(status=407), False) is None


@pytest.mark.parametrize("kind", FailureKind)
def test_a_failure_that_may_be_for_head_alone_is_asked_with_get(kind: FailureKind) -> None:
    worth = {
        "timeout", "connect-failure", "dns-failure", "protocol-error", "too-large", "too-many-redirects",
            "bot-wall",
    }  # fmt: skip
    failure = Failure(kind=kind, detail="", url=URL)
    assert (web.confirm(TARGET, failure, False) is not None) == (kind.value in worth)


def test_a_good_answer_stands() -> None:
    assert web.confirm(TARGET, response(), False) is None


def test_who_was_led_to_log_in_by_a_head_is_asked_with_get() -> None:
    led = replace(response(), url="https://example.org/login", hops=(Hop(URL, 302),))
    assert web.confirm(TARGET, led, False) is not None


def test_a_202_may_be_a_walls_whose_mark_head_does_not_show() -> None:
    assert web.confirm(TARGET, response(status=202), False) is not None


def test_a_good_answer_with_the_mark_of_a_wall_is_asked_with_get() -> None:
    assert web.confirm(TARGET, response(status=202, x_amzn_waf_action="challenge"), False) is not None


@pytest.mark.parametrize(
    ("content_type", "asked"),
    [
        (HTML, True),
        ("Application/XHTML+XML", True),
        (None, True),
        ("application/pdf", False),
        ("image/png", False),
    ],
)
def test_what_ends_like_a_file_and_is_a_page_is_fetched_where_metadata_are_due(
    content_type: str | None, asked: bool
) -> None:
    target = replace(TARGET, url="https://example.org/a.pdf")
    assert (web.confirm(target, response(content_type=content_type), True) is not None) == asked


def test_it_is_judged_as_plain_http() -> None:
    assert web.judge(TARGET, response(status=404)).status is Status.BROKEN


@pytest.mark.parametrize(
    ("url", "codes"),
    [("http://example.org/a", ["https-available"]), ("http://zhuanlan.zhihu.com/p/1", [])],
)
def test_that_https_would_do_is_told_once(url: str, codes: list[str]) -> None:
    """Of a host that is known to, it is told where the note is read, whether or not anybody asks."""
    better = Suggestion(url.replace("http:", "https:"), "https-available")
    row = report_target(
        f"url:{url}", url, kind="web", status=Status.OK, reason="http-200", suggestion=better
    )
    found = list(web.findings_of(row))
    assert [one.code for one in found] == codes
    assert all(one.suggestion == better and better.url in one.message for one in found)


# --- reading ----------------------------------------------------------------------------------------


def test_a_page_says_what_it_is() -> None:
    page = read(
        """<head><title> A &amp;\n B </title><meta name="Description" content=" some  words ">
        <link rel="stylesheet" href="x"><link rel="alternate Canonical" href="HTTPS://Example.org:443/b#c">
        <meta name="citation_title" content="A Paper"><meta name="citation_author" content="One, A.">
        <meta name="citation_author" content="Two, B."><meta name="Citation_arXiv_ID" content="2001.00001">
        <meta name="citation_doi" content=""></head>"""
    )
    assert page == Page(
        title="A & B",
        description="some words",
        canonical_url="https://example.org/b",
        citation={"title": ("A Paper",), "author": ("One, A.", "Two, B."), "arxiv_id": ("2001.00001",)},
    )


def test_what_a_page_tells_other_sites_stands_in_for_what_is_missing() -> None:
    page = read(
        '<title> </title><meta property="og:title" content="T"><meta property="og:description" content="D">'
    )
    assert page == Page(title="T", description="D")


def test_the_title_of_a_drawing_is_not_that_of_the_page() -> None:
    assert title("<body><svg><title>icon</title></svg>") is None


@pytest.mark.parametrize(
    "address", ["/b", "//example.org/b", "javascript:x", "mailto:a@b.c", "", "https://[", "b"]
)
def test_a_canonical_address_is_absolute_or_none(address: str) -> None:
    page = read(f'<title>t</title><link rel="canonical" href="{address}">')
    assert page == Page(title="t")


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("<title>中文</title>".encode("gb2312"), "text/html; charset=GB2312"),
        ("<title>中文</title>".encode("gbk"), 'text/html; charset="gbk"'),
        ('<meta charset="gbk"><title>中文</title>'.encode("gbk"), "text/html"),
        (
            '<meta http-equiv="Content-Type" content="text/html; charset=gb2312"><title>中文</title>'.encode(
                "gbk"
            ),
            "text/html",
        ),
        ("<title>中文</title>".encode("gb18030"), "text/html"),
        ("<title>中文</title>".encode(), "text/html"),
        ("<title>中文</title>".encode(), None),
        ("<title>中文</title>".encode("utf-8-sig"), "text/html; charset=gbk"),
        ("\ufeff<title>中文</title>".encode("utf-16-le"), "text/html"),
        ("\ufeff<title>中文</title>".encode("utf-16-be"), "text/html"),
        ("<title>中文</title>".encode("big5"), "text/html; charset=big5"),
        ("<title>中文</title>".encode(), "text/html; charset=base64"),
        ("<title>中文</title>".encode(), "text/html; charset=no-such-thing"),
    ],
)
def test_a_title_is_read_in_its_own_encoding(body: bytes, content_type: str | None) -> None:
    assert title(body, content_type) == "中文"


def test_a_page_in_latin_1_is_read_as_browsers_do() -> None:
    assert (
        title("<title>caf\u00e9 \u2013</title>".encode("cp1252"), "text/html; charset=iso-8859-1")
        == "café –"
    )


def test_a_character_cut_at_the_limit_does_not_change_the_encoding() -> None:
    body = "<title>中文</title>".encode().ljust(READ_BYTES - 1, b" ") + "中".encode()
    assert title(body, "text/html") == "中文"


@pytest.mark.parametrize(
    "answer",
    [
        response(b"<title>t</title>", status=404),
        response(b"<title>t</title>", content_type="application/pdf"),
        response(b"<title>Just a moment</title>", cf_mitigated="challenge"),
        response(b""),
        response(b"<p>no facts</p>"),
    ],
)
def test_an_answer_that_is_no_page_has_no_facts(answer: Response) -> None:
    found = web.read_page(TARGET, answer)
    assert (found.metadata, found.alias) == (None, None)


def test_facts_are_bounded() -> None:
    names = "".join(f'<meta name="citation_n{i}" content="{"x" * 100}">' for i in range(200))
    authors = '<meta name="citation_author" content="A">' * 2000
    page = read(f"<title>{'t' * 9000}</title>{authors}{names}")
    assert page is not None
    assert page.citation is not None
    assert len(page.title or "") == _page_facts.TITLE_CHARACTERS
    assert len(page.citation) == _page_facts.CITATION_NAMES
    assert len(page.citation["author"]) == _page_facts.CITATION_VALUES


def test_only_the_beginning_of_a_page_is_read() -> None:
    assert title(b"<p>".ljust(READ_BYTES) + b"<title>late</title>") is None


@settings(deadline=None, max_examples=200)
@given(
    st.one_of(
        st.binary(max_size=300), st.text("<>!-/='\" abdivscriptyle&;\x00é中", max_size=300).map(str.encode)
    )
)
def test_rubbish_is_read_without_a_fault(body: bytes) -> None:
    read(body)
    read(b"<title>" + body, "text/html; charset=\x00\udcff")


# --- pages made to hang the parser ------------------------------------------------------------------

PATHOLOGICAL = {
    "nested": b"<div>" * 100_000,
    "nested in what the page hides": b"<textarea><style></textarea>" + b"<div>" * 40_000,
    "nested after an empty comment": b"<!-->" + b"<div>" * 40_000 + b"-->",
    "nested with foreign slashes": b"<svg>" + b"<div/>" * 40_000,
    "nested behind a foreign script": b"<svg><script>" + b"<i1>" * 40_000,
    "attributes": b"<p " + b" ".join(b"a%d" % i for i in range(100_000)) + b">",
    "attributes in a tag without end": b"<p " + b" ".join(b"a%d" % i for i in range(100_000)),
    "attributes between quotes that are none": b'<p x=y"' + b" a b" * 30_000 + b'">',
    "formatting repeated in every paragraph": b"".join(b"<p><b a%d>" % i for i in range(20_000)),
    # 17 KB that would grow to 360 MB.
    "formatting repeated in a small page": b"".join(b"<p><b a%d>" % i for i in range(1500)),
    "list items inside containers": b"<div><li>" * 20_000,
}


@pytest.mark.parametrize("name", PATHOLOGICAL)
def test_a_page_made_to_hang_the_parser_is_left_unread(name: str) -> None:
    start = time.process_time()
    assert not _html.is_harmless(PATHOLOGICAL[name])
    assert read(b"<title>t</title>" + PATHOLOGICAL[name]) == web.UNREAD
    assert time.process_time() - start < 3


HARMLESS = {
    "unclosed paragraphs and cells": b"<p>a<li>b<table><tr><td>c" + b"<tr><td>d<p>e" * 9_000,
    "comparisons in a script": b"<script>" + b"for(i=0;i<n;i++)a<b;" * 9_000 + b"</script>",
    "void and foreign elements": b"<br><img><svg>" + b"<path d=1 />" * 9_000 + b"</svg>",
    "a long attribute": b'<img src="data:' + b"a b/c = d " * 9_000 + b'">',
    "a few unclosed words": b"<b><i><font>" + b"<div>x</div>" * 9_000,
    "a comment": b"<!-- " + b"<div>" * 40_000 + b" -->",
    "an end in the middle of a tag": b"<p>a</p>" * 100 + b'<a href="b',
    "lists inside lists": b"<ul><li>" * 200 + b"</ul>" * 200,
}


@pytest.mark.parametrize("name", HARMLESS)
def test_a_page_as_people_write_them_is_read(name: str) -> None:
    assert _html.is_harmless(HARMLESS[name])
    assert title(b"<title>t</title>" + HARMLESS[name]) == "t"
