"""What a reader sees as one item of a note.

Four shapes, met in digests, paper lists and reading notes: a list item with labelled sub-items, a bold or
numbered paragraph with labelled lines below it, a heading that is wholly a link, and a link on a line of its
own, with its title in it or beside it.

An entry has to show itself: by a link that leads its line, or by a labelled one. A link inside a sentence
makes none, which keeps the footer of a note out, and so do lists that are called related links. When in
doubt a link stays outside; taking the neighbour's is worse.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from enrich.extract._entry_drafts import (
    Draft,
    Field,
    Head,
    Shape,
    authors,
    could_be_title,
    entitle,
    finished,
    give,
    go_on,
    head_of,
    is_venue,
    topics,
    unmarked,
)
from enrich.extract._entry_labels import (
    WORDED,
    Label,
    Role,
    is_address,
    last_label,
    leading_label,
    role_of_text,
    role_of_url,
    settled,
)
from enrich.extract._entry_lines import LINK, Line, lines
from enrich.extract._entry_pairs import Half, pairs
from enrich.model import Entry, Link

_LONGEST_WORDS = 200
_LONGEST_PREFIX = 80
_LONGEST_LABEL = 24
# How many entries around a line are looked at: lists nest, but no reader follows them further.
_DEEPEST = 8

_STAR = re.compile(r":star\d?:|⭐|🌟|★")
_SHORTCODE = re.compile(r":[a-z0-9_+-]{1,40}:")
_PICTOGRAPH = re.compile("[\u2600-\u27bf\u2b00-\u2bff\ufe0f\U0001f000-\U0001faff]")
_BRACKETED = re.compile(r"[(（\[【][^()（）\[\]【】]{0,60}[)）\]】]")
_DATE = re.compile(r"\d{1,4}[-./年]\d{1,2}(?:[-./月]\d{0,2}日?)?")
_LETTER = re.compile(r"[^\W\d_]")
_NAME_BEFORE = re.compile(r"([^。，！？；,;!?]{1,60}?)\s*(?:\s[-–—|]{1,2}|[:：])\s*[*_\"'“《「【]*$")
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_UNFINISHED = tuple(":：,，。;；、")
_OF_A_PAPER = (Role.PAPER, Role.CODE, Role.AUTHORS)
# What stands beside the matter of a note, by the heading or the line that announces it.
_BESIDE = re.compile(
    r"相关(?:问题|链接|阅读|资源|推荐|文章)?|推荐阅读|友情链接|目录|联系(?:我们|方式|作者)?|关于(?:我们?|作者|本项目)?|致谢|许可证?"
    r"|(?:related(?: \w+){0,2}|see also|contents|table of contents|contact(?: \w+)?|about(?: \w+)?"
    r"|licen[sc]e|contribut\w+|acknowledge?ments?|to ?do(?: list)?)",
    re.IGNORECASE,
)
# What these head may well be lists of entries, but is no entry itself.
_LEFT_OVER = frozenset({"other", "others", "其他", "其它", "misc"})


@dataclass(slots=True)
class _Reader:
    """What has been read so far. ``open`` are the drafts around the present line, innermost last; ``pending``
    a label whose value is still to come; ``wording`` the paragraph that the next line may go on with;
    ``above`` a line that may turn out to be a title, with the number of the last line of its paragraph.
    """

    links: Sequence[Link]
    headings: list[tuple[int, str]] = field(default_factory=list)
    section: tuple[str, ...] = ()
    beside: bool = False
    open: list[Draft] = field(default_factory=list)
    done: list[Draft] = field(default_factory=list)
    halves: list[Half | None] = field(default_factory=list)
    pending: tuple[Draft, Label] | None = None
    wording: list[str] | None = None
    above: tuple[Line, int] | None = None
    beside_indent: int | None = None
    beside_list: bool = False


def entries(text: str, links: Sequence[Link]) -> list[Entry]:
    """The entries of a Markdown text, by place; ``links`` are those that were extracted from it.

    No link is in two entries or in two roles of one. Never raises, linear in time.
    """
    if not links:
        return []
    found = list(lines(text, links))
    title = _title_line(found)
    reader = _Reader(links)
    for line in found:
        _read(reader, line, is_title=line.number == title)
    _close(reader)
    return finished([*reader.done, *pairs(reader.halves, links)])


def _title_line(found: Sequence[Line]) -> int | None:
    """The line of the document's own title: the only heading of level one, with nothing before it."""
    tops = [line for line in found if line.level == 1]
    first = next((line for line in found if line.body != "[TOC]"), None)
    return tops[0].number if len(tops) == 1 and first is tops[0] else None


def _read(reader: _Reader, line: Line, *, is_title: bool) -> None:
    wording, reader.wording = reader.wording, None
    if line.level:
        _read_heading(reader, line, is_title=is_title)
    elif line.rule:
        _halve(reader, None)
        _close(reader)
    elif line.body and not _read_pending(reader, line) and not _read_labelled(reader, line):
        if wording is not None and not (line.links or line.marker or line.after_blank or line.quoted):
            wording.append(line.body)
            reader.wording = wording
        else:
            _read_unlabelled(reader, line)


def _read_unlabelled(reader: _Reader, line: Line) -> None:
    if line.body[0] == "|":
        # A table tells with its columns what no line by itself does.
        _halve(reader, None)
    elif line.marker:
        _read_item(reader, line)
    elif line.quoted or line.continued or (line.links and _is_label_line(reader, line)):
        _read_aside(reader, line)
    elif _begins_paragraph(reader, line):
        _halve(reader, None)
    elif line.links and _wordless(line.body):
        _read_link_line(reader, line)
    else:
        _read_prose(reader, line)


def _close(reader: _Reader, keep: int = 0) -> None:
    """Close all drafts but the outermost ``keep``."""
    reader.done.extend(reader.open[keep:])
    del reader.open[keep:]
    reader.pending = None


def _close_down_to_headings(reader: _Reader) -> None:
    headings = bool(reader.open) and reader.open[0].shape in ("heading", "link-heading")
    _close(reader, keep=int(headings))


def _draft(reader: _Reader, line: Line, shape: Shape, *, level: int = 0) -> Draft:
    beside = reader.beside or reader.beside_list or reader.beside_indent is not None
    rating = len(_STAR.findall(line.body)) or None
    indent = line.indent if line.marker else -1
    return Draft(
        line.number,
        shape,
        reader.section,
        beside,
        line.marker,
        indent,
        level,
        number=line.order,
        rating=rating,
    )


def _is_beside(words: str) -> bool:
    stripped = words.strip(" :：*_-—#.0123456789、[]【】")
    return 0 < len(stripped) < 40 and _BESIDE.fullmatch(stripped) is not None


def _halve(reader: _Reader, half: Half | None) -> None:
    """Note half of a URL and title pair, or that a run of them is over."""
    if half is not None or (reader.halves and reader.halves[-1] is not None):
        reader.halves.append(half)


def _half(reader: _Reader, line: Line, index: int | None) -> Half:
    return Half(line.number, index, unmarked(line.body), line.after_blank, reader.section, reader.beside)


# --- words and links of a line ------------------------------------------------------------------------


def _written(reader: _Reader, words: str, indexes: Iterable[int]) -> str:
    """Words with their links as a reader sees them: by their text, else by their address."""
    if LINK not in words:
        return words.strip()
    pieces = words.split(LINK)
    shown = [reader.links[index].text or reader.links[index].url for index in indexes]
    shown += [""] * (len(pieces) - len(shown))
    return "".join(part for pair in zip(pieces, shown, strict=False) for part in pair).strip()


def _rest_written(reader: _Reader, rest: str, line: Line) -> str:
    """What follows a label, as written."""
    return _written(reader, rest, line.links[len(line.links) - rest.count(LINK) :])


def _wordless(words: str) -> bool:
    """Whether words hold no more than marks: stars, dates, brackets with something in them."""
    if len(words) > _LONGEST_WORDS:
        return False
    if not _LETTER.search(words):
        return True
    plain = _BRACKETED.sub("", _SHORTCODE.sub("", words))
    return _LETTER.search(_DATE.sub("", plain)) is None


def _lead(reader: _Reader, line: Line) -> tuple[int, str] | None:
    """The link that leads a line, with the title that it has there; None where words lead."""
    index = line.links[0] if line.links else None
    if index is None or index in line.badges:
        return None
    link = reader.links[index]
    before, _, after = line.body.partition(LINK)
    if not _ABSOLUTE.match(link.url) or role_of_text(link.text) or len(before) > _LONGEST_PREFIX:
        return None
    named = _NAME_BEFORE.match(before)
    if not is_address(link.text):
        return (index, link.text or "") if named or _wordless(before) else None
    if named:
        return index, unmarked(named[1])
    return _titled_beside(link.url, index, before, after)


def _titled_beside(url: str, index: int, before: str, after: str) -> tuple[int, str] | None:
    """A bare URL with its title behind it, or before it where the URL surely is a paper or a repository."""
    if _wordless(before) and not _wordless(after) and LINK not in after and len(after) < _LONGEST_WORDS:
        return index, unmarked(after).strip(" -–—:：,，")
    if _wordless(after) and not _wordless(before) and role_of_url(url) is not None:
        return index, unmarked(before).strip(" -–—:：,，")
    return None


def _take_lead(draft: Draft, reader: _Reader, line: Line, lead: tuple[int, str]) -> None:
    """Make a draft the entry of the link that leads it; the line's other links belong to it too."""
    index, title = lead
    head = head_of(title)
    entitle(draft, head, unmarked(head.title) if draft.number is None else title)
    link = reader.links[index]
    role = role_of_url(link.url) or Role.ARTICLE
    draft.lead = True
    give(draft, Field(role, index, line.number, "", None if is_address(link.text) else draft.title))
    _take_links(reader, draft, line, skip=1)


def _take_links(
    reader: _Reader, draft: Draft, line: Line, role: Role | None = None, label: str = "", *, skip: int = 0
) -> None:
    """Give a line's links to a draft: by their own label, else by the line's, else by what they lead to."""
    before = line.body.split(LINK)
    for place, index in enumerate(line.links[skip:], start=skip):
        link = reader.links[index]
        own = role_of_text(link.text) or (last_label(before[place]) if place or role is None else None)
        named = own is not None or role is not None
        chosen = settled(own or role or Role.ANY, link.url)
        if not named and (line.quoted or not line.marker or chosen in draft.roles):
            chosen = Role.OTHER
        give(draft, _field(draft, link, index, line, chosen, label or (str(own) if own else "")))


def _field(draft: Draft, link: Link, index: int, line: Line, role: Role, label: str) -> Field:
    title = None if is_address(link.text) or role_of_text(link.text) else link.text
    if role is Role.PAPER:
        title, draft.paper_title = title or draft.paper_title, None
    return Field(role, index, line.number, label, title)


def _owner(reader: _Reader, line: Line) -> Draft | None:
    """The draft to which a line belongs: a list's by indent, else the innermost.

    A bullet that lost its indent belongs to the item above it.
    """
    around = reader.open[-_DEEPEST:]
    items = [draft for draft in around if draft.shape == "item"]
    deeper = [draft for draft in items if draft.indent < line.indent]
    chosen = (deeper or items or around) if line.marker else around
    return chosen[-1] if chosen else None


# --- headings -----------------------------------------------------------------------------------------


def _read_heading(reader: _Reader, line: Line, *, is_title: bool) -> None:
    _halve(reader, None)
    reader.beside_indent = None
    reader.beside_list = False
    words = _heading_words(reader, line)
    lead = _lead(reader, line) if _wordless(line.body) else None
    outer = reader.open[0] if reader.open else None
    if (
        outer
        and outer.shape == "link-heading"
        and line.level > outer.level
        and not lead
        and role_of_text(words)
    ):
        # A heading below the entry's own that says no more than "Code" is a label.
        _close(reader, keep=1)
        reader.pending = (outer, Label(words, role_of_text(words), ""))
        return
    _close(reader)
    while reader.headings and reader.headings[-1][0] >= line.level:
        reader.headings.pop()
    _enter_section(reader)
    draft = _draft(reader, line, "link-heading" if lead else "heading", level=line.level)
    if not is_title:
        reader.headings.append((line.level, words))
        _enter_section(reader)
    if lead:
        _take_lead(draft, reader, line, lead)
    else:
        draft.title = words or None
        draft.beside = draft.beside or _is_beside(words) or words.strip(" :：").casefold() in _LEFT_OVER
    reader.open.append(draft)


def _enter_section(reader: _Reader) -> None:
    reader.section = tuple(text for _, text in reader.headings)
    reader.beside = any(map(_is_beside, reader.section))


def _heading_words(reader: _Reader, line: Line) -> str:
    words = _SHORTCODE.sub("", _written(reader, line.body, line.links))
    return unmarked(_PICTOGRAPH.sub("", words))


# --- labelled lines -----------------------------------------------------------------------------------


def _read_pending(reader: _Reader, line: Line) -> bool:
    """Read the value of a label that stood alone on its line: links, after perhaps their title."""
    if reader.pending is None:
        return False
    draft, label = reader.pending
    if line.links and _wordless(line.body):
        _take_links(reader, draft, line, label.role, label.text)
        return True
    names_the_paper = label.role is Role.PAPER and draft.paper_title is None
    plain = not (line.links or line.marker or line.quoted) and len(line.body) < _LONGEST_WORDS
    if names_the_paper and plain and leading_label(line.body) is None:
        draft.paper_title = unmarked(line.body)
        return True
    reader.pending = None
    return False


def _read_labelled(reader: _Reader, line: Line) -> bool:
    """Read a line with a label of any sort; a line of words right above it may be its title."""
    if not (line.marker or line.quoted or line.after_blank):
        _begin_above(reader, line)
    return _read_label(reader, line)


def _begin_above(reader: _Reader, line: Line) -> None:
    """Begin an entry with the line above, where a paragraph goes on with the labels of a paper."""
    if reader.above is None or reader.above[1] not in (line.number, line.number - 1):
        return
    above, _ = reader.above
    owner = reader.open[-1] if reader.open else None
    if owner and owner.shape != "heading" and (owner.shape != "paragraph" or _is_fresh(owner)):
        return
    if not _is_of_a_paper(reader, line):
        return
    reader.above = None
    _halve(reader, None)
    _close_down_to_headings(reader)
    draft = _draft(reader, above, "paragraph")
    head = head_of(above.body)
    entitle(draft, head, unmarked(head.title))
    reader.open.append(draft)


def _is_fresh(draft: Draft) -> bool:
    """Whether nothing is known of an entry but its title."""
    return not (draft.fields or draft.authors or draft.abstract or draft.remarks)


def _is_of_a_paper(reader: _Reader, line: Line) -> bool:
    if line.links and _is_label_line(reader, line):
        return True
    label = leading_label(line.body)
    if label is None or label.role not in _OF_A_PAPER:
        return False
    return bool(line.links) or label.role is Role.AUTHORS


def _read_label(reader: _Reader, line: Line) -> bool:
    """Read a labelled line; False where it is none, or its label belongs to no entry."""
    label = leading_label(line.body)
    if label is None:
        return False
    if label.role is Role.TITLE:
        return _read_title_label(reader, line, label)
    owner = _owner(reader, line)
    if owner is None or not _takes(owner, line, label):
        return False
    _halve(reader, None)
    reader.pending = None
    if label.role in WORDED and label.rest.strip(LINK + " \t,，|/*"):
        _take_words(reader, owner, line, label)
    elif line.links:
        role = Role.ANY if label.role is None or label.role in WORDED else label.role
        _take_links(reader, owner, line, role, label.text)
    elif not label.rest and label.role is not None and label.role not in WORDED:
        reader.pending = (owner, label)
    return True


def _takes(owner: Draft, line: Line, label: Label) -> bool:
    """Whether a labelled line belongs to a draft."""
    if owner.shape == "item" and line.marker and line.indent <= owner.indent:
        # The lost indent again; a list of labelled lines is no such thing.
        return label.role not in (None, Role.ANY) and (owner.lead or owner.marker != line.marker)
    if label.role is not None:
        bare = (
            owner.shape != "heading"
            and len(label.rest) < _LONGEST_PREFIX
            and bool(role_of_text(label.text))
        )
        return bool(line.links) or label.role in WORDED or not label.rest or bare
    if not line.links or line.continued:
        return False
    if owner.shape == "paragraph":
        return bool(line.marker) or not line.after_blank or _wordless(label.rest)
    return owner.shape == "item" and (bool(line.marker) or _wordless(label.rest))


def _take_words(reader: _Reader, owner: Draft, line: Line, label: Label) -> None:
    """Text below a label; links in it belong to the entry too, as mere links."""
    words = _rest_written(reader, label.rest, line)
    match label.role:
        case Role.AUTHORS:
            owner.authors = owner.authors or authors(words)
        case Role.TOPICS:
            owner.topics = owner.topics or topics(words)
        case _:
            paragraph = [words]
            (owner.abstract if label.role is Role.ABSTRACT else owner.remarks).append(paragraph)
            reader.wording = None if line.broken else paragraph
    for index in line.links:
        give(owner, Field(Role.OTHER, index, line.number))


def _read_title_label(reader: _Reader, line: Line, label: Label) -> bool:
    """A labelled title begins an entry, or names the paper of the entry that it stands in."""
    _halve(reader, None)
    owner = _owner(reader, line)
    words = unmarked(_rest_written(reader, label.rest, line))
    if not words:
        return False
    if owner is not None and owner.shape != "heading" and not _is_next(owner, line):
        owner.paper_title = words
        _take_links(reader, owner, line, Role.PAPER, label.text)
        return True
    if line.marker:
        _close_items(reader, line.indent)
    else:
        _close_down_to_headings(reader)
    draft = _draft(reader, line, "item" if line.marker else "paragraph")
    entitle(draft, head_of(""), words)
    draft.titled_by_label = True
    _take_links(reader, draft, line, Role.PAPER, label.text)
    reader.open.append(draft)
    return True


def _is_next(owner: Draft, line: Line) -> bool:
    """Whether a labelled title is that of the entry after ``owner``, which began in the same way."""
    if not owner.titled_by_label:
        return False
    return line.indent <= owner.indent if line.marker else bool(owner.fields)


# --- list items ---------------------------------------------------------------------------------------


def _close_items(reader: _Reader, indent: int) -> None:
    """Close the items that a new one of this indent follows."""
    keep = len(reader.open)
    while (
        keep
        and reader.open[keep - 1].shape in ("item", "link-line")
        and reader.open[keep - 1].indent >= indent
    ):
        keep -= 1
    _close(reader, keep)


def _read_item(reader: _Reader, line: Line) -> None:
    _halve(reader, None)
    if reader.beside_indent is not None and line.indent <= reader.beside_indent:
        reader.beside_indent = None
    if line.links and _is_label_line(reader, line):
        _read_label_item(reader, line)
        return
    label = leading_label(line.body)
    lead = _lead(reader, line) if label is None or label.role is None else None
    _close_items(reader, line.indent)
    outer = reader.open[-1] if reader.open else None
    if outer and outer.shape != "heading" and _continues(reader, outer, line, lead):
        _take_item(reader, outer, line, lead)
        return
    if outer and outer.shape in ("paragraph", "link-line"):
        _close_down_to_headings(reader)
    _begin_item(reader, line, lead)


def _read_label_item(reader: _Reader, line: Line) -> None:
    owner = _owner(reader, line)
    if owner and (
        owner.shape == "paragraph" or owner.shape == "link-heading" or owner.indent < line.indent
    ):
        _take_links(reader, owner, line)


def _continues(reader: _Reader, outer: Draft, line: Line, lead: tuple[int, str] | None) -> bool:
    """Whether an item is part of the entry around it and not one of its own.

    Papers and repositories belong to the article that they stand below, and one of them completes an entry
    that has none; other leading links stand for themselves. Items without a leading link are points of an
    entry, or groups of entries where nothing is linked yet, unless they go on with its numbers.
    """
    if lead is None:
        counts_on = outer.number is not None and line.order in (outer.number - 1, outer.number + 1)
        return bool(outer.fields) if outer.shape == "item" else not counts_on
    role = role_of_url(reader.links[lead[0]].url)
    if role is None or not outer.fields:
        return False
    return outer.fields[0].role is Role.ARTICLE or role not in outer.roles


def _take_item(reader: _Reader, outer: Draft, line: Line, lead: tuple[int, str] | None) -> None:
    """Points below an entry may hold links of it; those below a bold line that nothing is known of do not."""
    if outer.shape != "paragraph" or outer.fields:
        _take_links(reader, outer, line, Role.ANY if lead else None)


def _begin_item(reader: _Reader, line: Line, lead: tuple[int, str] | None) -> None:
    draft = _draft(reader, line, "item")
    if lead:
        _take_lead(draft, reader, line, lead)
    else:
        head = head_of(_written(reader, line.body, line.links))
        entitle(draft, head, unmarked(_SHORTCODE.sub("", head.title))[:_LONGEST_WORDS])
        if not line.links and _is_beside(line.body):
            reader.beside_indent = line.indent
    reader.open.append(draft)


# --- paragraphs ---------------------------------------------------------------------------------------


def _is_label_line(reader: _Reader, line: Line) -> bool:
    """Whether a line holds labels that are links, and nothing else: ``[paper](…) | [library](…)``."""
    others = [index for index in line.links if index not in line.badges]
    texts = [reader.links[index].text for index in others]
    if not _wordless(line.body) or (others and not role_of_text(texts[0])):
        return False
    return all(text and len(text) <= _LONGEST_LABEL and not is_address(text) for text in texts)


def _begins_paragraph(reader: _Reader, line: Line) -> bool:
    """Begin the entry of a bold or numbered paragraph, if this is one; below a linked heading none is."""
    owner = reader.open[-1] if reader.open else None
    if owner and (owner.shape == "link-heading" or (owner.shape == "item" and line.indent > owner.indent)):
        return False
    head = head_of(line.body)
    if not could_be_title(head):
        return False
    if is_venue(head.title) and owner and owner.shape == "paragraph" and _is_fresh(owner):
        return True
    title = unmarked(_written(reader, head.title, line.links))
    if role_of_text(title):
        reader.pending = (owner, Label(title, role_of_text(title), "")) if owner else None
        return True
    if owner and _goes_on_in(owner, line, head):
        go_on(owner, head, title)
        _take_links(reader, owner, line)
        return True
    _close_down_to_headings(reader)
    draft = _draft(reader, line, "paragraph")
    lead = (line.links[0], title) if LINK in head.title and _lead(reader, line) else None
    if lead:
        _take_lead(draft, reader, line, lead)
    else:
        _take_links(reader, draft, line)
    entitle(draft, head, title)
    reader.open.append(draft)
    return True


def _goes_on_in(owner: Draft, line: Line, head: Head) -> bool:
    """Whether a bold line is the rest of the title on the line before."""
    return (
        owner.shape == "paragraph"
        and owner.unfinished
        and line.number == owner.line + 1
        and head.number is None
        and not line.body.lstrip("*_ ").startswith("《")
        and LINK not in head.title
    )


def _read_link_line(reader: _Reader, line: Line) -> None:
    """A line that is no more than links: a value, an entry of its own, or half of a pair."""
    owner = _owner(reader, line)
    lead = _lead(reader, line)
    alone = len(line.links) == 1
    if owner and owner.shape != "heading" and _is_within(owner, line, lead):
        _take_link_line(reader, owner, line)
    elif alone and lead:
        _close_down_to_headings(reader)
        draft = _draft(reader, line, "link-line")
        _take_lead(draft, reader, line, lead)
        reader.open.append(draft)
    elif alone and is_address(reader.links[line.links[0]].text) and line.links[0] not in line.badges:
        _halve(reader, _half(reader, line, line.links[0]))
        return
    _halve(reader, None)


def _is_within(owner: Draft, line: Line, lead: tuple[int, str] | None) -> bool:
    match owner.shape:
        case "item":
            return line.indent > owner.indent or not line.after_blank
        case "link-line":
            return lead is None and not line.after_blank
        case "paragraph":
            return lead is None or not owner.fields
        case _:
            return True


def _take_link_line(reader: _Reader, owner: Draft, line: Line) -> None:
    role = Role.ANY
    if not owner.fields and len(line.links) == 1 and owner.shape in ("item", "paragraph"):
        # The link that the words above it are about.
        role = role_of_url(reader.links[line.links[0]].url) or Role.ARTICLE
        owner.lead = not line.badges
    _take_links(reader, owner, line, role)


def _read_aside(reader: _Reader, line: Line) -> None:
    """A quoted line, one behind a line break, or one of labels: its links belong to the entry above it."""
    owner = _owner(reader, line)
    if owner is None or not line.links:
        return
    if line.continued and owner.shape == "item" and _wordless(line.body):
        _take_link_line(reader, owner, line)
    elif _is_label_line(reader, line):
        _take_links(reader, owner, line, Role.ANY)
    elif owner.shape != "heading":
        _take_links(reader, owner, line)


def _read_prose(reader: _Reader, line: Line) -> None:
    words = line.body
    is_words = not line.links and len(words) < _LONGEST_WORDS
    is_title = is_words and not words.endswith(_UNFINISHED)
    _halve(reader, _half(reader, line, None) if is_title else None)
    if line.after_blank:
        reader.above = (line, line.number) if is_title else None
    elif reader.above and reader.above == (reader.above[0], line.number - 1) and is_words:
        reader.above = (reader.above[0], line.number)
    reader.beside_list = not line.links and words.endswith((":", "：")) and _is_beside(words)
    owner = reader.open[-1] if reader.open else None
    while owner and owner.shape == "item" and line.after_blank and line.indent <= owner.indent:
        _close(reader, len(reader.open) - 1)
        owner = reader.open[-1] if reader.open else None
    if owner is None or owner.shape == "heading" or not line.links:
        return
    if owner.shape in ("paragraph", "link-line") and line.after_blank:
        _close(reader, len(reader.open) - 1)
    else:
        _take_links(reader, owner, line)
