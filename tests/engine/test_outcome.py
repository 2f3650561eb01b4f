"""What shards leave for the whole run: stored, put together, and judged as if one process had found it."""

from __future__ import annotations

from datetime import UTC, datetime

from enrich.engine.outcome import Leaving, Outcome, decoded, encoded, merged
from enrich.model import CheckResult, Finding, Severity, Status, Suggestion, Target, Verdict
from enrich.store.protocol import DueTarget
from enrich.store.recorder import Asked

NOW = datetime(2026, 11, 1, 6, 0, 0, 123456, tzinfo=UTC)


def asked(number: int) -> Asked:
    target = Target(
        id=f"url:https://a.example/{number}",
        url=f"https://a.example/{number}",
        kind="web",
        host="a.example",
    )
    due = DueTarget(target=target, wants_metadata=True, was=Status.OK, doubted_since=NOW)
    verdict = Verdict(Status.BROKEN, "http-404", "gone", Suggestion("https://a.example/", "moved"))
    result = CheckResult(
        target_id=target.id, at=NOW, verdict=verdict, http_status=404, final_url="https://a.example/x", attempts=2,
        elapsed_seconds=0.25, wanted_metadata=True,
    )  # fmt: skip
    return Asked(due, result, last_word=True)


def outcome(number: int) -> Outcome:
    return Outcome(
        requests=number,
        answered=number > 1,
        asked_alive={"a.example": 2, f"{number}.example": 1},
        blocked={"a.example": 1},
        leaving=(Leaving.of(asked(number)),),
        deferred=(f"url:{number}",),
        answers={"w": 2},
        refusals={"w": number},
        granted={"a.example": 1},
        warnings=("challenged",),
        said={"challenged": f"by {number}"},
        internal_errors=(Finding(code="internal-error", severity=Severity.ERROR, message="m"),),
        witnesses=(f"https://{number}",),
    )


def test_an_outcome_comes_back_from_the_table_as_it_was() -> None:
    assert decoded(encoded(outcome(3))) == outcome(3)


def test_a_link_that_seems_gone_is_judged_by_what_was_found() -> None:
    assert Leaving.of(asked(1)).asked() == asked(1)


def test_outcomes_add_up() -> None:
    whole = merged([outcome(1), outcome(2)])
    assert (whole.requests, whole.answered) == (3, True)
    assert whole.asked_alive == {"a.example": 4, "1.example": 1, "2.example": 1}
    assert [one.target.id[-1] for one in whole.leaving] == ["1", "2"]
    assert whole.refusals == {"w": 3}
    assert whole.warnings == ("challenged",)
    assert merged([]) == Outcome()
