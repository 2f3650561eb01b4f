"""Asking the GitHub API about many targets: how large a question, when to stop, and what is left to whom.

Three ways out when the API does not answer. Its trouble (a wrong token, a time-out, a limit on haste) leaves
targets to their own pages, where GitHub tells in another way whether they are there. A spent budget of a token
defers them: it is back within the hour, and the cache knows what it knew. And what GraphQL does not find is
believed of nobody: REST says of a repository whether it is gone or blocked, its own page of everything else, since
a branch that was renamed and an issue that moved are found there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

from enrich.kinds._github_api import (
    Alive,
    BadToken,
    Batch,
    Blocked,
    Gone,
    Hurried,
    Misunderstood,
    Overloaded,
    Rate,
    Single,
    Spent,
    Unavailable,
    graphql_request,
    may_carry_token,
    read_graphql,
    read_rest,
    rest_request,
)
from enrich.kinds._github_names import (
    GITHUB,
    Site,
    enterprise,
    full_name_of,
    identify_at,
    parts_of,
    renamed_url,
    repository_id,
    site_of,
)
from enrich.kinds._github_names import identify as identify_on_github
from enrich.kinds._github_questions import Question, question_of
from enrich.model import Api, Found, Identity, Repository, Status, Suggestion, Target, Verdict
from enrich.urls import canonical

# 100 repositories cost one point of the hourly budget and a query of 7 kB.
TARGETS_PER_QUERY = 100
# So many fresh questions in a row must fit before a larger one is tried again.
GROW_AFTER = 3
# Growing ends so near to the size that is known to be too large.
NEAR_ENOUGH = 5
# Repositories that GraphQL does not know and REST is asked about in one lookup; others are left to their pages.
MAX_ASKED_AGAIN = 10
# Questions in a row without a usable answer after which the API is left in peace.
MAX_TROUBLES = 2
# This part of a token's budget is left to whatever else its owner does with it.
RESERVE = 1 / 20
# What REST gives an address without a token in an hour.
ANONYMOUS_AN_HOUR = 60

FOUND = Verdict(Status.OK, "github-found")
GONE = Verdict(Status.BROKEN, "github-not-found", "GitHub does not show it: it is gone, or private.")
DEFERRED = Verdict(
    Status.SKIPPED,
    "host-deferred",
    "The token's budget for this hour is spent; it is asked in a later run.",
)

_AWAY = (
    "GitHub's API was in trouble and was not asked again: links are judged by their pages, facts are those of earlier "
    "runs, and the next run asks again"
)
_ANONYMOUS = (
    "without a token GitHub's API answers 60 questions an hour, the oldest news first; the other repositories keep "
    "what the cache knows of them and are asked at their pages when that is due; set GITHUB_TOKEN to ask for all"
)
_REFUSED = "GitHub does not accept the token (401), so that the rest was asked without it; see GITHUB_TOKEN"


# --- what one lookup knows --------------------------------------------------------------------------


@dataclass(slots=True)
class _Budget:
    """What one lookup has learnt about the API: whether the token works, and whether to stop.

    ``over`` leaves all that remains to pages, ``spent`` defers it, ``rest_over`` ends single questions alone and
    ``only_rest`` those in batches.
    """

    api: Api
    token: str | None
    troubles: int = 0
    over: bool = False
    spent: bool = False
    rest_over: bool = False
    only_rest: bool = False
    asked_again: int = 0
    asked_singly: int = 0

    def answered(self, rate: Rate | None) -> None:
        """GraphQL answered; say what is left, and stop where that belongs to others."""
        self.troubles = 0
        if rate is None:
            return
        self.spent = self.spent or rate.remaining <= rate.limit * RESERVE
        left = f"GitHub's API has {rate.remaining} of {rate.limit} points an hour left for this token"
        until = f" until {_moment(rate.resets_at)}" if rate.resets_at else ""
        deferring = "; the rest waits for a later run" if self.spent else ""
        self.api.tell("github-budget", f"{left}{until}{deferring}")

    def ended(self, rate: Rate | None) -> None:
        """GraphQL says that nothing is left."""
        self.spent = True
        until = f" until {_moment(rate.resets_at)}" if rate and rate.resets_at else ""
        told = f"GitHub's API has no points of this hour left for this token{until}; the rest waits for a later run"
        self.api.tell("github-budget", told)

    def trouble(self, *, for_now: bool = False) -> None:
        self.troubles += 1
        self.over = self.over or for_now or self.troubles >= MAX_TROUBLES
        if self.over:
            self.api.tell("github-unavailable", _AWAY)

    def refuse_token(self) -> None:
        self.token = None
        self.api.tell("github-token-refused", _REFUSED)

    # --- single questions

    @property
    def lane(self) -> str:
        """Under which name it is remembered that questions without a token are used up."""
        return f"{urlsplit(self.api.github_api_url).netloc} (without a token)"

    def may_ask_singly(self) -> bool:
        if self.token is None and not self.rest_over and self.api.is_held(self.lane):
            self.rest_over = True
        return not (self.rest_over or self.over)

    def answered_singly(self, rate: Rate | None) -> None:
        self.troubles = 0
        self.asked_singly += 1
        if self.token is not None:
            self.rest_over = rate is not None and rate.remaining <= rate.limit * RESERVE
        elif rate is not None and rate.remaining == 0:
            self.ended_singly(rate)
        elif rate is None and self.asked_singly >= ANONYMOUS_AN_HOUR:
            self.ended_singly(None)

    def ended_singly(self, rate: Rate | None) -> None:
        self.rest_over = True
        if self.token is None:
            self.api.hold(self.lane, rate.resets_at if rate else None)

    def left_to_page(self, target: Target) -> Found:
        """Whoever has no token is told once that this is why repositories have no news."""
        if self.token is None and self.rest_over and full_name_of(target.id):
            self.api.tell("github-no-token", _ANONYMOUS)
        return Found(target_id=target.id, unasked=True)


def _moment(seconds: float) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError, OSError):
        return "an unknown time"


@dataclass(slots=True)
class _Queue:
    """Targets that wait (the next one last), the parts of questions that were too large, and how large one may be.

    A fresh question that is too large is asked in halves down to single targets, one of which may be to blame;
    the next fresh one is as large as the largest of the parts that fitted. It grows half the way back to the
    size that failed, after several answers, and never quite to it.
    """

    waiting: list[Target]
    parts: list[list[Target]] = field(default_factory=list)
    size: int = TARGETS_PER_QUERY
    too_large: int = TARGETS_PER_QUERY + 1
    largest_part: int = 0
    in_a_row: int = 0
    is_fresh: bool = True

    def take(self) -> list[Target]:
        self.is_fresh = not self.parts
        if self.parts:
            return self.parts.pop()
        if self.largest_part:
            self.size = min(self.size, self.largest_part)
            self.largest_part = 0
        taken = self.waiting[: -self.size - 1 : -1]
        del self.waiting[-self.size :]
        return taken

    def put_back(self, chunk: list[Target]) -> None:
        self.parts.append(chunk)

    def split(self, chunk: list[Target], asked: int) -> None:
        """Ask for targets that have no answer yet in two parts, since ``asked`` at once were too many."""
        half = len(chunk) // 2
        self.parts += [part for part in (chunk[half:], chunk[:half]) if part]
        self.in_a_row = 0
        if self.is_fresh:
            self.too_large = min(self.too_large, asked)
            self.size = max(1, min(self.size, asked // 2))

    def fitted(self, count: int) -> None:
        if not self.is_fresh:
            self.largest_part = max(self.largest_part, count)
            return
        self.in_a_row += count == self.size
        if self.in_a_row >= GROW_AFTER and self.too_large - self.size > NEAR_ENOUGH:
            self.size = min((self.size + self.too_large) // 2, TARGETS_PER_QUERY)
            self.in_a_row = 0


# --- asking -----------------------------------------------------------------------------------------


async def look_up(targets: Sequence[Target], api: Api) -> AsyncIterator[Found]:
    """What the API knows, one `Found` a target; a verdict is missing where its page has to tell.

    An Enterprise server knows nothing of github.com, and the other way round.
    """
    token = api.github_token if may_carry_token(api.github_api_url) else None
    budget = _Budget(api, token or None)
    site = enterprise(api.github_api_url) or GITHUB
    known = [target for target in targets if _is_of(target, site)]
    for target in targets:
        if not _is_of(target, site):
            yield Found(target_id=target.id)
    async for found in _in_batches(known, budget) if budget.token else _one_by_one(known, budget):
        yield found


def _is_of(target: Target, site: Site) -> bool:
    is_own = target.id.startswith("github://")
    return not is_own if site is GITHUB else target.id.startswith(site.ids)


async def _one_by_one(targets: Iterable[Target], budget: _Budget) -> AsyncIterator[Found]:
    for target in targets:
        if full_name_of(target.id) and budget.may_ask_singly():
            yield await _ask_rest(target, budget)
        else:
            yield budget.left_to_page(target)


async def _ask_rest(target: Target, budget: _Budget) -> Found:
    name = full_name_of(target.id)
    assert name is not None, "REST is asked about repositories alone"
    outcome = await budget.api.fetch(rest_request(name, budget.api.github_api_url, budget.token))
    match read_rest(outcome):
        case Single(answer=found, rate=rate):
            budget.answered_singly(rate)
            return _found(target, found, outcome.attempts)
        case BadToken() if budget.token:
            budget.refuse_token()
            return (
                await _ask_rest(target, budget) if budget.may_ask_singly() else budget.left_to_page(target)
            )
        case Spent(rate=rate):
            budget.ended_singly(rate)
        case Hurried():
            budget.rest_over = True
        case Unavailable(for_now=for_now):
            budget.trouble(for_now=for_now)
        case _:
            budget.trouble()
    return budget.left_to_page(target)


async def _in_batches(targets: Sequence[Target], budget: _Budget) -> AsyncIterator[Found]:
    """Ask GraphQL, splitting what is too large, until all have an answer or the API gives none."""
    queue = _Queue(list(reversed(targets)))
    while chunk := queue.take():
        if budget.spent:
            for target in chunk:
                yield Found(target_id=target.id, verdict=DEFERRED, attempts=0)
        elif budget.token is None or budget.over or budget.only_rest:
            async for found in _one_by_one(chunk, budget):
                yield found
        else:
            for found in await _ask_graphql(chunk, queue, budget):
                yield found


async def _ask_graphql(chunk: list[Target], queue: _Queue, budget: _Budget) -> list[Found]:
    assert budget.token is not None, "GraphQL has no anonymous form"
    questions = [_question(target) for target in chunk]
    outcome = await budget.api.fetch(graphql_request(questions, budget.api.github_api_url, budget.token))
    answer = read_graphql(outcome, questions)
    match answer:
        case Batch():
            budget.answered(answer.rate)
            if answer.unfinished:
                queue.split([chunk[place] for place in sorted(answer.unfinished)], len(chunk))
            else:
                queue.fitted(len(chunk))
            return await _settle(chunk, answer, budget, outcome.attempts)
        case Overloaded() if len(chunk) > 1:
            queue.split(chunk, len(chunk))
            return []
        case Overloaded():
            budget.trouble()
            return [Found(target_id=chunk[0].id, attempts=outcome.attempts)]
        case BadToken():
            budget.refuse_token()
        case Misunderstood():
            budget.only_rest = True
        case Spent(rate=rate):
            budget.ended(rate)
        case Hurried(says_when=says_when):
            # The fetch layer waits as long as was asked for; without a word the pause is one of minutes.
            budget.trouble(for_now=not says_when)
        case Unavailable(for_now=for_now):
            budget.trouble(for_now=for_now)
    queue.put_back(chunk)
    return []


def _question(target: Target) -> Question:
    question = question_of(target)
    assert question is not None, "asks_api lets only those through that have one"
    return question


# --- answers ----------------------------------------------------------------------------------------


async def _settle(chunk: Sequence[Target], batch: Batch, budget: _Budget, attempts: int) -> list[Found]:
    """Found ones as they are; of repositories that are not, REST tells whether they are gone or blocked."""
    settled = [_found(chunk[place], answer, attempts) for place, answer in batch.found.items()]
    settled += [Found(target_id=chunk[place].id, attempts=attempts) for place in sorted(batch.withheld)]
    for place in sorted(batch.unknown):
        target = chunk[place]
        if full_name_of(target.id) and budget.asked_again < MAX_ASKED_AGAIN and budget.may_ask_singly():
            budget.asked_again += 1
            settled.append(await _ask_rest(target, budget))
        else:
            settled.append(Found(target_id=target.id, attempts=attempts))
    return settled


def _found(target: Target, answer: Repository | Alive | Gone | Blocked, attempts: int) -> Found:
    match answer:
        case Gone():
            return Found(target_id=target.id, verdict=GONE, attempts=attempts)
        case Blocked(why=why):
            return Found(target_id=target.id, verdict=blocked(why), attempts=attempts)
        case Alive():
            return Found(target_id=target.id, verdict=_judge_alive(target, answer), attempts=attempts)
    alias = repository_id(answer.full_name, site_of(target))
    is_same = alias == target.id
    return Found(
        target_id=target.id,
        verdict=FOUND if is_same else renamed(renamed_url(target, answer.full_name)),
        metadata=answer,
        source="github",
        alias=None if is_same else alias,
        attempts=attempts,
    )


def _judge_alive(target: Target, answer: Alive) -> Verdict:
    """There; under another name when its repository is called otherwise now, or it moved to another one."""
    old = parts_of(target.id)
    if old and answer.full_name and answer.full_name.lower() != old[0]:
        return renamed(renamed_url(target, answer.full_name))
    there = identified_beside(target, answer.url) if answer.url else None
    if old and there and (new := parts_of(there.id)) and new[0] != old[0]:
        return renamed(there.url)
    return FOUND


def identified_beside(target: Target, url: str) -> Identity | None:
    """What another address on the target's own site names."""
    address = canonical(url)
    if address is None:
        return None
    site = site_of(target)
    return identify_on_github(address) if site == GITHUB else identify_at(address, site)


def blocked(why: str | None) -> Verdict:
    """The verdict on what GitHub took down (451), for the reason it gives, if any."""
    detail = "GitHub blocked it for legal reasons or a breach of its terms"
    return Verdict(Status.BROKEN, "github-blocked", f"{detail} ({why})." if why else f"{detail}.")


def renamed(url: str) -> Verdict:
    """The verdict on a repository that is at another address now."""
    detail = "The repository has another name now; the old one leads there until somebody takes it."
    return Verdict(Status.REDIRECTED, "github-renamed", detail, Suggestion(url, "github-renamed"))
