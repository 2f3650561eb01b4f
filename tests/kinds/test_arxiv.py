"""arXiv: what a paper's own page says, and what is worth a person's attention about a paper."""

from __future__ import annotations

from dataclasses import replace

import pytest
from local_arxiv import PAPER
from rows import report_target

from enrich.kinds._arxiv_text import is_withdrawn
from enrich.kinds.arxiv import confirm, findings_of, judge
from enrich.model import (
    Failure,
    FailureKind,
    Hop,
    Outcome,
    Paper,
    ReportTarget,
    Response,
    Status,
    Suggestion,
)
from enrich.registry import built_in_manners

# --- the page ---------------------------------------------------------------------------------------


def page(status: int, url: str = PAPER.url, hops: tuple[Hop, ...] = ()) -> Response:
    return Response(url=url, status=status, headers={}, hops=hops)


ELSEWHERE = (Hop(PAPER.url, 302),)


@pytest.mark.parametrize(
    ("outcome", "status", "code"),
    [
        (page(200), Status.OK, "arxiv-found"),
        (page(404), Status.BROKEN, "arxiv-not-found"),
        (page(403), Status.BLOCKED, "http-403"),
        (page(429), Status.BLOCKED, "http-429"),
        (page(410), Status.BROKEN, "http-410"),
        (page(503), Status.UNREACHABLE, "provider-failure"),
        (page(400), Status.UNREACHABLE, "provider-failure"),
        (page(404, "https://hotel.example/x", ELSEWHERE), Status.UNREACHABLE, "provider-failure"),
        (
            Failure(kind=FailureKind.DNS_NOT_FOUND, detail="", url=PAPER.url),
            Status.UNREACHABLE,
            "provider-failure",
        ),
        (
            Failure(kind=FailureKind.TOO_MANY_REDIRECTS, detail="", url=PAPER.url),
            Status.UNREACHABLE,
            "provider-failure",
        ),
        (
            Failure(kind=FailureKind.TIMEOUT, detail="", url=PAPER.url),
            Status.UNREACHABLE,
            "provider-failure",
        ),
    ],
)
def test_only_arxivs_own_404_makes_a_paper_broken(outcome: Outcome, status: Status, code: str) -> None:
    verdict = judge(PAPER, outcome)
    assert (verdict.status, verdict.reason) == (status, code)


def test_a_wrong_number_is_broken_whatever_its_page_says() -> None:
    assert judge(replace(PAPER, id="arxiv:2013.00001"), page(200)).reason == "arxiv-bad-id"


@pytest.mark.parametrize(("status", "again"), [(200, False), (404, True), (405, True), (429, False)])
def test_a_404_to_head_is_asked_again_with_get(status: int, again: bool) -> None:
    question = confirm(PAPER, page(status), False)
    assert (question is not None and question.method == "GET") is again


# --- manners ----------------------------------------------------------------------------------------


def test_all_hosts_of_arxiv_share_one_turn_every_three_seconds() -> None:
    manners = built_in_manners()
    hosts = ["arxiv.org", "export.arxiv.org", "www.arxiv.org"]
    assert {
        (manners[host].lane, manners[host].width, manners[host].interval_seconds) for host in hosts
    } == {("arxiv.org", 1, 3.0)}


# --- findings ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("comment", "abstract", "withdrawn"),
    [
        ("This paper has been withdrawn by the author due to an error", None, True),
        ("Withdrawn: see v3", None, True),
        ("10 pages, 3 figures; this version withdrawn by arXiv administrators", None, True),
        ("Paper retracted due to an error in Lemma 2", None, True),
        ("The previous version was withdrawn by mistake; this one stands", None, False),
        ("Replaces the withdrawn submission 2001.00001", None, False),
        (None, "Withdrawn.", True),
        (None, "[Withdrawn by the authors]", True),
        (None, "This submission has been withdrawn by arXiv administrators.", True),
        (None, "The authors have withdrawn this paper.", True),
        (None, "We withdraw this preprint because of an error.", True),
        (None, "This paper is being withdrawn, as Theorem 3 is wrong.", True),
        (None, "Withdrawn funds are studied by means of a survey.", False),
        (None, "We retract this assumption and show that x < y.", False),
        (None, "This paper studies why papers were withdrawn.", False),
        (None, "This paper has been withdrawn by the authors.", True),
        ("12 pages", "We study how funds are withdrawn from banks.", False),
        ("Supersedes the withdrawn paper 2001.00001", "We show.", False),
        (None, None, False),
    ],
)
def test_a_withdrawal_is_read_from_comment_and_abstract(
    comment: str | None, abstract: str | None, withdrawn: bool
) -> None:
    assert is_withdrawn(comment, abstract) is withdrawn


def test_findings_tell_withdrawn_outdated_and_published_papers() -> None:
    paper = Paper(arxiv_id="2205.02101", version=1, withdrawn=True, doi="10.1/x")
    newer = Suggestion("https://arxiv.org/abs/2205.02101v2", "arxiv-newer-version")
    found = list(findings_of(row(paper, newer)))
    assert [one.code for one in found] == ["arxiv-withdrawn", "arxiv-newer-version", "published-elsewhere"]
    assert found[1].suggestion == newer
    assert "https://doi.org/10.1/x" in found[2].message
    assert list(findings_of(row(Paper(arxiv_id="2205.02101", version=1, withdrawn=False)))) == []


def row(paper: Paper, suggestion: Suggestion | None = None) -> ReportTarget:
    return report_target(
        "arxiv:2205.02101",
        PAPER.url,
        status=Status.OK,
        reason="arxiv-found",
        suggestion=suggestion,
        metadata=paper,
    )
