"""What has been read of a note's items so far, and what one line holds for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from enrich.extract._entry_drafts import Draft, Field, Shape, entitle, give, head_of, unmarked
from enrich.extract._entry_labels import (
    Label,
    Role,
    is_address,
    last_label,
    role_of_text,
    role_of_url,
    settled,
)
from enrich.extract._entry_lines import LINK, Line
from enrich.extract._entry_pairs import Half
from enrich.model import Link

LONGEST_WORDS = 200
LONGEST_PREFIX = 80
_LONGEST_LABEL = 24
# How many entries around a line are looked at: lists nest, but no reader follows them further.
_DEEPEST = 8

_STAR = re.compile(r":star\d?:|⭐|🌟|★")
SHORTCODE = re.compile(r":[a-z0-9_+-]{1,40}:")
_BRACKETED = re.compile(r"[(（\[【][^()（）\[\]【】]{0,60}[)）\]】]")
_DATE = re.compile(r"\d{1,4}[-./年]\d{1,2}(?:[-./月]\d{0,2}日?)?")
_LETTER = re.compile(r"[^\W\d_]")
_NAME_BEFORE = re.compile(r"([^。，！？；,;!?]{1,60}?)\s*(?:\s[-–—|]{1,2}|[:：])\s*[*_\"'“《「【]*$")
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
# What stands beside the matter of a note, by the heading or the line that announces it.
_BESIDE = re.compile(
    r"相关(?:问题|链接|阅读|资源|推荐|文章)?|推荐阅读|友情链接|目录|联系(?:我们|方式|作者)?|关于(?:我们?|作者|本项目)?|致谢|许可证?"
    r"|(?:related(?: \w+){0,2}|see also|contents|table of contents|contact(?: \w+)?|about(?: \w+)?"
    r"|licen[sc]e|contribut\w+|acknowledge?ments?|to ?do(?: list)?)",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Reader:
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


def close(reader: Reader, keep: int = 0) -> None:
    """Close all drafts but the outermost ``keep``."""
    reader.done.extend(reader.open[keep:])
    del reader.open[keep:]
    reader.pending = None


def close_down_to_headings(reader: Reader) -> None:
    """Close all drafts but that of the heading around them."""
    headings = bool(reader.open) and reader.open[0].shape in ("heading", "link-heading")
    close(reader, keep=int(headings))


def draft_of(reader: Reader, line: Line, shape: Shape, *, level: int = 0) -> Draft:
    """An entry that begins with this line, not open yet."""
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


def is_beside(words: str) -> bool:
    """Whether what these words announce stands beside the matter of a note."""
    stripped = words.strip(" :：*_-—#.0123456789、[]【】")
    return 0 < len(stripped) < 40 and _BESIDE.fullmatch(stripped) is not None


def halve(reader: Reader, half: Half | None) -> None:
    """Note half of a URL and title pair, or that a run of them is over."""
    if half is not None or (reader.halves and reader.halves[-1] is not None):
        reader.halves.append(half)


def half_of(reader: Reader, line: Line, index: int | None) -> Half:
    """A line as half of a URL and title pair; ``index`` is that of its link."""
    return Half(line.number, index, unmarked(line.body), line.after_blank, reader.section, reader.beside)


def close_items(reader: Reader, indent: int) -> None:
    """Close the items that a new one of this indent follows."""
    keep = len(reader.open)
    while (
        keep
        and reader.open[keep - 1].shape in ("item", "link-line")
        and reader.open[keep - 1].indent >= indent
    ):
        keep -= 1
    close(reader, keep)


# --- words and links of a line ----------------------------------------------------------------------


def written(reader: Reader, words: str, indexes: Iterable[int]) -> str:
    """Words with their links as a reader sees them: by their text, else by their address."""
    if LINK not in words:
        return words.strip()
    pieces = words.split(LINK)
    shown = [reader.links[index].text or reader.links[index].url for index in indexes]
    shown += [""] * (len(pieces) - len(shown))
    return "".join(part for pair in zip(pieces, shown, strict=False) for part in pair).strip()


def rest_written(reader: Reader, rest: str, line: Line) -> str:
    """What follows a label, as written."""
    return written(reader, rest, line.links[len(line.links) - rest.count(LINK) :])


def is_wordless(words: str) -> bool:
    """Whether words hold no more than marks: stars, dates, brackets with something in them."""
    if len(words) > LONGEST_WORDS:
        return False
    if not _LETTER.search(words):
        return True
    plain = _BRACKETED.sub("", SHORTCODE.sub("", words) if ":" in words else words)
    return _LETTER.search(_DATE.sub("", plain)) is None


def lead_of(reader: Reader, line: Line) -> tuple[int, str] | None:
    """The link that leads a line, with the title that it has there; None where words lead."""
    index = line.links[0] if line.links else None
    if index is None or index in line.badges:
        return None
    link = reader.links[index]
    before, _, after = line.body.partition(LINK)
    if not _ABSOLUTE.match(link.url) or role_of_text(link.text) or len(before) > LONGEST_PREFIX:
        return None
    named = _NAME_BEFORE.match(before)
    if not is_address(link.text):
        return (index, link.text or "") if named or is_wordless(before) else None
    if named:
        return index, unmarked(named[1])
    return _titled_beside(link.url, index, before, after)


def _titled_beside(url: str, index: int, before: str, after: str) -> tuple[int, str] | None:
    """A bare URL with its title behind it, or before it where the URL surely is a paper or a repository."""
    if is_wordless(before) and not is_wordless(after) and LINK not in after and len(after) < LONGEST_WORDS:
        return index, unmarked(after).strip(" -–—:：,，")
    if is_wordless(after) and not is_wordless(before) and role_of_url(url) is not None:
        return index, unmarked(before).strip(" -–—:：,，")
    return None


def take_lead(draft: Draft, reader: Reader, line: Line, lead: tuple[int, str]) -> None:
    """Make a draft the entry of the link that leads it; the line's other links belong to it too."""
    index, title = lead
    head = head_of(title)
    entitle(draft, head, unmarked(head.title) if draft.number is None else title)
    link = reader.links[index]
    role = role_of_url(link.url) or Role.ARTICLE
    draft.lead = True
    give(draft, Field(role, index, line.number, "", None if is_address(link.text) else draft.title))
    take_links(reader, draft, line, skip=1)


def take_links(
    reader: Reader, draft: Draft, line: Line, role: Role | None = None, label: str = "", *, skip: int = 0
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


def owner_of(reader: Reader, line: Line) -> Draft | None:
    """The draft to which a line belongs: a list's by indent, else the innermost.

    A bullet that lost its indent belongs to the item above it.
    """
    around = reader.open[-_DEEPEST:]
    items = [draft for draft in around if draft.shape == "item"]
    deeper = [draft for draft in items if draft.indent < line.indent]
    chosen = (deeper or items or around) if line.marker else around
    return chosen[-1] if chosen else None


def is_label_line(reader: Reader, line: Line) -> bool:
    """Whether a line holds labels that are links, and nothing else: ``[paper](…) | [library](…)``."""
    others = [index for index in line.links if index not in line.badges]
    texts = [reader.links[index].text for index in others]
    if not is_wordless(line.body) or (others and not role_of_text(texts[0])):
        return False
    return all(text and len(text) <= _LONGEST_LABEL and not is_address(text) for text in texts)
