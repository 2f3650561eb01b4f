"""GitHub repositories, and what is inside them.

The API answers for a repository, in batches where there is a token. Files, issues, releases, owners and
gists are asked at their own pages: that a repository lives says nothing about a branch that was renamed.

The API's own trouble (a spent budget, a wrong token, a time-out) never says anything about a repository.
Whoever it could not answer for is asked at github.com instead, politely.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from enrich.kinds._github_api import (
    BadToken,
    Batch,
    Blocked,
    Exhausted,
    Gone,
    Overloaded,
    Single,
    graphql_request,
    may_carry_token,
    read_graphql,
    read_rest,
    rest_request,
)
from enrich.kinds._github_names import (
    API_HOST,
    HOSTS,
    full_name_of,
    identify,
    repository_id,
    repository_url,
)
from enrich.model import (
    Api,
    CanonicalUrl,
    Finding,
    FindingCode,
    Found,
    Kind,
    Manners,
    Outcome,
    PageFacts,
    Purpose,
    Reason,
    ReportTarget,
    Repository,
    Request,
    Response,
    Severity,
    Status,
    Suggestion,
    Target,
    Verdict,
)
from enrich.urls import canonical, host_of
from enrich.verdict import judge_http

# 100 repositories cost one point of the hourly budget and a query of 7 kB.
REPOSITORIES_PER_QUERY = 100
# One difficult repository splits its own question down to itself, but all others only this far.
SMALLEST_FRESH_QUERY = 25
# Repositories of one query that GraphQL does not know and REST is asked about, one by one.
MAX_ASKED_AGAIN = 10
# Questions in a row without a usable answer after which the API is left in peace.
MAX_TROUBLES = 2
DAY = 86400.0

FOUND = Verdict(Status.OK, "github-found")
GONE = Verdict(Status.BROKEN, "github-not-found", "GitHub does not show it: it is gone, or private.")


def asks_api(target: Target) -> bool:
    """Repositories alone; what is inside them is asked at its own page."""
    return full_name_of(target.id) is not None


# --- the API ----------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Budget:
    """What one lookup has learnt about the API: whether the token works, and whether to stop."""

    api: Api
    token: str | None
    troubles: int = 0
    over: bool = False

    def answered(self, *, last: bool) -> None:
        self.troubles = 0
        self.over = self.over or last

    def trouble(self) -> None:
        self.troubles += 1
        self.over = self.over or self.troubles >= MAX_TROUBLES


async def look_up(targets: Sequence[Target], api: Api) -> AsyncIterator[Found]:
    """What the API knows, one `Found` a repository; a verdict is missing where its page has to tell."""
    token = api.github_token if may_carry_token(api.github_api_url) else None
    budget = _Budget(api, token or None)
    steps = _in_batches(targets, budget) if budget.token else _one_by_one(targets, budget)
    async for found in steps:
        yield found


async def _one_by_one(targets: Sequence[Target], budget: _Budget) -> AsyncIterator[Found]:
    for target in targets:
        yield Found(target_id=target.id) if budget.over else await _ask_rest(target, budget)


async def _ask_rest(target: Target, budget: _Budget) -> Found:
    outcome = await budget.api.fetch(rest_request(_name(target), budget.api.github_api_url, budget.token))
    answer = read_rest(outcome)
    if isinstance(answer, BadToken) and budget.token:
        budget.token = None
        return await _ask_rest(target, budget)
    match answer:
        case Single(answer=found, last=last):
            budget.answered(last=last)
            return _found(target, found, outcome.attempts)
        case Exhausted():
            budget.over = True
        case _:
            budget.trouble()
    return Found(target_id=target.id, attempts=outcome.attempts)


async def _in_batches(targets: Sequence[Target], budget: _Budget) -> AsyncIterator[Found]:
    """Ask GraphQL, splitting what is too large, until all have an answer or the API gives none."""
    queue = _Queue(list(reversed(targets)))
    while chunk := queue.take():
        if budget.over:
            for target in chunk:
                yield Found(target_id=target.id)
            continue
        if budget.token is None:
            async for found in _one_by_one(chunk, budget):
                yield found
            continue
        for found in await _ask_graphql(chunk, queue, budget):
            yield found


@dataclass(slots=True)
class _Queue:
    """Targets that wait (the next one last), and the parts of questions that were too large."""

    waiting: list[Target]
    parts: list[list[Target]] = field(default_factory=list)
    size: int = REPOSITORIES_PER_QUERY

    def take(self) -> list[Target]:
        if self.parts:
            return self.parts.pop()
        taken = self.waiting[: -self.size - 1 : -1]
        del self.waiting[-self.size :]
        return taken

    def split(self, chunk: list[Target]) -> None:
        """Take back targets that have no answer yet, to be asked in two parts."""
        half = len(chunk) // 2
        self.parts += [part for part in (chunk[half:], chunk[:half]) if part]

    def shrink(self, size: int) -> None:
        self.size = max(min(self.size, size // 2), SMALLEST_FRESH_QUERY)


async def _ask_graphql(chunk: list[Target], queue: _Queue, budget: _Budget) -> list[Found]:
    assert budget.token is not None, "GraphQL has no anonymous form"
    names = [_name(target) for target in chunk]
    outcome = await budget.api.fetch(graphql_request(names, budget.api.github_api_url, budget.token))
    answer = read_graphql(outcome, len(chunk))
    match answer:
        case Batch():
            budget.answered(last=answer.last)
            queue.split([chunk[place] for place in sorted(answer.unfinished)])
            return await _settle(chunk, answer, budget, outcome.attempts)
        case Overloaded() if len(chunk) > 1:
            queue.shrink(len(chunk))
            queue.split(chunk)
            return []
        case BadToken():
            budget.token = None
            queue.parts.append(chunk)
            return []
        case Exhausted():
            budget.over = True
        case _:
            budget.trouble()
    return [Found(target_id=target.id, attempts=outcome.attempts) for target in chunk]


async def _settle(chunk: Sequence[Target], batch: Batch, budget: _Budget, attempts: int) -> list[Found]:
    """Found ones as they are; of the others REST tells whether they are gone or blocked, a few of them."""
    settled = [_found(chunk[place], repository, attempts) for place, repository in batch.found.items()]
    for count, place in enumerate(sorted(batch.absent | batch.unclear)):
        if count < MAX_ASKED_AGAIN and not budget.over:
            settled.append(await _ask_rest(chunk[place], budget))
        else:
            verdict = GONE if place in batch.absent else None
            settled.append(Found(target_id=chunk[place].id, verdict=verdict, attempts=attempts))
    return settled


def _name(target: Target) -> str:
    """The repository's name, which the id holds; the case as written is only for people."""
    name = full_name_of(target.id)
    assert name is not None, "asks_api lets only repositories through"
    return name


def _found(target: Target, answer: Repository | Gone | Blocked, attempts: int) -> Found:
    match answer:
        case Gone():
            return Found(target_id=target.id, verdict=GONE, attempts=attempts)
        case Blocked(why=why):
            return Found(target_id=target.id, verdict=_blocked(why), attempts=attempts)
    alias = repository_id(answer.full_name)
    if alias == target.id:
        verdict, renamed = FOUND, None
    else:
        verdict, renamed = _renamed(repository_url(answer.full_name)), alias
    return Found(
        target_id=target.id,
        verdict=verdict,
        metadata=answer,
        source="github",
        alias=renamed,
        attempts=attempts,
    )


def _blocked(why: str | None) -> Verdict:
    detail = "GitHub blocked it for legal reasons or a breach of its terms"
    return Verdict(Status.BROKEN, "github-blocked", f"{detail} ({why})." if why else f"{detail}.")


def _renamed(url: str) -> Verdict:
    detail = "The repository has another name now; the old one leads there until somebody takes it."
    return Verdict(Status.REDIRECTED, "github-renamed", detail, Suggestion(url, "github-renamed"))


# --- pages ------------------------------------------------------------------------------------------


def request(target: Target, _wants_page: bool) -> Request:
    return Request(url=target.url, method="HEAD", purpose=Purpose.PROBE)


def confirm(target: Target, outcome: Outcome, _wants_page: bool) -> Request | None:
    """Nothing is called gone on the word of a HEAD."""
    if isinstance(outcome, Response) and outcome.status in (400, 403, 404, 405, 406, 501):
        return Request(url=target.url, method="GET", max_body_bytes=1 << 16, body_types=("text/html",))
    return None


def judge(target: Target, outcome: Outcome) -> Verdict:
    """What the page of a repository, of something inside one, of an owner or a gist says."""
    if not isinstance(outcome, Response) or not _is_ours(outcome):
        return judge_http(outcome)
    match outcome.status:
        case 200 if moved := _moved_to(target, outcome):
            return _renamed(moved)
        case 200 if urlsplit(outcome.url).path.startswith(("/login", "/session")):
            return Verdict(Status.BLOCKED, "login-required", "GitHub shows this page to members only.")
        case 200:
            return FOUND
        case 404 if _is_members_only(target):
            detail = (
                "Since 2026 GitHub shows this page to members only; the repository itself is another link."
            )
            return Verdict(Status.BLOCKED, "login-required", detail, _repository_page(target))
        case 404:
            return GONE
        case 451:
            return _blocked(None)
    return judge_http(outcome)


_PERMANENT = frozenset({301, 308})
# Pages that answer 404 to everybody but those who may see them.
_MEMBERS_ONLY = re.compile(r"github:[^/]+/[^/]+/(?:graphs/traffic|settings|stargazers|watchers)(?:[/?].*)?")


def _is_ours(response: Response) -> bool:
    """Whether no redirect led away from GitHub's pages, to the storage behind a release for one."""
    return not response.hops or host_of(response.url) in HOSTS


def _moved_to(target: Target, response: Response) -> CanonicalUrl | None:
    """Where the repository went for good, when a page of it answered under another name."""
    final = canonical(response.url)
    if not response.hops or final is None or any(hop.status not in _PERMANENT for hop in response.hops):
        return None
    there = identify(final)
    if there is None or full_name_of(new := there.parent or there.id) is None:
        return None
    old = target.parent or target.id
    return there.url if full_name_of(old) and new != old else None


def _is_members_only(target: Target) -> bool:
    return _MEMBERS_ONLY.fullmatch(target.id) is not None


def _repository_page(target: Target) -> Suggestion:
    scheme, _, host, owner, name, *_ = target.url.split("/")
    return Suggestion(f"{scheme}//{host}/{owner}/{name}", "login-required")


def read_page(_target: Target, _response: Response) -> PageFacts:
    return PageFacts()


# --- findings ---------------------------------------------------------------------------------------

ARCHIVED = FindingCode(
    code="github-archived",
    severity=Severity.WARNING,
    help="The repository is archived: it can be read, but nobody maintains it. Look for a successor.",
)
DISABLED = FindingCode(
    code="github-disabled",
    severity=Severity.WARNING,
    help="GitHub or its owner disabled the repository; its contents cannot be reached.",
)
EMPTY = FindingCode(
    code="github-empty",
    severity=Severity.WARNING,
    help="Nothing was ever pushed to the repository: code that was announced and did not come.",
)
FORK = FindingCode(
    code="github-fork",
    severity=Severity.NOTE,
    help="The repository is a fork; the original may be what the note means.",
)
RECREATED = FindingCode(
    code="github-recreated",
    severity=Severity.WARNING,
    help="Another repository has the name of the one that was first seen under it: that one was deleted, or renamed "
    "and its name taken by somebody else. Look whether it is still what the note means; correct the link, or ignore "
    "this finding if it is.",
)


def findings_of(row: ReportTarget) -> Iterator[Finding]:
    """One finding a fact, about every link to the repository."""
    repository = row.metadata
    if not isinstance(repository, Repository):
        return
    name = repository.full_name
    if repository.archived:
        yield _finding(row, ARCHIVED, f"{name} is archived")
    if repository.disabled:
        yield _finding(row, DISABLED, f"{name} is disabled")
    if repository.created_at and repository.pushed_at is None:
        yield _finding(row, EMPTY, f"{name} is empty")
    if repository.fork:
        yield _finding(row, FORK, f"{name} is a fork")


def _finding(row: ReportTarget, code: FindingCode, message: str) -> Finding:
    return Finding(
        code=code.code,
        severity=code.severity,
        message=message,
        target=row.id,
    )


KIND = Kind(
    name="github",
    hosts=HOSTS,
    identify=identify,
    request=request,
    judge=judge,
    confirm=confirm,
    read_page=read_page,
    look_up=look_up,
    asks_api=asks_api,
    batch_size=REPOSITORIES_PER_QUERY,
    findings_of=findings_of,
    # GitHub asks for serial requests, and needs no pause between them.
    manners={API_HOST: Manners(width=1, interval_seconds=0.0)},
    metadata_age_seconds=1 * DAY,
    ok_age_seconds=7 * DAY,
    reasons=(
        Reason(code="github-found", status=Status.OK, help="It is there on GitHub. Nothing to do."),
        Reason(
            code="github-renamed",
            status=Status.REDIRECTED,
            help="The repository was renamed or moved; the old name leads there until somebody else takes it. "
            "Replace the link by the suggested address.",
        ),
        Reason(
            code="github-not-found",
            status=Status.BROKEN,
            help="GitHub does not show it to the public: it was deleted, or made private, or never existed. "
            "Correct the link, or replace it by a fork or an archived copy.",
            certain=True,
        ),
        Reason(
            code="github-blocked",
            status=Status.BROKEN,
            help="GitHub took it down (451), for legal reasons or a breach of its terms. Remove the link.",
            certain=True,
        ),
    ),
    findings=(ARCHIVED, DISABLED, EMPTY, FORK, RECREATED),
)
