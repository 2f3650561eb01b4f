"""When to ask again, and after how long."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from enrich.fetch.retry import is_transient, pause, retry_after_seconds
from enrich.model import Failure, FailureKind, Response

NOW = datetime(2026, 11, 21, 6, 0, 0, tzinfo=UTC)


def response(status: int = 429, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(url="https://example.org/", status=status, headers=named)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524])
def test_these_statuses_may_change_soon(status: int) -> None:
    assert is_transient(response(status))


@pytest.mark.parametrize("status", [200, 301, 400, 401, 403, 404, 405, 410, 451, 501, 505, 525, 526, 999])
def test_these_statuses_stay_what_they_are(status: int) -> None:
    assert not is_transient(response(status))


@pytest.mark.parametrize("kind", FailureKind)
def test_failures_of_the_moment_are_transient_and_no_others(kind: FailureKind) -> None:
    moment = {"timeout", "connect-failure", "protocol-error", "dns-failure"}
    assert is_transient(Failure(kind=kind, detail="", url="")) == (kind.value in moment)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("1.5", 1.5),
        ("-5", 0.0),
        ("Sat, 21 Nov 2026 06:02:00 GMT", 120.0),
        ("Saturday, 21-Nov-26 06:02:00 GMT", 120.0),
        ("Sat Nov 21 06:02:00 2026", 120.0),
        ("Sat, 21 Nov 2026 07:02:00 +0100", 120.0),
        ("Fri, 20 Nov 2026 06:02:00 GMT", 0.0),
        ("", None),
        ("60, 120", 120.0),
        ("60, soon", None),
        ("soon", None),
        ("1e9", None),
        ("inf", None),
        ("nan", None),
        ("٣", None),
        ("9" * 400, None),
        ("Sat, 99 Nov 2026 06:02:00 GMT", None),
        ("Sat, 21 Nov 99999 06:02:00 GMT", None),
    ],
)
def test_retry_after_is_read_in_both_forms(text: str, seconds: float | None) -> None:
    assert retry_after_seconds(response(retry_after=text), NOW) == seconds


def test_without_retry_after_nothing_is_asked_for() -> None:
    assert retry_after_seconds(response(), NOW) is None


def test_pauses_double_up_to_half_a_minute() -> None:
    assert [pause(times) for times in (1, 2, 3, 4, 5, 6, 7, 5000)] == [1, 2, 4, 8, 16, 30, 30, 30]
    assert pause(2, first_seconds=0.1) == 0.2
