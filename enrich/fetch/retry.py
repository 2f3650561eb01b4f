"""When to ask again, and after how long. Pure.

Nothing here says that a link is broken: it says which outcomes a second question may change. A name that
does not exist, a certificate that does not fit and a page that is gone stay what they are.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from enrich.model import Failure, FailureKind, Outcome, Response

# 520-524 are Cloudflare's for an origin that it could not reach.
TRANSIENT_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504, *range(520, 525)})
# What a host says, or the gateway before it, that has too much to do: a sign to ask it more slowly.
OVERLOADED_STATUSES = TRANSIENT_STATUSES - {408, 425, 500}
TRANSIENT_FAILURES = frozenset(
    {FailureKind.TIMEOUT, FailureKind.CONNECT, FailureKind.PROTOCOL, FailureKind.DNS_FAILURE}
)

LONGEST_PAUSE_SECONDS = 30.0

# RFC 9110 section 10.2.3 has whole seconds; some servers send fractions, and negative numbers.
_SECONDS = re.compile(r"[+-]?\d{1,12}(?:\.\d{0,9})?", re.ASCII)


def is_transient(outcome: Outcome) -> bool:
    """Whether asking again soon may give something else."""
    match outcome:
        case Response(status=status):
            return status in TRANSIENT_STATUSES
        case Failure(kind=kind):
            return kind in TRANSIENT_FAILURES


def retry_after_seconds(response: Response, now: datetime) -> float | None:
    """How long the server asks to be left alone (RFC 9110 section 10.2.3), or None if it does not say.

    Both forms are understood, seconds and a date; a date in the past is 0, nonsense is None. Of several seconds, as where
    a gateway adds its own, the most counts.
    """
    text = response.headers.get("retry-after", "").strip()
    parts = [part.strip() for part in text.split(",")]
    if all(_SECONDS.fullmatch(part) for part in parts):
        return max(0.0, *map(float, parts))
    moment = _http_date(text)
    return None if moment is None else max(0.0, (moment - now).total_seconds())


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def pause(times: int, first_seconds: float = 1.0) -> float:
    """How long to wait after the ``times``-th failure in a row (from 1): 1 s, 2 s, 4 s … up to 30 s."""
    return min(LONGEST_PAUSE_SECONDS, first_seconds * 2.0 ** min(times - 1, 32))
