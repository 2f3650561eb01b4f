"""What an answer shows to a reader, as far as a verdict goes by it.

What surprised us: a script is the smaller trouble of two. A page that shows no word at all beside its scripts is told
in no time; the words of others differ from one request to the next by a date, a suggestion or what was asked for, so that
two pages are compared by the share of the words that both have.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from enrich.kinds import _encodings, _html
from enrich.model import Response

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

# A title and a main heading stand at the beginning.
READ_BYTES = 256 << 10
# Of a title or a heading.
MOST_CHARACTERS = 200
# Less than this beside a script is a sign that the script writes the page: "Loading", or a word on JavaScript.
LEAST_TEXT = 40
# What no visitor reads.
UNSEEN = ["script", "style", "noscript", "template"]
# Without any of these, a title or heading says nothing of a page that is not there.
HINT = re.compile(
    r"404|\bfound\b|exist|find|gone|suspended|不存在|找|不见|走丢|丢失|删除|停止运行|見つ|存在しま",
    re.IGNORECASE,
)
# Two pages are one where they share so much of their words: what was asked for, a date and a few suggestions differ.
_SHARE = 0.6
_WORD = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+")


def source_of(response: Response) -> str:
    """The beginning of a page, decoded."""
    return _encodings.decode(response.body[:READ_BYTES], response.headers.get("content-type"))


def tree_of(text: str) -> LexborHTMLParser | None:
    """The tree of a page, or None where there is none or it would take too long."""
    return _html.parse(text.encode("utf-8", errors="replace")) if text else None


def is_alike(one: str, other: str) -> bool:
    """Whether two texts are mostly of the same words; of Chinese, a word is a character."""
    words, others = (set(_WORD.findall(text.lower())) for text in (one, other))
    return len(words & others) >= _SHARE * max(len(words), len(others))
