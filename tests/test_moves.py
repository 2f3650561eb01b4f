"""Where a redirect leads, as a reader sees it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.moves import is_deep, is_front_page, is_same_but_secure, is_same_page, is_same_site

FRONT = [
    "/",
    "",
    "/index.html",
    "/Index.PHP",
    "/en/",
    "/zh-cn",
    "/zh_CN/index.htm",
    "/home",
    "/default.aspx",
]
SECTIONS = ["/blog", "/blog/", "/en/docs/", "/about", "/docs/index.html"]
PAGES = [
    "/blog/a",
    "/post-17",
    "/a.html",
    "/?p=3",
    "/en/docs/a",
    "/2021/05/",
    "/item.php?id=3",
    "/%E4%B8%AD/a",
]


@pytest.mark.parametrize("path", FRONT)
def test_a_front_page_is_one_in_any_language_and_under_any_usual_name(path: str) -> None:
    assert is_front_page(f"https://example.org{path}")
    assert not is_deep(f"https://example.org{path}")


@pytest.mark.parametrize("path", SECTIONS)
def test_a_section_is_neither_a_front_page_nor_one_page_of_many(path: str) -> None:
    assert not is_front_page(f"https://example.org{path}")
    assert not is_deep(f"https://example.org{path}")


@pytest.mark.parametrize("path", PAGES)
def test_one_page_of_many_is_deep(path: str) -> None:
    assert is_deep(f"https://example.org{path}")
    assert not is_front_page(f"https://example.org{path}")


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ("https://www.example.org/b", True),
        ("https://en.example.org/", True),
        ("http://example.org", True),
        ("https://blog.example.org/", False),
        ("https://example.org:8443/", False),
        ("https://example.com/", False),
    ],
)
def test_a_site_is_one_with_and_without_www_and_a_language(other: str, same: bool) -> None:
    assert is_same_site("https://example.org/a", other) is same


def test_a_name_of_two_labels_is_no_language_of_another() -> None:
    assert not is_same_site("https://it.com/a", "https://com/a")


@pytest.mark.parametrize(
    ("asked", "answered", "same"),
    [
        ("http://example.org/a", "https://www.example.org/a/", True),
        ("http://example.org/a", "https://example.org/en/a", False),
        ("http://example.org/a", "https://example.org/b", False),
        ("https://example.org/a", "https://example.org/a", False),
        ("http://example.org/a", "http://example.org/a", False),
    ],
)
def test_an_address_is_secure_only_as_that_of_the_same_page(asked: str, answered: str, same: bool) -> None:
    assert is_same_but_secure(asked, answered) is same


ADDRESSES = st.builds(
    "https://{}example.org/{}{}".format,
    st.sampled_from(["", "www.", "en.", "blog."]),
    st.lists(st.sampled_from(["a", "en", "zh-cn", "index.html", "%7Eb", "x.y"])).map("/".join),
    st.sampled_from(["", "?a=b", "?hl=en", "?a=b&lang=de", "?%"]),
)


@given(ADDRESSES, ADDRESSES, ADDRESSES)
def test_being_the_same_page_is_an_equivalence(one: str, two: str, three: str) -> None:
    assert is_same_page(one, one)
    assert is_same_page(one, two) == is_same_page(two, one)
    assert not (is_same_page(one, two) and is_same_page(two, three)) or is_same_page(one, three)
