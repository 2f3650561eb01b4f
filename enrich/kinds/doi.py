"""DOIs, whoever publishes what they stand for.

A DOI is a name, and doi.org says where it leads. That is all the verdict asks: a redirect means that the DOI is
registered, 404 that it is not, and the publisher behind it is left alone. Most publishers refuse programs, and to the
same DOI they answer differently by method and by network (Klein and Balakireva, arXiv:2004.03011), so that what they
say to us tells nothing sure about the paper. The price: a page that a publisher has lost is not noticed here.

When metadata are due the same question is put with an ``Accept`` header, and doi.org leads to the agency that
registered the DOI instead: one question answers both. Agencies that know no such answers send the publisher's page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import quote, unquote

import can_ada

from enrich.kinds import _csl, _html, web
from enrich.kinds._arxiv_datacite import DATACITE_HOST, DATACITE_MANNERS
from enrich.kinds._arxiv_ids import DOI_HOSTS
from enrich.model import (
    NOT_ASKED,
    CanonicalUrl,
    Failure,
    Identity,
    Kind,
    Manners,
    Outcome,
    PageFacts,
    Purpose,
    Reason,
    Request,
    Response,
    Status,
    Target,
    Verdict,
)
from enrich.moves import REDIRECTS
from enrich.urls import canonical, host_of
from enrich.verdict import judge_http

CSL_TYPE = "application/vnd.citationstyles.csl+json"
# Papers of large collaborations have thousands of authors and references: about 1 MB.
RECORD_BYTES = 2 << 20
RECORD_TYPES = (CSL_TYPE, "application/json", *_html.MEDIA_TYPES)

# DOI Handbook, section 2.2: a prefix of numbers, a suffix of anything. 10/abc is a short one (shortdoi.org).
_DOI = re.compile(
    r"/(?:doi:\s*)?(10(?:\.[0-9]{4,9}(?:\.[0-9]+)*/\S[^\x00-\x1f]*|/[a-z0-9]+))", re.IGNORECASE
)
# What a URL's path may hold as it is (WHATWG URL Standard, path percent-encode set).
_SAFE = "/:;()!$&'*+,=@~-._[]|"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """Who registers DOIs and answers for their metadata, and how it is asked."""

    name: str
    hosts: frozenset[str]
    manners: Manners


AGENCIES = (
    # Without a contact address: five requests a second and one at a time; the header of each answer says so.
    Agency(
        name="crossref",
        hosts=frozenset({"api.crossref.org", "data.crossref.org"}),
        manners=Manners(width=1, interval_seconds=0.2),
    ),
    Agency(
        name="datacite",
        hosts=frozenset({DATACITE_HOST, "data.datacite.org", "data.crosscite.org"}),
        manners=DATACITE_MANNERS,
    ),
    Agency(
        name="medra", hosts=frozenset({"data.medra.org"}), manners=Manners(width=1, interval_seconds=0.5)
    ),
)
# The resolver publishes no limit, and answers for the whole world.
RESOLVER_MANNERS = Manners(width=2, interval_seconds=0.1)

FOUND = Verdict(Status.OK, "doi-found")
NOT_FOUND = Verdict(Status.BROKEN, "doi-not-found", "doi.org knows no such DOI.")

# One resolver answers for all DOIs, so that its trouble, or that of the way to it, is no failure of any of them.
_TROUBLE_OF_THE_RESOLVER = {
    "dns-not-found": "dns-failure",
    **dict.fromkeys(
        ("connect-failure", "protocol-error", "timeout", "tls-failure", "too-large", "too-many-redirects"),
        "provider-failure",
    ),
}
# A question that wants metadata may be refused where the plain one is not.
_REFUSES_FORMAT = frozenset({400, 406, 415})


def identify(url: CanonicalUrl) -> Identity | None:
    """The DOI in an address of a resolver, all of whose hosts are one. Its letters stay as they are written, though
    their case means nothing: they are what a reader compares with the note."""
    found = _DOI.fullmatch(unquote(can_ada.parse(url).pathname))
    same = canonical(f"https://doi.org/{quote(found[1], safe=_SAFE)}") if found else None
    return Identity(id=f"url:{same}", kind="doi", url=same) if same is not None else None


def request(target: Target, wants_page: bool) -> Request:
    """With metadata due, doi.org's word and the agency's in one; else doi.org's alone."""
    if not wants_page:
        return replace(_plain(target), method="HEAD", retry=False)
    return Request(
        url=target.url,
        purpose=Purpose.API,
        headers=(("accept", CSL_TYPE),),
        max_body_bytes=RECORD_BYTES,
        body_types=RECORD_TYPES,
    )


def _plain(target: Target, *, follow: bool = False) -> Request:
    """doi.org's word alone: what it leads to is not asked, unless that is another address of its own."""
    return Request(url=target.url, body_types=(), follow=follow)


def confirm(target: Target, outcome: Outcome, wants_page: bool) -> Request | None:
    """The plain question as GET, where the first one was not answered about the DOI, or only with a HEAD."""
    if _leads_on(outcome):
        is_unasked = isinstance(outcome, Failure) and outcome.kind in NOT_ASKED
        return _plain(target) if is_unasked else None
    if isinstance(outcome, Response) and outcome.status in REDIRECTS:
        return _plain(target, follow=True)
    if wants_page and not (isinstance(outcome, Response) and outcome.status in _REFUSES_FORMAT):
        return None
    return _plain(target) if web.confirm(target, outcome, False) is not None else None


def judge(_target: Target, outcome: Outcome) -> Verdict:
    """Whether the DOI is registered, whatever came from behind doi.org."""
    if _leads_on(outcome) or _is_record(outcome):
        return FOUND
    verdict = judge_http(outcome)
    if verdict.reason == "http-404":
        return NOT_FOUND
    reason = _TROUBLE_OF_THE_RESOLVER.get(verdict.reason)
    if isinstance(outcome, Response) and outcome.status >= 500 and verdict.status is Status.UNREACHABLE:
        reason = "provider-failure"
    if reason is None:
        return verdict
    return Verdict(Status.UNREACHABLE, reason, verdict.detail)


def _leads_on(outcome: Outcome) -> bool:
    """Whether doi.org has sent us elsewhere, or says that it would."""
    if host_of(outcome.url) not in DOI_HOSTS:
        return bool(outcome.hops)
    if not isinstance(outcome, Response) or outcome.status not in REDIRECTS:
        return False
    there = host_of(outcome.headers.get("location", ""))
    return bool(there) and there not in DOI_HOSTS


def _is_record(outcome: Outcome) -> bool:
    return isinstance(outcome, Response) and outcome.status == 200 and _media_type(outcome) == CSL_TYPE


def _media_type(response: Response) -> str:
    return response.headers.get("content-type", "").partition(";")[0].strip().lower()


def read_page(target: Target, response: Response) -> PageFacts:
    """What the agency says, else the publisher's page where one came."""
    if not 200 <= response.status < 300 or not response.body:
        return PageFacts()
    agency = _agency_at(response.url)
    if _media_type(response) in _html.MEDIA_TYPES:
        # An agency's HTML is about the agency, or about its trouble.
        return web.read_page(target, response) if agency is None else PageFacts()
    page = _csl.read(response, target.url)
    return PageFacts(metadata=page, source=agency or "doi") if page is not None else PageFacts()


def _agency_at(url: str) -> str | None:
    host = host_of(url)
    return next((agency.name for agency in AGENCIES if host in agency.hosts), None)


KIND = Kind(
    name="doi",
    hosts=DOI_HOSTS,
    identify=identify,
    request=request,
    judge=judge,
    confirm=confirm,
    # Most are registered with Crossref, which is asked after doi.org and more slowly.
    page_seconds=lambda _host, gap: max(gap, AGENCIES[0].manners.interval_seconds),
    read_page=read_page,
    manners={"doi.org": RESOLVER_MANNERS}
    | {host: agency.manners for agency in AGENCIES for host in agency.hosts},
    reasons=(
        Reason(
            code="doi-found",
            status=Status.OK,
            help="The DOI is registered and leads to its publisher, whose own page is not asked: it turns programs "
            "away. Nothing to do.",
        ),
        Reason(
            code="doi-not-found",
            status=Status.BROKEN,
            help="A DOI that is not registered leads nowhere. It was asked for twice. Look for a typing error or a "
            "character that does not belong to it; a DOI of these days may not be registered yet.",
        ),
    ),
)
