"""GitHub repositories, and what is inside them.

With a token the API answers for a hundred repositories, files, issues and owners at once; without one, for a few
repositories (`enrich.kinds._github_lookup`). What it cannot tell is asked at its own page: that a repository lives
says nothing about a branch that was renamed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from enrich.kinds._github_lookup import (
    FOUND,
    GONE,
    TARGETS_PER_QUERY,
    blocked,
    identified_beside,
    look_up,
    renamed,
)
from enrich.kinds._github_names import (
    API_HOST,
    GITHUB,
    HOSTS,
    identify,
    identify_on,
    parts_of,
    site_of,
)
from enrich.kinds._github_questions import question_of
from enrich.model import (
    Finding,
    FindingCode,
    Kind,
    Manners,
    Outcome,
    PageFacts,
    Purpose,
    Reason,
    ReportTarget,
    Repository,
    Request,
    Response,
    Severity,
    Status,
    Suggestion,
    Target,
    Verdict,
)
from enrich.moves import PERMANENT
from enrich.urls import host_of
from enrich.verdict import judge_http, judge_platform

DAY = 86400.0


def asks_api(target: Target) -> bool:
    """Whether GitHub's API has a question for it; a wiki, a download and a list of issues have none."""
    return question_of(target) is not None


# --- pages ------------------------------------------------------------------------------------------


def request(target: Target, _wants_page: bool) -> Request:
    return Request(url=target.url, method="HEAD", purpose=Purpose.PROBE)


def confirm(target: Target, outcome: Outcome, _wants_page: bool) -> Request | None:
    """Nothing is called gone on the word of a HEAD."""
    if isinstance(outcome, Response) and outcome.status in (400, 403, 404, 405, 406, 501):
        return Request(url=target.url, method="GET", max_body_bytes=1 << 16, body_types=("text/html",))
    return None


def judge(target: Target, outcome: Outcome) -> Verdict:
    """What the page of a repository, of something inside one, of an owner or a gist says."""
    # A server of one's own can be gone for good; github.com and its sisters cannot.
    judge_other = judge_platform if site_of(target) == GITHUB else judge_http
    if not isinstance(outcome, Response) or not _is_ours(target, outcome):
        return judge_other(outcome)
    match outcome.status:
        case 200 if _is_unwritten_wiki(target, outcome):
            return NO_WIKI_PAGE
        case 200 if moved := _moved_to(target, outcome):
            return renamed(moved)
        case 200 if urlsplit(outcome.url).path.startswith(("/login", "/session")):
            return _members_only(target, "GitHub shows this page to members only.")
        case 200:
            return FOUND
        case 403 | 404 if _MEMBERS_ONLY.fullmatch(_rest(target)):
            return _members_only(
                target,
                "Since 2026 GitHub shows this page to members only; the repository itself is another link.",
            )
        case 404:
            return GONE
        case 451:
            return blocked(None)
    return judge_other(outcome)


# Pages that answer 404 to everybody but those who may see them.
_MEMBERS_ONLY = re.compile(r"(?:graphs/traffic|settings|stargazers|watchers)(?:[/?].*)?")


# Of a wiki without the page, and of a repository without a wiki, who has not logged in sees the front page.
_WIKI_PAGE = re.compile(r"wiki/(?!_|home$)[^/]+", re.IGNORECASE)
NO_WIKI_PAGE = Verdict(
    Status.BROKEN,
    GONE.reason,
    "The wiki has no such page, or is not public: GitHub leads to its front page.",
)


def _is_unwritten_wiki(target: Target, response: Response) -> bool:
    """Whether a link to a page of a wiki ends at the wiki's front page, or at its repository's."""
    rest = _rest(target).partition("?")[0]
    if not response.hops or not _WIKI_PAGE.fullmatch(rest):
        return False
    there = identified_beside(target, response.url)
    parts = parts_of(there.id) if there else None
    return parts is not None and parts[1].partition("?")[0] in ("", "wiki")


def _rest(target: Target) -> str:
    parts = parts_of(target.id)
    return parts[1] if parts else ""


def _is_ours(target: Target, response: Response) -> bool:
    """Whether no redirect led away from GitHub's pages, to the storage behind a release for one."""
    host = host_of(response.url)
    return not response.hops or host in HOSTS or host == host_of(target.url)


def _moved_to(target: Target, response: Response) -> str | None:
    """Where the repository went for good, when a page of it answered under another name."""
    if not response.hops or any(hop.status not in PERMANENT for hop in response.hops):
        return None
    there, old = identified_beside(target, response.url), parts_of(target.id)
    new = parts_of(there.id) if there else None
    return there.url if there and old and new and new[0] != old[0] else None


def _members_only(target: Target, detail: str) -> Verdict:
    """For `/stargazers` and `/watchers`, what a note means is the repository."""
    suggestion = None
    if _MEMBERS_ONLY.fullmatch(_rest(target)):
        _, _, _, owner, name, *_ = target.url.split("/")
        suggestion = Suggestion(f"{site_of(target).base}/{owner}/{name}", "login-required")
    return Verdict(Status.BLOCKED, "login-required", detail, suggestion)


def read_page(_target: Target, _response: Response) -> PageFacts:
    return PageFacts()


# --- findings ---------------------------------------------------------------------------------------

ARCHIVED = FindingCode(
    code="github-archived",
    severity=Severity.WARNING,
    help="The repository is archived: it can be read, but nobody maintains it. Look for a successor.",
)
DISABLED = FindingCode(
    code="github-disabled",
    severity=Severity.WARNING,
    help="GitHub or its owner disabled the repository; its contents cannot be reached.",
)
EMPTY = FindingCode(
    code="github-empty",
    severity=Severity.WARNING,
    help="Nothing was ever pushed to the repository: code that was announced and did not come.",
)
FORK = FindingCode(
    code="github-fork",
    severity=Severity.NOTE,
    help="The repository is a fork; the original may be what the note means.",
)
RECREATED = FindingCode(
    code="github-recreated",
    severity=Severity.WARNING,
    help="Another repository has the name of the one that was first seen under it: that one was deleted, or renamed "
    "and its name taken by somebody else. Look whether it is still what the note means; correct the link, or ignore "
    "this finding if it is.",
)


def findings_of(row: ReportTarget) -> Iterator[Finding]:
    """One finding a fact, about every link to the repository."""
    repository = row.metadata
    if not isinstance(repository, Repository):
        return
    name = repository.full_name
    if repository.archived:
        yield _finding(row, ARCHIVED, f"{name} is archived")
    if repository.disabled:
        yield _finding(row, DISABLED, f"{name} is disabled")
    if repository.created_at and repository.pushed_at is None:
        yield _finding(row, EMPTY, f"{name} is empty")
    if repository.fork:
        yield _finding(row, FORK, f"{name} is a fork")


def _finding(row: ReportTarget, code: FindingCode, message: str) -> Finding:
    return Finding(
        code=code.code,
        severity=code.severity,
        message=message,
        target=row.id,
    )


KIND = Kind(
    name="github",
    hosts=HOSTS,
    identify=identify,
    request=request,
    judge=judge,
    confirm=confirm,
    read_page=read_page,
    look_up=look_up,
    asks_api=asks_api,
    batch_size=TARGETS_PER_QUERY,
    api_url=lambda api: api.github_api_url,
    findings_of=findings_of,
    identify_on=identify_on,
    # The API asks for serial requests, and needs no pause between them; the pages turn away who asks fast.
    manners={
        API_HOST: Manners(width=1, interval_seconds=0.0),
        "github.com": Manners(width=2, interval_seconds=0.2),
    },
    metadata_age_seconds=1 * DAY,
    ok_age_seconds=7 * DAY,
    reasons=(
        Reason(code="github-found", status=Status.OK, help="It is there on GitHub. Nothing to do."),
        Reason(
            code="github-renamed",
            status=Status.REDIRECTED,
            help="The repository was renamed or moved; the old name leads there until somebody else takes it. "
            "Replace the link by the suggested address.",
        ),
        Reason(
            code="github-not-found",
            status=Status.BROKEN,
            help="GitHub does not show it to the public: it was deleted, or made private, or never existed. "
            "Correct the link, or replace it by a fork or an archived copy.",
            certain=True,
        ),
        Reason(
            code="github-blocked",
            status=Status.BROKEN,
            help="GitHub took it down (451), for legal reasons or a breach of its terms. Remove the link.",
            certain=True,
        ),
    ),
    findings=(ARCHIVED, DISABLED, EMPTY, FORK, RECREATED),
)
