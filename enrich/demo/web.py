"""A small web inside the process: what ``enrich demo`` asks in place of the real one.

It is a transport for httpx, so everything above the socket is the program that users run: lanes, retries,
redirects, judging and reading. Hosts that nobody knows do not resolve, and a few have a character: one is
slow, one is busy at first, one refuses HEAD, one never answers. The address guard does not apply, since no
connection is made.
"""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING, NoReturn

import anyio

from enrich.demo import articles, papers, repositories
from enrich.demo.answers import Answer, Question, Site, html, known, moved, not_found, page
from enrich.model import Manners

if TYPE_CHECKING:
    import httpx

SLOW_ANSWER_SECONDS = 0.3
BUSY_RETRY_AFTER_SECONDS = 1

MANNERS = Manners(width=4, interval_seconds=0.005)
"""The pace of the demonstration: nobody else is on this web."""


def manners_of(_host: str) -> Manners:
    """The same brisk pace for every host, WeChat and arXiv included."""
    return MANNERS


def notes() -> Traversable:
    """The folder of bundled notes."""
    return resources.files(__package__) / "notes"


def _plain_page(question: Question) -> Answer:
    """A page of ``web.toml`` by its URL."""
    for known_page in known()["pages"]:
        if known_page["url"] == question.url.partition("#")[0]:
            status = known_page.get("status", 200)
            if to := known_page.get("to"):
                return moved(to, status)
            text = page(known_page.get("title", f"status {status}"), known_page.get("description", ""))
            return html(text, status, known_page.get("headers"))
    return not_found()


def _sites() -> dict[str, Site]:
    """Who answers for which host."""
    plain = {Question(method="GET", url=entry["url"]).host: _plain_page for entry in known()["pages"]}
    return {
        **plain,
        "mp.weixin.qq.com": articles.answer,
        "export.arxiv.org": papers.query,
        "arxiv.org": papers.abstract_page,
        "api.github.com": repositories.api,
        "github.com": repositories.pages,
    }


def _without_body(answer: Answer) -> Answer:
    return Answer(status=answer.status, headers=answer.headers)


async def _in_character(character: str | None, question: Question, earlier: int, site: Site) -> Answer:
    """The answer of a site that may be slow, busy or particular about methods."""
    if character == "slow":
        await anyio.sleep(SLOW_ANSWER_SECONDS)
    if character == "busy" and earlier == 0:
        return Answer(status=429, headers={"retry-after": str(BUSY_RETRY_AFTER_SECONDS)})
    if character == "no-head" and question.method == "HEAD":
        return Answer(status=405, headers={"allow": "GET"})
    return site(question)


def _unreachable(request: httpx.Request, host: str, character: str | None) -> NoReturn:
    """Raise what httpx raises where nobody answers; the cause tells a wrong name from other trouble."""
    import httpx

    if character == "times-out":
        raise httpx.ConnectTimeout("nobody answered", request=request)
    try:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    except socket.gaierror as error:
        raise httpx.ConnectError(f"{host}: {error.strerror}", request=request) from error


def _handler() -> Callable[[httpx.Request], Coroutine[None, None, httpx.Response]]:
    sites = _sites()
    characters: Mapping[str, str] = known()["hosts"]
    asked: Counter[str] = Counter()

    async def answer(request: httpx.Request) -> httpx.Response:
        import httpx

        question = Question(method=request.method, url=str(request.url), body=request.content)
        site = sites.get(question.host)
        character = characters.get(question.host)
        if site is None:
            _unreachable(request, question.host, character)
        given = await _in_character(character, question, asked[question.host], site)
        asked[question.host] += 1
        if request.method == "HEAD":
            given = _without_body(given)
        return httpx.Response(
            given.status, headers=dict(given.headers), content=given.body, request=request
        )

    return answer


def transport() -> httpx.AsyncBaseTransport:
    """The small web as a transport, as new each time."""
    import httpx

    return httpx.MockTransport(_handler())
