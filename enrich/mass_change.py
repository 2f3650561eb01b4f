"""When so many links turn broken in one run that it is not believed at once. Pure.

Links die one by one. Hundreds that die in one night are a site that was rebuilt, a wall in front of it, a
provider that has lost its mind, or a network that answers in place of others. So they keep their verdicts for
now, and a person is told. What is seen again at least a day later is believed: a site that really died
must not stay hidden.

All reasons that somebody else gave count, certain ones too: an API that finds none of five hundred repositories is
no more credible than five hundred pages with 404. Verdicts about files are ours alone, and exact.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

MASS_SHARE = 0.1
MASS_LEAST = 50
SITE_SHARE = 0.9
SITE_LEAST = 20
# A day, less the slack of a nightly job that starts a little earlier than the last one.
BELIEVED_AFTER = timedelta(hours=22)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How one host's links fared that were alive before: how many were asked, and how many seem gone."""

    asked: int = 0
    gone: int = 0

    @property
    def is_of_the_site(self) -> bool:
        """Whether nearly all links of a big host changed at once: that is about the site."""
        return self.asked >= SITE_LEAST and self.gone > SITE_SHARE * self.asked


def is_believed(doubted_since: datetime | None, now: datetime) -> bool:
    """Whether a link that seems gone seemed so a day or more ago already, and was not seen alive between."""
    return doubted_since is not None and now - doubted_since >= BELIEVED_AFTER


def sites_changed(changes: Mapping[str, Change]) -> frozenset[str]:
    """The hosts that changed as a whole."""
    return frozenset(host for host, change in changes.items() if change.is_of_the_site)


def is_mass_change(changes: Mapping[str, Change], apart_from: Collection[str] = ()) -> bool:
    """Whether more than a tenth of the links that were alive, and more than 50, seem gone in one run.

    Sites that changed as a whole are told of by themselves.
    """
    rest = [change for host, change in changes.items() if host not in apart_from]
    asked, gone = sum(one.asked for one in rest), sum(one.gone for one in rest)
    return gone > MASS_LEAST and gone > MASS_SHARE * asked
