"""Labelled lines: `Paper: …`, `作者：…`, and what stands above or below them.

What surprised us: half of the labels have their value on the next line, a paragraph of labels may have its title right
above it without any mark, and a bullet that lost its indent still belongs to the item above.
"""

from __future__ import annotations

import re

from enrich.extract._entry_drafts import Draft, Field, authors, entitle, give, head_of, topics, unmarked
from enrich.extract._entry_labels import WORDED, Label, Role, leading_label, role_of_text
from enrich.extract._entry_lines import LINK, Line
from enrich.extract._entry_reader import (
    LONGEST_PREFIX,
    LONGEST_WORDS,
    Reader,
    close_down_to_headings,
    close_items,
    draft_of,
    halve,
    is_label_line,
    is_wordless,
    owner_of,
    rest_written,
    take_links,
)

# What is behind a blank line and says so is about something else than the paragraph above.
_ELSEWHERE = re.compile(
    r"更多|其[他它余]|相关|参考|欢迎|关注|联系|交流|投稿|转载|往期|声明|\b(?:more|others?|see|related|contact|follow)\b",
    re.IGNORECASE,
)
_OF_A_PAPER = (Role.PAPER, Role.CODE, Role.AUTHORS)


def read_pending(reader: Reader, line: Line) -> bool:
    """Read the value of a label that stood alone on its line: links, after perhaps their title."""
    if reader.pending is None:
        return False
    draft, label = reader.pending
    if line.links and is_wordless(line.body):
        take_links(reader, draft, line, label.role, label.text)
        return True
    names_the_paper = label.role is Role.PAPER and draft.paper_title is None
    plain = not (line.links or line.marker or line.quoted) and len(line.body) < LONGEST_WORDS
    if names_the_paper and plain and leading_label(line.body) is None:
        draft.paper_title = unmarked(line.body)
        return True
    reader.pending = None
    return False


def read_labelled(reader: Reader, line: Line) -> bool:
    """Read a line with a label of any sort; a line of words right above it may be its title."""
    if not (line.marker or line.quoted or line.after_blank):
        _begin_above(reader, line)
    return _read_label(reader, line)


def _begin_above(reader: Reader, line: Line) -> None:
    """Begin an entry with the line above, where a paragraph goes on with the labels of a paper."""
    if reader.above is None or reader.above[1] not in (line.number, line.number - 1):
        return
    above, _ = reader.above
    owner = reader.open[-1] if reader.open else None
    if owner and owner.shape != "heading" and (owner.shape != "paragraph" or is_fresh(owner)):
        return
    if not _is_of_a_paper(reader, line):
        return
    reader.above = None
    halve(reader, None)
    close_down_to_headings(reader)
    draft = draft_of(reader, above, "paragraph")
    head = head_of(above.body)
    entitle(draft, head, unmarked(head.title))
    reader.open.append(draft)


def is_fresh(draft: Draft) -> bool:
    """Whether nothing is known of an entry but its title."""
    return not (draft.fields or draft.authors or draft.abstract or draft.remarks)


def _is_of_a_paper(reader: Reader, line: Line) -> bool:
    if line.links and is_label_line(reader, line):
        return True
    label = leading_label(line.body)
    if label is None or label.role not in _OF_A_PAPER:
        return False
    return bool(line.links) or label.role is Role.AUTHORS


def _read_label(reader: Reader, line: Line) -> bool:
    """Read a labelled line; False where it is none, or its label belongs to no entry."""
    label = leading_label(line.body)
    if label is None:
        return False
    if label.role is Role.TITLE:
        return _read_title_label(reader, line, label)
    owner = owner_of(reader, line)
    if owner is None or not _takes(owner, line, label):
        return False
    halve(reader, None)
    reader.pending = None
    if label.role in WORDED and label.rest.strip(LINK + " \t,，|/*"):
        _take_words(reader, owner, line, label)
    elif line.links:
        role = Role.ANY if label.role is None or label.role in WORDED else label.role
        take_links(reader, owner, line, role, label.text)
    elif not label.rest and label.role is not None and label.role not in WORDED:
        reader.pending = (owner, label)
    return True


def _takes(owner: Draft, line: Line, label: Label) -> bool:
    """Whether a labelled line belongs to a draft."""
    if owner.shape == "item" and line.marker and line.indent <= owner.indent:
        # The lost indent again; a list of labelled lines is no such thing.
        return label.role not in (None, Role.ANY) and (owner.lead or owner.marker != line.marker)
    if owner.shape == "paragraph" and line.after_blank and _ELSEWHERE.search(label.text):
        return False
    if label.role is not None:
        bare = (
            owner.shape != "heading" and len(label.rest) < LONGEST_PREFIX and bool(role_of_text(label.text))
        )
        return bool(line.links) or label.role in WORDED or not label.rest or bare
    if not line.links or line.continued:
        return False
    if owner.shape == "paragraph":
        return bool(line.marker) or not line.after_blank or is_wordless(label.rest)
    return owner.shape == "item" and (bool(line.marker) or is_wordless(label.rest))


def _take_words(reader: Reader, owner: Draft, line: Line, label: Label) -> None:
    """Text below a label; links in it belong to the entry too, as mere links."""
    words = rest_written(reader, label.rest, line)
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


def _read_title_label(reader: Reader, line: Line, label: Label) -> bool:
    """A labelled title begins an entry, or names the paper of the entry that it stands in."""
    halve(reader, None)
    owner = owner_of(reader, line)
    words = unmarked(rest_written(reader, label.rest, line))
    if not words:
        return False
    if owner is not None and owner.shape != "heading" and not _is_next(owner, line):
        owner.paper_title = words
        take_links(reader, owner, line, Role.PAPER, label.text)
        return True
    if line.marker:
        close_items(reader, line.indent)
    else:
        close_down_to_headings(reader)
    draft = draft_of(reader, line, "item" if line.marker else "paragraph")
    entitle(draft, head_of(""), words)
    draft.titled_by_label = True
    take_links(reader, draft, line, Role.PAPER, label.text)
    reader.open.append(draft)
    return True


def _is_next(owner: Draft, line: Line) -> bool:
    """Whether a labelled title is that of the entry after ``owner``, which began in the same way."""
    if not owner.titled_by_label:
        return False
    return line.indent <= owner.indent if line.marker else bool(owner.fields)
