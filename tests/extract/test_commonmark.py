"""What others agreed on: the examples of CommonMark 0.31.2, and how linkify-it finds URLs.

Where we differ on purpose, the example is named here with the reason.
"""

from __future__ import annotations

import json
import re
import sys
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest
from sdist import member

from enrich.extract import extract
from enrich.extract.bare import bare_urls
from enrich.model import Element, Link

MARKDOWN_IT = "markdown-it-py==4.3.0"
LINKIFY_IT = "linkify-it-py==2.2.0"

# By the number of the example.
MAIL = "a mail address is nothing to check"
EMPTY = "an empty destination leads nowhere"
COMMONMARK_EXCEPTIONS = {
    200: EMPTY,
    485: EMPTY,
    486: EMPTY,
    487: EMPTY,
    567: EMPTY,
    597: MAIL,
    604: MAIL,
    605: MAIL,
}

ZERO_WIDTH = "zero-width characters end a URL: in Chinese notes they are left-overs of copying"
QUOTES = "quotation marks end a URL, as in prose"
TEMPLATE = "braces are a placeholder"
SYMBOL = "a host begins with a letter or digit"
EMPHASIS = "underscores beside a URL are emphasis"
NO_SCHEME = "without a scheme only www and four hosts of papers, code and articles count"
OTHER_SCHEME = "only http and https are found without markup"


class _Destinations(HTMLParser):
    """The addresses of links and images in HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        wanted = {"a": "href", "img": "src"}.get(tag)
        self.found.update(unquote(value or "") for name, value in attrs if name == wanted)


def destinations(html: str) -> set[str]:
    reader = _Destinations()
    reader.feed(html)
    reader.close()
    return reader.found


def is_markup(link: Link) -> bool:
    """Whether a CommonMark parser makes a link of it; an unused definition is reported too, and is none."""
    unused = link.element == Element.REFERENCE and link.used_at is None
    return not unused and link.element not in {Element.BARE, Element.CODE, Element.FRONTMATTER}


def found(markdown: str) -> set[str]:
    return {unquote(link.url) for link in extract(markdown, relative=True) if is_markup(link)}


def test_the_examples_of_commonmark_give_the_links_of_the_reference() -> None:
    examples = json.loads(member(MARKDOWN_IT, "tests/test_cmark_spec/commonmark.json"))
    assert len(examples) == 652
    differing = {
        example["example"]: (example["markdown"], destinations(example["html"]), found(example["markdown"]))
        for example in examples
        if found(example["markdown"]) != destinations(example["html"])
    }
    assert {name: differing[name] for name in differing if name not in COMMONMARK_EXCEPTIONS} == {}
    assert set(differing) == set(COMMONMARK_EXCEPTIONS), "an exception that is none any more"


def test_the_exceptions_from_commonmark_lack_exactly_what_their_reason_says() -> None:
    examples = json.loads(member(MARKDOWN_IT, "tests/test_cmark_spec/commonmark.json"))
    for example in examples:
        if (reason := COMMONMARK_EXCEPTIONS.get(example["example"])) is not None:
            lacking = destinations(example["html"]) - found(example["markdown"])
            assert all(url.lower().startswith("mailto:") if reason is MAIL else not url for url in lacking)
            assert found(example["markdown"]) <= destinations(example["html"])


# --- linkify-it -------------------------------------------------------------------------------------


def fixture(name: str) -> list[tuple[str, str]]:
    """Texts with the URL that linkify-it finds first: on the line below, else the text itself."""
    lines = [re.sub(r"\A%.*", "", line.rstrip()) for line in member(LINKIFY_IT, name).splitlines()]
    pairs, index = [], 0
    while index < len(lines):
        below = lines[index + 1] if index + 1 < len(lines) else ""
        if lines[index]:
            # A comment may follow the text; without one of its own, the answer is the text before it.
            text = re.sub(r"\s+%.*", "", lines[index])
            pairs.append((text, below or text))
        index += 2 if lines[index] and below else 1
    return pairs


def first(text: str) -> str | None:
    return next((text[bare.start : bare.end] for bare in bare_urls(text, 0, len(text))), None)


def why_it_differs(text: str, expected: str | None) -> str | None:
    """The rule by which we and linkify-it part, or None when there is none."""
    if expected is None:
        return EMPHASIS if re.search(r"_http://|http://\S+_\Z", text) else None
    rules = (
        (r"(?i)(?:mailto:|[^\s/]*@)\S*\Z", MAIL),
        (r"(?i)ftp://|//", OTHER_SCHEME),
        (r"(?i)(?!https?:|www\.)", NO_SCHEME),
        (r".*[\u200b-\u200f]", ZERO_WIDTH),
        (r".*\{", TEMPLATE),
        (r".*[\"']", QUOTES),
        (r"https?://[^\w\[]", SYMBOL),
    )
    return next((reason for pattern, reason in rules if re.match(pattern, expected)), None)


def differences(name: str, *, links: bool) -> tuple[int, dict[str, str | None]]:
    """How many texts of a fixture there are, and those that we read in another way, each with the rule."""
    pairs = [(text, expected if links else None) for text, expected in fixture(name)]
    if not links:
        pairs = [
            (line.partition("%")[0].rstrip(), None)
            for line in member(LINKIFY_IT, name).splitlines()
            if line.partition("%")[0].strip()
        ]
    return len(pairs), {
        text: why_it_differs(text, expected) for text, expected in pairs if first(text) != expected
    }


@pytest.mark.parametrize("links", [True, False])
def test_we_part_from_linkify_it_only_by_rules_that_have_a_name(links: bool) -> None:
    name = f"test/fixtures/{'links' if links else 'not_links'}.txt"
    count, differing = differences(name, links=links)
    counts = {reason: list(differing.values()).count(reason) for reason in set(differing.values())}
    sys.stdout.write(f"{name}: {count - len(differing)} of {count} agree; {counts}\n")
    assert count == (117 if links else 38)
    assert [text for text, reason in differing.items() if reason is None] == []
    # Everything with a scheme or `www.` but these few is read alike.
    rare = {ZERO_WIDTH, QUOTES, TEMPLATE, SYMBOL, EMPHASIS}
    assert sum(reason in rare for reason in differing.values()) <= 6


# --- GitHub's autolink extension ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("www.a.example", "http://www.a.example"),
        ("Visit www.a.example/help for more.", "http://www.a.example/help"),
        ("Visit www.a.example.", "http://www.a.example"),
        ("Visit www.a.example/a.b.", "http://www.a.example/a.b"),
        ("www.a.example/search?q=Markup+(business)", "http://www.a.example/search?q=Markup+(business)"),
        ("www.a.example/search?q=Markup+(business)))", "http://www.a.example/search?q=Markup+(business)"),
        ("(www.a.example/search?q=Markup+(business))", "http://www.a.example/search?q=Markup+(business)"),
        ("(www.a.example/search?q=Markup+(business)", "http://www.a.example/search?q=Markup+(business)"),
        ("www.a.example/search?q=commonmark&hl=en", "http://www.a.example/search?q=commonmark&hl=en"),
        ("www.a.example/search?q=commonmark&hl;", "http://www.a.example/search?q=commonmark"),
        ("www.a.example/he<lp", "http://www.a.example/he"),
        ("http://a.example", "http://a.example"),
        (
            "(Visit https://a.example/search?q=Markup+(business))",
            "https://a.example/search?q=Markup+(business)",
        ),
    ],
)
def test_urls_end_by_the_rules_of_githubs_autolink_extension(text: str, url: str) -> None:
    (link,) = extract(text)
    assert (link.url, link.element) == (url, Element.BARE)


def test_unlike_there_a_bracket_too_many_ends_a_url_in_its_middle_too() -> None:
    """GitHub looks at brackets only where a URL ends in one; here prose goes on behind it without a space."""
    (link,) = extract("www.a.example/search?q=(business))+ok")
    assert link.url == "http://www.a.example/search?q=(business)"
