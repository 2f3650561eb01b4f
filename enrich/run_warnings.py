"""What a report says of its own run: why it is not complete, and what was seen and not believed.

Each of these costs the reader more than one link, so each ends with the way out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from enrich.job import Progress
from enrich.model import Finding, ReportWarning
from enrich.registry import finding_of
from enrich.store.protocol import Rows
from enrich.store.recorder import Verdicts

# So many links are named of those that are withheld.
EXAMPLES = 3

_WARNINGS = {
    "no-documents": "no document was found, so that nothing was looked at: hidden files, what git is told to ignore and "
    "other extensions are left out; look at the paths, or let more in (--hidden, --extensions, a file by its name)",
    "network-down": "no host answered at all: the network seems to be down, so older verdicts are kept; "
    "see that this machine reaches the web and finds names, then run again",
    "network-lost": "the network was lost during the run: what failed after the last answer keeps its older verdict; "
    "run again when it works, and the rest is asked then",
    "lying-network": "this network answers in place of others (a log-in page, a name server that makes up answers, or "
    "certificates that nobody can check, as with a wrong clock), so what it said over plain http and about names is "
    "not believed and older verdicts are kept; log in to the network or set the clock, then run again",
    "mass-change": "so many links seem gone at once ({}) that it is not believed yet, and their older verdicts are kept; "
    "open a few of them ({}): if they are gone, run again with --refresh --accept-mass-change, or wait for a run "
    "a day later",
    "withheld": "{} seemed gone in an earlier run, together with too many others to be believed: older verdicts are "
    "shown; open a few of them ({}): if they are gone, run again with --refresh --accept-mass-change, or wait for a "
    "run a day after it was first seen",
    "addresses-by-proxy": "a proxy was used: which addresses a name leads to is for the proxy to allow; enrich itself "
    "refuses private addresses that stand in a link as numbers, local names, and other schemes and ports",
    "deadline": "the deadline ended the run before every target was asked; the next run goes on with the rest",
    "interrupted": "the run was interrupted before every target was asked; the next run goes on with the rest",
}


def warnings_of(progress: Progress) -> list[ReportWarning]:
    """What a run has to say of itself, in the order in which it came up."""
    return [ReportWarning(code=code, message=said_of(code, progress)) for code in progress.warnings]


def said_of(code: str, progress: Progress) -> str:
    """The words of one of a run's warnings."""
    return progress.said.get(code) or _WARNINGS[code]


def mass_change(found: Verdicts) -> str:
    """The warning that more links seem gone than is believed at once."""
    count = f"{found.withheld} of {found.asked} that worked before"
    return _WARNINGS["mass-change"].format(count, _named(found.examples))


def site_changes(found: Verdicts) -> Iterator[Finding]:
    """A finding for each site that went, or refuses us, as a whole."""
    for host, change in found.sites.items():
        told = f"{change.gone} of {change.asked} links to {host} that worked before seem gone at once"
        way_out = (
            "not believed before a run a day later sees it too: was the site rebuilt, or does it refuse us?"
        )
        yield finding_of("site-changed", f"{told}; {way_out}")
    for host, change in found.walls.items():
        told = f"{host} refuses {change.gone} of {change.asked} links that worked before"
        yield finding_of("site-changed", f"{told}; their older verdicts stand")


def withheld_before(rows: Rows) -> list[ReportWarning]:
    """A word on links that an earlier run withheld and this one had no reason to ask."""
    count, urls = rows.withheld(EXAMPLES)
    told = "1 link" if count == 1 else f"{count} links"
    message = _WARNINGS["withheld"].format(told, _named(urls))
    return [ReportWarning(code="withheld", message=message)] if count else []


def _named(urls: Sequence[str]) -> str:
    return ", ".join(urls[:EXAMPLES])
