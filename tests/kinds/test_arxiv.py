"""arXiv: which addresses name a paper, what the API's answers mean, and how few questions it takes."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from local_arxiv import LocalArxiv, Special, answer, entry, feed, ids_of
from rows import report_target

from enrich.kinds._arxiv_client import MAX_FEED_BYTES, Feed, Refused, Trouble, ask, is_withdrawn
from enrich.kinds._arxiv_ids import ARCHIVES, identify, paper_of, parse_id
from enrich.kinds.arxiv import KIND, confirm, findings_of, judge, look_up
from enrich.model import (
    Api,
    Failure,
    FailureKind,
    Found,
    Hop,
    Identity,
    Outcome,
    Paper,
    ReportTarget,
    Request,
    Response,
    Status,
    Suggestion,
    Target,
    Verdict,
)
from enrich.urls import canonical

# --- numbers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("2205.02101", "2205.02101"),
        ("2205.02101v1", "2205.02101v1"),
        ("2001.12345V2", "2001.12345v2"),
        ("2001.1234", "2001.01234"),
        ("0704.0001", "0704.0001"),
        ("0704.00001", "0704.0001"),
        ("1412.9999", "1412.9999"),
        ("1501.00001v12", "1501.00001v12"),
        ("arXiv:2205.02101", "2205.02101"),
        ("2205.02101v2.pdf", "2205.02101v2"),
        ("math/0309136", "math/0309136"),
        ("math.GT/0309136", "math/0309136"),
        ("math/0309136v2", "math/0309136v2"),
        ("Hep-TH/9901001", "hep-th/9901001"),
        ("hepth/9901001", "hep-th/9901001"),
        ("cmp-lg/9404001", "cmp-lg/9404001"),
        ("alg-geom/9202001", "alg-geom/9202001"),
        ("cs/0703001", "cs/0703001"),
        ("quant-ph//0201082v1", "quant-ph/0201082v1"),
        ("2205.02101 ", "2205.02101"),
        ("2205.02101v1/figures", "2205.02101v1"),
    ],
)
def test_every_accepted_spelling_of_a_number_has_one_canonical_form(written: str, number: str) -> None:
    assert str(parse_id(written)) == number


@pytest.mark.parametrize(
    "written",
    [
        "1412.12345",
        "2013.00001",
        "2000.00001",
        "0703.0001",
        "0612.0001",
        "hep-th/0704001",
        "hep-th/9106001",
        "hep-th/9113001",
        "hep-th/9901000",
        "foo/0101001",
        "2001.00000",
        "2001.12345v0",
        "2001.12345v",
        "2001.123456",
        "2001.123",
        "math/030913",
        "２００１.12345",
        "",
        "2001.12345v99999",
    ],
)
def test_what_arxiv_never_gives_out_is_no_number(written: str) -> None:
    assert parse_id(written) is None


def test_the_archives_are_the_closed_list_of_38() -> None:
    assert len(ARCHIVES) == 38


@given(st.from_regex(r"\A[0-9]{4}\.[0-9]{4,5}(v[0-9]{1,3})?\Z") | st.text(max_size=30))
def test_a_canonical_number_is_its_own_canonical_form(text: str) -> None:
    paper = parse_id(text)
    assert paper is None or parse_id(str(paper)) == paper


# --- addresses --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "number"),
    [
        ("https://arxiv.org/abs/2205.02101", "2205.02101"),
        ("http://arxiv.org/abs/2205.02101v1", "2205.02101v1"),
        ("https://www.arxiv.org/abs/2205.02101/", "2205.02101"),
        ("https://arxiv.org/abs/arxiv:2205.02101", "2205.02101"),
        ("https://arxiv.org/abs/arXiv:2205.02101v3", "2205.02101v3"),
        ("https://arxiv.org/abs?id=2205.02101", "2205.02101"),
        ("https://arxiv.org/abs/?id=math/0309136", "math/0309136"),
        ("https://arxiv.org/abs?archive=math&papernum=0309136", "math/0309136"),
        ("https://arxiv.org/abs?math/0309136", "math/0309136"),
        ("https://arxiv.org/abs/2205.02101?context=cs.LG", "2205.02101"),
        ("https://arxiv.org/abs/2205.02101?fmt=txt#abs", "2205.02101"),
        ("https://arxiv.org/abs/2205.02101.pdf", "2205.02101"),
        ("https://arxiv.org/pdf/2205.02101", "2205.02101"),
        ("https://arxiv.org/pdf/2205.02101v2.pdf", "2205.02101v2"),
        ("https://arxiv.org/pdf/2205.02101.pdf%20", "2205.02101"),
        ("https://arxiv.org/pdf/math/0309136v1.pdf", "math/0309136v1"),
        ("https://arxiv.org/pdf/2205.02101.pdf?download=1", "2205.02101"),
        ("https://arxiv.org/html/2205.02101v1", "2205.02101v1"),
        ("https://arxiv.org/html/2205.02101/", "2205.02101"),
        ("https://arxiv.org/html/2205.02101v1/x1.png", "2205.02101v1"),
        ("https://arxiv.org/ps/hep-th/9901001", "hep-th/9901001"),
        ("https://arxiv.org/dvi/hep-th/9901001", "hep-th/9901001"),
        ("https://arxiv.org/format/2205.02101", "2205.02101"),
        ("https://arxiv.org/src/2205.02101", "2205.02101"),
        ("https://arxiv.org/src/2205.02101v2/anc/data.csv", "2205.02101v2"),
        ("https://arxiv.org/e-print/2205.02101", "2205.02101"),
        ("https://arxiv.org/bibtex/2205.02101", "2205.02101"),
        ("https://arxiv.org/tb/2205.02101", "2205.02101"),
        ("https://arxiv.org/trackback/2205.02101", "2205.02101"),
        ("https://arxiv.org/audio/2205.02101", "2205.02101"),
        ("https://arxiv.org/cits/2205.02101", "2205.02101"),
        ("https://arxiv.org/refs/2205.02101", "2205.02101"),
        ("https://arxiv.org/show-email/0a1b2c/2205.02101", "2205.02101"),
        ("https://arxiv.org/ftp/arxiv/papers/2205/2205.02101.pdf", "2205.02101"),
        ("https://arxiv.org/ftp/math/papers/0309/0309136.pdf", "math/0309136"),
        ("http://export.arxiv.org/abs/2205.02101", "2205.02101"),
        ("https://browse.arxiv.org/abs/2205.02101", "2205.02101"),
        ("https://static.arxiv.org/pdf/2205.02101.pdf", "2205.02101"),
        ("http://cn.arxiv.org/abs/2205.02101", "2205.02101"),
        ("http://lanl.arxiv.org/pdf/2205.02101", "2205.02101"),
        ("http://xxx.lanl.gov/abs/hep-th/9901001", "hep-th/9901001"),
        ("http://xxx.itp.ac.cn/abs/2205.02101", "2205.02101"),
        ("https://doi.org/10.48550/arXiv.2205.02101", "2205.02101"),
        ("http://dx.doi.org/10.48550/ARXIV.math/0309136", "math/0309136"),
        ("https://doi.org/10.48550%2FarXiv.2205.02101", "2205.02101"),
    ],
)
def test_every_address_of_a_paper_is_one_target(url: str, number: str) -> None:
    identity = identified(url)
    assert identity is not None
    assert (identity.id, identity.kind, identity.stands_for) == (f"arxiv:{number}", "arxiv", None)
    assert identity.url == f"https://arxiv.org/abs/{number}"


@pytest.mark.parametrize(
    ("url", "number"),
    [
        ("https://ar5iv.org/abs/2205.02101", "2205.02101"),
        ("https://ar5iv.labs.arxiv.org/html/2205.02101", "2205.02101"),
        ("https://www.alphaxiv.org/abs/2205.02101v1", "2205.02101v1"),
        ("https://alphaxiv.org/overview/2205.02101", "2205.02101"),
        ("https://alphaxiv.org/pdf/2205.02101", "2205.02101"),
        ("https://huggingface.co/papers/2205.02101", "2205.02101"),
        ("https://hf.co/papers/2205.02101", "2205.02101"),
        ("https://www.semanticscholar.org/arxiv/2205.02101", "2205.02101"),
        ("https://api.semanticscholar.org/arXiv:2205.02101", "2205.02101"),
        ("https://scirate.com/arxiv/2205.02101", "2205.02101"),
        ("https://www.arxiv-vanity.com/papers/2205.02101/", "2205.02101"),
        ("https://papers.cool/arxiv/2205.02101", "2205.02101"),
        ("https://hjfy.top/arxiv/2205.02101", "2205.02101"),
        ("https://www.catalyzex.com/paper/arxiv:2205.02101", "2205.02101"),
    ],
)
def test_a_page_of_another_site_keeps_its_own_address_and_stands_for_the_paper(
    url: str, number: str
) -> None:
    identity = identified(url)
    assert identity is not None
    assert (identity.id, identity.kind, identity.url) == (f"url:{url}", "web", url)
    assert identity.stands_for == f"arxiv:{number}"


@pytest.mark.parametrize(
    "url",
    [
        "https://arxiv.org/",
        "https://arxiv.org/list/cs.CV/recent",
        "https://arxiv.org/a/lovelace_a_1",
        "https://arxiv.org/search/?query=2205.02101",
        "https://arxiv.org/find/cs/1/au:+X/0/1/0/all/0/1",
        "https://arxiv.org/catchup?archive=cs",
        "https://arxiv.org/year/math/03",
        "https://arxiv.org/archive/cs",
        "https://arxiv.org/help/api/tou",
        "https://arxiv.org/stats/monthly_submissions",
        "https://arxiv.org/abs/",
        "https://arxiv.org/abs/cs",
        "https://arxiv.org/html/index",
        "https://rss.arxiv.org/rss/cs.AI",
        "https://info.arxiv.org/abs/2205.02101",
        "https://export.arxiv.org/api/query?id_list=2205.02101",
        "https://doi.org/10.1109/CVPR.2020.1",
        "https://huggingface.co/docs/peft",
        "https://huggingface.co/papers",
        "https://papers.cool/arxiv/cs.CV",
    ],
)
def test_other_pages_are_left_to_the_plain_check(url: str) -> None:
    assert identified(url) is None


@pytest.mark.parametrize(
    ("url", "number"),
    [
        ("https://arxiv.org/abs/2013.00001", "2013.00001"),
        ("https://arxiv.org/pdf/2001.123456.pdf", "2001.123456.pdf"),
        ("https://arxiv.org/abs/foo/0101001", "foo/0101001"),
        ("https://arxiv.org/abs/2205.02101，见", "2205.02101%EF%BC%8C%E8%A7%81"),
    ],
)
def test_a_wrong_number_stays_a_target_at_its_own_address(url: str, number: str) -> None:
    identity = identified(url)
    assert identity is not None
    assert (identity.id, identity.url) == (f"arxiv:{number}", canonical(url))
    assert paper_of(identity.id) is None


def test_endless_wrong_numbers_have_short_ids_that_differ() -> None:
    ids = {
        identity.id for end in "ab" if (identity := identified("https://arxiv.org/abs/" + "x" * 5000 + end))
    }
    assert len(ids) == 2
    assert max(map(len, ids)) < 100
    assert all(paper_of(one) is None for one in ids)


@given(
    st.sampled_from(sorted(KIND.hosts)).map(lambda host: f"https://x{host}" if host[0] == "." else host),
    st.text(alphabet="abspdf/0123456789.v?&=:%-，é\\ ", max_size=40) | st.text(max_size=40),
)
def test_no_address_makes_identify_fail(host: str, rest: str) -> None:
    url = canonical(f"https://{host.removeprefix('https://')}/{rest}")
    assert url is not None
    identity = identify(url)
    assert identity is None or canonical(identity.url) == identity.url


# --- the API ----------------------------------------------------------------------------------------


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
    assert [len(ids_of(request)) for request in local.asked] == [100, 50, 2]


@pytest.mark.anyio
async def test_a_paper_that_was_absent_by_accident_is_found_the_second_time() -> None:
    local = LocalArxiv(
        {"2205.00001": 1, "2205.00002": 1},
        specials={1: lambda request: answer(request, 200, feed(entry("2205.00002", 1)))},
    )
    found = await looked_up(local, "2205.00001", "2205.00002")
    assert {reason(one) for one in found.values()} == {"arxiv-found"}
    assert ids_of(local.asked[1]) == ["2205.00001"]


@pytest.mark.anyio
async def test_two_empty_lists_for_many_papers_are_the_providers_fault() -> None:
    local = LocalArxiv()
    found = await looked_up(local, "2205.00001", "2205.00002")
    assert {reason(one) for one in found.values()} == {"provider-failure"}
    assert len(local.asked) == 2


@pytest.mark.anyio
async def test_an_empty_list_for_one_paper_leaves_it_to_its_page() -> None:
    found = await looked_up(LocalArxiv(), "2205.00001")
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
async def test_a_refusal_that_names_nobody_is_asked_once() -> None:
    local = LocalArxiv(specials={1: lambda request: answer(request, 400, b"bad request")})
    found = await looked_up(local, "2205.00001")
    assert reason(found["arxiv:2205.00001"]) == "provider-failure"
    assert len(local.asked) == 1


@pytest.mark.anyio
async def test_refusals_without_end_are_given_up() -> None:
    numbers = [f"2205.{number:05}" for number in range(1, 51)]
    local = LocalArxiv(refuses=frozenset(numbers))
    found = await looked_up(local, *numbers)
    assert {reason(one) for one in found.values()} == {"provider-failure"}
    assert len(local.asked) == 10


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
    local = LocalArxiv({"2205.00001": 1, "2205.00002": 1}, specials={1: trouble})
    found = await looked_up(local, "2205.00001", "2205.00002")
    verdicts = {one.verdict for one in found.values()}
    assert {(verdict.status, verdict.reason) for verdict in verdicts if verdict} == {
        (Status.UNREACHABLE, "provider-failure")
    }
    assert all(verdict and told in (verdict.detail or "") for verdict in verdicts)
    assert len(local.asked) == 1


@pytest.mark.anyio
async def test_a_run_that_ends_early_is_no_failure_of_the_provider() -> None:
    def ended(request: Request) -> Outcome:
        return Failure(kind=FailureKind.NOT_REACHED, detail="deadline", url=request.url)

    found = await looked_up(LocalArxiv(specials={1: ended}), "2205.00001")
    verdict = found["arxiv:2205.00001"].verdict
    assert verdict is not None
    assert (verdict.status, verdict.reason) == (Status.SKIPPED, "not-reached")


@pytest.mark.anyio
async def test_an_api_that_fails_twice_in_a_row_is_left_in_peace() -> None:
    numbers = [f"2205.{number:05}" for number in range(1, 501)]
    busy: dict[int, Special] = {
        turn: lambda request: answer(request, 429, b"Rate exceeded.") for turn in range(1, 6)
    }
    local = LocalArxiv(specials=busy)
    found = await looked_up(local, *numbers)
    reasons = [reason(one) for one in found.values()]
    assert len(local.asked) == 2
    assert (reasons.count("provider-failure"), reasons.count("host-deferred")) == (200, 300)


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


# --- the seam with the package ----------------------------------------------------------------------


@pytest.mark.anyio
async def test_the_package_asks_through_our_fetch_and_nothing_else() -> None:
    local = LocalArxiv({"2205.00001": 1})
    api = Api(fetch=local.fetch, arxiv_api_url="http://127.0.0.1:9/mirror/{x}/api/query?key=1")
    got = await ask(["2205.00001", "math/0309136"], api)
    assert isinstance(got, Feed)
    assert [str(number) for number in got.papers] == ["2205.00001v1"]
    (request,) = local.asked
    assert request.url.startswith("http://127.0.0.1:9/mirror/{x}/api/query?key=1&")
    assert (request.method, request.headers, request.max_body_bytes) == ("GET", (), MAX_FEED_BYTES)
    assert ids_of(request) == ["2205.00001", "math/0309136"]


@pytest.mark.anyio
async def test_a_server_that_counts_more_than_it_gives_is_not_asked_for_a_second_page() -> None:
    def boastful(request: Request) -> Outcome:
        body = feed(entry("2205.00001", 1)).replace(b"totalResults>1<", b"totalResults>900<")
        return answer(request, 200, body)

    local = LocalArxiv(specials={1: boastful})
    got = await ask(["2205.00001", "2205.00002"], Api(fetch=local.fetch))
    assert isinstance(got, Feed)
    assert (len(got.papers), len(local.asked)) == (1, 1)


@pytest.mark.anyio
async def test_a_refusal_names_the_number_and_trouble_keeps_the_attempts() -> None:
    local = LocalArxiv(specials={2: lambda request: answer(request, 503, b"", attempts=3)})
    api = Api(fetch=local.fetch)
    assert await ask(["abc"], api) == Refused(frozenset({"abc"}))
    got = await ask(["2205.00001"], api)
    assert isinstance(got, Trouble)
    assert got.attempts == 3


@pytest.mark.anyio
async def test_a_thread_that_is_about_to_ask_when_its_lookup_is_cancelled_asks_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """anyio never cancels a task that a thread starts afterwards: asking would wait, and spin, without end."""
    asked: list[str] = []
    cancelled = threading.Event()

    def slow(api_url: str) -> str:
        # Like the import of the package, which takes a third of a second.
        assert cancelled.wait(10)
        return api_url + "?{}"

    async def fetch(request: Request) -> Outcome:
        asked.append(request.url)
        return Response(url=request.url, status=500, headers={})

    monkeypatch.setattr("enrich.kinds._arxiv_client._query_format", slow)
    ended: list[object] = []

    async def look() -> None:
        try:
            ended.append(await ask(["2101.00001"], Api(fetch=fetch)))
        except BaseException as error:
            ended.append(type(error))
            raise

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(look)
        await anyio.sleep(0.1)
        tasks.cancel_scope.cancel()
        # What was cancelled has been told by then, and the thread goes on.
        threading.Timer(0.2, cancelled.set).start()
    assert asked == []
    assert ended == [anyio.get_cancelled_exc_class()]


@pytest.mark.anyio
async def test_cancelling_a_lookup_ends_its_thread() -> None:
    started = anyio.Event()

    async def never(_request: Request) -> Outcome:
        started.set()
        await anyio.sleep_forever()
        raise AssertionError("unreachable")

    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask, ["2205.00001"], Api(fetch=never))
            await started.wait()
            tasks.cancel_scope.cancel()


def test_identifying_a_paper_loads_neither_the_package_nor_the_network() -> None:
    code = (
        "import sys, json; from enrich.kinds.arxiv import identify;"
        "identify('https://arxiv.org/abs/2205.02101');"
        "print(json.dumps([name for name in ('arxiv', 'requests', 'lxml', 'httpx', 'anyio') if name in sys.modules]))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout) == []


# --- the page ---------------------------------------------------------------------------------------

PAPER = Target(
    id="arxiv:2205.02101", url="https://arxiv.org/abs/2205.02101", kind="arxiv", host="arxiv.org"
)


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
        (page(503), Status.UNREACHABLE, "http-503"),
        (page(400), Status.UNREACHABLE, "http-400"),
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
        (Failure(kind=FailureKind.TIMEOUT, detail="", url=PAPER.url), Status.UNREACHABLE, "timeout"),
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


# --- findings ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("comment", "abstract", "withdrawn"),
    [
        ("This paper has been withdrawn by the author due to an error", None, True),
        ("Withdrawn: see v3", None, True),
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


# --- small helpers ----------------------------------------------------------------------------------


def identified(url: str) -> Identity | None:
    address = canonical(url)
    assert address is not None
    return identify(address)


def targets(numbers: Sequence[str]) -> list[Target]:
    return [
        replace(PAPER, id=f"arxiv:{number}", url=f"https://arxiv.org/abs/{number}") for number in numbers
    ]


async def looked_up(local: LocalArxiv, *numbers: str) -> dict[str, Found]:
    asked = targets(numbers)
    found = [one async for one in look_up(asked, Api(fetch=local.fetch))]
    assert sorted(one.target_id for one in found) == sorted(one.id for one in asked), "one answer a target"
    return {one.target_id: one for one in found}


def reason(found: Found) -> str | None:
    return found.verdict.reason if found.verdict else None


def metadata(found: Found) -> Paper:
    assert isinstance(found.metadata, Paper)
    return found.metadata


def row(paper: Paper, suggestion: Suggestion | None = None) -> ReportTarget:
    return report_target(
        "arxiv:2205.02101",
        PAPER.url,
        status=Status.OK,
        reason="arxiv-found",
        suggestion=suggestion,
        metadata=paper,
    )
