"""What workers tell the driver of their work, so that one display shows all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from enrich.codec import encode
from enrich.job import Observer
from enrich.model import CheckResult, Target, TargetState, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One thing that an observer is told; of a result all but its metadata, which are in the store."""

    target_id: str | None = None
    at: datetime | None = None
    verdict: Verdict | None = None
    http_status: int | None = None
    attempts: int = 0
    elapsed_seconds: float = 0.0
    state: TargetState | None = None
    target: Target | None = None
    error: str | None = None
    warning: str | None = None
    waiting: float | None = None


class WorkerError(Exception):
    """A mistake of ours that a worker met; its own traceback stayed there."""


def news_of(result: CheckResult, state: TargetState) -> News:
    """What an observer is told of a result that was stored, and of the state that stands since."""
    return News(
        target_id=result.target_id,
        at=result.at,
        verdict=result.verdict,
        http_status=result.http_status,
        attempts=result.attempts,
        elapsed_seconds=result.elapsed_seconds,
        state=state,
    )


_decoder = msgspec.json.Decoder(tuple[News, ...])


def encoded(news: Sequence[News]) -> str:
    return encode(news).decode("utf-8")


def pass_on(text: str, observer: Observer) -> int:
    """Tell an observer what a worker told; how many results were among it."""
    results = 0
    for one in _decoder.decode(text):
        if one.warning is not None:
            observer.warned(one.warning)
        elif one.waiting is not None:
            observer.waiting(one.waiting)
        elif one.target is not None:
            observer.broke(one.target, WorkerError(one.error))
        elif one.target_id is not None and one.at is not None and one.verdict is not None and one.state:
            result = CheckResult(
                target_id=one.target_id, at=one.at, verdict=one.verdict, http_status=one.http_status,
                attempts=one.attempts, elapsed_seconds=one.elapsed_seconds,
            )  # fmt: skip
            observer.counted(result, one.state)
            results += 1
    return results
