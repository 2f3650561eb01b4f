"""Pages that are gone and answer with success, and all that only looks like them.

What whole sites answer, and what is stated then, is in `tests/fetch/outcomes.py`.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrich.kinds import web
from enrich.kinds._shown import nonsense_beside
from enrich.kinds._soft_404 import doubt_of, says_not_found
from enrich.model import Doubt, Failure, FailureKind, Hop, Response, Status, Target, Verdict
from enrich.verdict import challenge, judge_http

HTML = {"content-type": "text/html; charset=utf-8"}
SORRY = b"<title>Page not found | Moss</title><h1>Page not found</h1>"
SORRY_ZH = "<title>页面不存在 - 苔藓网</title>".encode()
CLOUDFLARE = b"<title>Just a moment</title><script>window._cf_chl_opt={}</script>"
FRONT = b'<title>Moss</title><a href="/blog/first-post">our first post</a>'

SIGNS = [
    *(
        "404",
        "404 Not Found",
        "Not Found",
        "Page not found",
        "Page Not Found | Moss",
        "Moss - 404",
        "Error 404",
    ),
    *(
        "404 - File or page not found.",
        "Oops! Page not found",
        "Sorry, this page doesn't exist.",
        "HTTP 404",
    ),
    *(
        "The page you requested was not found",
        "This page could not be found",
        "404: This page could not be found.",
    ),
    *(
        "The requested URL was not found",
        "The page you are looking for does not exist",
        "404 | Page not available",
    ),
    *(
        "We can't find that page",
        "Article not found :: Moss",
        "The page cannot be found",
        "This page no longer exists",
    ),
    *(
        "页面不存在",
        "404页面",
        "页面未找到 - 苔藓网",
        "抱歉，您访问的页面不存在",
        "找不到页面",
        "您要找的页面不存在或已删除",
    ),
    *(
        "Oops! That page can’t be found. – Moss",
        "百度网盘-链接不存在",
        "ページが見つかりません | 苔",
        "お探しのページは見つかりませんでした",
    ),
    *(
        "文章不存在",
        "頁面不存在",
        "找不到網頁 | 苔蘚",
        "对不起，页面找不到了",
        "内容已删除",
        "404错误",
        "该页面走丢了",
    ),
]
NO_SIGNS = [
    *(
        "How to design a 404 page",
        "404 Media",
        "The 404 page of the year",
        "Lost and found",
        "Not found in nature",
    ),
    *(
        "Error handling in Go",
        "Room 404",
        "HTTP 404 and its friends",
        "Finding pages",
        "Page 404 of the manuscript",
    ),
    *("Missing: a page from history", "What is not found cannot be lost", "", "Moss", "Exists", "404s"),
    *(
        "如何设计404页面",
        "页面不存在的原因",
        "为什么找不到页面",
        "存在与时间",
        "不存在的骑士",
        "寻找丢失的文章",
        "苔藓",
    ),
]


@pytest.mark.parametrize("title", SIGNS)
def test_a_part_of_a_title_says_that_nothing_was_found(title: str) -> None:
    assert says_not_found(title)


@pytest.mark.parametrize("title", SIGNS)
def test_a_page_with_such_a_title_is_looked_at(title: str) -> None:
    body = f"<html><head><title>{title}</title></head><body><p>Go home.</p></body></html>".encode()
    assert (
        doubt_of(Response(url="https://example.org/a/b", status=200, headers=HTML, body=body)) is not None
    )


@pytest.mark.parametrize("title", NO_SIGNS)
def test_words_inside_a_sentence_say_nothing(title: str) -> None:
    assert not says_not_found(title)


@pytest.mark.parametrize(
    ("url", "beginning", "end"),
    [
        ("https://example.org/blog/a", "https://example.org/blog/", ""),
        ("https://example.org/blog/a/", "https://example.org/blog/", "/"),
        ("https://example.org/a.html?x=1", "https://example.org/", ".html"),
        ("http://example.org:8080/a/b/c.php", "http://example.org:8080/a/b/", ".php"),
    ],
)
def test_nonsense_stands_in_the_same_directory_under_a_name_that_stays(
    url: str, beginning: str, end: str
) -> None:
    found = nonsense_beside(url)
    assert found.startswith(beginning)
    assert found.endswith(end)
    name = found.removeprefix(beginning).removesuffix(end)
    assert name.isalpha()
    assert len(name) == 20
    assert nonsense_beside(f"{url}&again") == found or "?" not in url
    assert nonsense_beside(url) != nonsense_beside(url.replace("example.org", "example.net"))


# --- what may never be called broken -----------------------------------------------------------------

URL = "https://example.org/blog/a"
WALL_MARKS = st.sampled_from(
    [
        {},
        {},
        {},
        {"cf-mitigated": "challenge"},
        {"x-amzn-waf-action": "challenge"},
        {"x-datadome": "1"},
        {"server": "AkamaiGHost"},
    ]
)
BODIES = st.sampled_from([b"", SORRY, SORRY_ZH, CLOUDFLARE, b'<meta id="zh-zse-ck">', FRONT])
PLACES = st.sampled_from(
    [
        "https://example.org/",
        URL,
        "https://example.org/404",
        "http://example.org/login",
        "https://b.example/en/",
    ]
)
ANSWERS = st.builds(
    Response,
    url=PLACES,
    status=st.sampled_from([200, 202, 404, 410]) | st.integers(100, 999),
    headers=WALL_MARKS.map(lambda marks: {**HTML, **marks}),
    body=BODIES,
    hops=st.lists(st.builds(Hop, PLACES, st.sampled_from([301, 302, 303, 307, 308]))).map(tuple),
)


@settings(max_examples=500, deadline=None)
@given(ANSWERS)
def test_only_two_statuses_condemn_by_themselves(answer: Response) -> None:
    verdict = judge_http(answer)
    if verdict.status is Status.BROKEN:
        assert answer.status in (404, 410)
        assert challenge(answer) is None
    if not (answer.status in (404, 410) and challenge(answer) is None):
        assert verdict.status is not Status.BROKEN


@settings(max_examples=500, deadline=None)
@given(ANSWERS, ANSWERS, ANSWERS)
def test_what_is_doubted_is_broken_only_where_nonsense_looks_the_same(
    answer: Response, nonsense: Response, inside: Response
) -> None:
    """By no answers at all is a page condemned that is refused, fails, or is not like the one for nonsense."""
    target = Target(id=f"url:{URL}", url=URL, kind="web", host="example.org")
    said: Verdict | Doubt | None = web.doubt(target, answer)
    for control in (nonsense, inside):
        if isinstance(said, Doubt):
            said = said.settle(said.see(control))
    if isinstance(said, Verdict) and said.status is Status.BROKEN:
        assert said.reason == "soft-404"
        assert 200 <= answer.status < 300
        assert 200 <= nonsense.status < 300
        assert challenge(nonsense) is None


def test_no_failure_settles_a_doubt() -> None:
    for answer in (SORRY, SORRY_ZH):
        doubted = web.doubt(
            Target(id=f"url:{URL}", url=URL, kind="web", host="example.org"),
            Response(url=URL, status=200, headers=HTML, body=answer),
        )
        assert doubted is not None
        for kind in FailureKind:
            assert doubted.settle(doubted.see(Failure(kind=kind, detail="", url=URL))) is None
