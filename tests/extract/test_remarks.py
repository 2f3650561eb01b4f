"""What links show by themselves: labels that promise another address, and http where https is answered."""

from __future__ import annotations

import time
from collections import Counter

import pytest
from requirements import shared

from enrich.extract import extract
from enrich.extract.remarks import remarks
from enrich.model import Element, Link
from enrich.registry import finding_codes


def link(text: str | None, url: str, **facts: object) -> Link:
    return Link(url=url, line=3, column=7, element=Element.INLINE, text=text, **facts)  # type: ignore[arg-type]


def codes(*links: Link) -> list[str]:
    return [remark.code for remark in remarks(links)]


_DIFFERING = [
    # The four kinds of slip that real notes hold.
    ("https://github.com/owner/relabel", "https://github.com/owner/relabel_"),
    ("https://github.com/owner/omnin", "https://github.com/owner/omni"),
    ("https://arxiv.org/abs/2103.15726", "https://arxiv.org/abs/2103.15306"),
    ("https://arxiv.org/abs/1604.01850v1", "https://arxiv.org/abs/1604.01850v2"),
    ("https://arxiv.org/abs/1604.01850", "https://arxiv.org/abs/1604.01850v2"),
    ("https://arxiv.org/abs/2103.15726", "https://github.com/owner/name"),
    ("https://example.org/a", "https://example.net/a"),
    ("https://example.org/a", "https://example.org/b"),
    ("https://example.org/A", "https://example.org/a"),
    ("https://example.org/a?id=1", "https://example.org/a?id=2"),
    ("https://example.org/a?id=1", "https://example.org/a"),
    ("www.example.org", "https://www.example.net/"),
    ("github.com/owner/name", "https://github.com/owner/other"),
    ("arxiv.org/abs/2103.15726", "https://arxiv.org/abs/2103.15306"),
    ("https://mp.weixin.qq.com/s/AbCdEfGhIjKlMnOpQrStUg", "https://mp.weixin.qq.com/s/AbCdEfGhIjKlMnOpQrStUw"),
    ("https://github.com/owner/very-long…", "https://github.com/owner/other"),
    ("https://github.com/owner/…/b.py", "https://github.com/owner/name/a.py"),
    ("https://example.org/a", "https://link.example.com/?target=https%3A%2F%2Fexample.org%2Fb"),
    ("https://doi.org/10.1000/1", "https://doi.org/10.1000/2"),
    ("`https://example.org/a`", "https://example.org/b"),
    ("https://example.org/a。", "https://example.org/b"),
    ("https://example.org/a", "http://example.org:8080/a"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "url"), _DIFFERING)
def test_a_label_that_is_another_address_is_found(text: str, url: str) -> None:
    (remark,) = (one for one in remarks([link(text, url)]) if one.code == "label-differs")
    assert (remark.line, remark.column) == (3, 7)
    assert url in remark.message


_AGREEING = [
    ("https://example.org/a", "https://example.org/a"),
    ("http://example.org/a", "https://example.org/a"),
    ("www.example.org/a", "https://example.org/a"),
    ("https://example.org/a/", "https://example.org/a"),
    ("https://Example.ORG/a", "https://example.org/a"),
    ("https://example.org:443/a", "https://example.org/a"),
    ("https://example.org/a.pdf", "https://example.org/a"),
    ("https://example.org/a#part", "https://example.org/a"),
    ("https://example.org/a", "https://example.org/a#part"),
    ("https://example.org/a", "https://example.org/a?utm_source=note"),
    # The fifth of the five that differ in real notes: one address, escaped and encoded.
    ("https://example.org/a\\_b", "https://example.org/a%5Fb"),
    ("https://example.org/a_b", "https://example.org/a%5C_b"),
    ("https://example.org/a?x=1&amp;y=2", "https://example.org/a?x=1&y=2"),
    ("https://example.org/注", "https://example.org/%E6%B3%A8"),
    ("https://例子.cn/a", "https://xn--fsqu00a.cn/a"),
    ("<https://example.org/a>", "https://example.org/a"),
    ("https://example.org/a。", "https://example.org/a"),
    ("**https://example.org/a**", "https://example.org/a"),
    ("https://example.org/a…", "https://example.org/abc/d"),
    ("https://example.org/a...", "https://example.org/abc/d"),
    ("https://example.org/a..", "https://example.org/abc/d"),
    ("example…", "https://example.org/abc/d"),
    ("www.example.org/…/d.html", "https://example.org/abc/d.html"),
    ("https://arxiv.org/abs/2103.15726", "https://arxiv.org/pdf/2103.15726.pdf"),
    ("arxiv.org/abs/2103.15726", "http://www.arxiv.org/abs/2103.15726"),
    ("https://github.com/Owner/Name", "https://www.github.com/owner/name.git"),
    ("https://doi.org/10.1000/1", "https://publisher.example.org/article/1"),
    ("https://example.org/a", "https://bit.ly/x"),
    ("https://example.org/a", "https://link.example.com/?target=https%3A%2F%2Fexample.org%2Fa"),
    ("https://example.org/a", "https://link.example.com/?target=https://example.org/a&from=note"),
    ("https://example.org/a", "https://web.archive.org/web/2020/https://example.org/a"),
    ("http://dx.doi.org/10.1000/1", "https://doi.org/10.1000/1"),
]


@pytest.mark.parametrize(("text", "url"), _AGREEING)
def test_a_label_that_only_looks_different_is_none(text: str, url: str) -> None:
    assert "label-differs" not in codes(link(text, url))


@pytest.mark.parametrize(
    "text",
    [
        None, "", "Paper", "论文链接", "arxiv", "Node.js", "socket.io/redis", "arxiv.org", "github.com",
        "see https://example.org/b", "https://example.org/b 和", "https:", "https://", "mailto:a@example.org",
        "/other/path", "2103.15306", "owner/other",
    ],
)  # fmt: skip
def test_a_label_that_is_no_address_promises_none(text: str | None) -> None:
    assert codes(link(text, "https://example.org/a")) == []


def test_the_words_for_an_image_are_no_promise() -> None:
    assert codes(link("https://example.org/b", "https://example.org/a.png", image=True)) == []


@pytest.mark.parametrize("url", ["docs/a.md", "#part", "mailto:a@example.org", "https://[::1/a"])
def test_what_is_no_address_of_the_web_is_not_compared(url: str) -> None:
    assert codes(link("https://example.org/b", url)) == []


def test_the_label_of_a_reference_stands_where_it_is_used() -> None:
    uses = [
        link("https://example.org/b", "https://example.org/a", used_at=(9, 2)),
        link("words", "https://example.org/a", used_at=(10, 2)),
        link("https://example.org/c", "https://example.org/a", used_at=(11, 2)),
    ]
    assert [(remark.line, remark.column) for remark in remarks(uses)] == [(9, 2), (11, 2)]


@pytest.mark.parametrize(
    ("url", "better"),
    [
        ("http://arxiv.org/abs/2103.15726", "https://arxiv.org/abs/2103.15726"),
        ("http://github.com/owner/name#use", "https://github.com/owner/name#use"),
        ("HTTP://mp.weixin.qq.com/s?__biz=a&mid=1", "https://mp.weixin.qq.com/s?__biz=a&mid=1"),
        ("http://doi.org/10.1000/1", "https://doi.org/10.1000/1"),
        ("http://openaccess.thecvf.com/content_CVPR_2019/a.pdf", "https://openaccess.thecvf.com/content_CVPR_2019/a.pdf"),
        ("http://zhuanlan.zhihu.com/p/1", "https://zhuanlan.zhihu.com/p/1"),
        ("http://owner.github.io/name/", "https://owner.github.io/name/"),
    ],
)  # fmt: skip
def test_http_to_a_host_that_answers_on_https_is_a_note(url: str, better: str) -> None:
    (remark,) = remarks([link(None, url)])
    assert (remark.code, remark.suggestion) == ("https-available", better)
    assert finding_codes()[remark.code].severity == "note"


@pytest.mark.parametrize(
    "url",
    [
        "https://arxiv.org/abs/2103.15726",
        "http://example.org/",
        "http://cn.arxiv.org/abs/2103.15726",
        "http://arxiv.org:8080/abs/2103.15726",
        "http://arxiv.org.example.org/",
        "http://a.b.github.io/",
        "http://[::1/",
        "ftp://arxiv.org/a",
    ],
)
def test_other_addresses_keep_their_scheme(url: str) -> None:
    assert codes(link(None, url)) == []


def test_a_scheme_that_the_note_does_not_write_is_not_held_against_it() -> None:
    assert codes(link(None, "http://www.github.com/o/r", written="www.github.com/o/r")) == []


def test_a_definition_that_is_used_twice_is_one_place() -> None:
    uses = [link("a", "http://arxiv.org/abs/2103.15726", used_at=(line, 1)) for line in (5, 6)]
    assert codes(*uses) == ["https-available"]


def test_long_labels_and_addresses_cost_no_more_than_their_length() -> None:
    many = [link(f"https://example.org/{piece * 20_000}", f"https://example.net/{piece * 20_000}")
            for piece in ("https://", "a...", "…", "%2F", "\\", "http%3A%2F%2F")]  # fmt: skip
    started = time.process_time()
    assert codes(*many) == []
    assert time.process_time() - started < 10


# Read one by one: a repository's name without its last character, and version 1 where version 2 is linked.
_TRUE_DIFFERENCES = {
    ("xiaoxuebajie__dairly_learning/notes/202104/0416.md", 52),
    ("handong1587__handong1587.github.io/_posts/deep_learning/2015-10-09-re-id.md", 1324),
}


def test_in_real_notes_every_label_that_differs_is_a_slip() -> None:
    corpus = shared() / "corpus"
    found = set()
    counts: Counter[str] = Counter()
    for file in sorted([*corpus.rglob("*.md"), *corpus.rglob("*.markdown")]):
        name = file.relative_to(corpus).as_posix()
        links = extract(file.read_text("utf-8-sig"), path=str(file))
        counts["addresses as labels"] += sum((one.text or "").startswith("http") for one in links)
        for remark in remarks(links):
            counts[remark.code] += 1
            if remark.code == "label-differs":
                found.add((name, remark.line))
    print(dict(counts))  # noqa: T201 - shown with -s
    assert found == _TRUE_DIFFERENCES
    assert counts["addresses as labels"] > 1500
