"""Links in plain text, in which nothing is markup: an address is what stands there, letter by letter.

Only a line that is nothing but a comment which switches enrich off is not meant for readers.

Log files are no documents: programs write them, and nobody cares whether their links live.
"""

from __future__ import annotations

from enrich.extract.bare import bare_urls
from enrich.extract.control import comments_alone, disabled
from enrich.extract.positions import lines_of
from enrich.model import DocumentType, Element, Extraction, Link

_LONGEST_TITLE = 200


def read(text: str) -> Extraction:
    """The addresses in a text, in the order of their places."""
    lines = lines_of(text)
    off = disabled(text, lines, comments_alone(text))
    links: list[Link] = []
    for bare in bare_urls(text, 0, len(text), code=True, names=True):
        line, column = lines.place(bare.start)
        written = text[bare.start : bare.end]
        links.append(
            Link(
                url=bare.url,
                line=line,
                column=column,
                element=Element.BARE,
                written=written if written != bare.url else None,
                disabled=bare.start in off,
            )
        )
    return Extraction(links=links)


def title(text: str) -> str | None:
    """The first line that is not empty, unless it is too long for a title or holds an address."""
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return first if first and len(first) <= _LONGEST_TITLE and "://" not in first else None


DOCUMENT_TYPE = DocumentType(
    name="text",
    suffixes=frozenset({".txt", ".text"}),
    read=read,
    title=title,
    # A browser that shows plain text does not move to a fragment, and the link works all the same.
    anchors=None,
)
