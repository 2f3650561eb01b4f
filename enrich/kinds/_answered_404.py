"""Pages that came with status 404, and may be there all the same.

Nearly all are gone, those that a script writes too: Docusaurus, Next.js and shops send their page for what is missing
with the script that runs on all pages. Two are not. Where the site of one application is served as files (GitHub Pages,
S3), every address but the front page answers 404 with a copy of the front page, and in a browser the page is there. And
some systems send a living article with status 404, by a fault of a plugin.

What surprised us: nothing in the first of them tells it from a missing page whose words a script has yet to write. Only
the front page does, where title, scripts and the few words are the same.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from enrich.kinds import _html
from enrich.kinds._shown import (
    HINT,
    MOST_CHARACTERS,
    UNSEEN,
    answer_of,
    is_alike,
    is_success,
    joined,
    nonsense_beside,
    question,
    source_of,
    tree_of,
)
from enrich.model import Doubt, Outcome, Response, Sight, Status, Verdict
from enrich.moves import is_front_page, is_same_page
from enrich.verdict import GONE

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

# How a 404.html hands the address on to the application: by a parameter of the front page, or by what the browser keeps.
_LEADS_ON = re.compile(
    r"\bpathSegmentsToKeep\s*="
    r"|\bsessionStorage\.(?:redirect\s*=|setItem\([^()]{1,40},)\s*(?:window\.|document\.)?location"
)
# The same by hand, or to the host that a site has moved to. Beside words it may be for other languages only.
_MAY_LEAD_ON = re.compile(
    r"\blocation(?:\.href)?\s*=\s*(?![\"']https:[\"'])[^;<=]{1,80}\blocation\.(?:pathname|href)"
    r"|\blocation\.(?:replace|assign)\((?![\"']https:[\"'])[^;<]{0,80}\blocation\.(?:pathname|href)"
)
_CANNOT_TELL = "It answered 404 with a page that a script writes, so that only a browser can tell."
_ALIVE = (
    "It answered 404, but with a page of its own, unlike the one for an address that was never given out."
)
# An article, beside the few lines of a page that says sorry.
_LEAST_ARTICLE = 400
_MOST_ARTICLE = 4000


def leads_on(response: Response) -> bool:
    """Whether the script of a 404 takes its address to somewhere else, where the page may be."""
    text = source_of(response) if response.status == 404 else ""
    if _LEADS_ON.search(text) is not None:
        return True
    tree = tree_of(text) if _MAY_LEAD_ON.search(text) is not None else None
    if tree is None:
        return False
    words = _words_of_shell(tree)
    return words is not None and HINT.search(words) is None


def cannot_tell() -> Verdict:
    """The verdict on a 404 that only a browser could tell from a page that is there."""
    return Verdict(Status.BLOCKED, "bot-wall", _CANNOT_TELL)


def doubt_of_404(response: Response) -> Doubt | None:
    """Why a page that came with 404 may be there, and what to ask to be sure; None where nothing says so."""
    text = source_of(response) if response.status == 404 else ""
    if not text or is_front_page(response.url):
        return None
    if (shell := _shell(text)) is not None:
        return _ask_front(shell, _fronts(response.url), False)
    return _doubt_of_article(text, response.url)


# --- applications -----------------------------------------------------------------------------------


def _shell(text: str) -> str | None:
    """What a page without words of its own loads, and under which title; None where it has words, or no script."""
    tree = tree_of(text) if "<script" in text.lower() else None
    if tree is None:
        return None
    loaded = [(node.attributes.get("src") or "").partition("?")[0] for node in tree.css("script")]
    words = _words_of_shell(tree)
    # A host such as Cloudflare's puts scripts of its own into some pages.
    own = sorted({address for address in loaded if "/cdn-cgi/" not in address})
    return None if not loaded or words is None else "\n".join([words, *own])


def _words_of_shell(tree: LexborHTMLParser) -> str | None:
    """The few words beside a script, title included; None where there are more."""
    tree.strip_tags(UNSEEN)
    title = _html.text_of(tree.css_first("head > title"))
    shown = f"{title}\n{_html.text_of(tree.body)}"
    return shown if len(shown) <= MOST_CHARACTERS else None


def _fronts(url: str) -> list[str]:
    """The front page of a site, and that of the part of it that has a folder of its own, as projects on GitHub Pages."""
    parts = urlsplit(url)
    home = f"{parts.scheme}://{parts.netloc}/"
    folder = parts.path.split("/")[1]
    return [home, f"{home}{folder}/"] if parts.path.count("/") > 1 else [home]


def _ask_front(shell: str, fronts: list[str], was_silent: bool) -> Doubt:
    front, *others = fronts
    return Doubt(
        name=f"the front page {urlsplit(front).path}",
        question=question(front),
        see=_see_shell,
        settle=partial(_settle_front, shell, others, was_silent),
    )


def _see_shell(outcome: Outcome) -> Sight:
    if (answer := answer_of(outcome)) is None:
        return Sight(None, outcome.url)
    return Sight(answer.status, answer.url, text=_shell(source_of(answer)) or "")


def _settle_front(shell: str, others: list[str], was_silent: bool, front: Sight) -> Verdict | Doubt | None:
    """Gone, where a front page was shown and loads something else; or where there is none."""
    if is_success(front) and front.text == shell:
        return cannot_tell()
    was_silent = was_silent or not (is_success(front) or front.status in GONE)
    if others:
        return _ask_front(shell, others, was_silent)
    return cannot_tell() if was_silent else None


# --- articles ---------------------------------------------------------------------------------------


def _doubt_of_article(text: str, url: str) -> Doubt | None:
    """A page that calls itself by the address that was asked, lets itself be found, and has much to say."""
    if "canonical" not in text:
        return None
    look = _see_article(text, url, 404)
    if look is None or len(look.text) < _LEAST_ARTICLE or HINT.search(" ".join(look.words)):
        return None
    return Doubt(
        name="nonsense, read whole",
        question=question(nonsense_beside(url)),
        see=_see_whole,
        settle=partial(_settle_article, look),
    )


def _see_article(text: str, url: str, status: int) -> Sight | None:
    tree = tree_of(text)
    if tree is None or not _is_called(tree, url):
        return None
    return _sight_of(tree, url, status)


def _is_called(tree: LexborHTMLParser, url: str) -> bool:
    own = tree.css_first("link[rel=canonical]")
    written = (own.attributes.get("href") or "") if own is not None else ""
    robots = _html.contents(tree).get("robots", [])
    found = joined(url, written) if written else None
    return found is not None and is_same_page(found, url) and "noindex" not in " ".join(robots).lower()


def _sight_of(tree: LexborHTMLParser, url: str, status: int) -> Sight:
    title = _html.text_of(tree.css_first("head > title"))[:MOST_CHARACTERS]
    heading = _html.text_of(tree.css_first("h1"))[:MOST_CHARACTERS]
    tree.strip_tags([*UNSEEN, "nav", "header", "footer", "aside"])
    return Sight(status, url, (title, heading), _html.text_of(tree.body)[:_MOST_ARTICLE])


def _see_whole(outcome: Outcome) -> Sight:
    answer = answer_of(outcome)
    tree = tree_of(source_of(answer)) if answer is not None else None
    if answer is None or tree is None:
        return Sight(None, outcome.url)
    return _sight_of(tree, answer.url, answer.status)


def _settle_article(look: Sight, nonsense: Sight) -> Verdict | None:
    if nonsense.status not in GONE or not nonsense.text:
        return None
    same = any(one == other for one, other in zip(look.words, nonsense.words, strict=True) if one)
    return None if same or is_alike(look.text, nonsense.text) else Verdict(Status.OK, "http-404", _ALIVE)
