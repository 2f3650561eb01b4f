"""arXiv papers.

The API answers for a hundred papers at once and says by the way that they are there, so the site itself,
which bans crawlers, is asked only about papers that the API does not know. What surprised us:

- A number that does not exist is no error, just absent from the feed, and now and then a feed is empty for
  no reason. Absence is therefore asked for twice, and only the paper's own page may say that it is gone.
- ``X`` and ``Xv1`` are two documents, and the answer comes in any order.
- Since 2026 the API answers 429 under its own load, to polite clients too. That is its trouble, never a
  paper's.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from enrich.kinds._arxiv_client import Answer, Feed, Refused, Trouble, ask
from enrich.kinds._arxiv_ids import DOI_HOSTS, FOREIGN_HOSTS, MIRRORS, PaperId, identify, paper_of
from enrich.model import (
    Api,
    FailureKind,
    Finding,
    FindingCode,
    Found,
    Kind,
    Manners,
    Outcome,
    PageFacts,
    Paper,
    Purpose,
    Reason,
    ReportTarget,
    Request,
    Response,
    Severity,
    Status,
    Suggestion,
    Target,
    Verdict,
)
from enrich.urls import host_of
from enrich.verdict import judge_http

# Where clients settled: GET fails with 414 somewhere below 642 numbers.
IDS_PER_REQUEST = 100
# A refused number is dropped and the rest asked again; more than a few are not ours to sort out.
MAX_REFUSALS = 10
# After so many questions in a row without a usable answer the API is left in peace.
MAX_TROUBLES = 2
DAY = 86400.0

FOUND = Verdict(Status.OK, "arxiv-found")


def _bad_id(target: Target) -> Verdict:
    number = target.id.removeprefix("arxiv:")
    return Verdict(Status.BROKEN, "arxiv-bad-id", f"{number} is not a number that arXiv gives out.")


# --- the API ----------------------------------------------------------------------------------------


async def look_up(targets: Sequence[Target], api: Api) -> AsyncIterator[Found]:
    """What the API knows, one `Found` a target; a verdict is missing where a paper's page has to tell."""
    for target in targets:
        if paper_of(target.id) is None:
            yield Found(target_id=target.id, verdict=_bad_id(target))
    wanted = [target for target in targets if paper_of(target.id)]
    absent: dict[str, bool] = {}
    async for asked in _asked(wanted, api):
        for found in asked.settled():
            yield found
        absent |= asked.absent()
    again = [target for target in wanted if target.id in absent]
    async for asked in _asked(again, api):
        for found in asked.settled():
            yield found
        for target_id, from_empty in asked.absent().items():
            yield _absent_twice(target_id, both_empty=from_empty and absent[target_id])


def _absent_twice(target_id: str, *, both_empty: bool) -> Found:
    """Two empty answers for many papers are the provider's fault, not the end of them all."""
    if both_empty:
        return Found(target_id=target_id, verdict=_provider_failure("arXiv's API sent two empty lists"))
    return Found(target_id=target_id)


def _provider_failure(detail: str) -> Verdict:
    return Verdict(Status.UNREACHABLE, "provider-failure", detail.rstrip(".") + ".")


@dataclass(frozen=True, slots=True)
class _Asked:
    """Targets asked together, and what came: a feed (without the refused numbers), trouble, or nothing yet."""

    targets: Sequence[Target]
    answer: Feed | Trouble | None
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
                    yield Found(target_id=target.id, verdict=verdict, attempts=trouble.attempts)
                case None:
                    detail = "arXiv's API gave no usable answer twice in a row and was not asked again."
                    verdict = Verdict(Status.SKIPPED, "host-deferred", detail)
                    yield Found(target_id=target.id, verdict=verdict)

    def absent(self) -> dict[str, bool]:
        """Targets that the feed lacks, and whether it lacked every one of several."""
        if not isinstance(self.answer, Feed):
            return {}
        papers = self.answer.papers
        empty = not papers and len(self.targets) > 1
        return {
            target.id: empty
            for target in self.targets
            if _paper_for(target, papers) is None and str(paper_of(target.id)) not in self.refused
        }


async def _asked(targets: Sequence[Target], api: Api) -> AsyncIterator[_Asked]:
    troubles = 0
    for chunk in _chunks(targets):
        if troubles >= MAX_TROUBLES:
            yield _Asked(chunk, None)
            continue
        answer, refused = await _ask_without_refused(_numbers(chunk), api)
        troubles = troubles + 1 if isinstance(answer, Trouble) else 0
        yield _Asked(chunk, answer, refused)


async def _ask_without_refused(numbers: Sequence[str], api: Api) -> tuple[Feed | Trouble, frozenset[str]]:
    """One malformed number makes the server refuse all: drop those it names and ask for the others."""
    refused: frozenset[str] = frozenset()
    for _ in range(MAX_REFUSALS):
        asked = [number for number in numbers if number not in refused]
        answer: Answer = await ask(asked, api) if asked else Feed({})
        if not isinstance(answer, Refused):
            return answer, refused
        if not answer.ids & set(asked):
            break
        refused |= answer.ids
    return Trouble("arXiv's API refused the list and named none of our numbers"), refused


def _chunks(targets: Sequence[Target]) -> Iterator[list[Target]]:
    chunk: list[Target] = []
    for target in targets:
        if len(_numbers([*chunk, target])) > IDS_PER_REQUEST:
            yield chunk
            chunk = []
        chunk.append(target)
    if chunk:
        yield chunk


def _numbers(targets: Iterable[Target]) -> list[str]:
    """What to ask for: each paper, and beside a pinned version the newest, to tell whether there is one."""
    numbers: dict[str, None] = {}
    for target in targets:
        if paper := paper_of(target.id):
            numbers[str(paper)] = None
            numbers[paper.number] = None
    return list(numbers)


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
    suggestion = None
    if newest and (newest.version or 0) > (paper.version or 0):
        url = PaperId(newest.arxiv_id, newest.version).abs_url
        suggestion = Suggestion(url, "arxiv-newer-version")
    verdict = Verdict(FOUND.status, FOUND.reason, suggestion=suggestion)
    return Found(target_id=target.id, verdict=verdict, metadata=paper, source="arxiv", attempts=attempts)


# The run's own reasons for not asking: they say nothing about arXiv.
_NOT_ASKED = frozenset({FailureKind.HOST_DEFERRED, FailureKind.NOT_REACHED})


def _trouble_verdict(trouble: Trouble) -> Verdict:
    if trouble.failure and trouble.failure.kind in _NOT_ASKED:
        return judge_http(trouble.failure)
    return _provider_failure(trouble.detail)


# --- the page of a paper ----------------------------------------------------------------------------


def request(target: Target, _wants_page: bool) -> Request:
    # HEAD: arXiv bans crawlers, and whether the page is there is all that is asked.
    return Request(url=target.url, method="HEAD", purpose=Purpose.PROBE)


def confirm(target: Target, outcome: Outcome, _wants_page: bool) -> Request | None:
    """Nobody's paper is called gone on the word of a HEAD."""
    if paper_of(target.id) and isinstance(outcome, Response) and outcome.status in (400, 404, 405, 501):
        return Request(url=target.url, method="GET", max_body_bytes=1 << 16, body_types=("text/html",))
    return None


def judge_unasked(target: Target) -> Verdict | None:
    """A number outside arXiv's grammar is nobody's paper, whoever is asked."""
    return None if paper_of(target.id) else _bad_id(target)


def judge(target: Target, outcome: Outcome) -> Verdict:
    """What the paper's own page says; arXiv's 404 covers papers and versions that never were, or were deleted."""
    if paper_of(target.id) is None:
        return _bad_id(target)
    match outcome:
        case Response(status=200) if _answered_itself(outcome):
            return FOUND
        case Response(status=404) if _answered_itself(outcome):
            return Verdict(Status.BROKEN, "arxiv-not-found", "arXiv has no such paper or version.")
    verdict = judge_http(outcome)
    if verdict.status is Status.BROKEN and verdict.reason != "http-410":
        # arxiv.org without a name, or going in circles, says nothing about a paper.
        return _provider_failure(verdict.detail or verdict.reason)
    return verdict


def _answered_itself(response: Response) -> bool:
    """Whether no redirect led away from arXiv, to a login page of a hotel for one."""
    host = host_of(response.url)
    return not response.hops or host == "arxiv.org" or host.endswith(".arxiv.org")


def read_page(_target: Target, _response: Response) -> PageFacts:
    return PageFacts()


# --- findings ---------------------------------------------------------------------------------------

WITHDRAWN = FindingCode(
    code="arxiv-withdrawn",
    severity=Severity.WARNING,
    help="The authors' comment or the abstract says that the paper was withdrawn. "
    "Read why before relying on it.",
)
NEWER_VERSION = FindingCode(
    code="arxiv-newer-version",
    severity=Severity.NOTE,
    help="The link pins a version of a paper of which there is a newer one. Drop the version to follow it.",
)
PUBLISHED = FindingCode(
    code="published-elsewhere",
    severity=Severity.NOTE,
    help="The paper has appeared in a journal or in proceedings; arXiv names where. "
    "Cite that in place of the preprint.",
)


def findings_of(row: ReportTarget) -> Iterator[Finding]:
    """One finding a fact, about every link to the paper."""
    paper = row.metadata
    if not isinstance(paper, Paper):
        return
    if paper.withdrawn:
        yield _finding(row, WITHDRAWN, f"{_name(paper)} seems to be withdrawn")
    if row.suggestion and row.suggestion.reason == NEWER_VERSION.code:
        message = f"{_name(paper)} has a newer version"
        yield _finding(row, NEWER_VERSION, message, row.suggestion)
    if where := paper.journal_ref or (f"https://doi.org/{paper.doi}" if paper.doi else None):
        yield _finding(row, PUBLISHED, f"{_name(paper)} is published: {where}")


def _name(paper: Paper) -> str:
    return f"arXiv:{PaperId(paper.arxiv_id, paper.version)}"


def _finding(
    row: ReportTarget, code: FindingCode, message: str, suggestion: Suggestion | None = None
) -> Finding:
    return Finding(
        code=code.code,
        severity=code.severity,
        message=message,
        target=row.id,
        suggestion=suggestion,
    )


# The terms of use ask for one request every three seconds and a single connection, for all machines of a
# user together. They speak of the API; the site, which bans crawlers, gets the same courtesy.
ARXIV_MANNERS = Manners(width=1, interval_seconds=3.0)

KIND = Kind(
    name="arxiv",
    hosts=frozenset({"arxiv.org", ".arxiv.org"}) | MIRRORS | DOI_HOSTS | FOREIGN_HOSTS,
    identify=identify,
    request=request,
    judge=judge,
    confirm=confirm,
    read_page=read_page,
    look_up=look_up,
    asks_api=lambda _target: True,
    judge_unasked=judge_unasked,
    batch_size=IDS_PER_REQUEST,
    findings_of=findings_of,
    manners={"export.arxiv.org": ARXIV_MANNERS, "arxiv.org": ARXIV_MANNERS},
    metadata_age_seconds=30 * DAY,
    ok_age_seconds=7 * DAY,
    reasons=(
        Reason(code="arxiv-found", status=Status.OK, help="arXiv has this paper. Nothing to do."),
        Reason(
            code="arxiv-not-found",
            status=Status.BROKEN,
            help="arXiv has no paper, or no version of a paper, with this number. Look the title up on arXiv "
            "and correct the link.",
            certain=True,
        ),
        Reason(
            code="arxiv-bad-id",
            status=Status.BROKEN,
            help="The address holds a number that arXiv never gives out, so no paper is there. Look the title up "
            "on arXiv and correct the link.",
            certain=True,
        ),
    ),
    findings=(WITHDRAWN, NEWER_VERSION, PUBLISHED),
)
