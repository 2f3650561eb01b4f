"""A link as it is found in a text, whatever the markup: offsets first, line and column last."""

from __future__ import annotations

from dataclasses import dataclass

from enrich.extract.control import Disabled
from enrich.extract.positions import Lines
from enrich.model import Element, Link


# Not frozen: there is one for every link, and a frozen one takes three times as long to make.
@dataclass(slots=True)
class Found:
    """A link whose URL stands in ``text[start:end]``; ``used_at`` is the offset of a reference's use.

    ``remark`` is the code of what is wrong with the markup around it.
    """

    start: int
    end: int
    url: str
    element: Element
    text: str | None = None
    image: bool = False
    used_at: int | None = None
    remark: str | None = None


def link_of(text: str, lines: Lines, found: Found, off: Disabled) -> Link:
    """The link with its place, and what stands there if that is not the URL itself."""
    line, column = lines.place(found.start)
    written = text[found.start : found.end]
    return Link(
        url=found.url,
        line=line,
        column=column,
        element=found.element,
        written=written if written != found.url else None,
        text=found.text,
        image=found.image,
        used_at=None if found.used_at is None else lines.place(found.used_at),
        disabled=is_off(found, off),
    )


def is_off(found: Found, off: Disabled) -> bool:
    """Whether a comment switches it off, where it stands or where it is used."""
    return bool(off.spans) and (found.start in off or (found.used_at is not None and found.used_at in off))
