"""Names that their owners gave up, and that somebody sells now.

Such a name answers every address with success, so that all links to it look healthy. What surprised us: often the page
is nothing but a script that leads to ``/lander``, and one seller redirects for good, so that a reader would be told to
replace the link by the address of the shop.

Marks are those of the sellers' own pages. None of them proves anything by itself: that the host answers an address that
was never given out in the same way and words must be seen too.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

# Such pages are small; a long one is a site that shows somebody's advertisements.
PAGE_BYTES = 64 << 10

# Host and beginning of the path at which sellers offer one name.
_SHOPS = (
    ("hugedomains.com", "/domain_profile.cfm"),
    ("forsale.godaddy.com", "/forsale/"),
    ("afternic.com", "/forsale/"),
    ("dan.com", "/buy-domain/"),
    ("sedo.com", "/search/details"),
    ("sedoparking.com", "/"),
    ("domainmarket.com", "/buynow/"),
    ("buydomains.com", "/lander/"),
)
_SELLERS = frozenset({*(host for host, _ in _SHOPS), "godaddy.com", "parkingcrew.net", "bodis.com"})
# What nobody but a seller writes.
_PROOFS = re.compile(
    rb"window\.onload=function\(\)\{window\.location\.href=[\"']/lander"
    rb"|<script\b[^<>]{0,200}//img\d?\.wsimg\.com/parking-lander/",
    re.IGNORECASE,
)
# What living sites may have from sellers, for the sake of advertisements.
_MARKS = re.compile(
    rb"<html\b[^<>]{0,400}\sdata-adblockkey="
    rb"|<(?:script|iframe)\b[^<>]{0,200}//(?:[\w-]{1,40}\.){0,3}(?:sedoparking\.com|parkingcrew\.net|bodis\.com)/",
    re.IGNORECASE,
)
# Without any of these in small letters neither is there: to look for words costs a tenth of looking for a pattern.
_PROOF_WORDS = (b"/lander", b"/parking-lander/")
_MARK_WORDS = (b"data-adblockkey", b"sedoparking.com", b"parkingcrew.net", b"bodis.com")
# An application, whose script may become any page.
_EMPTY_MOUNT = re.compile(
    rb"<(?:(?:div|main)\b[^<>]{0,80}\sid=[\"']?(?:root|app|application|__next|__nuxt|___gatsby|svelte|q-app)\b|app-root\b)"
    rb"[^<>]{0,80}>\s{0,40}</",
    re.IGNORECASE,
)
_TITLE = re.compile(rb"<title\b[^<>]{0,200}>([^<]{0,400})</title>", re.IGNORECASE)
_BEFORE = (
    r"\s*(?:hugedomains\.com\s*[-–—]\s*)?(?:(?:the |buy |premium )*domain(?: name)?\W{0,3})?(?:www\.)?"
)
_OFFER = r"\W{0,3}(?:(?:the )?domain(?: name)? )?(?:(?:is|may be) for sale|域名.{0,6}(?:出售|转让))\s*(?:[!.|–—-]|\Z)"


def is_shop(url: str) -> bool:
    """Whether an address is that at which a seller offers a name."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    return any(host == shop and parts.path.lower().startswith(path) for shop, path in _SHOPS)


def is_parked(page: bytes, host: str) -> bool:
    """Whether a page shows a seller's marks, or a title that offers the name of its ``host``."""
    if not 0 < len(page) <= PAGE_BYTES or _is_sellers(host):
        return False
    lowered = page.lower()
    if any(word in lowered for word in _PROOF_WORDS) and _PROOFS.search(page) is not None:
        return True
    is_marked = any(word in lowered for word in _MARK_WORDS) and _MARKS.search(page) is not None
    return (is_marked or _offers(page, host)) and _EMPTY_MOUNT.search(page) is None


def _is_sellers(host: str) -> bool:
    """Whether a host is a seller's own, whose pages are about himself."""
    return any(f".{host}".endswith(f".{seller}") for seller in _SELLERS)


def _offers(page: bytes, host: str) -> bool:
    title = _TITLE.search(page)
    if title is None:
        return False
    name = re.escape(host.lower().removeprefix("www."))
    return re.match(_BEFORE + name + _OFFER, title[1].decode("utf-8", "replace").lower()) is not None
