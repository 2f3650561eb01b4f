"""One question to the arXiv API, through the `arxiv` package and our own fetch.

The package builds the query and reads Atom well. Left alone, though, it has no time-out, no manners towards
429, no address guard, and it takes an error page for an empty list of results. So its client gets a session
of ours, which hands every request back to the event loop and refuses an answer that is no Atom feed. The
session is a private attribute of the client: a test holds that seam, and pyproject.toml the version.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from xml.parsers import expat

from enrich.kinds._arxiv_ids import PaperId, parse_id
from enrich.kinds._arxiv_text import collapsed, is_withdrawn
from enrich.model import Api, Failure, Fetch, Outcome, Paper, Purpose, Request, Response

if TYPE_CHECKING:
    from datetime import datetime

    import arxiv  # type: ignore[import-untyped]

# A feed of 100 papers is 0.2 MB; no answer to our question comes near this.
MAX_FEED_BYTES = 8 << 20
# A feed is five deep. The package's parser gives up at a depth of 256 and at names of 50,000 characters, and takes
# what it has until then for the whole: papers behind that would seem not to exist.
MAX_FEED_DEPTH = 64
MAX_NAME_CHARACTERS = 1000

_ATOM_FEED = "http://www.w3.org/2005/Atom feed"


@dataclass(frozen=True, slots=True)
class Feed:
    """Papers by number and version, in whatever order the server liked."""

    papers: Mapping[PaperId, Paper]
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class Refused:
    """HTTP 400: these numbers made the server refuse the whole list; it may have named none."""

    ids: frozenset[str]
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class Trouble:
    """No usable answer. ``failure`` is there when nobody answered at all, else ``status`` as a rule."""

    detail: str
    failure: Failure | None = None
    attempts: int = 1
    status: int | None = None


Answer = Feed | Refused | Trouble


async def ask(ids: Sequence[str], api: Api) -> Answer:
    """Ask for papers by canonical number, at most about 100 of them: one request, one answer, no paging.

    The lane of the API's host paces the request and the fetch layer bounds and retries it; cancelling
    reaches the fetch, and with it ends the thread.
    """
    import anyio.lowlevel
    import anyio.to_thread

    try:
        return await anyio.to_thread.run_sync(_ask_in_thread, tuple(ids), api)
    except CancelledError:
        # The thread's word for it; the cancellation itself reaches us here.
        await anyio.lowlevel.checkpoint()
        raise


def _ask_in_thread(ids: Sequence[str], api: Api) -> Answer:
    import arxiv

    _silence_package()
    session = _Session(api.fetch)
    client = arxiv.Client(page_size=len(ids), delay_seconds=0, num_retries=0)
    client._session = session
    client.query_url_format = _query_format(api.arxiv_api_url)
    papers: dict[PaperId, Paper] = {}
    try:
        for result in client.results(arxiv.Search(id_list=list(ids), max_results=None)):
            if paper := read_paper(result):
                papers[paper[0]] = paper[1]
    except _SecondPageError:
        pass  # the list fits one page; a server that counts more than it gives is not asked again
    except _NoFeedError as error:
        return _trouble(session.outcome, str(error))
    except arxiv.HTTPError as error:
        return _refusal(session.outcome, error.status)
    except ValueError as error:  # a date that is none: the package lets it through
        return _trouble(session.outcome, f"arXiv sent an entry that cannot be read: {error}")
    return Feed(papers, _attempts(session.outcome))


@cache
def _silence_package() -> None:
    """Keep what the package logs off the terminal: it quotes the answer, in which a stranger's text may stand."""
    logging.getLogger("arxiv").addHandler(logging.NullHandler())


def _query_format(api_url: str) -> str:
    escaped = api_url.replace("{", "{{").replace("}", "}}")
    return escaped + ("&{}" if "?" in api_url else "?{}")


class _NoFeedError(Exception):
    """The answer is no Atom feed, or there is none."""


class _SecondPageError(Exception):
    """The package wants to turn a page."""


@dataclass(frozen=True, slots=True)
class _Reply:
    """The two attributes of ``requests.Response`` that the package reads."""

    status_code: int
    content: bytes


class _Session:
    """What the package takes for its ``requests.Session``; lives in a worker thread, asks in the loop."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self.outcome: Outcome | None = None

    def get(self, url: str, headers: Mapping[str, str]) -> _Reply:
        """Fetch through ours; the User-Agent in ``headers`` is the package's and is not sent."""
        import anyio.from_thread

        if self.outcome is not None:
            raise _SecondPageError
        request = Request(
            url=url, purpose=Purpose.API, headers=(("accept", "*/*"),), max_body_bytes=MAX_FEED_BYTES
        )
        self.outcome = outcome = anyio.from_thread.run(self._fetched, request)
        if isinstance(outcome, Failure):
            raise _NoFeedError(f"arXiv's API did not answer: {outcome.detail}")
        if outcome.status == 200 and (problem := feed_problem(outcome)):
            raise _NoFeedError(f"arXiv's API answered with {problem}")
        return _Reply(outcome.status, outcome.body)

    async def _fetched(self, request: Request) -> Outcome:
        """Fetch, unless the lookup was cancelled before the thread came to ask.

        anyio (4.16) delivers a cancellation to the tasks that are there at that moment. One that a thread starts
        later in the same scope would wait for its own at the first checkpoint, in a loop, for ever.
        """
        import anyio

        if anyio.current_effective_deadline() == float("-inf"):
            raise anyio.get_cancelled_exc_class()
        return await self._fetch(request)


def feed_problem(response: Response) -> str | None:
    """Why a body is not a whole Atom feed, or None when it is one.

    The package's parser repairs what it gets: it reads a cut feed as a complete one with a poorer last
    entry, HTML as a feed without entries, and one that is nested deeply as far as it likes. This one repairs
    nothing, and stops at a DOCTYPE, before any entity could grow.
    """
    if response.truncated:
        return f"more than {MAX_FEED_BYTES >> 20} MiB"
    if not response.body.strip():
        return "an empty body"
    parser = expat.ParserCreate(namespace_separator=" ")
    depth = 0

    def start(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal depth
        if depth == 0 and name != _ATOM_FEED:
            raise _NoFeedError("a document that is no Atom feed")
        depth += 1
        if depth > MAX_FEED_DEPTH or max(map(len, (name, *attributes))) > MAX_NAME_CHARACTERS:
            raise _NoFeedError("a feed that is built like no feed of arXiv")

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    def doctype(*_: object) -> None:
        raise _NoFeedError("a document that has a DOCTYPE, such as an HTML page")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(response.body, True)
    except _NoFeedError as error:
        return str(error)
    except expat.ExpatError as error:
        return f"XML that is broken off or not well-formed ({error})"
    return None


def _attempts(outcome: Outcome | None) -> int:
    return outcome.attempts if outcome else 1


def _trouble(outcome: Outcome | None, detail: str) -> Trouble:
    match outcome:
        case Response(status=status, attempts=attempts):
            return Trouble(detail, attempts=attempts, status=status)
        case Failure(attempts=attempts):
            return Trouble(detail, outcome, attempts)
    return Trouble(detail)


# The feed that comes with a 400 has one entry: "incorrect id format for abc".
_INCORRECT_ID = re.compile(rb"incorrect id format for ([^<\s]+)")


def _refusal(outcome: Outcome | None, status: int) -> Refused | Trouble:
    body = outcome.body if isinstance(outcome, Response) else b""
    if status == 400:
        named = frozenset(match.decode("utf-8", "replace") for match in _INCORRECT_ID.findall(body))
        return Refused(named, _attempts(outcome))
    return _trouble(outcome, f"arXiv's API answered {status}")


# --- an entry ---------------------------------------------------------------------------------------


def read_paper(result: arxiv.Result) -> tuple[PaperId, Paper] | None:
    """A result as our record, with the number and version it stands under; None when it is no paper."""
    paper = parse_id(result.entry_id.partition("/abs/")[2])
    if paper is None:
        return None
    abstract, comment = collapsed(result.summary), collapsed(result.comment)
    return paper, Paper(
        arxiv_id=paper.number,
        version=paper.version,
        title=collapsed(result.title),
        authors=tuple(name for author in result.authors if (name := collapsed(author.name))),
        abstract=abstract,
        categories=tuple(result.categories),
        primary_category=result.primary_category or None,
        published=_iso(result.published),
        updated=_iso(result.updated),
        comment=comment,
        journal_ref=collapsed(result.journal_ref),
        doi=collapsed(result.doi),
        withdrawn=is_withdrawn(comment, abstract),
    )


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
