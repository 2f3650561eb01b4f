"""Links in reStructuredText.

An address stands in three places there: in the text, in angle brackets within a reference, or in a target
apart from the text, which references use by name or, with two underscores, by order. No parser is used: that
of docutils gives no columns, stops at directives it does not know, and includes files when told to. What is
needed of the language are its blocks, which are told by indentation, and a handful of marks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from enrich.extract.anchors import docutils_name, heading_name, numbered, slugged
from enrich.extract.bare import bare_urls
from enrich.extract.control import disabled_in_rest
from enrich.extract.destinations import wanted
from enrich.extract.found import Found, link_of
from enrich.extract.positions import Span, lines_of
from enrich.model import DocumentType, Element, Extraction
from enrich.urls import scheme_of

# Directives whose body is code or markup of another language.
_CODE_DIRECTIVES = frozenset(
    {
        "code", "code-block", "sourcecode", "highlight", "literalinclude", "parsed-literal", "math", "raw",
        "doctest", "testcode", "testoutput", "testsetup", "prompt", "graphviz", "mermaid", "ipython",
    }
)  # fmt: skip
_PICTURE_DIRECTIVES = frozenset({"image", "figure"})

_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n|\Z)")
_EXPLICIT = re.compile(r"([ \t]*)\.\.(?=[ \t]|[\r\n]|\Z)[ \t]*")
_ANONYMOUS_LINE = re.compile(r"[ \t]*__[ \t]+(?=\S)")
_DIRECTIVE = re.compile(r"(?:\|[^|\r\n]+\|[ \t]+)?([A-Za-z][\w.+-]*)[ \t]?::(?=[ \t]|[\r\n]|\Z)[ \t]*")
_TARGET = re.compile(r"_(?:`([^`\r\n]+)`|(_)|((?:\\.|[^:\\\r\n]|:(?=\S))+)):(?=[ \t]|[\r\n]|\Z)")
_NOTE = re.compile(r"\[[^\]\r\n]+\](?=[ \t\r\n]|\Z)")
_OPTION = re.compile(r"^[ \t]+:target:[ \t]+(\S+)", re.MULTILINE)

# Marks pair within a paragraph: a stray one must not swallow the next page.
_IN_PARAGRAPH = r"(?:[^`<>\n]|\n(?![ \t]*\r?\n)){0,1000}"
_INLINE_LITERAL = re.compile(r"``(?=\S)(?:[^`\n]|`(?!`)|\n(?![ \t]*\r?\n))*``")
_EMBEDDED = re.compile(rf"(?<![\w:`])`({_IN_PARAGRAPH})<({_IN_PARAGRAPH})>`__?(?!\w)")
_PHRASE = re.compile(rf"(?<![\w:`])`({_IN_PARAGRAPH})`(__?)(?!\w)")
_NAME = re.compile(r"(?<![\w`|])(\w{1,100}(?:[-.+:]\w{1,100}){0,8}?)(__?)(?![\w`])")

_IN_LINE = re.compile(r"[^\r\n]")
_ESCAPED = re.compile(r"\\(\s|.)", re.DOTALL)
_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1+[ \t]*")
_SHORTEST_ADORNMENT = 4


@dataclass(frozen=True, slots=True)
class _Target:
    """An address apart from the text; ``name`` is folded, and empty for those that are used by order."""

    name: str
    start: int
    end: int
    url: str


@dataclass(slots=True)
class _Blocks:
    """What the blocks of a text give: ``hidden`` is for nobody to read, ``taken`` is read elsewhere."""

    code: list[Span] = field(default_factory=list)
    hidden: list[Span] = field(default_factory=list)
    taken: list[Span] = field(default_factory=list)
    targets: list[_Target] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    pictures: list[Span] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _BlockLines:
    """Where the lines of a text stand, and how far each is indented; None for one that is blank."""

    spans: list[Span]
    indents: list[int | None]

    def block_end(self, index: int) -> int:
        """The line behind a block: what is indented more than its first line belongs to it, and blank lines."""
        own = self.indents[index] or 0
        last = index + 1
        for number in range(index + 1, len(self.spans)):
            if (indent := self.indents[number]) is None:
                continue
            if indent <= own:
                break
            last = number + 1
        return last


def read(text: str) -> Extraction:
    """The links of a text in the order of their places; a target once for each reference that uses it."""
    lines = lines_of(text)
    blocks = _blocks(text)
    off = disabled_in_rest(text, lines, blocks.hidden)
    found = sorted(_find(text, blocks), key=lambda one: (one.start, one.used_at or 0))
    return Extraction(links=[link_of(text, lines, one, off) for one in found])


def _find(text: str, blocks: _Blocks) -> Iterator[Found]:
    for start, end in blocks.pictures:
        if (url := wanted(text[start:end])) is not None:
            yield Found(start, end, url, Element.INLINE, image=True)
    prose = _blanked(text, [*blocks.code, *blocks.hidden, *blocks.taken])
    literals = [match.span() for match in _INLINE_LITERAL.finditer(prose)]
    prose = _blanked(prose, literals)
    for start, end in [*blocks.code, *literals]:
        for bare in bare_urls(text, start, end, code=True):
            yield Found(bare.start, bare.end, bare.url, Element.CODE)
    embedded = list(_EMBEDDED.finditer(prose))
    for match in embedded:
        yield from _embedded(match)
    for match in _OPTION.finditer(prose):
        if scheme_of(match[1]) is None and not match[1].endswith("_") and (url := wanted(match[1])):
            yield Found(*match.span(1), url, Element.INLINE)
    prose = _blanked(prose, [match.span() for match in embedded])
    yield from _uses(prose, blocks.targets)
    for bare in bare_urls(prose, 0, len(prose), code=True, names=True):
        yield Found(bare.start, bare.end, bare.url, Element.BARE)


def _embedded(match: re.Match[str]) -> Iterator[Found]:
    """The address in the angle brackets of a reference, unless it is the name of another."""
    written = match[2]
    start = match.start(2) + len(written) - len(written.lstrip())
    end = match.end(2) - (len(written) - len(written.rstrip()))
    address = _resolved(written)
    if (
        written.rstrip().endswith("_")
        and not written.rstrip().endswith("\\_")
        and scheme_of(address) is None
    ):
        return
    if start < end and (url := wanted(address)) is not None:
        yield Found(start, end, url, Element.INLINE, " ".join(match[1].split()) or None)


def _resolved(written: str) -> str:
    """An address without the white space in it, which is not part of it, and without escapes."""
    return _unescaped("".join(written.split()))


def _unescaped(written: str) -> str:
    return _ESCAPED.sub(r"\1", written) if "\\" in written else written


def _uses(prose: str, targets: Iterable[_Target]) -> Iterator[Found]:
    """Each target at each of its uses, or once where nothing uses it."""
    nameless = iter([target for target in targets if not target.name])
    named = {target.name: target for target in reversed(list(targets)) if target.name}
    used: set[_Target] = set()
    references = sorted(
        [*_PHRASE.finditer(prose), *_NAME.finditer(prose)], key=lambda reference: reference.start()
    )
    for reference in references:
        anonymous = reference[2] == "__"
        target = next(nameless, None) if anonymous else named.get(_folded(reference[1]))
        if target is not None:
            used.add(target)
            label = " ".join(reference[1].split())
            yield _found_target(target, label, reference.start())
    for target in targets:
        if target not in used:
            yield _found_target(target, None, None)


def _found_target(target: _Target, label: str | None, used_at: int | None) -> Found:
    return Found(target.start, target.end, target.url, Element.REFERENCE, label, used_at=used_at)


def _folded(name: str) -> str:
    return " ".join(_unescaped(name).split()).casefold()


def _blanked(text: str, spans: Iterable[Span]) -> str:
    """The text with these spans made blank, so that every other character stays where it is."""
    pieces: list[str] = []
    position = 0
    for start, end in sorted(spans):
        if end <= position:
            continue
        start = max(start, position)
        pieces += (text[position:start], _IN_LINE.sub(" ", text[start:end]))
        position = end
    return "".join((*pieces, text[position:]))


# --- blocks -----------------------------------------------------------------------------------------


def _blocks(text: str) -> _Blocks:
    """Read the blocks of a text that are not paragraphs."""
    blocks = _Blocks()
    lines = _block_lines(text)
    index = 0
    while index < len(lines.spans):
        start, end = lines.spans[index]
        last = index + 1
        if explicit := _EXPLICIT.match(text, start, end):
            last = _read_explicit(text, lines, index, explicit, blocks)
        elif anonymous := _ANONYMOUS_LINE.match(text, start, end):
            _note_target(text, "", anonymous.end(), end, blocks)
            blocks.taken.append((start, end))
        elif _ends_with_literal_mark(text, start, end):
            last = lines.block_end(index)
            blocks.code.append((end, lines.spans[last - 1][1]))
        index = last
    return blocks


def _ends_with_literal_mark(text: str, start: int, end: int) -> bool:
    return text[start:end].rstrip().endswith("::")


def _block_lines(text: str) -> _BlockLines:
    lines = [(match.span(), match[0]) for match in _LINE.finditer(text) if match[0]]
    indents = (len(line) - len(body) if (body := line.lstrip()) else None for _, line in lines)
    return _BlockLines([span for span, _ in lines], list(indents))


def _read_explicit(
    text: str, lines: _BlockLines, index: int, explicit: re.Match[str], blocks: _Blocks
) -> int:
    """Read what begins with two dots; the line to go on with. The body of most directives is text again."""
    start, end = lines.spans[index]
    behind = explicit.end()
    if directive := _DIRECTIVE.match(text, behind, end):
        return _read_directive(text, lines, index, directive, blocks)
    if _NOTE.match(text, behind, end):
        return index + 1
    last = lines.block_end(index)
    block_end = lines.spans[last - 1][1]
    if target := _TARGET.match(text, behind, end):
        _note_target(text, _folded(target[1] or target[3] or ""), target.end(), block_end, blocks)
        blocks.taken.append((start, block_end))
    else:
        blocks.hidden.append((start, block_end))
    return last


def _read_directive(
    text: str, lines: _BlockLines, index: int, directive: re.Match[str], blocks: _Blocks
) -> int:
    start, end = lines.spans[index]
    name = directive[1].lower()
    if name in _CODE_DIRECTIVES:
        last = lines.block_end(index)
        blocks.code.append((directive.end(), lines.spans[last - 1][1]))
        return last
    if name in _PICTURE_DIRECTIVES:
        first = directive.end()
        blocks.pictures.append((first, first + len(text[first:end].rstrip())))
        blocks.taken.append((start, end))
    return index + 1


def _note_target(text: str, name: str, start: int, end: int, blocks: _Blocks) -> None:
    """Note the address behind a target's name. Without one it is a place in the text or another name for one."""
    written = text[start:end]
    first = start + len(written) - len(written.lstrip())
    stop = start + len(written.rstrip())
    address = _resolved(written)
    is_alias = address.endswith("_") and not written.rstrip().endswith("\\_") and scheme_of(address) is None
    if name:
        blocks.names.append(name)
    if first < stop and not is_alias and (url := wanted(address)) is not None:
        blocks.targets.append(_Target(name, first, stop, url))


# --- headings ---------------------------------------------------------------------------------------


def _titles(text: str, blocks: _Blocks) -> list[str]:
    """The titles of the sections: lines with a line of marks below them that is about as long."""
    lines = _blanked(text, [*blocks.code, *blocks.hidden]).splitlines()
    found: list[str] = []
    for above, line, below in zip(["", *lines], lines, [*lines[1:], ""], strict=False):
        title = line.strip()
        if not title or not _ADORNMENT.fullmatch(below) or _ADORNMENT.fullmatch(line):
            continue
        long_enough = len(below.rstrip()) >= min(len(title), _SHORTEST_ADORNMENT)
        if long_enough and (not above.strip() or _ADORNMENT.fullmatch(above)):
            found.append(title)
    return found


def title(text: str) -> str | None:
    """The title of the first section."""
    return next(iter(_titles(text, _blocks(text))), None)


def anchors(text: str) -> list[str]:
    """The names of sections as docutils makes them and as GitHub does, and of targets.

    A title without Latin letters is called ``id1``, ``id2`` and so on by docutils.
    """
    blocks = _blocks(text)
    titles = _titles(text, blocks)
    plain = [docutils_name(title) for title in titles]
    github = [heading_name(title) for title in titles]
    names = [*numbered(name for name in plain if name), *numbered(github), *slugged(github)]
    names += [f"id{number}" for number in range(1, plain.count("") + 1)]
    for target in blocks.names:
        names += (target, docutils_name(target))
    return [name for name in dict.fromkeys(names) if name]


DOCUMENT_TYPE = DocumentType(
    name="restructuredtext",
    suffixes=frozenset({".rst", ".rest"}),
    read=read,
    title=title,
    anchors=anchors,
)
