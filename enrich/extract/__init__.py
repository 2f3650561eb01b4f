"""Text to links with line and column. Pure; one file per document type."""

from __future__ import annotations

from enrich.model import Link


def extract(text: str) -> list[Link]:
    """The links of a Markdown text, in the order of their places."""
    from enrich.extract import markdown

    return markdown.extract(text)
