"""Metadata that stand beside a link: whole runs, in which every question is counted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from internet import HTML, Answer, Asked, Internet, environment, run_enrich, saved_report

PDF = {"content-type": "application/pdf"}
FACTS = (
    "<meta name=citation_title content='A Paper of {host}'><meta name=citation_author content='Li, Wei'>"
)

ACL = "https://aclanthology.org/2022.acl-long.304.pdf"
CVF = "http://openaccess.thecvf.com/content_ECCV_2018/papers/Li_A_paper.pdf"
PMLR = "https://proceedings.mlr.press/v97/li19a/li19a.pdf"
NEURIPS = "https://papers.nips.cc/paper/2020/file/0a-Paper.pdf"
OPENREVIEW = "https://openreview.net/pdf?id=abc"
PLAIN = "https://example.org/a.pdf"
PAGE = "https://aclanthology.org/2022.acl-long.1/"


def described(asked: Asked) -> Answer:
    """A site with a page beside each PDF."""
    if asked.path.endswith(".pdf"):
        return Answer(200, PDF, b"%PDF-1.7 ...")
    return Answer(200, HTML, FACTS.format(host=asked.host).encode())


def without_page(asked: Asked) -> Answer:
    return (
        Answer(200, PDF, b"%PDF-1.7 ...")
        if asked.path.endswith(".pdf")
        else Answer(404, HTML, b"<title>404")
    )


def without_pdf(asked: Asked) -> Answer:
    return Answer(404, HTML, b"<title>404") if asked.path.endswith(".pdf") else described(asked)


def walled(asked: Asked) -> Answer:
    if asked.path.startswith("/pdf"):
        return Answer(200, PDF, b"%PDF-1.7 ...")
    return Answer(403, {"content-type": "application/json"}, b'{"name":"ChallengeRequiredError"}')


SITES = {
    "aclanthology.org": described,
    "openaccess.thecvf.com": described,
    "proceedings.mlr.press": without_pdf,
    "papers.nips.cc": without_page,
    "openreview.net": walled,
    "example.org": described,
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Internet, Path, dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("pages")
    links = [ACL, CVF, PMLR, NEURIPS, OPENREVIEW, PLAIN, PAGE]
    (folder / "notes.md").write_text("# Notes\n\n" + "".join(f"- <{link}>\n" for link in links))
    with Internet(folder / "internet", SITES) as internet:
        done = run_enrich(["run", "notes.md", "--no-progress"], folder, environment(internet))
        assert done.returncode == 0, done.stderr
        yield internet, folder, {row["url"]: row for row in saved_report(folder)["targets"]}


def asked_of(internet: Internet, host: str, since: int = 0) -> list[tuple[str, str]]:
    """What a host was asked, but for robots.txt, which is read once for all that is wanted of it."""
    asked = [one for one in internet.log[since:] if one.host == host and one.path != "/robots.txt"]
    return [(one.method, one.url) for one in asked]


def test_a_pdf_has_the_facts_of_its_page_for_one_more_question(
    world: tuple[Internet, Path, dict[str, Any]],
) -> None:
    internet, _, rows = world
    row = rows[CVF]
    assert (row["status"], row["reason"], row["final_url"]) == ("ok", "http-200", None)
    assert row["metadata"]["title"] == "A Paper of openaccess.thecvf.com"
    assert row["metadata"]["citation"]["author"] == ["Li, Wei"]
    assert row["metadata_source"] == "landing-page"
    page = "https://openaccess.thecvf.com/content_ECCV_2018/html/Li_A_paper.html"
    assert asked_of(internet, "openaccess.thecvf.com") == [("HEAD", CVF), ("GET", page)]


def test_a_page_is_its_own_source(world: tuple[Internet, Path, dict[str, Any]]) -> None:
    internet, _, rows = world
    assert rows[PAGE]["metadata_source"] == "page"
    landing = "https://aclanthology.org/2022.acl-long.304/"
    assert sorted(asked_of(internet, "aclanthology.org")) == sorted(
        [("HEAD", ACL), ("GET", landing), ("GET", PAGE)]
    )


def test_what_becomes_of_the_page_changes_no_verdict(world: tuple[Internet, Path, dict[str, Any]]) -> None:
    internet, _, rows = world
    for url in (NEURIPS, OPENREVIEW):
        assert (rows[url]["status"], rows[url]["metadata"]) == ("ok", None)
    assert asked_of(internet, "openreview.net")[-1] == ("GET", "https://openreview.net/forum?id=abc")


def test_a_pdf_that_is_gone_is_broken_and_its_page_is_not_asked(
    world: tuple[Internet, Path, dict[str, Any]],
) -> None:
    internet, _, rows = world
    assert (rows[PMLR]["status"], rows[PMLR]["reason"]) == ("broken", "http-404")
    assert {url for _, url in asked_of(internet, "proceedings.mlr.press")} == {PMLR}


def test_a_pdf_of_any_other_site_costs_one_question(world: tuple[Internet, Path, dict[str, Any]]) -> None:
    internet, _, rows = world
    assert (rows[PLAIN]["status"], rows[PLAIN]["metadata"]) == ("ok", None)
    assert asked_of(internet, "example.org") == [("HEAD", PLAIN)]


def test_no_page_is_asked_when_metadata_are_not_due(world: tuple[Internet, Path, dict[str, Any]]) -> None:
    internet, folder, _ = world
    before = len(internet.log)
    done = run_enrich(["check", "notes.md", "--refresh", "--no-progress"], folder, environment(internet))
    assert done.returncode == 1, done.stderr
    assert asked_of(internet, "openaccess.thecvf.com", before) == [("HEAD", CVF)]
    assert sorted(asked_of(internet, "aclanthology.org", before)) == [("HEAD", PAGE), ("HEAD", ACL)]
