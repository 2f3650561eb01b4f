"""URLs that stand in running text without any markup.

GitHub's autolink extension ends a URL at white space and `<`. Notes in Chinese put no space behind a
URL: full-width punctuation follows, or the sentence goes on. Of 211 Chinese letters met directly behind a
URL, 193 were prose and 18 part of the address; in nearly all of the 18 the URL filled its line and the
letter followed `/`, `#`, `-` or an encoded space, so that is the rule for keeping it.

Everything is found in one pass: each character is looked at a bounded number of times, since a note may be
hostile.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from html.entities import html5

_PUNCTUATION = r"!-/:-@\[-`{-~"

_SCHEME = re.compile(r"https?://|(?<![A-Za-z0-9_./@-])www\.(?=[A-Za-z0-9-]{1,63}\.[A-Za-z])", re.IGNORECASE)

# Letters that no host name or path of a Latin address needs: kana, Han, Hangul.
_WIDE = (
    r"\u3005-\u3007\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_WIDE_LETTER = re.compile(f"[{_WIDE}]")

# White space, controls, quotes, angle brackets, zero-width characters, dashes, symbols and full-width
# forms. En dash and hyphens stay: encyclopaedia addresses hold them raw.
_NEVER_IN_A_URL = (
    r"\s<>\"`|\x00-\x1f\x7f-\xa0«»\u2000-\u200f\u2014-\u206f\u2190-\u2bff\u3000-\u3004\u3008-\u303f"
    r"\ufe10-\ufe6f\ufeff\uff00-\uffef\U0001f000-\U0001faff"
)
_BEFORE_ANOTHER = r"[,;](?=(?i:https?)://)"
_STOP_IN_CODE = re.compile(rf"[{_NEVER_IN_A_URL}\\]|\*\*|{_BEFORE_ANOTHER}")
_STOP = re.compile(
    rf"[{_NEVER_IN_A_URL}]|\*\*|~~|{_BEFORE_ANOTHER}"
    rf"|\\(?![{_PUNCTUATION}]|x26amp;)|&(?:lt|gt|quot|nbsp|ensp|emsp|#34|#39|#60|#62|#160);"
)

# As in GitHub's autolink extension, with quotes, and the bar and backslash that no address ends with.
_TRAILING = frozenset("?!.,:;*_~'\"|\\")
_TRAILING_ENTITY = re.compile(r"&[A-Za-z0-9]{1,31};\Z")

_BRACKET = re.compile(r"\\.|[()\[\]{}]")
_CLOSES = {")": "(", "]": "[", "}": "{"}

_PLACEHOLDER = re.compile(r"\$\{|\{\{|\{[^{}\s/]{0,64}\}|%s")

# Hosts whose addresses are opaque ASCII: a Chinese letter is never part of one.
_OPAQUE_HOST = re.compile(
    r"(?:[a-z0-9-]+\.)*(?:mp\.weixin\.qq\.com|arxiv\.org|github\.com|zhihu\.com|doi\.org)(?=[/:?])",
    re.IGNORECASE,
)
_ASCII_HOST = re.compile(r"[A-Za-z0-9.-]*")
_WIDE_HOST = re.compile(r"[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}(?=[/:?#]|\Z)")

_LINE_MARKS = re.compile(r"(?:\A|.*[\r\n])[ \t>*+-]*(?:\d{1,9}[.)][ \t]+)?\Z", re.DOTALL)
_REST_OF_LINE = re.compile(r"[ \t]*(?:<br[ \t]*/?>[ \t]*)*(?:[\r\n]|\Z)", re.IGNORECASE)
_SEPARATORS = ("/", "#", "-", "=", "%20")

_ENTITY = re.compile(r"&(?:#([0-9]{1,7})|#[xX]([0-9a-fA-F]{1,6})|([A-Za-z][A-Za-z0-9]{1,31}));")
_ESCAPE = re.compile(rf"\\([{_PUNCTUATION}])")


@dataclass(frozen=True, slots=True)
class BareUrl:
    """A URL in ``text[start:end]``; ``url`` has entities and escapes resolved."""

    start: int
    end: int
    url: str


def decode_entities(raw: str) -> str:
    """Character references resolved once, only those that end in a semicolon (CommonMark 2.5).

    `html.unescape` would turn the `&copy=1` of a query into `©=1`. WeChat's own share dialogue has left
    the literal text ``\\x26amp;`` in notes.
    """
    if "&" in raw:
        raw = _ENTITY.sub(_character, raw)
    return raw.replace("\\x26amp;", "&") if "\\x26" in raw else raw


def _character(reference: re.Match[str]) -> str:
    decimal, hexadecimal, name = reference.groups()
    if name:
        return html5.get(f"{name};", reference[0])
    number = int(decimal) if decimal else int(hexadecimal, 16)
    return chr(number) if 0 < number < 0x110000 and not 0xD800 <= number < 0xE000 else "\ufffd"


def resolve(raw: str) -> str:
    """Entities and backslash escapes resolved; percent-encoding, case and slashes untouched."""
    if "\\" in raw:
        raw = _ESCAPE.sub(r"\1", raw.replace("\\x26amp;", "&amp;"))
    return decode_entities(raw)


def is_template(url: str) -> bool:
    """Whether a URL holds a placeholder such as ``${host}`` or ``{service}``, so that nobody can open it."""
    return _PLACEHOLDER.search(url) is not None


def bare_urls(text: str, start: int, end: int, *, code: bool = False) -> Iterator[BareUrl]:
    """The http, https and ``www.`` URLs of ``text[start:end]``.

    In ``code`` nothing is markup: backslashes end a URL and entities stand for themselves.
    """
    position, run = start, _Run(text, start, start)
    while (match := _SCHEME.search(text, position, end)) is not None:
        if match.start() >= run.end:
            run = _run(text, match.start(), end, code=code)
        position = match.end()
        if (stop := _url_end(run, match)) <= match.end():
            continue
        position = stop
        raw = text[match.start() : stop]
        if not is_template(raw):
            url = raw if code else resolve(raw)
            yield BareUrl(match.start(), stop, url if match[0][0] in "hH" else f"http://{url}")


@dataclass(slots=True)
class _Run:
    """Characters without a stop among them, and the brackets that bound URLs in it.

    ``brackets`` maps the place of a bracket to that of its partner, or to -1.
    """

    text: str
    start: int
    end: int
    brackets: dict[int, int] | None = None
    places: list[int] | None = None


def _run(text: str, start: int, limit: int, *, code: bool) -> _Run:
    stop = (_STOP_IN_CODE if code else _STOP).search(text, start, limit)
    return _Run(text, start, stop.start() if stop else limit)


def _pair_brackets(run: _Run) -> tuple[dict[int, int], list[int]]:
    """Brackets are paired once for a run, so that a run full of URLs in brackets stays linear."""
    if run.brackets is None or run.places is None:
        partners: dict[int, int] = {}
        waiting: dict[str, list[int]] = {"(": [], "[": [], "{": []}
        for match in _BRACKET.finditer(run.text, run.start, run.end):
            mark, place = match[0], match.start()
            if mark in waiting:
                waiting[mark].append(place)
                partners[place] = -1
            elif mark in _CLOSES:
                opener = waiting[_CLOSES[mark]].pop() if waiting[_CLOSES[mark]] else -1
                partners[place] = opener
                if opener >= 0:
                    partners[opener] = place
        run.brackets, run.places = partners, list(partners)
    return run.brackets, run.places


def _url_end(run: _Run, match: re.Match[str]) -> int:
    """Where the URL that begins at ``match`` ends; its scheme's end when there is no host."""
    text, start = run.text, match.start()
    host_start = match.end() if match[0][0] in "hH" else start
    if not _has_host(text, host_start, run.end):
        return match.end()
    end = _before_unbalanced(run, start)
    end = _before_wide_letter(text, start, host_start, end)
    if start and text[start - 1] == "'" and (quote := text.find("'", start, end)) > 0:
        end = quote
    return _trimmed(text, host_start, end)


def _has_host(text: str, start: int, end: int) -> bool:
    if start >= end:
        return False
    first = text[start]
    if first.isascii():
        return first.isalnum() or first == "["
    return first.isalpha() and _WIDE_HOST.match(text, start, end) is not None


def _before_unbalanced(run: _Run, start: int) -> int:
    partners, places = _pair_brackets(run)
    for index in range(bisect_left(places, start), len(places)):
        if partners[places[index]] < start:
            return places[index]
    return run.end


def _before_wide_letter(text: str, start: int, host_start: int, end: int) -> int:
    host = _ASCII_HOST.match(text, host_start, end)
    body = host.end() if host and host[0] else _wide_host_end(text, host_start, end)
    letter = _WIDE_LETTER.search(text, body, end)
    if letter is None or _keeps_wide_letters(text, start, host_start, letter.start(), end):
        return end
    return letter.start()


def _wide_host_end(text: str, host_start: int, end: int) -> int:
    host = _WIDE_HOST.match(text, host_start, end)
    return host.end() if host else host_start


def _keeps_wide_letters(text: str, start: int, host_start: int, letter: int, end: int) -> bool:
    """Whether Chinese letters belong to the URL: a separator precedes and the URL is all of its line.

    Known hosts settle it before: a repository's path is ASCII, though a heading in it may not be.
    """
    if not text.endswith(_SEPARATORS, host_start, letter):
        return False
    if _OPAQUE_HOST.match(text, host_start, letter) and "#" not in text[host_start:letter]:
        return False
    before = text[max(0, start - 64) : start]
    alone = start <= 64 or "\n" in before or "\r" in before
    return alone and bool(_LINE_MARKS.match(before)) and bool(_REST_OF_LINE.match(text, end))


def _trimmed(text: str, host_start: int, end: int) -> int:
    while end > host_start and text[end - 1] in _TRAILING:
        if text[end - 1] == ";" and (
            entity := _TRAILING_ENTITY.search(text, max(host_start, end - 33), end)
        ):
            end = entity.start()
        else:
            end -= 1
    return end
