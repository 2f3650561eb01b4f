"""DOIs: one name in many spellings, a verdict by the resolver alone, and metadata by whoever registered the name."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from internet import Internet, environment, run_enrich, saved_report
from local_doi import AGENCY, CITATION, CSL, RECORD, SITES

from enrich import registry
from enrich.equipment import user_agent
from enrich.kinds import doi
from enrich.model import (
    CanonicalUrl,
    Failure,
    FailureKind,
    Hop,
    Outcome,
    Page,
    Purpose,
    Response,
    Status,
    Target,
)
from enrich.urls import canonical

URL = "https://doi.org/10.5555/good"
TARGET = Target(id=f"url:{URL}", url=CanonicalUrl(URL), kind="doi", host="doi.org")
AWAY = "https://publisher.example/good"
HOP = (Hop(URL, 302),)


def response(
    status: int, url: str = URL, hops: tuple[Hop, ...] = (), body: bytes = b"", **headers: str
) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(url=url, status=status, headers=named, body=body, hops=hops)


def failure(kind: FailureKind, url: str = URL, hops: tuple[Hop, ...] = ()) -> Failure:
    return Failure(kind=kind, detail="", url=url, hops=hops)


# --- identity ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("https://doi.org/10.1109/CVPR.2020.1", "https://doi.org/10.1109/CVPR.2020.1"),
        ("http://dx.doi.org/10.1109/CVPR.2020.1", "https://doi.org/10.1109/CVPR.2020.1"),
        ("https://www.doi.org/10.1109/CVPR.2020.1#abstract", "https://doi.org/10.1109/CVPR.2020.1"),
        ("https://doi.org/doi:10.1109/cvpr.2020.1", "https://doi.org/10.1109/cvpr.2020.1"),
        ("https://doi.org/10.1109%2Fcvpr.2020.1", "https://doi.org/10.1109/cvpr.2020.1"),
        ("https://doi.org/10.1109/cvpr.2020.1?nosfx=y", "https://doi.org/10.1109/cvpr.2020.1"),
        ("https://doi.org/10.1002/(SICI)1097(199823)43:3%3C26::AID%3E3.0.CO;2-%23",
         "https://doi.org/10.1002/(SICI)1097(199823)43:3%3C26::AID%3E3.0.CO;2-%23"),
        ("https://doi.org/10.1000.10/123", "https://doi.org/10.1000.10/123"),
        ("https://doi.org/10/gfx4", "https://doi.org/10/gfx4"),
        ("https://doi.org/10.5555/中文É", "https://doi.org/10.5555/%E4%B8%AD%E6%96%87%C3%89"),
    ],
)  # fmt: skip
def test_all_addresses_of_a_doi_are_one_target(written: str, address: str) -> None:
    url = canonical(written)
    assert url is not None
    identity = registry.identify(url)
    assert (identity.kind, identity.id, identity.url) == ("doi", f"url:{address}", address)


@pytest.mark.parametrize(
    "url",
    [
        "https://doi.org/",
        "https://doi.org/10.1000/",
        "https://doi.org/10.12/x",
        "https://www.doi.org/the-identifier/what-is-a-doi/",
        "https://link.springer.com/article/10.1007/s11263-020-01316-z",
    ],
)
def test_other_pages_are_pages(url: str) -> None:
    assert registry.identify(CanonicalUrl(url)).kind == "web"


def test_the_doi_of_an_arxiv_paper_is_the_paper() -> None:
    assert (
        registry.identify(CanonicalUrl("https://doi.org/10.48550/arXiv.2205.02101")).id
        == "arxiv:2205.02101"
    )


@given(st.text("aZ0.:;()<>/%# é中?&\\\"'|[]{}~^`", min_size=1, max_size=30))
def test_the_address_of_a_doi_is_its_own(suffix: str) -> None:
    url = canonical(f"https://doi.org/10.1000/{suffix}")
    if url is not None and (identity := doi.identify(url)) is not None:
        assert canonical(identity.url) == identity.url
        assert doi.identify(identity.url) == identity


# --- asking and judging -----------------------------------------------------------------------------


def test_without_metadata_due_doi_org_alone_is_asked() -> None:
    question = doi.request(TARGET, False)
    assert (question.method, question.url, question.follow, question.headers) == ("HEAD", URL, False, ())


def test_with_metadata_due_one_question_asks_for_both() -> None:
    question = doi.request(TARGET, True)
    assert (question.method, question.follow, question.purpose) == ("GET", True, Purpose.API)
    assert question.headers == (("accept", "application/vnd.citationstyles.csl+json"),)


FOUND = [
    response(302, location=AWAY),
    response(301, location="https://publisher.example/"),
    response(200, "https://api.crossref.org/x", HOP),
    response(200, content_type="application/vnd.citationstyles.csl+json; charset=utf-8"),
    # The publisher: whatever it says to a program.
    *(response(status, AWAY, HOP) for status in (200, 401, 403, 404, 410, 418, 429, 500, 503)),
    response(403, AWAY, HOP, cf_mitigated="challenge"),
    *(failure(kind, AWAY, HOP) for kind in FailureKind),
]


@pytest.mark.parametrize("outcome", FOUND)
def test_a_doi_that_leads_on_is_there_whatever_comes_of_it(outcome: Outcome) -> None:
    assert (doi.judge(TARGET, outcome).status, doi.judge(TARGET, outcome).reason) == (
        Status.OK,
        "doi-found",
    )


@pytest.mark.parametrize(
    ("outcome", "status", "reason"),
    [
        (response(404), Status.BROKEN, "doi-not-found"),
        (response(404, hops=(Hop("https://doi.org/10.5555/GOOD", 301),)), Status.BROKEN, "doi-not-found"),
        (response(403), Status.BLOCKED, "http-403"),
        (response(403, cf_mitigated="challenge"), Status.BLOCKED, "bot-wall"),
        (response(429), Status.BLOCKED, "http-429"),
        (response(400), Status.UNREACHABLE, "http-400"),
        (response(500), Status.UNREACHABLE, "provider-failure"),
        (response(302), Status.UNREACHABLE, "provider-failure"),
        (failure(FailureKind.TIMEOUT), Status.UNREACHABLE, "provider-failure"),
        (failure(FailureKind.CONNECT), Status.UNREACHABLE, "provider-failure"),
        (failure(FailureKind.TLS), Status.UNREACHABLE, "provider-failure"),
        (failure(FailureKind.TOO_MANY_REDIRECTS), Status.UNREACHABLE, "provider-failure"),
        (failure(FailureKind.DNS_NOT_FOUND), Status.UNREACHABLE, "dns-failure"),
        (failure(FailureKind.DNS_FAILURE), Status.UNREACHABLE, "dns-failure"),
        (response(200, content_type="text/html"), Status.OK, "http-200"),
    ],
)
def test_what_doi_org_says_itself_is_judged(outcome: Outcome, status: Status, reason: str) -> None:
    verdict = doi.judge(TARGET, outcome)
    assert (verdict.status, verdict.reason) == (status, reason)


def test_an_unknown_doi_is_not_gone_for_certain() -> None:
    """A DOI is printed before it is registered."""
    assert not registry.reason_of("doi-not-found").certain


@pytest.mark.parametrize("wants", [False, True])
@pytest.mark.parametrize("outcome", [one for one in FOUND if one.hops or one.headers.get("location")])  # type: ignore[union-attr]
def test_one_question_is_enough_for_a_doi_that_leads_on(outcome: Outcome, wants: bool) -> None:
    is_unasked = isinstance(outcome, Failure) and outcome.kind.value in (
        "host-deferred",
        "robots-disallowed",
    )
    assert (doi.confirm(TARGET, outcome, wants) is not None) == is_unasked


@pytest.mark.parametrize(
    ("outcome", "wants", "confirmed"),
    [
        (response(404), False, True),
        (response(404), True, False),
        (response(503), False, True),
        (response(503), True, False),
        (response(406), True, True),
        (failure(FailureKind.TIMEOUT), False, True),
        (failure(FailureKind.TIMEOUT), True, False),
        (failure(FailureKind.DNS_NOT_FOUND), False, False),
    ],
)
def test_head_never_condemns_and_a_refused_format_says_nothing(
    outcome: Outcome, wants: bool, confirmed: bool
) -> None:
    question = doi.confirm(TARGET, outcome, wants)
    assert (question is not None) == confirmed
    if question is not None:
        assert (question.method, question.follow, question.headers) == ("GET", False, ())


def test_a_redirect_inside_the_resolver_is_followed() -> None:
    question = doi.confirm(TARGET, response(301, location="https://www.doi.org/10.5555/good"), False)
    assert question is not None
    assert question.follow


# --- metadata ---------------------------------------------------------------------------------------


def read(record: Any) -> Page | None:
    body = json.dumps(record).encode()
    answer = response(200, "https://api.crossref.org/x", HOP, body, content_type=CSL["content-type"])
    found = doi.read_page(TARGET, answer).metadata
    assert found is None or isinstance(found, Page)
    return found


def test_a_record_becomes_the_facts_of_a_page() -> None:
    page = read(RECORD)
    assert page is not None
    assert (page.title, page.description) == (r"Nets of k & $\alpha$- Nets", "Nets help. They do.")
    assert page.canonical_url == URL
    assert {name: list(values) for name, values in (page.citation or {}).items()} == CITATION


@pytest.mark.parametrize(
    ("change", "name", "value"),
    [
        ({"type": "paper-conference"}, "conference_title", "Journal of Nets"),
        ({"type": "proceedings-article"}, "conference_title", "Journal of Nets"),
        ({"type": "chapter"}, "inbook_title", "Journal of Nets"),
        ({"container-title": ["Nets", "N."]}, "journal_title", "Nets"),
        ({"issued": {"date-parts": [[2020]]}}, "publication_date", "2020"),
        (
            {"issued": {"date-parts": [[None]]}, "created": {"date-parts": [[2019, 12]]}},
            "publication_date",
            "2019/12",
        ),
        ({"page": "e17"}, "firstpage", "e17"),
        ({"title": ["A", "B"]}, "title", "A"),
        ({"title": "x < y & z"}, "title", "x < y & z"),
        ({"title": "H<sub>2</sub>O \ud83d"}, "title", "H2O ?"),
    ],
)
def test_the_accents_of_agencies_are_understood(change: dict[str, Any], name: str, value: str) -> None:
    page = read({**RECORD, **change})
    assert page is not None
    assert (page.citation or {})[name] == (value,)


VALUES = [None, True, 1.5, 7, -1, "x", [], {}, [[]], [{}], {"date-parts": 3}, {"date-parts": [3]}, [None]]


@pytest.mark.parametrize("key", sorted(RECORD))
def test_a_value_of_any_type_is_survived(key: str) -> None:
    for value in VALUES:
        page = read({**RECORD, key: value})
        assert page is not None
        assert page.citation


def test_a_record_is_bounded() -> None:
    long = "word " * 5_000
    page = read(
        {**RECORD, "title": long, "abstract": long, "publisher": long, "author": [{"family": long}] * 1000}
    )
    assert page is not None
    assert page.citation is not None
    assert (len(page.title or "") <= 300, len(page.description or "") <= 5000) == (True, True)
    assert len(page.citation["author"]) == 200
    assert max(len(value) for values in page.citation.values() for value in values) <= 5000


@pytest.mark.parametrize(
    "piece", ["<", "<jats:p", "<jats:title>", "&", "<b>", "<p><b a>", "</jats:p>", "{\\'"]
)
def test_a_hostile_record_is_read_in_time_by_its_length(piece: str) -> None:
    text = piece * ((1 << 20) // len(piece))
    start = time.process_time()
    read({"title": text, "abstract": text, "publisher": text, "author": [{"family": piece * 1000}] * 200})
    assert time.process_time() - start < 10


# --- a whole run ------------------------------------------------------------------------------------

BROKEN_RECORDS = sorted(AGENCY)
ALIVE = ["good", "data", "walled", "lost", "failing", "other-agency", *BROKEN_RECORDS]
NAMES = [*ALIVE, "unregistered", "resolver-fails"]


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Internet, Path]]:
    folder = tmp_path_factory.mktemp("doi")
    notes = [f"- paper: https://doi.org/10.5555/{name}" for name in NAMES]
    notes += ["- again: doi:10.5555/good and http://dx.doi.org/10.5555/good"]
    (folder / "notes.md").write_text("# Notes\n\n" + "\n".join(notes) + "\n")
    with Internet(folder / "internet", SITES) as internet:
        yield internet, folder


@pytest.fixture(scope="module")
def rows(web: tuple[Internet, Path]) -> dict[str, dict[str, Any]]:
    internet, folder = web
    options = ["--contact", "me@example.org", "--retries", "0", "--no-progress"]
    done = run_enrich(["run", "notes.md", *options], folder, environment(internet))
    assert done.returncode == 0, done.stderr
    return {row["url"].rpartition("/")[2]: row for row in saved_report(folder)["targets"]}


def test_every_registered_doi_is_ok_and_only_the_unknown_one_is_broken(
    rows: dict[str, dict[str, Any]],
) -> None:
    said = {name: (row["status"], row["reason"]) for name, row in rows.items()}
    assert said == {
        **dict.fromkeys(ALIVE, ("ok", "doi-found")),
        "unregistered": ("broken", "doi-not-found"),
        "resolver-fails": ("unreachable", "provider-failure"),
    }
    assert len(rows["good"]["links"]) == 3


def test_metadata_say_who_gave_them(rows: dict[str, dict[str, Any]]) -> None:
    sources = {name: row["metadata_source"] for name, row in rows.items() if row["metadata"]}
    assert sources == {
        **dict.fromkeys(("good", "walled", "lost", "failing"), "crossref"),
        "data": "datacite",
        "other-agency": "page",
    }
    assert rows["good"]["metadata"]["citation"] == CITATION
    assert rows["other-agency"]["metadata"]["citation"] == {"title": ["Nets in Print"]}


def test_a_doi_costs_one_question_and_no_publisher_is_asked(
    web: tuple[Internet, Path], rows: dict[str, dict[str, Any]]
) -> None:
    asked = Counter((one.host, one.path.rpartition("/")[2]) for one in web[0].log)
    assert {host for host, _ in asked} == {
        "doi.org",
        "api.crossref.org",
        "api.datacite.org",
        "publisher.example",
    }
    # What is broken without being certain is asked for twice; a format that the resolver knows not is no format.
    assert {name: count for (host, name), count in asked.items() if host == "doi.org" and count > 1} == {
        "unregistered": 2
    }
    assert [path for host, path in asked if host == "publisher.example"] == ["other-agency"]
    assert rows["good"]["attempts"] == 1


def test_agencies_are_told_whom_to_write_to(
    web: tuple[Internet, Path], rows: dict[str, dict[str, Any]]
) -> None:
    assert rows
    agents = {
        one.headers["user-agent"] for one in web[0].asked("api.crossref.org", "api.datacite.org", "doi.org")
    }
    assert agents == {user_agent("me@example.org")}
    assert all("mailto:me@example.org" in agent for agent in agents)


def test_without_metadata_due_nobody_but_doi_org_is_asked(
    web: tuple[Internet, Path], rows: dict[str, dict[str, Any]]
) -> None:
    internet, folder = web
    before = len(internet.log)
    done = run_enrich(
        ["check", "notes.md", "--refresh", "--retries", "0", "--no-progress"], folder, environment(internet)
    )
    assert done.returncode == 1, done.stderr
    asked = internet.log[before:]
    assert {one.host for one in asked} == {"doi.org"}
    heads = Counter(one.path for one in asked if one.method == "HEAD")
    assert set(heads) == {f"/10.5555/{name}" for name in NAMES}
    gets = {one.path.rpartition("/")[2] for one in asked if one.method == "GET"}
    assert gets == {"unregistered", "resolver-fails"}
    assert all(count == 1 for path, count in heads.items() if path.rpartition("/")[2] in ALIVE)
