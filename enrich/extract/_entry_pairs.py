"""URLs that stand alone on their line, each beside a line with its title.

``URL, title, URL, title`` is also ``title, URL, title, URL`` with its ends cut off, and reading it the wrong
way gives every link its neighbour's words. Blank lines tell where they keep a pair together; else the ends
of the run do: a list that begins with a URL has its titles below.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from enrich.extract._entry_drafts import Draft, Field
from enrich.extract._entry_labels import Role, role_of_url
from enrich.model import Link


@dataclass(frozen=True, slots=True)
class Half:
    """A line that may be half of a pair: a URL by its index, or words."""

    line: int
    index: int | None
    words: str
    after_blank: bool
    section: tuple[str, ...]
    beside: bool


def pairs(halves: Iterable[Half | None], links: Sequence[Link]) -> Iterator[Draft]:
    """The entries in a sequence of halves; None stands where a run of them ends."""
    run: list[Half] = []
    for half in (*halves, None):
        if half is not None:
            run.append(half)
        elif run:
            yield from _pairs_of(run, links)
            run = []


def _pairs_of(run: Sequence[Half], links: Sequence[Link]) -> Iterator[Draft]:
    urls = [place for place, half in enumerate(run) if half.index is not None]
    if not urls:
        return
    below = sum(_tight(run, place, place + 1) for place in urls)
    above = sum(_tight(run, place - 1, place) for place in urls)
    if len(urls) < 2 and below == above:
        return
    words_first = above > below if above != below else run[0].index is None and run[-1].index is not None
    for place in urls:
        beside = place - 1 if words_first else place + 1
        if 0 <= beside < len(run) and run[beside].index is None:
            yield _draft(run[place], run[beside], links)


def _tight(run: Sequence[Half], first: int, second: int) -> bool:
    """Whether two halves are a URL and words, without a blank line between them."""
    if first < 0 or second >= len(run):
        return False
    return not run[second].after_blank and (run[first].index is None) != (run[second].index is None)


def _draft(url: Half, words: Half, links: Sequence[Link]) -> Draft:
    assert url.index is not None
    role = role_of_url(links[url.index].url)
    # A repository with a title of the note's own is what the item is about, not the code to something.
    role = Role.ARTICLE if role is None else Role.OTHER if role is Role.CODE else role
    return Draft(
        min(url.line, words.line), "pair", url.section, url.beside, title=words.words, lead=True,
        fields=[Field(role, url.index, url.line)],
    )  # fmt: skip
