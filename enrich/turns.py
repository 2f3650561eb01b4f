"""Who has to wait for a turn at a host, until when, and who refuses to answer us.

A host that is asked 500 times a day has years of links before it. They are asked over many nights without anybody
thinking about it, so the report has to say plainly how many wait and when the last of them will have been asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from enrich.model import Manners, Status, Verdict
from enrich.spelling import numbered
from enrich.store.protocol import ExpectedTurns


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How many targets of a host one run asks; None for any number. ``each`` says of what that is a share."""

    host: str
    called: str
    number: int | None
    each: str


def share_of(host: str, manners: Manners, budget: int | None, *, is_check: bool) -> Share:
    """The share of a host in a run, by its manners and the user's own limit."""
    each = "in each check" if is_check else "in each run"
    limits = [
        (budget, each),
        (manners.check_cap if is_check else None, each),
        (manners.daily_cap, "a night"),
    ]
    known = [(number, each) for number, each in limits if number is not None]
    number, each = min(known, default=(None, each), key=lambda limit: limit[0])
    return Share(host=host, called=manners.known_as or host, number=number, each=each)


def expected_turns(share: Share) -> ExpectedTurns:
    """What is said of each target that waits; no date, so that the same answers give the same report."""

    def told(number: int) -> str:
        if share.number is None:
            return f"{share.called} had no turn for it in this run; it is asked in the next one"
        when = "next time" if number == 1 else f"the {_ordinal(number)} time from now"
        return f"its turn is expected {when}: {share.called} is asked about {numbered(share.number, 'link')} {share.each}"

    return ExpectedTurns(host=share.host, share=share.number, told=told)


def _ordinal(number: int) -> str:
    endings = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if number % 100 in (11, 12, 13) else endings.get(number % 10, 'th')}"


def waiting(share: Share, count: int, now: datetime, held_until: datetime | None = None) -> str:
    """How many links of a host wait and how long that takes, with what it wants to be left alone until."""
    links = f"{share.called} link" if share.called != share.host else f"link to {share.host}"
    told = (
        f"{count:,} {links} waits for its turn"
        if count == 1
        else f"{count:,} {_plural(links)} wait for their turn"
    )
    if share.number:
        told += f": {share.number} {share.each}"
        nights = -(-count // share.number)
        told += (
            f", the last about {now + timedelta(days=nights):%Y-%m-%d}" if share.each == "a night" else ""
        )
    if held_until is not None and held_until > now:
        minute = held_until + timedelta(seconds=59)
        told += f"; {share.called} refuses to answer and is left alone until {minute:%Y-%m-%d %H:%M} UTC"
    return told


def _plural(links: str) -> str:
    return links.replace("link", "links", 1)


# --- refusals ---------------------------------------------------------------------------------------


def is_refusal(verdict: Verdict, manners: Manners) -> bool:
    """Whether an answer is about us, and not about the link that was asked."""
    return verdict.status is Status.BLOCKED and verdict.reason not in manners.about_link


@dataclass(slots=True)
class Refusals:
    """How many answers hosts gave in this run, and how many of them were refusals."""

    answers: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)

    def note(self, host: str, *, refused: bool) -> None:
        """Count an answer of a host."""
        self.answers[host] += 1
        self.refusals[host] += refused

    def of_all(self) -> Mapping[str, int]:
        """Hosts that gave nothing but refusals, and how many."""
        return {host: count for host, count in self.refusals.items() if count == self.answers[host]}


def challenged(called: Mapping[str, int]) -> str | None:
    """A word on hosts that refused each time, by what people call them; None where there are none."""
    if not called:
        return None
    told = " and ".join(
        f"{name} answered {_times(count)} with a challenge" for name, count in called.items()
    )
    return (
        f"challenged from this network: {told} and with nothing else, which says nothing about the links, so that "
        "older verdicts are kept; they are asked again later, and from a data centre this happens every time"
    )


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"
