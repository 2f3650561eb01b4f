"""arXiv papers.

The API says of many papers at once that they are there (`_arxiv_lookup`), so the site itself, which bans crawlers,
is asked only about papers that the API does not know. What surprised us: a paper that was taken back keeps its
page and loses its PDF, so that whether a PDF opens says nothing, and the address of one is never asked.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence

from enrich.kinds import _arxiv_lookup
from enrich.kinds._arxiv_datacite import DATACITE_HOST, DATACITE_MANNERS
from enrich.kinds._arxiv_ids import DOI_HOSTS, FOREIGN_HOSTS, MIRRORS, PaperId, identify, paper_of
from enrich.model import (
    Api,
    Finding,
    FindingCode,
    Found,
    Kind,
    Manners,
    Outcome,
    PageFacts,
    Paper,
    Purpose,
    Reason,
    ReportTarget,
    Request,
    Response,
    Severity,
    Status,
    Suggestion,
    Target,
    Verdict,
)
from enrich.urls import host_of
from enrich.verdict import judge_http, provider_failure

DAY = 86400.0


def _bad_id(target: Target) -> Verdict:
    number = target.id.removeprefix("arxiv:")
    return Verdict(Status.BROKEN, "arxiv-bad-id", f"{number} is not a number that arXiv gives out.")


async def look_up(targets: Sequence[Target], api: Api) -> AsyncIterator[Found]:
    """What the API knows, one `Found` a target; a verdict is missing where a paper's page has to tell."""
    for target in targets:
        if paper_of(target.id) is None:
            yield Found(target_id=target.id, verdict=_bad_id(target), attempts=0)
    async for found in _arxiv_lookup.look_up([one for one in targets if paper_of(one.id)], api):
        yield found


# --- the page of a paper ----------------------------------------------------------------------------


def request(target: Target, _wants_page: bool) -> Request:
    # HEAD: arXiv bans crawlers, and whether the page is there is all that is asked.
    return Request(url=target.url, method="HEAD", purpose=Purpose.PROBE)


def confirm(target: Target, outcome: Outcome, _wants_page: bool) -> Request | None:
    """Nobody's paper is called gone on the word of a HEAD."""
    if paper_of(target.id) and isinstance(outcome, Response) and outcome.status in (400, 404, 405, 501):
        return Request(url=target.url, method="GET", max_body_bytes=1 << 16, body_types=("text/html",))
    return None


def judge_unasked(target: Target) -> Verdict | None:
    """A number outside arXiv's grammar is nobody's paper, whoever is asked."""
    return None if paper_of(target.id) else _bad_id(target)


def judge(target: Target, outcome: Outcome) -> Verdict:
    """What the paper's own page says; arXiv's 404 covers papers and versions that never were, or were deleted."""
    if paper_of(target.id) is None:
        return _bad_id(target)
    match outcome:
        case Response(status=200) if _answered_itself(outcome):
            return _arxiv_lookup.FOUND
        case Response(status=404) if _answered_itself(outcome):
            return Verdict(Status.BROKEN, "arxiv-not-found", "arXiv has no such paper or version.")
    verdict = judge_http(outcome)
    if verdict.status not in (Status.BROKEN, Status.UNREACHABLE) or verdict.reason == "http-410":
        return verdict
    # arxiv.org without a name, in trouble or going in circles says nothing about a paper, however often.
    return provider_failure(verdict.detail or verdict.reason)


def _answered_itself(response: Response) -> bool:
    """Whether no redirect led away from arXiv, to a login page of a hotel for one."""
    host = host_of(response.url)
    return not response.hops or host == "arxiv.org" or host.endswith(".arxiv.org")


def read_page(_target: Target, _response: Response) -> PageFacts:
    return PageFacts()


# --- findings ---------------------------------------------------------------------------------------

WITHDRAWN = FindingCode(
    code="arxiv-withdrawn",
    severity=Severity.WARNING,
    help="The authors' comment or the abstract says that the paper was withdrawn. "
    "Read why before relying on it.",
)
NEWER_VERSION = FindingCode(
    code="arxiv-newer-version",
    severity=Severity.NOTE,
    help="The link pins a version of a paper of which there is a newer one. Drop the version to follow it.",
)
PUBLISHED = FindingCode(
    code="published-elsewhere",
    severity=Severity.NOTE,
    help="The paper has appeared in a journal or in proceedings; arXiv names where. "
    "Cite that in place of the preprint.",
)


def findings_of(row: ReportTarget) -> Iterator[Finding]:
    """One finding a fact, about every link to the paper."""
    paper = row.metadata
    if not isinstance(paper, Paper):
        return
    if paper.withdrawn:
        yield _finding(row, WITHDRAWN, f"{_name(paper)} seems to be withdrawn")
    if row.suggestion and row.suggestion.reason == NEWER_VERSION.code:
        message = f"{_name(paper)} has a newer version"
        yield _finding(row, NEWER_VERSION, message, row.suggestion)
    if where := paper.journal_ref or (f"https://doi.org/{paper.doi}" if paper.doi else None):
        yield _finding(row, PUBLISHED, f"{_name(paper)} is published: {where}")


def _name(paper: Paper) -> str:
    return f"arXiv:{PaperId(paper.arxiv_id, paper.version)}"


def _finding(
    row: ReportTarget, code: FindingCode, message: str, suggestion: Suggestion | None = None
) -> Finding:
    return Finding(
        code=code.code,
        severity=code.severity,
        message=message,
        target=row.id,
        suggestion=suggestion,
    )


# The terms of use ask for one request every three seconds and a single connection, for all machines of a
# user together. They speak of the API; the site, which bans crawlers, gets the same courtesy, and both share it.
ARXIV_MANNERS = Manners(width=1, interval_seconds=3.0, lane="arxiv.org")
ARXIV_HOSTS = ("arxiv.org", "browse.arxiv.org", "export.arxiv.org", "static.arxiv.org", "www.arxiv.org")

KIND = Kind(
    name="arxiv",
    hosts=frozenset({"arxiv.org", ".arxiv.org"}) | MIRRORS | DOI_HOSTS | FOREIGN_HOSTS,
    identify=identify,
    request=request,
    judge=judge,
    confirm=confirm,
    read_page=read_page,
    look_up=look_up,
    asks_api=lambda _target: True,
    judge_unasked=judge_unasked,
    batch_size=_arxiv_lookup.PAPERS_PER_REQUEST,
    api_url=lambda api: api.arxiv_api_url,
    findings_of=findings_of,
    manners=dict.fromkeys(ARXIV_HOSTS, ARXIV_MANNERS) | {DATACITE_HOST: DATACITE_MANNERS},
    metadata_age_seconds=30 * DAY,
    ok_age_seconds=7 * DAY,
    reasons=(
        Reason(code="arxiv-found", status=Status.OK, help="arXiv has this paper. Nothing to do."),
        Reason(
            code="arxiv-not-found",
            status=Status.BROKEN,
            help="arXiv has no paper, or no version of a paper, with this number. Look the title up on arXiv "
            "and correct the link.",
            certain=True,
        ),
        Reason(
            code="arxiv-bad-id",
            status=Status.BROKEN,
            help="The address holds a number that arXiv never gives out, so no paper is there. Look the title up "
            "on arXiv and correct the link.",
            certain=True,
        ),
    ),
    findings=(WITHDRAWN, NEWER_VERSION, PUBLISHED),
)
