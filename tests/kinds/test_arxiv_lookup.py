"""What the answers of arXiv's API mean for each paper, and how few questions it takes."""

from __future__ import annotations

import pytest
from local_arxiv import (
    LocalArxiv,
    Special,
    answer,
    deferred,
    ended,
    entry,
    feed,
    ids_of,
    looked_up,
    metadata,
    numbers_to,
    reason,
)

from enrich.model import Failure, FailureKind, Outcome, Paper, Request, Status, Suggestion, Verdict


@pytest.mark.anyio
async def test_120_known_papers_cost_two_requests() -> None:
    papers = {f"2205.{number:05}": 1 for number in range(1, 121)}
    local = LocalArxiv(papers)
    found = await looked_up(local, *papers)
    assert len(local.asked) == 2
    assert [one.verdict for one in found.values()] == [Verdict(Status.OK, "arxiv-found")] * 120
    assert all(metadata(found[f"arxiv:{number}"]).arxiv_id == number for number in papers)


@pytest.mark.anyio
async def test_an_entry_becomes_metadata_on_single_lines() -> None:
    more = (
        "<arxiv:comment>CVPR 2022,\n  12 pages</arxiv:comment>"
        "<arxiv:journal_ref>Nature 1 (2022)</arxiv:journal_ref><arxiv:doi>10.1/x</arxiv:doi>"
    )
    found = await looked_up(LocalArxiv({"2205.02101": 2}, {"2205.02101": more}), "2205.02101")
    assert found["arxiv:2205.02101"].metadata == Paper(
        arxiv_id="2205.02101",
        version=2,
        title="A title that is broken for 2205.02101",
        authors=("Ada Lovelace", "李明"),
        abstract="We show, at some length, that x < y.",
        categories=("cs.CV", "cs.LG"),
        primary_category="cs.CV",
        published="2022-05-01T08:00:00Z",
        updated="2022-05-02T17:59:59Z",
        comment="CVPR 2022, 12 pages",
        journal_ref="Nature 1 (2022)",
        doi="10.1/x",
        withdrawn=False,
    )


@pytest.mark.anyio
async def test_a_wrong_number_is_broken_without_any_question() -> None:
    local = LocalArxiv()
    found = await looked_up(local, "2013.00001")
    assert reason(found["arxiv:2013.00001"]) == "arxiv-bad-id"
    assert local.asked == []


@pytest.mark.anyio
async def test_papers_that_are_absent_are_asked_once_more_and_then_left_to_their_pages() -> None:
    papers = {f"2205.{number:05}": 1 for number in range(1, 151)}
    missing = ["2205.00007", "2205.00123"]
    local = LocalArxiv({number: 1 for number in papers if number not in missing})
    found = await looked_up(local, *papers)
    assert [found[f"arxiv:{number}"].verdict for number in missing] == [None, None]
    assert sum(one.verdict is not None for one in found.values()) == 148
    *_, again = (ids_of(request) for request in local.asked)
    assert [len(ids_of(request)) for request in local.asked] == [100, 50, 3]
    assert set(missing) < set(again), "and one that is known to be there"


@pytest.mark.anyio
async def test_a_paper_that_was_absent_by_accident_is_found_the_second_time() -> None:
    local = LocalArxiv(
        {"2205.00001": 1, "2205.00002": 1},
        specials={1: lambda request: answer(request, 200, feed(entry("2205.00002", 1)))},
    )
    found = await looked_up(local, "2205.00001", "2205.00002")
    assert {reason(one) for one in found.values()} == {"arxiv-found"}
    assert ids_of(local.asked[1]) == ["2205.00001", "2205.00002"]


@pytest.mark.anyio
async def test_two_empty_lists_for_papers_that_were_there_are_the_providers_fault() -> None:
    local = LocalArxiv()
    known = frozenset({"arxiv:2205.00001", "arxiv:2205.00002"})
    found = await looked_up(local, *numbers_to(3), alive=known)
    assert {reason(one) for one in found.values()} == {"provider-failure"}
    assert len(local.asked) == 2


@pytest.mark.anyio
async def test_an_empty_list_in_place_of_a_paper_that_was_found_a_moment_ago_is_the_providers_fault() -> (
    None
):
    def empty(request: Request) -> Outcome:
        return answer(request, 200, feed())

    local = LocalArxiv(dict.fromkeys(numbers_to(100), 1), specials={2: empty, 3: empty})
    found = await looked_up(local, *numbers_to(103))
    assert [reason(one) for one in found.values()].count("provider-failure") == 3
    assert len(local.asked) == 3


@pytest.mark.anyio
async def test_absent_papers_beside_one_that_is_there_are_left_to_their_pages_however_many() -> None:
    local = LocalArxiv({"2101.00001": 1})
    found = await looked_up(local, "2101.00001", *numbers_to(150))
    assert [one.verdict for one in found.values()].count(None) == 150
    assert len(local.asked) == 4


@pytest.mark.anyio
async def test_papers_of_which_nobody_knows_anything_are_left_to_their_pages_a_few_at_a_time() -> None:
    found = await looked_up(LocalArxiv(), *numbers_to(30))
    reasons = [reason(one) for one in found.values()]
    assert (reasons.count(None), reasons.count("provider-failure")) == (20, 10)


@pytest.mark.parametrize("alive", [frozenset[str](), frozenset({"arxiv:2205.00001"})])
@pytest.mark.anyio
async def test_an_empty_list_for_one_paper_leaves_it_to_its_page(alive: frozenset[str]) -> None:
    found = await looked_up(LocalArxiv(), "2205.00001", alive=alive)
    assert found["arxiv:2205.00001"].verdict is None


@pytest.mark.anyio
async def test_an_empty_list_that_fills_the_second_time_costs_nothing() -> None:
    local = LocalArxiv(
        {"2205.00001": 1, "2205.00002": 1}, specials={1: lambda request: answer(request, 200, feed())}
    )
    found = await looked_up(local, "2205.00001", "2205.00002")
    assert {reason(one) for one in found.values()} == {"arxiv-found"}


@pytest.mark.anyio
async def test_a_number_that_poisons_the_list_is_dropped_and_the_rest_asked_again() -> None:
    numbers = [f"2205.{number:05}" for number in range(1, 10)]
    local = LocalArxiv(dict.fromkeys(numbers, 1), refuses=frozenset({"2205.00005"}))
    found = await looked_up(local, *numbers)
    assert found["arxiv:2205.00005"].verdict is None
    assert [reason(one) for one in found.values()].count("arxiv-found") == 8
    assert len(local.asked) == 2


@pytest.mark.anyio
async def test_a_refusal_of_one_paper_that_names_nobody_is_asked_once() -> None:
    local = LocalArxiv(specials={1: lambda request: answer(request, 400, b"bad request")})
    found = await looked_up(local, "2205.00001")
    assert reason(found["arxiv:2205.00001"]) == "provider-failure"
    assert len(local.asked) == 1


@pytest.mark.parametrize("names_refused", [True, False])
@pytest.mark.anyio
async def test_one_bad_number_in_the_middle_of_three_hundred_costs_the_others_nothing(
    names_refused: bool,
) -> None:
    bad = "2205.00150"
    known = {number: 1 for number in numbers_to(300) if number != bad}
    local = LocalArxiv(known, refuses=frozenset({bad}), names_refused=names_refused)
    found = await looked_up(local, *numbers_to(300))
    assert found[f"arxiv:{bad}"].verdict is None
    assert [reason(one) for one in found.values()].count("arxiv-found") == 299
    assert len(local.asked) <= (4 if names_refused else 3 + 14)


@pytest.mark.anyio
async def test_a_server_that_refuses_everything_and_names_nobody_is_soon_left_in_peace() -> None:
    local = LocalArxiv(always=lambda request: answer(request, 400, b"bad request"))
    found = await looked_up(local, *numbers_to(1000))
    assert {reason(one) for one in found.values()} == {"provider-failure"}
    assert len(local.asked) <= 12


@pytest.mark.anyio
async def test_refusals_without_end_are_given_up() -> None:
    local = LocalArxiv(dict.fromkeys(numbers_to(200), 1), refuses=frozenset(numbers_to(50)))
    found = await looked_up(local, *numbers_to(200))
    reasons = [reason(one) for one in found.values()]
    assert (reasons.count("provider-failure"), reasons.count("arxiv-found")) == (100, 100)
    assert len(local.asked) == 10 + 1


def whole_feed(request: Request) -> bytes:
    return feed(*(entry(number, 1) for number in ids_of(request)))


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        (lambda request: answer(request, 429, b"Rate exceeded."), "429"),
        (lambda request: answer(request, 503, b""), "503"),
        (lambda request: answer(request, 200, b""), "empty body"),
        (lambda request: answer(request, 200, b"Rate exceeded."), "not well-formed"),
        (lambda request: answer(request, 200, b"<!DOCTYPE html><html></html>"), "DOCTYPE"),
        (lambda request: answer(request, 200, b"<html><body/></html>"), "no Atom feed"),
        (lambda request: answer(request, 200, whole_feed(request)[:-60]), "broken off"),
        (lambda request: answer(request, 200, whole_feed(request), truncated=True), "8 MiB"),
        (
            lambda request: answer(
                request, 200, b'<!DOCTYPE f [<!ENTITY a "b">]>' + whole_feed(request)[40:]
            ),
            "DOCTYPE",
        ),
        (
            lambda request: answer(
                request, 200, whole_feed(request).replace(b"T08:00", b" in the morning")
            ),
            "cannot be read",
        ),
        (
            lambda request: Failure(kind=FailureKind.TIMEOUT, detail="no answer in 20 s", url=request.url),
            "no answer in 20 s",
        ),
    ],
)
@pytest.mark.anyio
async def test_an_unusable_answer_is_the_providers_failure(trouble: Special, told: str) -> None:
    local = LocalArxiv({"2205.00001": 1, "2205.00002": 1}, always=trouble)
    found = await looked_up(local, "2205.00001", "2205.00002")
    verdicts = {one.verdict for one in found.values()}
    assert {(verdict.status, verdict.reason) for verdict in verdicts if verdict} == {
        (Status.UNREACHABLE, "provider-failure")
    }
    assert all(verdict and told in (verdict.detail or "") for verdict in verdicts)
    assert len(local.asked) == 2


@pytest.mark.parametrize("turns", [(1,), (2,), (3,), (1, 2), (1, 3), (1, 2, 3)])
@pytest.mark.anyio
async def test_what_got_no_usable_answer_is_asked_once_more(turns: tuple[int, ...]) -> None:
    def cut(request: Request) -> Outcome:
        return answer(request, 200, whole_feed(request)[:-60])

    local, told = LocalArxiv(dict.fromkeys(numbers_to(300), 1), specials=dict.fromkeys(turns, cut)), {}
    found = await looked_up(local, *numbers_to(300), tell=told.__setitem__)
    assert told == {}, "what came in the end is no trouble"
    assert {reason(one) for one in found.values()} == {"arxiv-found"}
    assert len(local.asked) == 3 + len(turns)


@pytest.mark.anyio
async def test_an_api_that_dies_in_the_middle_costs_only_what_was_not_answered() -> None:
    def dead(request: Request) -> Outcome:
        return Failure(kind=FailureKind.CONNECT, detail="connection refused", url=request.url, attempts=3)

    local, told = (
        LocalArxiv(dict.fromkeys(numbers_to(500), 1), specials=dict.fromkeys(range(3, 20), dead)),
        {},
    )
    found = await looked_up(local, *numbers_to(500), tell=told.__setitem__)
    assert list(told) == ["arxiv-unavailable"]
    assert "connection refused" in told["arxiv-unavailable"]
    reasons = [reason(one) for one in found.values()]
    assert (reasons.count("arxiv-found"), reasons.count("provider-failure")) == (200, 300)
    assert len(local.asked) == 4


@pytest.mark.anyio
async def test_a_run_that_ends_early_is_no_failure_of_the_provider() -> None:
    found = await looked_up(LocalArxiv(specials={1: ended}), "2205.00001")
    verdict = found["arxiv:2205.00001"].verdict
    assert verdict is not None
    assert (verdict.status, verdict.reason) == (Status.SKIPPED, "not-reached")


@pytest.mark.parametrize(("attempts", "asked"), [(1, 4), (3, 2)])
@pytest.mark.anyio
async def test_an_api_in_a_storm_of_429_is_left_in_peace(attempts: int, asked: int) -> None:
    local = LocalArxiv(always=lambda request: answer(request, 429, b"Rate exceeded.", attempts=attempts))
    found = await looked_up(local, *numbers_to(1000))
    assert {reason(one) for one in found.values()} == {"provider-failure"}
    assert len(local.asked) == asked


@pytest.mark.anyio
async def test_an_api_that_is_to_be_left_alone_is_not_waited_for() -> None:
    held = LocalArxiv(always=deferred)
    found = await looked_up(held, *numbers_to(300))
    assert ({reason(one) for one in found.values()}, len(held.asked)) == ({"host-deferred"}, 1)
    busy = LocalArxiv(
        specials={1: lambda request: answer(request, 429, b"Rate exceeded.")}, always=deferred
    )
    found = await looked_up(busy, *numbers_to(300))
    assert ({reason(one) for one in found.values()}, len(busy.asked)) == ({"provider-failure"}, 2)


@pytest.mark.parametrize(("count", "pinned"), [(300, 0), (1000, 0), (1000, 1000)])
@pytest.mark.anyio
async def test_a_healthy_api_is_asked_once_for_a_hundred_papers(count: int, pinned: int) -> None:
    local = LocalArxiv(dict.fromkeys(numbers_to(count), 2))
    asked = [f"{one}v1" if place < pinned else one for place, one in enumerate(numbers_to(count))]
    found = await looked_up(local, *asked)
    assert {reason(one) for one in found.values()} == {"arxiv-found"}
    assert len(local.asked) == count / 100
    assert max(len(request.url) for request in local.asked) < 8000


@pytest.mark.anyio
async def test_a_paper_that_was_withdrawn_later_is_withdrawn_and_no_newer_version_is_to_be_read() -> None:
    taken_back = "<arxiv:comment>This paper has been withdrawn by the author</arxiv:comment>"

    def fetched(request: Request) -> Outcome:
        return answer(request, 200, feed(entry("2205.00001", 1), entry("2205.00001", 2, taken_back)))

    found = await looked_up(LocalArxiv(always=fetched), "2205.00001v1")
    one = found["arxiv:2205.00001v1"]
    assert one.verdict == Verdict(Status.OK, "arxiv-found")
    assert (metadata(one).version, metadata(one).withdrawn) == (1, True)


@pytest.mark.anyio
async def test_versions_are_documents_of_their_own_and_the_newest_is_known_by_the_way() -> None:
    local = LocalArxiv({"2205.00001": 3, "math/0309136": 2})
    numbers = ["2205.00001", "2205.00001v1", "2205.00001v3", "2205.00001v4", "math/0309136v2"]
    found = await looked_up(local, *numbers)
    versions = {number: found[f"arxiv:{number}"].metadata for number in numbers}
    assert [paper.version if isinstance(paper, Paper) else None for paper in versions.values()] == [
        3,
        1,
        3,
        None,
        2,
    ]
    older = found["arxiv:2205.00001v1"].verdict
    assert older is not None
    assert older.suggestion == Suggestion("https://arxiv.org/abs/2205.00001v3", "arxiv-newer-version")
    current = found["arxiv:2205.00001v3"].verdict
    assert current == Verdict(Status.OK, "arxiv-found")
    assert len(local.asked) == 2  # the version 4 that does not exist is asked for twice


@pytest.mark.anyio
async def test_papers_that_nobody_asked_for_and_other_versions_stand_for_nothing() -> None:
    def other(request: Request) -> Outcome:
        return answer(request, 200, feed(entry("2205.00001", 3), entry("2101.00009", 1)))

    found = await looked_up(LocalArxiv(always=other), "2205.00001", "2205.00001v2", "2205.00002")
    assert {name: reason(one) for name, one in found.items()} == {
        "arxiv:2205.00001": "arxiv-found",
        "arxiv:2205.00001v2": None,
        "arxiv:2205.00002": None,
    }
