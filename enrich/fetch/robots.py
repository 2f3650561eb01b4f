"""What a host's robots.txt asks of us (RFC 9309), and its ``Crawl-delay``, which many hosts give beside it.

The file is read by Protego, Scrapy's parser: the one of the standard library knows no wildcards, prefers the
first rule to the longest, and takes no fraction of a second as a delay. What surprised us: a record names as
many programs as it likes, and each of them gets its own copy of every rule, so half a megabyte can become
gigabytes. So all programs but us are made one before Protego sees the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

import anyio

from enrich.model import Outcome, Request, Response

# The name by which robots.txt knows us (RFC 9309 section 2.2.1).
PRODUCT_TOKEN = "enrich"  # noqa: S105 - a name, no password

# RFC 9309 section 2.5: at least 500 KiB are read.
LARGEST_BYTES = 500 << 10

# A longer delay would keep a run busy for days; such a host gets fewer answers a night, not none.
LONGEST_DELAY_SECONDS = 60.0

_AGENT_LINE = re.compile(r"\s*(user[- ]?agent)[\s:]\s*:?\s*([^#]*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rules:
    """What may be asked, how far apart, and where that stands."""

    allows: Callable[[str], bool]
    crawl_delay_seconds: float = 0.0
    origin: str = ""


def _anything(_url: str) -> bool:
    return True


def _nothing(_url: str) -> bool:
    return False


NO_RULES = Rules(_anything)


@dataclass(slots=True)
class Known:
    """What is known of an origin's robots.txt: the address that was wanted first, and the rules once read."""

    first_url: str
    reading: bool = False
    rules: Rules | None = None
    lock: anyio.Lock = field(default_factory=anyio.Lock)

    @property
    def matters(self) -> bool:
        """Whether asking again would give something that is worth it: rules, or those that are on their way."""
        rules = self.rules
        says_something = rules is not None and (rules.crawl_delay_seconds or rules.allows is not _anything)
        return self.lock.locked() or bool(says_something)


def question(url: str) -> Request:
    """What to ask for the robots.txt of a URL's origin."""
    parts = urlsplit(url)
    return Request(
        url=f"{parts.scheme}://{parts.netloc}/robots.txt", max_body_bytes=LARGEST_BYTES, retry=False
    )


def rules_of(outcome: Outcome, *, respect: bool) -> Rules:
    """What an answer says (RFC 9309 section 2.3.1): no file, no rules.

    A server that fails or cannot be reached gives none either, except that nothing is allowed to those who
    ``respect`` what is disallowed.
    """
    match outcome:
        case Response(status=status, body=body) if 200 <= status < 300:
            rules = read(body.decode("utf-8", "replace"))
            # The parsed file is worth its memory to those alone who ask it.
            return rules if respect else replace(rules, allows=_anything)
        case Response(status=status) if 400 <= status < 500:
            return NO_RULES
        case _ if respect:
            return Rules(_nothing, origin="it could not be read")
        case _:
            return NO_RULES


def read(text: str) -> Rules:
    """The rules for us in the text of a robots.txt."""
    from protego import Protego

    parsed = Protego.parse("\n".join(map(_ours_or_not, text.removeprefix("\ufeff").splitlines())))

    def allows(url: str) -> bool:
        return parsed.can_fetch(url, PRODUCT_TOKEN)

    delay = parsed.crawl_delay(PRODUCT_TOKEN) or 0.0
    return Rules(allows, min(delay, LONGEST_DELAY_SECONDS))


def _ours_or_not(line: str) -> str:
    """A line as it is; one that names another program names a stranger."""
    match = _AGENT_LINE.match(line)
    if match is None or match[2].strip().lower() in ("*", PRODUCT_TOKEN):
        return line
    return f"{match[1]}: another"
