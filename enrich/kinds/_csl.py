"""What a registration agency knows of a DOI: CSL JSON, read into the facts of a page.

Crossref and DataCite speak the same format with accents of their own. Crossref gives a title with tags and entities of
JATS in it, dates of one to three numbers, and type names of its own; DataCite one long ``author.literal`` for many a
group. Whoever registers a DOI writes these by hand, so nothing is taken to be of the type that it should have.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from enrich.kinds import _html
from enrich.kinds._page_facts import CITATION_VALUES, TEXT_CHARACTERS, TITLE_CHARACTERS, words
from enrich.model import Page, Response

# Where a work of this type stands, by the names of CSL and of Crossref.
_CONTAINERS = {
    "paper-conference": "conference_title",
    "proceedings-article": "conference_title",
    "chapter": "inbook_title",
    "book-chapter": "inbook_title",
}
# Facts that are text in both vocabularies: Highwire's name, CSL's.
_TEXTS = (
    ("volume", "volume"),
    ("issue", "issue"),
    ("publisher", "publisher"),
    ("language", "language"),
    ("issn", "ISSN"),
    ("isbn", "ISBN"),
)
# JATS puts the word "Abstract" before an abstract, as a title. Both are bounded, so that half a tag costs nothing.
_HEADING = re.compile(r"<(?:jats:)?title>[^<]{0,200}</(?:jats:)?title>")
_BLOCK = re.compile(r"</?(?:jats:)?(?:p|sec|title|list|list-item|br)(?:\s[^<>]{0,200})?/?>")
_DATES = ("issued", "published", "published-print", "published-online", "created")


def read(response: Response, canonical_url: str) -> Page | None:
    """The facts of a record, or None where the answer is none, or too long to have come whole."""
    record = _record(response)
    if record is None:
        return None
    page = Page(
        title=_text(record.get("title"), TITLE_CHARACTERS),
        description=_text(_paragraphs(record.get("abstract"))),
        citation=dict(_citation(record)) or None,
    )
    if page == Page():
        return None
    return Page(
        title=page.title,
        description=page.description,
        canonical_url=canonical_url,
        citation=page.citation,
    )


def _record(response: Response) -> dict[str, Any] | None:
    if response.truncated:
        return None
    try:
        record = json.loads(response.body)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _citation(record: dict[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Facts by the names that Highwire has for them."""
    single = {
        "title": _text(record.get("title")),
        "doi": _text(record.get("DOI")),
        _CONTAINERS.get(str(record.get("type")), "journal_title"): _text(record.get("container-title")),
        "publication_date": _date(record),
        **{name: _text(record.get(key)) for name, key in _TEXTS},
    }
    first, _, last = (_text(record.get("page")) or "").partition("-")
    single |= {"firstpage": first.strip() or None, "lastpage": last.strip() or None}
    authors = tuple(_authors(record))
    if authors:
        yield "author", authors
    yield from ((name, (value,)) for name, value in single.items() if value)


def _authors(record: dict[str, Any]) -> Iterator[str]:
    """``Family, Given``, as Highwire has it; groups by their name."""
    listed = record.get("author")
    for one in listed[:CITATION_VALUES] if isinstance(listed, list) else ():
        if not isinstance(one, dict):
            continue
        family, given = _text(one.get("family")), _text(one.get("given"))
        parts = [part for part in (family, given) if part]
        if name := ", ".join(parts) or _text(one.get("literal")) or _text(one.get("name")):
            yield name


def _date(record: dict[str, Any]) -> str | None:
    """``2020/04/12``, or as much of it as is known."""
    for name in _DATES:
        match record.get(name):
            case {"date-parts": [[int(year), *rest], *_]} if 0 < year < 10000:
                parts = [part for part in rest[:2] if isinstance(part, int) and 0 < part < 32]
                return "/".join([f"{year:04}", *(f"{part:02}" for part in parts)])
    return None


def _paragraphs(abstract: Any) -> Any:
    """An abstract without its headings, and with white space where its blocks meet."""
    if not isinstance(abstract, str):
        return None
    return _BLOCK.sub(" ", _HEADING.sub(" ", abstract[: 4 * TEXT_CHARACTERS]))


def _text(value: Any, limit: int = TEXT_CHARACTERS) -> str | None:
    """Text without tags and entities; of several the first. Numbers count, since volumes are written as such."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, int) and not isinstance(value, bool):
        value = f"{value:.0f}" if -(10**9) < value < 10**9 else None
    if not isinstance(value, str):
        return None
    # JSON can hold halves of surrogate pairs, which no file can.
    plain = value[: 4 * limit].encode("utf-8", "replace").decode()
    if "<" in plain or "&" in plain:
        tree = _html.parse(plain.encode())
        plain = _html.text_of(tree.body) if tree is not None else ""
    return words(plain, limit) or None
