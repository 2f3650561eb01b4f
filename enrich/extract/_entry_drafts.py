"""Entries that are being read, and which of them are entries in the end.

Most drafts come to nothing: a list of plain points, a heading over prose. What makes one an entry is a link
that leads it, or a labelled one; numbered paragraphs without a link count where most of their siblings have
one, since a paper that is not out yet is an item of the list all the same.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from enrich.extract._entry_labels import Role
from enrich.model import Entry
from enrich.model.records import record

Shape = Literal["item", "paragraph", "link-heading", "heading", "link-line", "pair"]

_LONGEST_TITLE = 300
_LONGEST_TAG = 60

_BOLD = re.compile(r"(?:\*\*|__)(.{1,400}?)(?:\*\*|__)(.*)$")
_IN_BRACKETS = re.compile(r"\[(\d{1,4})\][ \t]*(?![(:\[])(\S.*)$|[(（](\d{1,4})[)）][ \t]*(\S.*)$")
_ORDER = re.compile(r"(\d{1,4})[.、．)）](?:[ \t]+|(?!\d))(\S.*)$")
# "62.4D Graphs" is number 62 of a list, "2.5D Sound" a title: the neighbours tell.
_DOUBTFUL_ORDER = re.compile(r"(\d{1,4})\.(\d+[^\W\d_].*)$")
_BOOK_TITLE = re.compile(r"《([^《》]{1,300})》(.*)$")
_VENUE = re.compile(
    r"[A-Za-z&/ ]{2,24}[ '’-]?(?:(?:19|20)\d\d|\d\d)\b.{0,24}$|(?:19|20)\d\d [A-Za-z ]{2,20}$"
)
_FIRST_OF_MARKS = frozenset("*_[(（《0123456789 ")
_EMPHASIS = re.compile(r"\*{1,3}|`+|(?<!\w)__(?=\S)|(?<=\S)__(?!\w)")
_HALF_WIDTH = str.maketrans("（）【】", "()[]")
# Words that no title ends with, and marks that announce more of it.
_GOES_ON = re.compile(
    r"(?:\b(?:an?|and|by|for|from|in|of|on|the|to|using|via|with)|[-–—,，])$", re.IGNORECASE
)
_URL_IN_BRACKETS = re.compile(r" ?[(（\[【] ?https?://[^\s()（）\[\]【】]{1,500} ?[)）\]】]")
_TOPIC_BREAK = re.compile(r"[/／;；、,，|]")

_AUTHOR_BREAK = re.compile(r"[,，、;；]|\s&\s|\s(?:and|和)\s|(?<=[a-z])\d{1,2}\s+(?=[A-Z])")
_IN_PARENTHESES = re.compile(r"[(（][^()（）]{0,200}[)）]")
_AUTHOR_MARKS = re.compile(r"[\s\d*†‡§#^]{1,20}$|^[\s*†‡]{1,20}")
_NOT_AN_AUTHOR = re.compile(r"(?:and\s+|et al\.?|等)+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Field:
    """A link of an entry, on which line and below which label (empty for none)."""

    role: Role
    index: int
    line: int
    label: str = ""
    title: str | None = None


@dataclass(slots=True)
class Draft:
    """An entry that is still being read. ``lead`` says that a link leads it, ``beside`` that it stands among
    what is not the matter of the note, ``doubtful`` what its title is if its number is none.
    """

    line: int
    shape: Shape
    section: tuple[str, ...] = ()
    beside: bool = False
    marker: str = ""
    indent: int = -1
    level: int = 0
    number: int | None = None
    doubtful: str | None = None
    title: str | None = None
    unfinished: bool = False
    topics: tuple[str, ...] = ()
    rating: int | None = None
    lead: bool = False
    titled_by_label: bool = False
    fields: list[Field] = field(default_factory=list)
    roles: set[Role] = field(default_factory=set)
    authors: tuple[str, ...] = ()
    abstract: list[list[str]] = field(default_factory=list)
    remarks: list[list[str]] = field(default_factory=list)
    paper_title: str | None = None


@record(frozen=True, slots=True)
class Head:
    """What the words that open an entry say. ``rest`` is what follows a bold or quoted title.

    An ``unfinished`` title may go on in the next line.
    """

    title: str
    number: int | None = None
    doubtful: str | None = None
    rest: str = ""
    marked: bool = False
    unfinished: bool = False


def head_of(words: str) -> Head:
    """The number and title that words hold; ``marked`` where bold, a number or 《》 sets the title off."""
    if words[:1] not in _FIRST_OF_MARKS:
        return Head(words.strip())
    bold = _BOLD.match(words)
    inner, rest = (bold[1].strip(), bold[2].strip()) if bold else (words.strip(), "")
    number, title, doubtful = _numbered(inner)
    quoted = _BOOK_TITLE.match(title)
    if quoted:
        title, rest = quoted[1], f"{quoted[2].strip()} {rest}".strip()
    is_open = title[:1] == "《" and "》" not in title
    title = title[is_open:].strip()
    marked = bool(bold or quoted) or number is not None
    unfinished = bool(bold) and not rest and (is_open or _GOES_ON.search(title) is not None)
    return Head(title, number, doubtful, rest, marked, unfinished)


def _numbered(words: str) -> tuple[int | None, str, str | None]:
    if match := _IN_BRACKETS.match(words):
        return int(match[1] or match[3]), match[2] or match[4], None
    if match := _ORDER.match(words):
        return int(match[1]), match[2], None
    if match := _DOUBTFUL_ORDER.match(words):
        return int(match[1]), match[2], words
    return None, words, None


def could_be_title(head: Head) -> bool:
    """Whether a marked line opens an entry: a title and perhaps a tag, not the bold start of a sentence."""
    if (
        not head.marked
        or not head.title
        or len(head.title) > _LONGEST_TITLE
        or len(head.rest) > _LONGEST_TAG
    ):
        return False
    return not head.title.endswith((":", "：", "。")) and not head.rest.startswith(
        (":", "：", ",", "，", "。")
    )


def is_venue(words: str) -> bool:
    """Whether words name no more than a conference and a year."""
    return _VENUE.match(words) is not None


def unmarked(words: str) -> str:
    """Words without emphasis and surplus white space."""
    if "*" in words or "`" in words or "__" in words:
        words = _EMPHASIS.sub("", words)
    return " ".join(words.split())


def give(draft: Draft, one: Field) -> None:
    """Give a draft a link."""
    draft.fields.append(one)
    draft.roles.add(one.role)


def entitle(draft: Draft, head: Head, title: str | None) -> None:
    """Set title, number and topics of a draft; a number from a list marker stands."""
    if title:
        plain = _URL_IN_BRACKETS.sub("", title) if "://" in title else title
        draft.title = plain.strip() or title
    draft.unfinished = head.unfinished
    if draft.number is None:
        draft.number, draft.doubtful = head.number, head.doubtful
    draft.topics = topics(head.rest)


def go_on(draft: Draft, head: Head, title: str) -> None:
    """Add to a title that the line before did not finish."""
    draft.title = f"{draft.title} {title if '《' in title else title.rstrip('》')}"
    draft.unfinished = head.unfinished
    draft.topics = topics(head.rest)


def topics(tag: str) -> tuple[str, ...]:
    """The topics of a tag such as ``（三维/语义分割）``; a conference is none."""
    if not tag or len(tag) > _LONGEST_TAG:
        return ()
    inner = _outside_brackets(tag)
    if not inner or is_venue(inner):
        return ()
    return tuple(part for piece in _TOPIC_BREAK.split(inner) if (part := _outside_brackets(piece)))


def _outside_brackets(words: str) -> str:
    """Words without emphasis and brackets around them; brackets that pair within them stay."""
    words = words.strip(" \t*`")
    while words:
        plain = words.translate(_HALF_WIDTH)
        opens, closes = plain[0] in "([", plain[-1] in ")]"
        if opens and closes and _pairs(plain[1:-1]):
            words = words[1:-1]
        elif plain[0] in ")]" or (opens and not _pairs(plain)):
            words = words[1:]
        elif plain[-1] in "([" or (closes and not _pairs(plain)):
            words = words[:-1]
        else:
            break
        words = words.strip(" \t*`")
    return words


def _pairs(words: str) -> bool:
    """Whether every bracket of some words closes one that was opened before, or is closed by a later one."""
    depth = 0
    for character in words:
        depth += (character in "([") - (character in ")]")
        if depth < 0:
            return False
    return depth == 0


def authors(words: str) -> tuple[str, ...]:
    """Names without the marks of affiliations that were copied along."""
    named = _IN_PARENTHESES.sub("", unmarked(words)).removeprefix("by ")
    parts = (_AUTHOR_MARKS.sub("", part) for part in _AUTHOR_BREAK.split(named))
    names = (_NOT_AN_AUTHOR.sub("", part, count=1) if part else "" for part in parts)
    return tuple(name for part in names if (name := part.strip(" \t.。")) and not name.isdigit())


# --- finishing ----------------------------------------------------------------------------------------


def finished(drafts: Iterable[Draft]) -> list[Entry]:
    """The drafts that are entries, by place; at most one begins on a line."""
    ordered = sorted((part for draft in drafts for part in _parts(draft)), key=lambda draft: draft.line)
    linked = [draft for draft in ordered if _shows_itself(draft)]
    chosen = sorted([*linked, *_unlinked_siblings(ordered, linked)], key=lambda draft: draft.line)
    _settle_numbers(chosen)
    found: dict[int, Entry] = {}
    for draft in chosen:
        found.setdefault(draft.line, _entry(draft))
    return list(found.values())


def _parts(draft: Draft) -> Iterator[Draft]:
    """A plain heading over several labelled papers is their section, and each of them an entry."""
    papers = [one for one in draft.fields if one.role is Role.PAPER]
    first = papers[0].label if papers else ""
    starts = [one for one in papers if one.label == first and one.title]
    if draft.shape != "heading" or len(starts) < 2:
        yield draft
        return
    section = (*draft.section, draft.title) if draft.title else draft.section
    parts = [Draft(one.line, "item", section, draft.beside, title=one.title) for one in starts]
    lines = [part.line for part in parts]
    for one in draft.fields:
        if one.line >= lines[0]:
            give(parts[bisect_right(lines, one.line) - 1], one)
    yield from parts


def _shows_itself(draft: Draft) -> bool:
    if draft.beside and not draft.titled_by_label and draft.shape != "paragraph":
        return False
    match draft.shape:
        case "heading":
            return any(
                one.label and one.role in (Role.PAPER, Role.CODE, Role.ARTICLE) for one in draft.fields
            )
        case "paragraph":
            return bool(draft.fields)
        case "item":
            return draft.lead or any(one.label for one in draft.fields)
        case _:
            return draft.lead


def _unlinked_siblings(drafts: Sequence[Draft], linked: Sequence[Draft]) -> Iterator[Draft]:
    """Numbered paragraphs without a link, in sections where most of the numbered ones have one."""
    numbered = [draft for draft in drafts if draft.shape == "paragraph" and draft.number is not None]
    all_of = Counter(draft.section for draft in numbered)
    with_link = {id(draft) for draft in linked}
    linked_of = Counter(draft.section for draft in numbered if id(draft) in with_link)
    for draft in numbered:
        if id(draft) not in with_link and 2 * linked_of[draft.section] > all_of[draft.section]:
            yield draft


def _settle_numbers(ordered: Sequence[Draft]) -> None:
    """Give a doubtful number back to its title unless a neighbour carries on the count."""
    numbers = [(draft.number, draft.section) for draft in ordered]
    for place, draft in enumerate(ordered):
        if draft.doubtful is None or draft.number is None:
            continue
        around = numbers[max(0, place - 1) : place] + numbers[place + 1 : place + 2]
        if not any((draft.number + step, draft.section) in around for step in (-1, 1)):
            draft.number, draft.title = None, draft.doubtful


def _entry(draft: Draft) -> Entry:
    articles = _of_role(draft, Role.ARTICLE)
    return Entry(
        line=draft.line,
        section=draft.section,
        number=draft.number,
        title=draft.title or None,
        topics=draft.topics,
        rating=draft.rating,
        article=articles[0] if articles else None,
        papers=tuple([(one.index, one.title) for one in draft.fields if one.role is Role.PAPER]),
        code=tuple(_of_role(draft, Role.CODE)),
        others=tuple(sorted([*_of_role(draft, Role.OTHER), *articles[1:]])),
        authors=draft.authors,
        abstract=_joined(draft.abstract) if draft.abstract else None,
        remarks=_joined(draft.remarks) if draft.remarks else None,
    )


def _of_role(draft: Draft, role: Role) -> list[int]:
    return [one.index for one in draft.fields if one.role is role]


def _joined(paragraphs: list[list[str]]) -> str | None:
    return "\n".join("\n".join(lines) for lines in paragraphs) or None
