"""DataCite describes papers while arXiv's API does not answer; no verdict is made of it."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from local_arxiv import (
    LocalArxiv,
    Special,
    answer,
    deferred,
    dois_of,
    ended,
    feed,
    looked_up,
    metadata,
    numbers_to,
    reason,
    record,
)

from enrich.kinds._arxiv_datacite import papers_in
from enrich.kinds.arxiv import KIND
from enrich.model import Failure, FailureKind, Outcome, Paper, Request, Response
from enrich.registry import built_in_manners

URL = "https://datacite.example/api/"


def down(request: Request) -> Outcome:
    return answer(request, 503, b"", attempts=3)


def ids_to(count: int) -> frozenset[str]:
    return frozenset(f"arxiv:{number}" for number in numbers_to(count))


@pytest.mark.anyio
async def test_papers_that_arxiv_does_not_answer_for_are_described_and_stay_unanswered() -> None:
    local = LocalArxiv({"2205.02101": 2}, always=down)
    found = await looked_up(local, "2205.02101", datacite_url=URL, lacking=frozenset({"arxiv:2205.02101"}))
    one = found["arxiv:2205.02101"]
    assert (reason(one), one.source) == ("provider-failure", "datacite")
    assert one.metadata == Paper(
        arxiv_id="2205.02101",
        version=2,
        title="A title that is broken for 2205.02101",
        authors=("Ada Lovelace", "李明"),
        abstract="We show, at some length.",
        published="2022-05-02T08:00:00Z",
        updated="2022-05-03T08:00:00Z",
    )


@pytest.mark.anyio
async def test_three_hundred_papers_cost_three_questions_in_the_form_of_the_api() -> None:
    local = LocalArxiv(dict.fromkeys(numbers_to(300), 1), always=down)
    found = await looked_up(local, *numbers_to(300), datacite_url=URL, lacking=ids_to(300))
    assert {one.source for one in found.values()} == {"datacite"}
    assert [len(dois_of(request)) for request in local.datacite_asked] == [100, 100, 100]
    first = urlsplit(local.datacite_asked[0].url)
    assert (first.scheme, first.netloc, first.path) == ("https", "datacite.example", "/api/dois")
    asked = parse_qs(first.query)
    assert re.fullmatch(r'id:\(("10\.48550/arxiv\.[0-9.]+"( OR )?){100}\)', asked["query"][0])
    assert {number for request in local.datacite_asked for number in dois_of(request)} == set(
        numbers_to(300)
    )
    assert (asked["page[size]"], asked["disable-facets"]) == (["100"], ["true"])
    assert max(len(request.url) for request in local.datacite_asked) < 8000


@pytest.mark.anyio
async def test_only_papers_of_which_nothing_is_known_are_asked_about() -> None:
    local = LocalArxiv(dict.fromkeys(numbers_to(3), 1), always=down)
    found = await looked_up(local, *numbers_to(3), datacite_url=URL, lacking=ids_to(1))
    assert [dois_of(request) for request in local.datacite_asked] == [["2205.00001"]]
    assert [one.source for one in found.values()].count(None) == 2


@pytest.mark.parametrize("url", [None, URL])
@pytest.mark.anyio
async def test_nobody_is_asked_when_it_is_switched_off_or_the_api_answers(url: str | None) -> None:
    local = LocalArxiv({"2205.00001": 1}, always=None if url else down)
    found = await looked_up(local, "2205.00001", datacite_url=url, lacking=ids_to(1))
    assert local.datacite_asked == []
    assert found["arxiv:2205.00001"].source == ("arxiv" if url else None)


@pytest.mark.anyio
async def test_a_pinned_version_is_described_by_the_doi_of_its_paper() -> None:
    local = LocalArxiv({"math/0309136": 3}, always=down)
    found = await looked_up(
        local, "math/0309136v1", datacite_url=URL, lacking=frozenset({"arxiv:math/0309136v1"})
    )
    assert dois_of(local.datacite_asked[0]) == ["math/0309136"]
    assert metadata(found["arxiv:math/0309136v1"]).version == 3


@pytest.mark.anyio
async def test_an_api_that_is_to_be_left_alone_gets_its_papers_described_too() -> None:
    local = LocalArxiv({"2205.00001": 1}, always=deferred)
    found = await looked_up(local, *numbers_to(2), datacite_url=URL, lacking=ids_to(2))
    assert {name: (reason(one), one.source) for name, one in found.items()} == {
        "arxiv:2205.00001": ("provider-failure", "datacite"),
        "arxiv:2205.00002": ("host-deferred", None),
    }


@pytest.mark.anyio
async def test_a_run_that_ends_asks_nobody_else() -> None:
    local = LocalArxiv(always=ended)
    found = await looked_up(local, "2205.00001", datacite_url=URL, lacking=ids_to(1))
    assert (reason(found["arxiv:2205.00001"]), local.datacite_asked) == ("not-reached", [])


@pytest.mark.parametrize(
    "trouble",
    [
        lambda request: answer(request, 429, b""),
        lambda request: answer(request, 200, b"<html>"),
        lambda request: answer(request, 200, b"[" * 100_000),
        lambda request: answer(request, 200, b"[]"),
        lambda request: answer(request, 200, b'{"data": {}}'),
        lambda request: answer(request, 200, b'{"data": []}', truncated=True),
        lambda request: answer(request, 200, feed()),
        lambda request: Failure(kind=FailureKind.TIMEOUT, detail="20 s", url=request.url),
    ],
)
@pytest.mark.anyio
async def test_a_datacite_in_trouble_is_asked_once_and_costs_nothing(trouble: Special) -> None:
    local = LocalArxiv(always=down, datacite=trouble)
    found = await looked_up(local, *numbers_to(300), datacite_url=URL, lacking=ids_to(300))
    assert {(reason(one), one.metadata) for one in found.values()} == {("provider-failure", None)}
    assert len(local.datacite_asked) == 1


def described(**more: object) -> Paper | None:
    body = json.dumps({"data": [record("2205.02101", 1, **more)]}).encode()
    papers = papers_in(Response(url=URL, status=200, headers={}, body=body))
    assert papers is not None
    return papers.get("2205.02101")


@pytest.mark.parametrize(
    "name", ["creators", "titles", "descriptions", "dates", "relatedIdentifiers", "doi"]
)
@pytest.mark.parametrize("value", [None, 5, "text", {}, [], [None, 5, []], [{"x": []}], [{"title": {}}]])
def test_fields_of_another_shape_are_passed_over(name: str, value: object) -> None:
    paper = described(**{name: value})
    assert (paper is None) is (name in ("titles", "doi"))


def test_a_withdrawal_and_the_journal_are_read_where_datacite_has_them() -> None:
    other = [{"description": "This paper has been withdrawn by the author", "descriptionType": "Other"}]
    journal = [
        {
            "relationType": "IsVersionOf",
            "relatedIdentifier": "10.1214/10-aoas397",
            "relatedIdentifierType": "DOI",
        }
    ]
    paper = described(descriptions=other, relatedIdentifiers=journal)
    assert paper is not None
    assert (paper.withdrawn, paper.doi, paper.abstract) == (True, "10.1214/10-aoas397", None)
    untold = described()
    assert untold is not None
    assert untold.withdrawn is None, "that nothing is said of it proves nothing"


def test_a_doi_of_another_registrant_is_no_paper() -> None:
    assert described(doi="10.5281/zenodo.1") is None
    assert described(doi="10.48550/arxiv.2013.00001") is None


def test_datacite_has_manners_of_its_own() -> None:
    manners = built_in_manners()["api.datacite.org"]
    assert (manners.width, manners.interval_seconds) == (1, 2.0)
    assert manners is KIND.manners["api.datacite.org"]
