"""What an HTML page says about itself.

Three vocabularies are read: plain HTML (``title``, ``description``, ``canonical``), Open Graph, and the Highwire
``citation_*`` facts of publishers and archives, with Dublin Core behind them for descriptions. JSON-LD is not read:
none of the sites that notes lead to says anything in it alone. Every part is bounded, since a page can hold any
number of facts of any length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from enrich.kinds import _html, _latex
from enrich.kinds._web_hosts import ELSEWHERE, Host
from enrich.model import Page
from enrich.urls import canonical, is_web

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

TITLE_CHARACTERS = 300
TEXT_CHARACTERS = 5000
CITATION_NAMES = 64
CITATION_VALUES = 200
# Between a heading and the paragraph that it is about stand white space and an empty one.
HEADINGS = 100
SIBLINGS = 6

_CITATION = re.compile(r"citation_([a-z0-9_]{1,60})")
_TITLES = ("og:title", "twitter:title", "citation_title", "dc.title")
_DESCRIPTIONS = (
    "description",
    "og:description",
    "twitter:description",
    "citation_abstract",
    "dc.description",
    "dcterms.abstract",
)


def facts_of(tree: LexborHTMLParser, host: Host = ELSEWHERE) -> Page:
    """The facts of a page of this site; a `Page` of nothing where it gives none."""
    said = _html.contents(tree)
    return Page(
        title=_title(tree, said, host),
        description=_abstract(tree, host) or _first(said, *_DESCRIPTIONS)[:TEXT_CHARACTERS] or None,
        canonical_url=_canonical_url(tree, said),
        citation=_citation(tree, said, host) or None,
    )


def words(text: str, limit: int = TEXT_CHARACTERS) -> str:
    """A text with white space collapsed and LaTeX's accents as letters, of bounded length."""
    return _latex.plain(" ".join(text[: 4 * limit].split()))[:limit].rstrip()


def _title(tree: LexborHTMLParser, said: Mapping[str, list[str]], host: Host) -> str | None:
    """The first name that is one of the page: a site's own record, ``title``, or what other sites are told."""
    for name in _names(tree, said, host):
        name = words(name, TITLE_CHARACTERS).removesuffix(host.title_end).rstrip()
        if name and name not in host.no_titles:
            return name
    return None


def _names(tree: LexborHTMLParser, said: Mapping[str, list[str]], host: Host) -> Iterator[str]:
    if host is not ELSEWHERE:
        yield _first(said, "citation_title")
    if host.title is not None:
        yield _html.text_of(tree.css_first(host.title))
    yield _html.text_of(tree.css_first("head > title"))
    yield from (_first(said, name) for name in _TITLES)


def _abstract(tree: LexborHTMLParser, host: Host) -> str | None:
    node = tree.css_first(host.abstract) if host.abstract is not None else None
    text = _html.text_of(node)
    if not text and host.abstract_heading is not None:
        text = _below(tree, host.abstract_heading)
    return words(text) or None


def _below(tree: LexborHTMLParser, heading: str) -> str:
    """The first paragraph with words below the heading of this name. Steps are counted: a page can be all headings."""
    for node in tree.css("h4")[:HEADINGS]:
        if _html.text_of(node) != heading:
            continue
        following: LexborNode | None = node.next
        for _ in range(SIBLINGS):
            if following is None:
                break
            if following.tag == "p" and (text := _html.text_of(following)):
                return text
            following = following.next
    return ""


def _first(said: Mapping[str, list[str]], *names: str) -> str:
    """The first of these facts that a page gives, else empty."""
    return next((words(said[name][0]) for name in names if name in said), "")


def _canonical_url(tree: LexborHTMLParser, said: Mapping[str, list[str]]) -> str | None:
    """What the page calls its own address: ``rel=canonical``, else ``og:url``, where it is whole."""
    for node in tree.css("link[rel][href]"):
        relations = (node.attributes.get("rel") or "").lower().split()
        address = (node.attributes.get("href") or "").strip()
        if "canonical" in relations and is_web(address):
            return canonical(address)
    address = said.get("og:url", [""])[0].strip()
    return canonical(address) if is_web(address) else None


def _citation(
    tree: LexborHTMLParser, said: Mapping[str, list[str]], host: Host
) -> dict[str, tuple[str, ...]]:
    """Highwire ``citation_*`` facts, by name without prefix."""
    found: dict[str, tuple[str, ...]] = {}
    for name, values in said.items():
        if (known := _CITATION.fullmatch(name)) is not None and len(found) < CITATION_NAMES:
            found[known[1]] = tuple(words(value) for value in values[:CITATION_VALUES])
    if "author" not in found and (author := _author(tree, host)):
        found["author"] = (author,)
    return found


def _author(tree: LexborHTMLParser, host: Host) -> str | None:
    if host.author is None:
        return None
    selector, attribute = host.author
    node = tree.css_first(selector)
    return words((node.attributes.get(attribute) or "") if node is not None else "") or None
