"""What links lead to."""

from __future__ import annotations

from typing import NewType

from enrich.model.records import record

CanonicalUrl = NewType("CanonicalUrl", str)
"""An absolute URL as a browser would send it (WHATWG serialisation), without a fragment."""


@record(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a URL stands for: the stable id of its target and the URL that is asked for it.

    A ``preferred`` URL opens where other addresses of the same target may not, so it replaces theirs. One that is
    asked ``last`` hardly ever opens: all others of its host come first, and a refusal of it says nothing about us.
    """

    id: str
    kind: str
    url: CanonicalUrl
    parent: str | None = None
    stands_for: str | None = None
    preferred: bool = False
    last: bool = False


@record(frozen=True, slots=True, kw_only=True)
class Target:
    """One thing that links lead to. ``host`` is the lane in which it is asked."""

    id: str
    url: str
    kind: str
    host: str
    parent: str | None = None
    stands_for: str | None = None
