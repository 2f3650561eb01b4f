"""What a text holds, and what a sort of document can do: all that reading notes needs.

Whoever lists links loads this and hardly more, since every record costs time when its module is loaded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from enrich.model.records import record


class Element(StrEnum):
    """The syntax in which a link stands."""

    INLINE = "inline"
    REFERENCE = "reference"
    AUTOLINK = "autolink"
    BARE = "bare"
    HTML = "html"
    CODE = "code"
    FRONTMATTER = "frontmatter"


DateSource = Literal[
    "title", "first-line", "label", "front-matter", "filename", "path", "item", "git", "none"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """A date that one source gives a document: ISO text, a day or a month.

    Of a range ``date`` is the last day and ``begin`` the first. ``updated`` marks the date of a change or of a
    commit, which the document itself may be older than.
    """

    date: str
    source: DateSource
    begin: str | None = None
    updated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One file: its path as shown (forward slashes), decoded text, and its date as ISO text.

    ``date`` is ``2022-05-10``, ``2021-05`` where only the month is known, or None. ``file`` is where it lies
    and ``root`` the folder of its collection, which relative links do not leave; None for standard input.
    ``dates`` are what all sources say, in the order in which they are believed. ``remarks`` are about reading it.
    """

    path: str
    text: str
    title: str | None = None
    date: str | None = None
    date_source: DateSource = "none"
    file: str | None = None
    root: str | None = None
    dates: tuple[Dated, ...] = ()
    remarks: tuple[Remark, ...] = ()


@record(frozen=True, slots=True, kw_only=True)
class Link:
    """One occurrence of a URL.

    ``url`` is what a careful person would click (entities decoded, escapes resolved, nothing else
    changed); ``written`` is how it stands in the text where that differs. ``line`` and ``column`` are
    1-based and count characters (code points) to the first character of the URL as written.
    ``used_at`` is the (line, column) of a reference link's use; its URL stands at the definition.
    ``date`` is that of the dated item in which the link stands, where there is one. ``disabled`` links stand
    where a comment in the document switches enrich off.
    """

    url: str
    line: int
    column: int
    element: Element
    written: str | None = None
    text: str | None = None
    image: bool = False
    used_at: tuple[int, int] | None = None
    date: str | None = None
    disabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something worth a person's attention that the text alone shows, at a place in it.

    ``code`` is a declared finding code, which knows the severity; ``suggestion`` is a better address.
    """

    code: str
    message: str
    line: int
    column: int
    suggestion: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a person sees as one item of a note. Links are given by their index among the links of the text.

    ``papers`` pairs a link with the title that the note gives it. ``rating`` counts the stars that the
    author gave.
    """

    line: int
    section: tuple[str, ...] = ()
    number: int | None = None
    title: str | None = None
    topics: tuple[str, ...] = ()
    rating: int | None = None
    article: int | None = None
    papers: tuple[tuple[int, str | None], ...] = ()
    code: tuple[int, ...] = ()
    others: tuple[int, ...] = ()
    authors: tuple[str, ...] = ()
    abstract: str | None = None
    remarks: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """What the text of a document holds. ``links`` are in the order of their places, relative ones included."""

    links: list[Link]
    remarks: list[Remark] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)


def as_it_stands(text: str) -> str:
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentType:
    """A document type: the file suffixes it reads, and what it finds in a text. Pure.

    ``anchors`` are the names that a ``#fragment`` may have in a document, in order; None for a type in which
    fragments mean nothing. ``prose`` is the text as far as a person wrote it, for dates.
    """

    name: str
    suffixes: frozenset[str]
    read: Callable[[str], Extraction]
    title: Callable[[str], str | None]
    anchors: Callable[[str], list[str]] | None
    prose: Callable[[str], str] = as_it_stands
