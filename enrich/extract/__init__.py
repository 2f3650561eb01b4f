"""Text to links with line and column. Pure; one file per document type.

Whoever loads the package loads this file, so that it loads nothing by itself (`enrich.__main__` says why).
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from enrich.model import Link

# Schemes that mean something without two slashes; `std::vector` and `localhost:80` are no URLs.
_ABSOLUTE = r"[A-Za-z][A-Za-z0-9+.-]+://\S|(?:https?|javascript|magnet|urn):\S"


def extract(text: str, *, path: str | None = None, relative: bool = False) -> list[Link]:
    """The links of a text, in the order of their places.

    The suffix of ``path`` says how to read it, as Markdown without one; the file is not opened. With
    ``relative``, links that only mean something beside their document are given too: relative paths,
    ``#anchors``, and what has a scheme of its own such as ``localhost:80``.
    """
    import re

    from enrich.registry import document_types

    types = document_types()
    suffix = os.path.splitext(path)[1].lower() if path else ""
    links = (types.get(suffix) or types[".md"]).read(text).links
    is_absolute = re.compile(_ABSOLUTE, re.IGNORECASE).match
    return links if relative else [link for link in links if is_absolute(link.url)]
