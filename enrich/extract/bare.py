"""URLs that stand in running text without any markup, and names that are as good as one.

GitHub's autolink extension ends a URL at white space and `<`. Notes in Chinese put no space behind a
URL: full-width punctuation follows, or the sentence goes on. Of 211 Chinese letters met directly behind a
URL, 193 were prose and 18 part of the address; in nearly all of the 18 the URL filled its line and the
letter followed `/`, `#`, `-` or an encoded space, so that is the rule for keeping it.

People also write `github.com/owner/name`, `arXiv:2001.12345` or a DOI and mean the page. These count where
nothing else can be meant: not inside a path or a mail address, and not the import path of a Go package.

Everything is found in one pass: each character is looked at a bounded number of times, since a note may be
hostile.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from enrich.extract.placeholders import has_hole_behind, is_template

_PUNCTUATION = r"!-/:-@\[-`{-~"

# What a URL or name begins with. A leading class of letters makes the engine skip through text ten times as
# fast as alternatives do, so the first letter is looked back at. `_NAMES` and `_ARXIV` then look at the rest.
_WEB = r"(?<=[hH])(?P<web>[tT]{2}[pP][sS]?://)"
# A space in or behind the scheme, as translation by machine and PDFs leave it. Where a link was meant it can be told.
_WEB_OR_CUT = (
    r"(?<=[hH])[tT]{2}[pP][sS]?(?:(?P<cut>(?:[ \t]:[ \t]?//|:[ \t]//)[ \t]?|://[ \t]{1,2})"
    r"(?=[A-Za-z0-9-]{1,63}\.[A-Za-z0-9])|(?P<web>://))"
)
_APART = r"(?<![A-Za-z0-9_./@-].)"
_WWW = r"(?<=[wW])(?P<www>[wW]{2}\.)(?=[A-Za-z0-9-]{1,63}\.[A-Za-z])"
_NAME = (
    r"(?P<name>(?i:ithub\.com/|(?:xport\.a|n\.a)?rxiv\.org/|p\.weixin\.qq\.com/s|(?:x\.d)?oi\.org/10\.))"
    r"|(?P<doi>(?i:oi:10\.)|0\.)(?=[0-9]{4,9}/)"
    r"|(?P<arxiv>(?i:rxiv))(?=[ \t]?[:：])"
)
_LABEL = re.compile(r"\[[^\[\]<>`\\\n]*\]\( ?\Z")
_LONGEST_LABEL = 1000

_BEGINNING = re.compile(rf"[acdeghmwACDEGHMW1](?:{_WEB_OR_CUT}|{_APART}(?:{_WWW}|{_NAME}))")
_BEGINNING_IN_CODE = re.compile(rf"[hwHW](?:{_WEB}|{_APART}{_WWW})")

# Addresses that are written without a scheme. A path of more parts below a repository is a page when its
# first part is one that GitHub has; else it is the import path of a Go package, which is no address.
_NAMES = re.compile(
    r"github\.com/[a-z0-9][a-z0-9-]{0,38}/[\w.-]+/?(?:[?#].*"
    r"|/(?:actions|blame|blob|commits?|compare|discussions|issues|packages|projects|pulls?|raw|releases|tags|tree|wiki)"
    r"(?:[/?#].*)?)?"
    r"|(?:export\.|cn\.)?arxiv\.org/(?:abs|pdf)/(?:[0-9]{4}\.[0-9]{4,5}|[a-z-]+(?:\.[a-z]{2})?/[0-9]{7})(?:v[0-9]+)?(?:\.pdf)?"
    r"|mp\.weixin\.qq\.com/s(?:/[\w-]{16,}|\?\w+=).*"
    r"|(?:dx\.)?doi\.org/10\.[0-9]{4,9}/.+",
    re.ASCII | re.IGNORECASE | re.DOTALL,
)
_DOI = re.compile(r"(?i:doi:)?(10\.[0-9]{4,9}/(?:[A-Za-z0-9._;()/:-]|\\[._()-]){1,300})")
_LONGEST_DOI = 700
# Months and ratios such as 10.2020/11.2020 have the form of a DOI too.
_NO_DOI = re.compile(r"10\.[0-9]{4,9}/[0-9./-]{0,7}")
_ARXIV = re.compile(
    r"(?i:arxiv)[ \t]?[:：][ \t]?"
    r"([0-9]{2}(?:0[1-9]|1[0-2])\.[0-9]{4,5}(?:v[0-9]{1,2})?|[a-z]+(?:-[a-z]+)?(?:\.[A-Z]{2})?/[0-9]{7}(?:v[0-9]{1,2})?)"
    r"(?![A-Za-z0-9]|\.pdf)"
)

# Letters that no host name or path of a Latin address needs: kana, Han, Hangul.
_WIDE = (
    r"\u3005-\u3007\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_WIDE_LETTER = re.compile(f"[{_WIDE}]")

# White space, controls, quotes, angle brackets, zero-width characters, dashes, symbols and full-width
# forms. En dash and hyphens stay: encyclopaedia addresses hold them raw.
_NEVER_IN_A_URL = (
    r"\s<>\"`|\x00-\x1f\x7f-\xa0©«\xad®¶»\u2000-\u200f\u2014-\u206f\u2100-\u214f\u2190-\u2bff\u3000-\u3004\u3008-\u303f"
    r"\ufe00-\ufe6f\ufeff\uff00-\uffef\ufffd\U0001f000-\U0001faff"
)
_BEFORE_ANOTHER = r"[,;](?=(?i:https?)://)"
_STOP_IN_CODE = re.compile(rf"[{_NEVER_IN_A_URL}\\]|\*\*|{_BEFORE_ANOTHER}")
_STOP = re.compile(
    rf"[{_NEVER_IN_A_URL}]|\*\*|~~|\[\^|[-=]{{1,3}}>|{_BEFORE_ANOTHER}"
    rf"|\\(?![{_PUNCTUATION}]|x26amp;)|&(?:lt|gt|quot|nbsp|e[nm]sp|thinsp|mdash|middot|bull|hellip|[lr][ds]quo|#34|#39|#60|#62|#160);"
)

# Pictures that lists of links set behind an address as a mark, `https://a.example/b:star:`. Only names that no address
# ends with: behind `/wiki/help:contents:` the colon belongs to the sentence.
_SHORTCODE = re.compile(
    r":(?:star[s2]?|dizzy|sparkle[rs]?|fire|hot|boom|zap|rocket|tada|trophy|crown|gem|gift|new|up|cool|(?:\w{1,12}_)?hearts?"
    r"|[+-]1|thumbs(?:up|down)|ok_hand|clap|muscle|pray|eyes|point_(?:up|down|left|right)(?:_2)?|warning|exclamation|question"
    r"|bangbang|heavy_\w{1,24}|(?:ballot_box_with|white)_check(?:_mark)?|negative_squared_cross_mark|x|no_entry(?:_sign)?"
    r"|construction|lock|unlock|bulb|memo|pencil2?|books?|bookmark(?:_tabs)?|page_facing_up|paperclip|(?:round_)?pushpin"
    r"|triangular_flag_on_post|arrow_\w{1,16}|(?:large_)?(?:red|blue|green|yellow|orange|white|black)_circle|smiley?|grinning"
    r"|joy|sob|cry|heart_eyes|thinking|sunglasses|skull|ghost|bug|(?:movie|video)_camera|tv|computer|iphone|snail|turtle"
    r"|penguin|cn|us|jp|kr|moneybag|dollar):\Z"
)
_LONGEST_SHORTCODE = 40

# As in GitHub's autolink extension, with quotes, and the bar, backslash and dot that no address ends with.
_TRAILING = frozenset("?!.,:;*_~'\"|\\·")
_TRAILING_ENTITY = re.compile(r"&[A-Za-z0-9]{1,31};\Z")

# Converters from HTML escape them, so that an escaped one is as much of a bracket.
_BRACKET = re.compile(r"\\[^()\[\]{}]|[()\[\]{}]")
_CLOSES = {")": "(", "]": "[", "}": "{"}

# In <https://a.example/?b=MzA==>, and in a tag, what looks like an arrow is the end of the address and a bracket.
_OWN = re.compile(r"[-=]{1,3}(?=>)")
_BEFORE_OWN = re.compile(r"<(?:[A-Za-z][^<>]*=)?\Z")
_LONGEST_TAG = 100

# Around what some editors highlight. An address may end with two of them as well: numbers of WeChat accounts do.
_HIGHLIGHTS = frozenset({"==", "^^", "++", "%%"})
_LONGEST_HIGHLIGHT = 300

# Hosts whose addresses are opaque ASCII: a Chinese letter is never part of one.
_OPAQUE_HOST = re.compile(
    r"(?:[a-z0-9-]+\.)*(?:mp\.weixin\.qq\.com|arxiv\.org|github\.com|zhihu\.com|doi\.org)(?=[/:?])",
    re.IGNORECASE,
)
_NEEDS_NO_SCHEME = ("http://", "https://", "/", ".", "#")
_WWW_NAME = re.compile(r"www\.[^\s./]+\.", re.IGNORECASE)
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
        from html.entities import html5

        return html5.get(f"{name};", reference[0])
    number = int(decimal) if decimal else int(hexadecimal, 16)
    return chr(number) if 0 < number < 0x110000 and not 0xD800 <= number < 0xE000 else "\ufffd"


def resolve(raw: str) -> str:
    """Entities and backslash escapes resolved; percent-encoding, case and slashes untouched."""
    if "\\" in raw:
        raw = _ESCAPE.sub(r"\1", raw.replace("\\x26amp;", "&amp;"))
    return decode_entities(raw)


def bare_urls(
    text: str, start: int, end: int, *, code: bool = False, names: bool | None = None, bounded: bool = False
) -> Iterator[BareUrl]:
    """The http, https and ``www.`` URLs of ``text[start:end]``, and names that stand for one.

    In ``code`` nothing is markup: backslashes end a URL, entities stand for themselves, and a name is a name.
    ``names`` has them read all the same, for prose that knows no markup. What stands behind ``end`` may tell that an
    address goes on, `/users/<id>`, but where it is ``bounded``, as the text of a page is by tags.
    """
    beginning = _BEGINNING if (not code if names is None else names) else _BEGINNING_IN_CODE
    runs = Runs(text, end, code=code)
    position = no_name_before = start
    seen = end if bounded else len(text)
    while (match := beginning.search(text, position, end)) is not None:
        position, sort = match.end(), match.lastgroup
        if sort == "arxiv":
            found = _arxiv(text, match.start(), end)
        elif sort == "doi":
            found = _doi(runs.at(match.start()), match.start())
        elif sort == "name":
            if match.start() < no_name_before:
                continue
            stop = runs.url_end(match.start(), match.start())
            found = _name(text, match.start(), stop)
            # Each is read to the end of its run, so that a run full of what looks like one is read once.
            no_name_before = stop
        elif sort == "cut":
            found = _cut_url(runs, match)
        else:
            found = _url(runs, match, code=code)
        if found is not None:
            position = found.end
            if is_template(text[found.start : found.end]) or has_hole_behind(text, found.end, seen):
                continue
            yield found


def _url(runs: Runs, match: re.Match[str], *, code: bool) -> BareUrl | None:
    has_scheme = match.lastgroup == "web"
    start = match.start()
    host_start = match.end() if has_scheme else start
    if (end := runs.url_end(start, host_start)) <= host_start:
        return None
    url = runs.text[start:end] if code else resolve(runs.text[start:end])
    return BareUrl(start, end, url if has_scheme else f"http://{url}")


def _cut_url(runs: Runs, match: re.Match[str]) -> BareUrl | None:
    """The URL of what was meant as a link, without the space in its scheme; None where no label stands before."""
    host_start = match.end()
    if _LABEL.search(runs.text, max(0, match.start() - _LONGEST_LABEL), match.start()) is None:
        return None
    if (end := runs.url_end(host_start, host_start)) <= host_start:
        return None
    scheme = "".join(match[0].split()).lower()
    return BareUrl(match.start(), end, scheme + resolve(runs.text[host_start:end]))


def _name(text: str, start: int, end: int) -> BareUrl | None:
    url = resolve(text[start:end])
    return BareUrl(start, end, f"https://{url}") if _NAMES.fullmatch(url) else None


def _doi(run: _Run, start: int) -> BareUrl | None:
    text = run.text
    # A bracket bounds it first, or each of many DOIs in brackets would be read to its greatest length.
    name = _DOI.match(text, start, _before_unbalanced(run, start, min(run.end, start + _LONGEST_DOI)))
    if name is None:
        return None
    end = _trimmed(text, name.start(1), _before_unbalanced(run, start, name.end()))
    if start == name.start(1) and _NO_DOI.fullmatch(text, start, end):
        return None
    return BareUrl(start, end, f"https://doi.org/{resolve(text[name.start(1) : end])}")


def _arxiv(text: str, start: int, limit: int) -> BareUrl | None:
    name = _ARXIV.match(text, start, limit)
    return BareUrl(start, name.end(), f"https://arxiv.org/abs/{name[1]}") if name else None


def with_scheme(destination: str) -> str | None:
    """The URL that somebody meant who left the scheme out, or None where it may be a relative path."""
    if destination.startswith(_NEEDS_NO_SCHEME):
        # Most are addresses or paths, which need not be compared with any name.
        return None
    if _WWW_NAME.match(destination):
        return f"http://{destination}"
    return f"https://{destination}" if _NAMES.fullmatch(destination) else None


@dataclass(slots=True)
class _Run:
    """Characters without a stop among them, and the brackets that bound URLs in it.

    ``brackets`` maps the place of a bracket to that of its partner, or to -1; ``letter`` is the first Chinese letter
    behind what was looked at.
    """

    text: str
    start: int
    end: int
    brackets: dict[int, int] | None = None
    places: list[int] | None = None
    letter: int = -1


class Runs:
    """The runs of ``text`` up to ``limit``, met from its beginning to its end."""

    __slots__ = ("_limit", "_run", "_stop", "text")

    def __init__(self, text: str, limit: int, *, code: bool = False) -> None:
        self.text = text
        self._limit = limit
        self._stop = _STOP_IN_CODE if code else _STOP
        self._run = _Run(text, 0, 0)

    def at(self, start: int) -> _Run:
        """The run that holds ``start``, which is at or behind all that were asked for before."""
        if start >= self._run.end:
            stop = self._stop.search(self.text, start, self._limit)
            self._run = _Run(self.text, start, stop.start() if stop else self._limit)
        return self._run

    def url_end(self, start: int, host_start: int) -> int:
        """Where the URL that begins at ``start`` ends; ``host_start`` when there is no host."""
        return _url_end(self.at(start), start, host_start)


def _pair_brackets(run: _Run) -> tuple[dict[int, int], list[int]]:
    """Brackets are paired once for a run, so that a run full of URLs in brackets stays linear."""
    if run.brackets is not None and run.places is not None:
        return run.brackets, run.places
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


def _url_end(run: _Run, start: int, host_start: int) -> int:
    text, limit = run.text, run.end
    if not _has_host(text, host_start, limit):
        return host_start
    if start and text[start - 1] == "'" and (quote := text.find("'", start, limit)) > 0:
        limit = quote
    # What ends a URL for certain goes first: brackets pair within it alone, and the run may hold many URLs.
    limit = _before_wide_letter(run, start, host_start, limit)
    end = _trimmed(text, host_start, _before_unbalanced(run, start, limit))
    if end == run.end and (own := _OWN.match(text, end)):
        return own.end() if _BEFORE_OWN.search(text, max(0, start - _LONGEST_TAG), start) else end
    if text[end - 2 : end] in _HIGHLIGHTS and _is_highlighted(text, start, text[end - 2 : end]):
        return _trimmed(text, host_start, end - 2)
    return end


def _is_highlighted(text: str, start: int, mark: str) -> bool:
    """Whether a highlight is open at ``start``: of the marks before it on its line, one opens and the next closes."""
    before = text[max(0, start - _LONGEST_HIGHLIGHT) : start].rpartition("\n")[2]
    is_open, place = False, before.find(mark)
    while place >= 0:
        outside, behind = before[max(0, place - 1) : place], before[place + len(mark) :][:1]
        closes, opens = not outside.isspace(), not (outside.isascii() and outside.isalnum())
        is_open = not closes if is_open else opens and not behind.isspace()
        place = before.find(mark, place + len(mark))
    return is_open


def _has_host(text: str, start: int, end: int) -> bool:
    if start >= end:
        return False
    first = text[start]
    if first.isascii():
        return first.isalnum() or first == "["
    return first.isalpha() and _WIDE_HOST.match(text, start, end) is not None


def _before_unbalanced(run: _Run, start: int, limit: int) -> int:
    partners, places = _pair_brackets(run)
    for index in range(bisect_left(places, start), len(places)):
        place = places[index]
        if place >= limit:
            break
        if not start <= partners[place] < limit:
            return place
    return limit


def _before_wide_letter(run: _Run, start: int, host_start: int, limit: int) -> int:
    text = run.text
    host = _ASCII_HOST.match(text, host_start, limit)
    body = host.end() if host and host[0] else _wide_host_end(text, host_start, limit)
    if run.letter < body:
        found = _WIDE_LETTER.search(text, body, run.end)
        run.letter = found.start() if found else run.end
    letter = run.letter
    if letter >= limit or _keeps_wide_letters(run, start, host_start, letter, limit):
        return limit
    return letter


def _wide_host_end(text: str, host_start: int, end: int) -> int:
    host = _WIDE_HOST.match(text, host_start, end)
    return host.end() if host else host_start


def _keeps_wide_letters(run: _Run, start: int, host_start: int, letter: int, limit: int) -> bool:
    """Whether Chinese letters belong to the URL: a separator precedes and the URL is all of its line.

    Known hosts settle it before: a repository's path is ASCII, though a heading in it may not be.
    """
    text = run.text
    if not text.endswith(_SEPARATORS, host_start, letter):
        return False
    if _OPAQUE_HOST.match(text, host_start, letter) and "#" not in text[host_start:letter]:
        return False
    before = text[max(0, start - 64) : start]
    alone = start <= 64 or "\n" in before or "\r" in before
    if not alone or not _LINE_MARKS.match(before):
        return False
    return bool(_REST_OF_LINE.match(text, _before_unbalanced(run, start, limit)))


def _trimmed(text: str, host_start: int, end: int) -> int:
    while end > host_start and (last := text[end - 1]) in _TRAILING:
        if last == ";" and (entity := _TRAILING_ENTITY.search(text, max(host_start, end - 33), end)):
            end = entity.start()
        elif last == ":" and (
            code := _SHORTCODE.search(text, max(host_start, end - _LONGEST_SHORTCODE), end)
        ):
            end = code.start()
        else:
            end -= 1
    return end
