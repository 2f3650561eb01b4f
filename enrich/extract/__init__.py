"""Text to links with line and column. Pure; one file per document type."""

from __future__ import annotations

import os
import re

from enrich.model import Link

# Schemes that mean something without two slashes; `std::vector` and `localhost:80` are no URLs.
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://\S|(?:https?|javascript|magnet|urn):\S", re.IGNORECASE)


def extract(text: str, *, path: str | None = None, relative: bool = False) -> list[Link]:
    """The links of a text, in the order of their places.

    The suffix of ``path`` says how to read it, as Markdown without one; the file is not opened. With
    ``relative``, links that only mean something beside their document are given too: relative paths,
    ``#anchors``, and what has a scheme of its own such as ``localhost:80``.
    """
    from enrich.registry import document_types

    types = document_types()
    suffix = os.path.splitext(path)[1].lower() if path else ""
    links = (types.get(suffix) or types[".md"]).read(text).links
    return links if relative else [link for link in links if _ABSOLUTE.match(link.url)]
