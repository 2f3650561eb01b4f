"""Asking arXiv's API about many papers, and what its answers mean for each of them.

The API answers for a hundred papers at once and says by the way that they are there. What surprised us:

- A number that does not exist is no error, just absent from the feed, and now and then a feed is empty for
  no reason. Absence is therefore asked for twice, beside a paper that is known to be there, and only the
  paper's own page may say that it is gone.
- ``X`` and ``Xv1`` are two documents, and the answer comes in any order.
- One number that the server does not like makes it refuse the whole list, and it does not always say which.
- Since 2026 the API answers 429 under its own load, to polite clients too. That is its trouble, never a
  paper's. It does not pass in minutes, so that asking on costs everybody something and gives nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from enrich.kinds._arxiv_client import Feed, Refused, Trouble, ask
from enrich.kinds._arxiv_datacite import PAPERS_PER_QUESTION, describe
from enrich.kinds._arxiv_ids import PaperId, paper_of
from enrich.model import Api, FailureKind, Found, Paper, Status, Suggestion, Target, Verdict
from enrich.verdict import judge_http, provider_failure

# Where clients settled: GET fails with 414 somewhere below 642 numbers. A pinned version takes two of them.
PAPERS_PER_REQUEST = 100
# A refused number is dropped and the rest asked again; more than a few are not ours to sort out.
MAX_REFUSALS = 10
# After so many answers in a row that are of no use, retries included, the API is left in peace.
MAX_IN_VAIN = 4
# When the API knows none of all the papers, so many are looked up at their own pages, each of which is a request.
MAX_PAGES = 20

FOUND = Verdict(Status.OK, "arxiv-found")


async def look_up(targets: Sequence[Target], api: Api) -> AsyncIterator[Found]:
    """What the API knows, one `Found` a target; a verdict is missing where a paper's page has to tell.

    All targets have valid numbers. Those that got no answer and of which nothing is known come last, described by
    DataCite where that is allowed.
    """
    unknown: list[Found] = []
    async for found in _ask_twice(targets, api):
        if api.datacite_url and found.target_id in api.lacking and _is_unanswered(found):
            unknown.append(found)
        else:
            yield found
    async for found in _described(unknown, api):
        yield found


async def _ask_twice(targets: Sequence[Target], api: Api) -> AsyncIterator[Found]:
    absent: set[str] = set()
    witness: str | None = None
    async for asked in _asked(targets, api):
        for found in asked.settled():
            yield found
        absent.update(asked.absent())
        witness = asked.known() or witness
    again = [target for target in targets if target.id in absent]
    missed: list[str] = []
    async for asked in _asked(again, api, witness):
        for found in asked.settled():
            yield found
        if asked.known():
            for target_id in asked.absent():
                yield Found(target_id=target_id)
        else:
            missed += asked.absent()
    for found in _all_missed(missed, witness, api):
        yield found


def _all_missed(target_ids: Sequence[str], witness: str | None, api: Api) -> Iterator[Found]:
    """Papers asked about twice, the second time with nothing at all for an answer.

    That is the provider's fault where papers are among them that are there for all we know, which includes the
    witness. Else they may all have been mistyped: their pages tell.
    """
    known = sum(target_id in api.alive for target_id in target_ids)
    for_pages = 0 if witness or known > 1 else MAX_PAGES
    for place, target_id in enumerate(target_ids):
        verdict = provider_failure("arXiv's API sent two empty lists") if place >= for_pages else None
        yield Found(target_id=target_id, verdict=verdict, http_status=200)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Targets asked together, and what came: a feed (without the refused numbers), or trouble."""

    targets: Sequence[Target]
    answer: Feed | Trouble
    refused: frozenset[str] = frozenset()

    def settled(self) -> Iterator[Found]:
        """What needs no second question."""
        for target in self.targets:
            match self.answer:
                case Feed(papers=papers, attempts=attempts):
                    if paper := _paper_for(target, papers):
                        yield _found(target, paper, _newest(target, papers), attempts)
                    elif str(paper_of(target.id)) in self.refused:
                        yield Found(target_id=target.id, attempts=attempts)
                case Trouble() as trouble:
                    verdict = _trouble_verdict(trouble)
                    yield Found(
                        target_id=target.id,
                        verdict=verdict,
                        http_status=trouble.status,
                        attempts=trouble.attempts,
                    )

    def absent(self) -> list[str]:
        """Targets that the feed lacks."""
        if not isinstance(self.answer, Feed):
            return []
        papers = self.answer.papers
        return [
            target.id
            for target in self.targets
            if _paper_for(target, papers) is None and str(paper_of(target.id)) not in self.refused
        ]

    def known(self) -> str | None:
        """The number of a paper that is there, if the feed has any."""
        papers = self.answer.papers if isinstance(self.answer, Feed) else {}
        return next((paper.number for paper in papers), None)


# --- one question after the other -------------------------------------------------------------------


async def _asked(targets: Sequence[Target], api: Api, witness: str | None = None) -> AsyncIterator[_Asked]:
    """Ask about a hundred targets at a time. What got no usable answer is asked once more after the others."""
    waiting: deque[tuple[Sequence[Target], Trouble | None]] = deque(
        (targets[start : start + PAPERS_PER_REQUEST], None)
        for start in range(0, len(targets), PAPERS_PER_REQUEST)
    )
    in_vain, pause_seconds, given_up = 0, api.arxiv_backoff_seconds, _GIVEN_UP
    said: Trouble | None = None
    is_in_vain = False
    while waiting:
        chunk, before = waiting.popleft()
        answer, refused = await _ask_without_refused(_numbers(chunk, witness), api)
        if isinstance(answer, Feed):
            in_vain, pause_seconds = 0, api.arxiv_backoff_seconds
            yield _Asked(chunk, answer, refused)
            continue
        if _was_not_asked(answer):
            # It asked to be left alone just now, or long ago, or the run ends.
            given_up = answer if said is None or _is_over(answer) else said
            waiting.appendleft((chunk, before))
            break
        in_vain, said = in_vain + max(1, answer.attempts), answer
        # Alone, and asked several times already, it has had its chance.
        if before is None and answer is not _REFUSED_ALL and (waiting or answer.attempts == 1):
            waiting.append((chunk, answer))
        else:
            is_in_vain = True
            yield _Asked(chunk, answer)
        if in_vain >= MAX_IN_VAIN:
            break
        if waiting:
            await api.pause(pause_seconds)
            pause_seconds *= 2
    if said is not None and (is_in_vain or waiting):
        api.tell("arxiv-unavailable", _AWAY.format(said.detail.rstrip(".")))
    for chunk, before in waiting:
        yield _Asked(chunk, before or replace(given_up, attempts=0, status=said.status if said else None))


# Said of the run: of each paper its own detail tells.
_AWAY = (
    "arXiv's API was in trouble ({}): of papers it said nothing about, verdicts and facts are those of earlier runs, and "
    "the next run asks again"
)
_GIVEN_UP = Trouble("arXiv's API gave no usable answer several times in a row and was not asked again")
_REFUSED_ALL = Trouble("arXiv's API refused the list and named none of our numbers", status=400)


async def _ask_without_refused(numbers: Sequence[str], api: Api) -> tuple[Feed | Trouble, frozenset[str]]:
    """One malformed number makes the server refuse all: drop those it names and ask for the others."""
    refused: frozenset[str] = frozenset()
    for _ in range(MAX_REFUSALS):
        asked = [number for number in numbers if number not in refused]
        answer = await ask(asked, api) if asked else Feed({})
        if not isinstance(answer, Refused):
            return answer, refused
        if not answer.ids & set(asked):
            halved, culprits = await _ask_in_halves(asked, api)
            return halved, refused | culprits
        refused |= answer.ids
    return _REFUSED_ALL, refused


async def _ask_in_halves(numbers: Sequence[str], api: Api) -> tuple[Feed | Trouble, frozenset[str]]:
    """Find the one number for which the server refuses a list without saying so, and ask for the others.

    When both halves are refused, it is no single number but the server.
    """
    papers: dict[PaperId, Paper] = {}
    suspects, attempts = list(numbers), 0
    while len(suspects) > 1:
        middle = len(suspects) // 2
        first, second = suspects[:middle], suspects[middle:]
        suspects = second
        answer = await ask(first, api)
        if isinstance(answer, Refused):
            suspects, answer = first, await ask(second, api)
        if not isinstance(answer, Feed):
            return (_REFUSED_ALL if isinstance(answer, Refused) else answer), frozenset()
        papers |= answer.papers
        attempts = max(attempts, answer.attempts)
    return (Feed(papers, attempts), frozenset(suspects)) if attempts else (_REFUSED_ALL, frozenset())


def _numbers(targets: Iterable[Target], witness: str | None = None) -> list[str]:
    """What to ask for: each paper, and beside a pinned version the newest, to tell whether there is one."""
    numbers: dict[str, None] = {}
    for target in targets:
        if paper := paper_of(target.id):
            numbers[str(paper)] = None
            numbers[paper.number] = None
    if witness:
        numbers[witness] = None
    return list(numbers)


# --- one paper --------------------------------------------------------------------------------------


def _paper_for(target: Target, papers: Mapping[PaperId, Paper]) -> Paper | None:
    wanted = paper_of(target.id)
    if wanted is not None and wanted.version is not None:
        return papers.get(wanted)
    return _newest(target, papers)


def _newest(target: Target, papers: Mapping[PaperId, Paper]) -> Paper | None:
    wanted = paper_of(target.id)
    versions = [paper for key, paper in papers.items() if wanted and key.number == wanted.number]
    return max(versions, key=lambda paper: paper.version or 0, default=None)


def _found(target: Target, paper: Paper, newest: Paper | None, attempts: int) -> Found:
    """A paper that is there. One that was withdrawn later is withdrawn, and no newer version of it to be read."""
    suggestion = None
    if newest and (newest.version or 0) > (paper.version or 0):
        url = PaperId(newest.arxiv_id, newest.version).abs_url
        suggestion = None if newest.withdrawn else Suggestion(url, "arxiv-newer-version")
        paper = replace(paper, withdrawn=paper.withdrawn or newest.withdrawn)
    verdict = replace(FOUND, suggestion=suggestion)
    return Found(target_id=target.id, verdict=verdict, metadata=paper, source="arxiv", attempts=attempts)


# The run's own reasons for not asking: they say nothing about arXiv.
_NOT_ASKED = frozenset({FailureKind.HOST_DEFERRED, FailureKind.NOT_REACHED})


def _was_not_asked(trouble: Trouble) -> bool:
    return trouble.failure is not None and trouble.failure.kind in _NOT_ASKED


def _is_over(trouble: Trouble) -> bool:
    return trouble.failure is not None and trouble.failure.kind is FailureKind.NOT_REACHED


def _trouble_verdict(trouble: Trouble) -> Verdict:
    if trouble.failure and _was_not_asked(trouble):
        return judge_http(trouble.failure)
    return provider_failure(trouble.detail)


# --- without arXiv ----------------------------------------------------------------------------------


def _is_unanswered(found: Found) -> bool:
    """Whether arXiv did not answer; a run that ends early has no time for others either."""
    return found.verdict is not None and found.verdict.reason in ("provider-failure", "host-deferred")


async def _described(unanswered: Sequence[Found], api: Api) -> AsyncIterator[Found]:
    """The same, with what DataCite knows. Its silence ends the asking, and no verdict is made of what it says."""
    answers = True
    for start in range(0, len(unanswered), PAPERS_PER_QUESTION):
        chunk = unanswered[start : start + PAPERS_PER_QUESTION]
        numbers = dict.fromkeys(paper.number for found in chunk if (paper := paper_of(found.target_id)))
        papers = await describe(list(numbers), api) if answers else None
        answers = papers is not None
        for found in chunk:
            paper = paper_of(found.target_id)
            described = papers.get(paper.number) if papers and paper else None
            yield _second_hand(found, described) if described else found


def _second_hand(found: Found, paper: Paper) -> Found:
    """An answer of DataCite's in place of arXiv's, after which arXiv's is still due."""
    verdict = (
        provider_failure(found.verdict.detail or "arXiv's API was not asked") if found.verdict else None
    )
    return replace(found, verdict=verdict, metadata=paper, source="datacite")
