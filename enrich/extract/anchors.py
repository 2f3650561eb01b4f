"""The names that a ``#fragment`` may have in a document.

What a heading is called is up to the program that shows it; here it is GitHub's rule, which GitLab, VS Code
and most site generators follow or come near to. It keeps letters of all scripts, and so the invisible
variation selector behind an emoji, whose picture it drops: ``## ⚙️ Setup`` is ``#️-setup``, with the selector
before the hyphen. Names that an author wrote out (``id``, ``name``, ``{#…}``) count in every document.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator

from enrich.extract.bare import decode_entities
from enrich.extract.html import Tag, tags, without_tags
from enrich.extract.syntax import constructs, headings
from enrich.front_matter import front_matter

_KEPT_CATEGORIES = ("L", "M", "Nd", "Nl", "Pc")
# Circled and squared letters are symbols, and alphabetic all the same (PropList.txt, Other_Alphabetic).
_CIRCLED = re.compile("[\u24b6-\u24e9\U0001f130-\U0001f149\U0001f150-\U0001f169\U0001f170-\U0001f189]")
_PLAIN_DROPPED = re.compile(r"[^a-z0-9_ -]")

# `:rocket:` is a picture where the program knows the name, and a word where it does not.
_SHORTCODE = re.compile(r":[A-Za-z0-9_+-]+:")
_HEADING_TAG = re.compile(r"h[1-6]")
# kramdown's `{: #name}` and Pandoc's `{#name}` behind any block, MyST's `(name)=` before one.
_WRITTEN_NAME = re.compile(r"\{:?[ \t]*#([^\s{}#]+)[^{}\n]*\}|^\(([^()\s]+)\)=[ \t]*$", re.MULTILINE)
_FOOTNOTE = re.compile(r"^ {0,3}\[\^([^\]\s]{1,100})\]:", re.MULTILINE)

_NOT_IN_DOCUTILS_NAME = re.compile(r"[^a-z0-9]+")


def heading_name(text: str) -> str:
    """What GitHub calls a heading of this text, before it tells repeated ones apart.

    Letters, marks, digits, connectors, spaces and hyphens stay, in lower case; each space becomes a hyphen
    (html-pipeline, TableOfContentsFilter; the set of letters as measured by github-slugger).
    """
    lower = text.lower()
    kept = _PLAIN_DROPPED.sub("", lower) if lower.isascii() else "".join(filter(_is_kept, lower))
    return kept.replace(" ", "-")


def _is_kept(character: str) -> bool:
    if character in " -":
        return True
    category = unicodedata.category(character)
    return category.startswith(_KEPT_CATEGORIES) or bool(_CIRCLED.match(character))


def numbered(names: Iterable[str]) -> Iterator[str]:
    """Each name, with ``-1``, ``-2`` … behind those that were met before."""
    met: Counter[str] = Counter()
    for name in names:
        yield f"{name}-{met[name]}" if met[name] else name
        met[name] += 1


def slugged(names: Iterable[str]) -> Iterator[str]:
    """The same as github-slugger has it, which never gives a name that another heading has already."""
    counts: dict[str, int] = {}
    for name in names:
        unique = name
        while unique in counts:
            counts[name] += 1
            unique = f"{name}-{counts[name]}"
        counts[unique] = 0
        yield unique


def markdown_anchors(text: str) -> list[str]:
    """The names in a Markdown text: of its headings, raw HTML ones among them, then those written out."""
    text = text.removeprefix("\ufeff").encode("utf-8", "replace").decode()
    body = len(front_matter(text))
    source = text[body:]
    found = list(headings(source))
    raw = [
        tag
        for construct in constructs(source)
        if construct.sort in ("html", "html-block")
        for tag in tags(source, construct.start, construct.end)
    ]
    placed = [(heading.start, heading.text) for heading in found]
    placed += [(tag.start, _text_of(source, tag)) for tag in raw if _opens_heading(tag)]
    titles = [title for _, title in sorted(placed)]
    plain = [heading_name(title) for title in titles]
    names = [*numbered(plain), *slugged(plain), *_other_readings(titles)]
    names += [heading.id for heading in found if heading.id]
    names += [first or second for first, second in _WRITTEN_NAME.findall(source)]
    for label in _FOOTNOTE.findall(source):
        names += (f"fn-{label}", f"fnref-{label}", f"fn:{label}", f"fnref:{label}")
    return _distinct([*names, *_named_tags(source, raw)])


def _opens_heading(tag: Tag) -> bool:
    return not tag.closing and _HEADING_TAG.fullmatch(tag.name) is not None


def _text_of(text: str, tag: Tag) -> str:
    """The text of an element, up to its closing tag, at most a paragraph long."""
    closing = text.find(f"</{text[tag.start + 1 : tag.start + 1 + len(tag.name)]}", tag.end, tag.end + 1000)
    inner = text[tag.end : closing] if closing >= 0 else ""
    return decode_entities(without_tags(inner)).strip()


def _other_readings(titles: Iterable[str]) -> Iterator[str]:
    """The same headings without what some programs drop: a space left by a picture, and shortcodes."""
    for title in titles:
        if title != title.strip():
            yield heading_name(title.strip())
        if _SHORTCODE.search(title):
            yield heading_name(_SHORTCODE.sub("", title))
            yield heading_name(_SHORTCODE.sub("", title).strip())


def _named_tags(text: str, found: Iterable[Tag]) -> Iterator[str]:
    for tag in found:
        for name in ("id", "name"):
            attribute = tag.attribute(name)
            if attribute is not None and not tag.closing:
                yield decode_entities(text[attribute.start : attribute.end])


def html_anchors(text: str) -> list[str]:
    """The ``id`` and ``name`` attributes of an HTML page."""
    return _distinct(_named_tags(text, tags(text, 0, len(text))))


def docutils_name(text: str) -> str:
    """The id that docutils makes of a title; empty where no Latin letter or digit is in it.

    Accents are dropped with the letter kept, all else becomes a hyphen, and an id begins with a letter.
    """
    plain = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"^[-0-9]+|-+$", "", _NOT_IN_DOCUTILS_NAME.sub("-", plain))


def _distinct(names: Iterable[str]) -> list[str]:
    return [name for name in dict.fromkeys(names) if name]
