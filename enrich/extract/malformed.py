"""Addresses whose scheme is misspelt, and what was meant.

All of them were met in real notes: `https//` sixteen times, `http：//` with a full-width colon,
`htttp://`, `hhttps://`, `ttps://` five times each, and `http://http://`. A browser takes them for a file
beside the page, or refuses them.

A space within a host, as text copied from a PDF has it, ends an address too. What was meant is only certain for
hosts that everybody knows and with a path behind them: in prose a space behind a dot begins a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from enrich.extract.bare import Runs, bare_urls, resolve

_HOST = r"(?=[A-Za-z0-9-]{1,63}\.[A-Za-z0-9])"
# One class of letters in front, as in `bare.py`; the rest asks for nothing that could be another word.
_SCHEME = re.compile(
    r"[hHtT](?<![A-Za-z0-9_./:@%+-].)(?P<rest>[hH]{0,3}[tT]{0,4}[pP]{0,3}[sS]{0,3})(?P<colon>[:：;]{0,2})(?P<slashes>//?)"
    + _HOST
)
_SPELLINGS = re.compile(r"h{1,4}t{1,4}p{1,3}s{0,3}|h+t{2,4}s?|t{2,4}ps?|tps")
_DOUBLED = re.compile(r"https?[:：;]{0,2}/{1,2}(?=h?t{1,2}ps?[:：;]{0,2}//)", re.IGNORECASE)

# [x]((https://a.example/b)), [x]("https://a.example/b"), href=“https://a.example/b”: a path to every browser.
_WRAPPED = re.compile(r"[(（\[<\"'“‘]{1,3}(https?://[^\s()（）\[\]<>\"'“”‘’]+)[)）\]>\"'”’]", re.IGNORECASE)

# What nobody sees around an address that was copied: spaces that Markdown takes for letters, characters without width.
_UNSEEN = "\u00a0\u00ad\u2002\u2003\u2009\u200b\u200c\u200d\u200e\u200f\u202f\u2060\u3000\ufeff"

_GAP = r"[ \t]{0,2}\.[ \t]{0,2}"
_CUT_HOST = re.compile(
    rf"https?://(?:www{_GAP})?(?:github{_GAP}com|arxiv{_GAP}org|mp{_GAP}weixin{_GAP}qq{_GAP}com)/(?=\w)",
    re.IGNORECASE | re.ASCII,
)
_SPACE = re.compile(r"\s")
# A space next to a mark of addresses was not meant; elsewhere what follows is a title without its quotes, or a size.
_HOLDS_SPACE = re.compile(
    r"[^\s()<>\"']{1,2000}(?:[ \t]+[^\s()<>\"'\u2018-\u201d\u3001-\u9fff]{1,2000}){1,3}\)"
)
_SPACE_APART = re.compile(r"(?<![/_.=&?%~#:-])[ \t]+(?![/_.&?%~#-])")
_LONGEST_PATH = 2000


@dataclass(frozen=True, slots=True)
class Malformed:
    """An address in ``text[start:end]`` that nobody can open, and the one that was meant."""

    start: int
    end: int
    intended: str


def intended(url: str) -> str | None:
    """The address that somebody meant by ``url``, or None when its scheme is spelt as it should be and comes first."""
    if (wrapped := _WRAPPED.match(url)) is not None:
        return wrapped[1]
    if (seen := url.strip(_UNSEEN)) != url and seen.startswith(("http://", "https://")):
        return seen
    doubled = _DOUBLED.match(url)
    rest = url[doubled.end() :] if doubled else url
    scheme = _SCHEME.match(rest)
    if scheme is None:
        return None
    if doubled or _is_misspelt(scheme):
        return _corrected(scheme, rest[scheme.end() :])
    return None


def malformed_urls(text: str, start: int, end: int) -> Iterator[Malformed]:
    """The addresses with a misspelt scheme in the running text of ``text[start:end]``."""
    position, runs = start, Runs(text, end)
    while (scheme := _SCHEME.search(text, position, end)) is not None:
        position = scheme.end()
        if not _is_misspelt(scheme):
            continue
        position = runs.url_end(scheme.end(), scheme.end())
        if position > scheme.end():
            rest = resolve(text[scheme.end() : position])
            yield Malformed(scheme.start(), position, _corrected(scheme, rest))


def joined(text: str, start: int) -> str | None:
    """The address that was meant at ``start`` where white space cuts a well-known host in two; None elsewhere."""
    cut = _CUT_HOST.match(text, start)
    if cut is None or not _SPACE.search(cut[0]):
        return None
    whole = "".join(cut[0].split()) + text[cut.end() : cut.end() + _LONGEST_PATH]
    return next((found.url for found in bare_urls(whole, 0, len(whole)) if not found.start), None)


def without_space(text: str, start: int) -> str | None:
    """The address that was meant by `[](…)` where white space cuts it in two, as text copied from a PDF does."""
    cut = _HOLDS_SPACE.match(text, start)
    return None if cut is None or _SPACE_APART.search(cut[0]) else resolve("".join(cut[0][:-1].split()))


def _is_misspelt(scheme: re.Match[str]) -> bool:
    word = _word(scheme)
    exact = word in {"http", "https"}
    if scheme["slashes"] == "/":
        # More freedom would take `tp/x.y` for an address.
        return exact and scheme["colon"] == ":"
    return not (exact and scheme["colon"] == ":") and _SPELLINGS.fullmatch(word) is not None


def _word(scheme: re.Match[str]) -> str:
    return (scheme[0][0] + scheme["rest"]).lower()


def _corrected(scheme: re.Match[str], rest: str) -> str:
    return f"{'https' if 's' in _word(scheme) else 'http'}://{rest}"
