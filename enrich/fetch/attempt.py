"""One attempt for a link, from hop to hop: what it has come to, and what is asked next. Nobody is asked here.

What surprised us: a redirect without an end is no dead link where cookies were set. A visitor who keeps them may arrive.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from enrich.fetch.hops import Address, join, location_of, redirected
from enrich.model import Failure, FailureKind, Hop, Outcome, Request, Response
from enrich.urls import canonical

MAX_HOPS = 10


@dataclass(slots=True)
class Attempt:
    """What has happened so far in one attempt for ``link``, which names ``host``.

    ``minds_robots`` is off for what asks for robots.txt itself; ``fresh`` says that no idle connection is to be used,
    ``was_late`` that a turn was too old to be used. It ``has_begun`` once its first turn has come.
    """

    link: str
    host: str
    seconds_left: float
    minds_robots: bool = True
    elapsed_seconds: float = 0.0
    hops: tuple[Hop, ...] = ()
    asked: set[tuple[str, str]] = field(default_factory=set)
    cookies: bool = False
    fresh: bool = False
    was_late: bool = False
    has_begun: bool = False

    def failure(self, kind: FailureKind, detail: str, url: str) -> Failure:
        """The outcome for an attempt that ends here, after its hops."""
        return Failure(
            kind=kind, detail=detail, url=url, hops=self.hops, elapsed_seconds=self.elapsed_seconds
        )

    def unaskable(self, url: str) -> Failure:
        """The outcome for something that is no http or https URL."""
        href = canonical(url)
        if href is None:
            return self.failure(FailureKind.INVALID_URL, "it is no URL", url)
        scheme = href.partition(":")[0]
        return self.failure(FailureKind.UNSUPPORTED_SCHEME, f"{scheme} addresses are not asked", href)

    def following(self, request: Request, here: Address, answer: Response) -> Outcome | Request:
        """What is asked next, where an answer redirects; else the answer."""
        location = location_of(answer) if request.follow else None
        if location is None:
            return self._ended(answer)
        self.asked.add((request.method, here.url))
        self.hops = (*self.hops, Hop(here.url, answer.status))
        self.cookies = self.cookies or "set-cookie" in answer.headers
        url = join(here.url, location)
        if url is None:
            return self.failure(FailureKind.PROTOCOL, "it redirects to something that is no URL", here.url)
        following = redirected(request, answer.status, here, url)
        if (following.method, url) in self.asked or len(self.hops) > MAX_HOPS:
            return self._in_circles(url)
        return following

    def _ended(self, answer: Response) -> Response:
        """An answer with what led to it. Made anew, since `replace` takes twice as long, and every link comes here."""
        return Response(
            url=answer.url,
            status=answer.status,
            headers=answer.headers,
            body=answer.body,
            truncated=answer.truncated,
            hops=self.hops,
            elapsed_seconds=self.elapsed_seconds,
        )

    def _in_circles(self, url: str) -> Failure:
        """Redirects that do not end. Where cookies were set, a visitor who keeps them may well arrive."""
        if self.cookies:
            return self.failure(FailureKind.NEEDS_COOKIES, "it redirects without end to others", url)
        count = "1 redirect" if len(self.hops) == 1 else f"{len(self.hops)} redirects"
        return self.failure(FailureKind.TOO_MANY_REDIRECTS, f"{count} and no end", url)
