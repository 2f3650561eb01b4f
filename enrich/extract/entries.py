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
from collections.abc import Sequence

from enrich.extract._entry_drafts import (
    Draft,
    Head,
    could_be_title,
    entitle,
    finished,
    go_on,
    head_of,
    is_venue,
    unmarked,
)
from enrich.extract._entry_labelled import is_fresh, read_labelled, read_pending
from enrich.extract._entry_labels import (
    Label,
    Role,
    is_address,
    leading_label,
    role_of_text,
    role_of_url,
)
from enrich.extract._entry_lines import LINK, Line, lines
from enrich.extract._entry_pairs import pairs
from enrich.extract._entry_reader import (
    LONGEST_WORDS,
    SHORTCODE,
    Reader,
    close,
    close_down_to_headings,
    close_items,
    draft_of,
    half_of,
    halve,
    is_beside,
    is_label_line,
    is_wordless,
    lead_of,
    owner_of,
    take_lead,
    take_links,
    written,
)
from enrich.model import Entry, Link

_PICTOGRAPH = re.compile("[\u2600-\u27bf\u2b00-\u2bff\ufe0f\U0001f000-\U0001faff]")
_UNFINISHED = tuple(":：,，。;；、")
# What these head may well be lists of entries, but is no entry itself.
_LEFT_OVER = frozenset({"other", "others", "其他", "其它", "misc"})


def entries(text: str, links: Sequence[Link]) -> list[Entry]:
    """The entries of a Markdown text, by place; ``links`` are those that were extracted from it.

    No link is in two entries or in two roles of one. Never raises, linear in time.
    """
    if not links:
        return []
    found = list(lines(text, links))
    title = _title_line(found)
    reader = Reader(links)
    for line in found:
        _read(reader, line, is_title=line.number == title)
    close(reader)
    return finished([*reader.done, *pairs(reader.halves, links)])


def _title_line(found: Sequence[Line]) -> int | None:
    """The line of the document's own title: the only heading of level one, with nothing before it."""
    tops = [line for line in found if line.level == 1]
    first = next((line for line in found if line.body != "[TOC]"), None)
    return tops[0].number if len(tops) == 1 and first is tops[0] else None


def _read(reader: Reader, line: Line, *, is_title: bool) -> None:
    wording, reader.wording = reader.wording, None
    if line.level:
        _read_heading(reader, line, is_title=is_title)
    elif line.rule:
        halve(reader, None)
        close(reader)
    elif line.body and not read_pending(reader, line) and not read_labelled(reader, line):
        if wording is not None and not (line.links or line.marker or line.after_blank or line.quoted):
            wording.append(line.body)
            reader.wording = wording
        else:
            _read_unlabelled(reader, line)


def _read_unlabelled(reader: Reader, line: Line) -> None:
    if line.body[0] == "|":
        # A table tells with its columns what no line by itself does.
        halve(reader, None)
    elif line.marker:
        _read_item(reader, line)
    elif line.quoted or line.continued or (line.links and is_label_line(reader, line)):
        _read_aside(reader, line)
    elif _begins_paragraph(reader, line):
        halve(reader, None)
    elif line.links and is_wordless(line.body):
        _read_link_line(reader, line)
    else:
        _read_prose(reader, line)


# --- headings -----------------------------------------------------------------------------------------


def _read_heading(reader: Reader, line: Line, *, is_title: bool) -> None:
    halve(reader, None)
    reader.beside_indent = None
    reader.beside_list = False
    words = _heading_words(reader, line)
    lead = lead_of(reader, line) if is_wordless(line.body) else None
    outer = reader.open[0] if reader.open else None
    if (
        outer
        and outer.shape == "link-heading"
        and line.level > outer.level
        and not lead
        and role_of_text(words)
    ):
        # A heading below the entry's own that says no more than "Code" is a label.
        close(reader, keep=1)
        reader.pending = (outer, Label(words, role_of_text(words), ""))
        return
    close(reader)
    while reader.headings and reader.headings[-1][0] >= line.level:
        reader.headings.pop()
    _enter_section(reader)
    draft = draft_of(reader, line, "link-heading" if lead else "heading", level=line.level)
    if not is_title:
        reader.headings.append((line.level, words))
        _enter_section(reader)
    if lead:
        take_lead(draft, reader, line, lead)
    else:
        draft.title = words or None
        draft.beside = draft.beside or is_beside(words) or words.strip(" :：").casefold() in _LEFT_OVER
    reader.open.append(draft)


def _enter_section(reader: Reader) -> None:
    reader.section = tuple(text for _, text in reader.headings)
    reader.beside = any(map(is_beside, reader.section))


def _heading_words(reader: Reader, line: Line) -> str:
    words = SHORTCODE.sub("", written(reader, line.body, line.links))
    return unmarked(_PICTOGRAPH.sub("", words))


# --- list items ---------------------------------------------------------------------------------------


def _read_item(reader: Reader, line: Line) -> None:
    halve(reader, None)
    if reader.beside_indent is not None and line.indent <= reader.beside_indent:
        reader.beside_indent = None
    if line.links and is_label_line(reader, line):
        _read_label_item(reader, line)
        return
    label = leading_label(line.body)
    lead = lead_of(reader, line) if label is None or label.role is None else None
    close_items(reader, line.indent)
    outer = reader.open[-1] if reader.open else None
    if outer and outer.shape != "heading" and _continues(reader, outer, line, lead):
        _take_item(reader, outer, line, lead)
        return
    if outer and outer.shape in ("paragraph", "link-line"):
        close_down_to_headings(reader)
    _begin_item(reader, line, lead)


def _read_label_item(reader: Reader, line: Line) -> None:
    owner = owner_of(reader, line)
    if owner and (
        owner.shape == "paragraph" or owner.shape == "link-heading" or owner.indent < line.indent
    ):
        take_links(reader, owner, line)


def _continues(reader: Reader, outer: Draft, line: Line, lead: tuple[int, str] | None) -> bool:
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


def _take_item(reader: Reader, outer: Draft, line: Line, lead: tuple[int, str] | None) -> None:
    """Points below an entry may hold links of it; those below a bold line that nothing is known of do not."""
    if outer.shape != "paragraph" or outer.fields:
        take_links(reader, outer, line, Role.ANY if lead else None)


def _begin_item(reader: Reader, line: Line, lead: tuple[int, str] | None) -> None:
    draft = draft_of(reader, line, "item")
    if lead:
        take_lead(draft, reader, line, lead)
    else:
        head = head_of(written(reader, line.body, line.links))
        entitle(draft, head, unmarked(SHORTCODE.sub("", head.title))[:LONGEST_WORDS])
        if not line.links and is_beside(line.body):
            reader.beside_indent = line.indent
    reader.open.append(draft)


# --- paragraphs ---------------------------------------------------------------------------------------


def _begins_paragraph(reader: Reader, line: Line) -> bool:
    """Begin the entry of a bold or numbered paragraph, if this is one; below a linked heading none is."""
    owner = reader.open[-1] if reader.open else None
    if owner and (owner.shape == "link-heading" or (owner.shape == "item" and line.indent > owner.indent)):
        return False
    head = head_of(line.body)
    if not could_be_title(head):
        return False
    if is_venue(head.title) and owner and owner.shape == "paragraph" and is_fresh(owner):
        return True
    title = unmarked(written(reader, head.title, line.links))
    if role_of_text(title):
        reader.pending = (owner, Label(title, role_of_text(title), "")) if owner else None
        return True
    if owner and _goes_on_in(owner, line, head):
        go_on(owner, head, title)
        take_links(reader, owner, line)
        return True
    close_down_to_headings(reader)
    draft = draft_of(reader, line, "paragraph")
    lead = (line.links[0], title) if LINK in head.title and lead_of(reader, line) else None
    if lead:
        take_lead(draft, reader, line, lead)
    else:
        take_links(reader, draft, line)
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


def _read_link_line(reader: Reader, line: Line) -> None:
    """A line that is no more than links: a value, an entry of its own, or half of a pair."""
    owner = owner_of(reader, line)
    lead = lead_of(reader, line)
    alone = len(line.links) == 1
    if owner and owner.shape != "heading" and _is_within(owner, line, lead):
        _take_link_line(reader, owner, line)
    elif alone and lead:
        close_down_to_headings(reader)
        draft = draft_of(reader, line, "link-line")
        take_lead(draft, reader, line, lead)
        reader.open.append(draft)
    elif alone and is_address(reader.links[line.links[0]].text) and line.links[0] not in line.badges:
        halve(reader, half_of(reader, line, line.links[0]))
        return
    halve(reader, None)


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


def _take_link_line(reader: Reader, owner: Draft, line: Line) -> None:
    role = Role.ANY
    if not owner.fields and len(line.links) == 1 and owner.shape in ("item", "paragraph"):
        # The link that the words above it are about.
        role = role_of_url(reader.links[line.links[0]].url) or Role.ARTICLE
        owner.lead = not line.badges
    take_links(reader, owner, line, role)


def _read_aside(reader: Reader, line: Line) -> None:
    """A quoted line, one behind a line break, or one of labels: its links belong to the entry above it."""
    owner = owner_of(reader, line)
    if owner is None or not line.links:
        return
    if line.continued and owner.shape == "item" and is_wordless(line.body):
        _take_link_line(reader, owner, line)
    elif is_label_line(reader, line):
        take_links(reader, owner, line, Role.ANY)
    elif owner.shape != "heading":
        take_links(reader, owner, line)


def _read_prose(reader: Reader, line: Line) -> None:
    words = line.body
    is_words = not line.links and len(words) < LONGEST_WORDS
    is_title = is_words and not words.endswith(_UNFINISHED)
    halve(reader, half_of(reader, line, None) if is_title else None)
    if line.after_blank:
        reader.above = (line, line.number) if is_title else None
    elif reader.above and reader.above == (reader.above[0], line.number - 1) and is_words:
        reader.above = (reader.above[0], line.number)
    reader.beside_list = not line.links and words.endswith((":", "：")) and is_beside(words)
    owner = reader.open[-1] if reader.open else None
    while owner and owner.shape == "item" and line.after_blank and line.indent <= owner.indent:
        close(reader, len(reader.open) - 1)
        owner = reader.open[-1] if reader.open else None
    if owner is None or owner.shape == "heading" or not line.links:
        return
    if owner.shape in ("paragraph", "link-line") and line.after_blank:
        close(reader, len(reader.open) - 1)
    else:
        take_links(reader, owner, line)
