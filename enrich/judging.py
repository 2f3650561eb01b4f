"""One target asked, and its answers judged.

What surprised us: one answer is seldom enough. A HEAD is refused where a GET is welcome, a page that is there says that
nothing was found, and what a page is about may stand at another address. So a kind may confirm, doubt, and ask for
facts; whichever question fails, the verdict goes by the answer that says most.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from enrich.asking import Asking
from enrich.errors import ElsewhereError, StorageError
from enrich.model import (
    ALIVE,
    NOT_ASKED,
    CheckResult,
    Failure,
    FailureKind,
    Kind,
    Outcome,
    PageFacts,
    Request,
    Response,
    Status,
    Target,
    Verdict,
    was_silent,
)
from enrich.model.records import record
from enrich.registry import kinds
from enrich.store.protocol import DueTarget
from enrich.store.recorder import Asked

# What most answers tell beside their verdict.
_NO_FACTS = PageFacts()


async def _at_once() -> None:
    """Let nobody go first."""


async def check_one(
    asking: Asking, due: DueTarget, stand_back: Callable[[], Awaitable[None]] = _at_once
) -> Asked | None:
    """Ask one target and judge the answer; None when judging failed, which is a mistake of ours, or where the way leads
    to a host that is not ours to ask: then the target stays taken.

    Who got no answer in time lets others of its host go first (``stand_back``) before it asks again.
    """
    try:
        return await _check_one(asking, due, stand_back)
    except ElsewhereError:
        return None


@record(frozen=True, slots=True)
class _Answers:
    """What a target's own address was answered with: to the ``first`` question, and the ``second`` to ``question``."""

    first: Outcome
    question: Request | None = None
    second: Outcome | None = None

    @property
    def rests_on_head(self) -> bool:
        """Whether a page that did not come was asked about with HEAD."""
        return self.question is not None and self.question.method == "HEAD"

    @property
    def lacks_page(self) -> bool:
        """Whether the page may be there by its headers alone, whichever way round they were asked for."""
        return isinstance(self.second, Failure) or self.rests_on_head

    @property
    def shown(self) -> Outcome:
        """The answer that shows most."""
        return self.second if isinstance(self.second, Response) else self.first

    @property
    def elapsed_seconds(self) -> float:
        return self.first.elapsed_seconds + (self.second.elapsed_seconds if self.second else 0.0)

    @property
    def are_plain(self) -> bool:
        """Whether any part of an answer came without a certificate."""
        return _is_plain(self.first) or (self.second is not None and _is_plain(self.second))


async def _check_one(
    asking: Asking, due: DueTarget, stand_back: Callable[[], Awaitable[None]]
) -> Asked | None:
    kind, target = kinds()[due.target.kind], due.target
    began = asking.clock()
    request = kind.request(target, due.wants_metadata)
    first = await asking.fetch(request)
    try:
        answers = await _confirmed(asking, kind, due, request, first, stand_back)
        judged = await _judged(asking, kind, target, answers)
        result = await _with_facts(
            asking, kind, due, answers.shown, _result(asking, kind, due, judged, answers)
        )
        return Asked(due, result, plain=answers.are_plain, began=began)
    except (StorageError, ElsewhereError):
        raise
    except Exception as error:
        # One page that we cannot digest must not cost the night; it is shown and ends in exit code 70.
        asking.broke(target, error)
        await asking.store.defer([target.id], "not-reached")
        return None


async def _confirmed(
    asking: Asking,
    kind: Kind,
    due: DueTarget,
    request: Request,
    first: Outcome,
    stand_back: Callable[[], Awaitable[None]],
) -> _Answers:
    """The first answer, and a second one where the kind wants that."""
    question = kind.confirm(due.target, first, due.wants_metadata)
    if question is not None and was_silent(first):
        await stand_back()
        first = await _once_more(asking, request, first)
        question = kind.confirm(due.target, first, due.wants_metadata)
    if question is None:
        return _Answers(first)
    second = await asking.fetch(question)
    if isinstance(first, Failure) and _was_not_asked(second):
        # The host went down meanwhile, but this link has failed by itself.
        return _Answers(first)
    return _Answers(first, question, second)


async def _once_more(asking: Asking, request: Request, silent: Outcome) -> Outcome:
    """The answer to a question that was left to us when it was not answered, asked as it was; a last retry is left for
    another form of it. Many that are silent once are not silent twice, and only the question itself brings facts."""
    if request.retries_silence or silent.attempts >= asking.retries:
        return silent
    again = await asking.fetch(replace(request, asked_before=silent.attempts))
    if _was_not_asked(again):
        return silent
    return replace(
        again,
        attempts=silent.attempts + again.attempts,
        elapsed_seconds=silent.elapsed_seconds + again.elapsed_seconds,
    )


def _was_not_asked(outcome: Outcome) -> bool:
    return isinstance(outcome, Failure) and outcome.kind is FailureKind.HOST_DEFERRED


def _is_plain(outcome: Outcome) -> bool:
    if not outcome.url.startswith("https:"):
        return True
    return any(not hop.url.startswith("https:") for hop in outcome.hops)


async def _judged(asking: Asking, kind: Kind, target: Target, answers: _Answers) -> tuple[Verdict, Outcome]:
    """The verdict on one or two answers, and the answer that decided."""
    verdict, outcome = _judge_both(asking, kind, target, answers)
    if not answers.lacks_page:
        # What a HEAD alone has met condemns nobody, whether it came first or had to do in the end.
        verdict = await _settled(asking, kind, target, verdict, outcome)
    return verdict, outcome


def _judge_both(asking: Asking, kind: Kind, target: Target, answers: _Answers) -> tuple[Verdict, Outcome]:
    before = _judge(asking, kind, target, answers.first), answers.first
    if answers.second is None:
        return before
    verdict = _judge(asking, kind, target, answers.second)
    if isinstance(answers.second, Failure) and before[0].status in ALIVE:
        # The page was wanted for its metadata only: it is there, whatever became of the second answer.
        return before
    if answers.rests_on_head and verdict.status not in ALIVE:
        # A page that did not come may be told to be there by its headers, and not to be gone.
        return before
    return verdict, answers.second


async def _settled(
    asking: Asking, kind: Kind, target: Target, verdict: Verdict, outcome: Outcome
) -> Verdict:
    """The verdict once it is known whether an answer of success, or a 404, means what it says."""
    if not isinstance(outcome, Response) or not (verdict.status in ALIVE or verdict.reason == "http-404"):
        return verdict
    if outcome.status in asking.accept_of(target.host):
        return verdict
    return await asking.controls.settle(kind.doubt(target, outcome), asking.fetch) or verdict


def _result(
    asking: Asking,
    kind: Kind,
    due: DueTarget,
    judged: tuple[Verdict, Outcome],
    answers: _Answers,
) -> CheckResult:
    target, (verdict, outcome) = due.target, judged
    facts = _NO_FACTS
    if isinstance(outcome, Response) and verdict.status in ALIVE:
        facts = kind.read_page(target, outcome)
    return CheckResult(
        target_id=target.id,
        at=asking.now(),
        verdict=verdict,
        http_status=outcome.status if isinstance(outcome, Response) else None,
        final_url=outcome.url if outcome.hops else None,
        attempts=outcome.attempts,
        elapsed_seconds=answers.elapsed_seconds,
        metadata=facts.metadata,
        metadata_source=facts.source if facts.metadata else None,
        wanted_metadata=due.wants_metadata,
        lacks_page=answers.lacks_page,
        alias=facts.alias,
    )


async def _with_facts(
    asking: Asking, kind: Kind, due: DueTarget, outcome: Outcome, result: CheckResult
) -> CheckResult:
    """The result with metadata that stand at another address, where they are due and missing."""
    if not due.wants_metadata or result.metadata is not None or result.verdict.status not in ALIVE:
        return result
    question = kind.ask_facts(due.target, outcome)
    if question is None:
        return result
    answer = await asking.fetch(question)
    if not isinstance(answer, Response):
        return replace(result, lacks_page=True)
    facts = kind.read_page(due.target, answer)
    return replace(
        result,
        metadata=facts.metadata,
        metadata_source=facts.source if facts.metadata else None,
        elapsed_seconds=result.elapsed_seconds + answer.elapsed_seconds,
    )


def _judge(asking: Asking, kind: Kind, target: Target, outcome: Outcome) -> Verdict:
    if isinstance(outcome, Failure) and outcome.kind in NOT_ASKED:
        # Whatever its kind, a target that was not asked has no other verdict than that.
        return Verdict(Status.SKIPPED, outcome.kind.value, outcome.detail)
    if isinstance(outcome, Response) and outcome.status in asking.accept_of(target.host):
        return Verdict(Status.OK, f"http-{outcome.status}", "accepted for this host by the configuration")
    return kind.judge(target, outcome)
