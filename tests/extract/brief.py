"""Links as tests write them down."""

from __future__ import annotations

from collections.abc import Iterable

from enrich.model import Entry, Link

Brief = tuple[str, str, str | None]


def brief_of(links: Iterable[Link]) -> list[Brief]:
    """Element, URL and text of each link; images are marked."""
    return [(f"{'image ' if link.image else ''}{link.element}", link.url, link.text) for link in links]


def indexes_of(entry: Entry) -> list[int]:
    """The links of an entry, whatever their role, by their place among all links of the text."""
    article = [] if entry.article is None else [entry.article]
    return [*article, *(index for index, _ in entry.papers), *entry.code, *entry.others]
