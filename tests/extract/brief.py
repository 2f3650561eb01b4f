"""Links as tests write them down."""

from __future__ import annotations

from collections.abc import Iterable

from enrich.model import Link

Brief = tuple[str, str, str | None]


def brief_of(links: Iterable[Link]) -> list[Brief]:
    """Element, URL and text of each link; images are marked."""
    return [(f"{'image ' if link.image else ''}{link.element}", link.url, link.text) for link in links]
