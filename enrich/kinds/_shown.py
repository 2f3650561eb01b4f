"""What an answer shows to a reader, as far as a verdict goes by it, and what is asked to be sure.

What surprised us: a script is the smaller trouble of two. A page that shows no word at all beside its scripts is told
in no time; the words of others differ from one request to the next by a date, a suggestion or what was asked for, so that
two pages are compared by the share of the words that both have.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from enrich.kinds import _encodings, _html
from enrich.model import Outcome, Purpose, Request, Response, Sight
from enrich.urls import canonical
from enrich.verdict import challenge

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

# A title and a main heading stand at the beginning.
READ_BYTES = 256 << 10
# As much of a page that is asked for only to compare.
CONTROL_BYTES = 64 << 10
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
# Where a page leads at once, as far as nothing but an element says so; a number of seconds comes before it.
_REFRESH = re.compile(
    r"<meta\b[^<>]{0,80}\bhttp-equiv\s{0,9}=\s{0,9}[\"']?refresh\b[^<>]{0,80}\bcontent\s{0,9}=\s{0,9}[\"']?\s{0,9}"
    r"[0-5](?:\.\d{1,3})?\s{0,9}[;,]\s{0,9}(?:url\s{0,9}=\s{0,9})?[\"']?([^\"'<>\s]{1,400})",
    re.IGNORECASE,
)
_NOT_OBEYED = (
    ("<noscript", "</noscript"),
    ("<script", "</script"),
    ("<!--", "-->"),
    ("<textarea", "</textarea"),
)
# The same for a page that is nothing but a script of one statement.
_SOLE_STATEMENT = re.compile(
    r"(?:\s++|<!doctype[^<>]{0,100}>|</?(?:html|head|body|title|meta)\b[^<>]{0,200}>)*+<script\b[^<>]{0,80}>\s*+"
    r"(?:(?:window|top|self|document)\.)?location(?:\.href)?\s{0,9}(?:=|\.replace\()\s{0,9}[\"']([^\"'<>]{1,400})[\"']\)?"
    r"\s{0,9};?\s*+</script>(?:\s++|</?(?:html|head|body|title|meta)\b[^<>]{0,200}>)*+",
    re.IGNORECASE,
)
_SHORTEST_PAGE = 2000
# The page that Next.js shows for what is missing is never any other page, unlike its empty mount.
_NEXT_404 = re.compile(r'<script id="__NEXT_DATA__"[^<>]{0,200}>[^<]*"page":"/(?:404|_error)"')
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


def lead_of(source: str) -> str:
    """The address to which a page leads within a few seconds whoever opens it, as it is written; empty for most."""
    found = _REFRESH.search(source) if "refresh" in source.lower() else None
    if found is not None:
        before = source[: found.start()].lower()
        obeyed = all(before.rfind(start) <= before.rfind(end) for start, end in _NOT_OBEYED)
        return found[1] if obeyed else ""
    sole = _SOLE_STATEMENT.fullmatch(source) if len(source) <= _SHORTEST_PAGE else None
    return sole[1] if sole is not None else ""


def is_next_404(source: str) -> bool:
    """Whether the server of an application made with Next.js wrote its page for what is missing."""
    return "__NEXT_DATA__" in source and _NEXT_404.search(source) is not None


# --- asking for more --------------------------------------------------------------------------------


def question(url: str) -> Request:
    """A question of ours about another page, to be sure of one. It is asked once: a failure proves nothing."""
    return Request(
        url=url,
        purpose=Purpose.PAGE,
        max_body_bytes=CONTROL_BYTES,
        body_types=_html.MEDIA_TYPES,
        retry=False,
    )


def nonsense_beside(url: str) -> str:
    """An address in the same directory that nobody ever gave out: the same one for the same directory, and with the
    same extension, since servers hand those to different programs."""
    parts = urlsplit(url)
    directory, _, name = parts.path.rstrip("/").rpartition("/")
    extension = re.search(r"\.[A-Za-z]{2,5}\Z", name)
    digest = hashlib.sha256(f"{parts.netloc}{directory}".encode()).hexdigest()
    # No word and no number, so that no router takes it for an id.
    made_up = "".join(chr(ord("g") + int(digit, 16)) for digit in digest[:20])
    slash = "/" if parts.path.endswith("/") else ""
    return f"{parts.scheme}://{parts.netloc}{directory}/{made_up}{extension[0] if extension else ''}{slash}"


def joined(base: str, address: str) -> str | None:
    """The canonical address that is written in a page at ``base``; None for what is none."""
    try:
        return canonical(urljoin(base, address.strip()))
    except ValueError:
        return None


def answer_of(outcome: Outcome) -> Response | None:
    """The answer to a question of ours; None for a failure, and for what a bot wall says in its place."""
    return outcome if isinstance(outcome, Response) and challenge(outcome) is None else None


def is_success(sight: Sight) -> bool:
    """Whether an answer to a question of ours has a status of success (2xx)."""
    return sight.status is not None and 200 <= sight.status < 300
