"""Names that their owners gave up, and that somebody sells now.

Such a name answers every address with success, so that all links to it look healthy. What surprised us: often the page
is nothing but a script that leads to ``/lander``, and one seller redirects for good, so that a reader would be told to
replace the link by the address of the shop.

Marks are those of the sellers' own pages. None of them proves anything by itself: that the host answers an address that
was never given out in the same way must be seen too.
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
_MARKS = re.compile(
    rb"<html\b[^<>]{0,400}\sdata-adblockkey="
    rb"|window\.onload=function\(\)\{window\.location\.href=[\"']/lander"
    rb"|//img\d?\.wsimg\.com/parking-lander/"
    rb"|<(?:script|iframe)\b[^<>]{0,200}//(?:[\w-]{1,40}\.){0,3}(?:sedoparking\.com|parkingcrew\.net|bodis\.com)/",
    re.IGNORECASE,
)
_TITLE = re.compile(rb"<title\b[^<>]{0,200}>([^<]{0,400})</title>", re.IGNORECASE)
_OFFER = r"\W{0,3}(?:(?:the )?domain(?: name)? )?(?:(?:is|may be) for sale|域名.{0,6}(?:出售|转让))\s*(?:[!.|–—-]|\Z)"


def is_shop(url: str) -> bool:
    """Whether an address is that at which a seller offers a name."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    return any(host == shop and parts.path.lower().startswith(path) for shop, path in _SHOPS)


def is_parked(page: bytes, host: str) -> bool:
    """Whether a page shows a seller's marks, or a title that offers the name of its ``host``."""
    if not 0 < len(page) <= PAGE_BYTES:
        return False
    return _MARKS.search(page) is not None or _offers(page, host)


def _offers(page: bytes, host: str) -> bool:
    title = _TITLE.search(page)
    if title is None:
        return False
    name = re.escape(host.lower().removeprefix("www."))
    return re.search(name + _OFFER, title[1].decode("utf-8", "replace").lower()) is not None
