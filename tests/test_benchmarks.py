"""The benchmarks themselves: that they run and print what they promise. How fast anything is, they say."""

from __future__ import annotations

import http.client
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from requirements import ROOT, require

from benchmarks import agreement
from benchmarks.origin import Origin, World, serving


def benchmark(*names: str, seconds: float = 900) -> str:
    """What a benchmark prints in its quick form; without a name, what all of them do."""
    command = [sys.executable, "-m", "benchmarks", *names, "--quick"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=seconds, check=True
    )
    return done.stdout


def require_lychee() -> None:
    there = shutil.which("lychee") or (Path(sys.executable).parent / "lychee").exists()
    require("lychee", bool(there), "lychee is not installed; the extra `bench` brings it")


def require_compiler() -> None:
    require("cc", shutil.which("cc") is not None, "there is no C compiler to make the origin with")


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Origin]:
    """A web in which every link has its fate, and nobody has to wait."""
    require_compiler()
    world = World(links=4000, hosts=4, slow_milliseconds=0, trouble=True)
    with serving(world, tmp_path_factory.mktemp("origin")) as it:
        yield it


def asked(origin: Origin, host: str, path: str, method: str = "GET") -> tuple[int, int]:
    """The status of an answer, and the length of its body."""
    connection = http.client.HTTPConnection(host, origin.port, timeout=120)
    connection.request(method, path)
    answer = connection.getresponse()
    found = answer.status, len(answer.read())
    connection.close()
    return found


# --- the origin -------------------------------------------------------------------------------------


def test_what_becomes_of_a_link_depends_on_its_address_alone(origin: Origin) -> None:
    # Whoever is silent would be waited for.
    loud = [f"/{number}" for number in (2, 3, 5, 7, 8, 9)]
    first = [asked(origin, "127.1.0.1", path, "HEAD")[0] for path in loud]
    assert [asked(origin, "127.1.0.1", path)[0] for path in reversed(loud)] == first[::-1]


def test_a_moved_link_leads_to_a_page(origin: Origin) -> None:
    assert asked(origin, "127.1.0.1", "/moved/page/7") == (200, 30_000)
    assert asked(origin, "127.1.0.1", "/robots.txt") == (404, 0)


def test_the_origin_counts_what_it_is_asked(origin: Origin) -> None:
    origin.counts()
    for path, method in (("/moved/1", "HEAD"), ("/moved/2", "GET"), ("/robots.txt", "GET")):
        asked(origin, "127.1.0.2", path, method)
    seen = origin.counts()
    assert (seen.requests, seen.heads, seen.robots, seen.connections, seen.hosts) == (3, 1, 1, 3, 1)
    assert seen.least_gap > 0
    assert origin.counts().requests == 0


# --- both programs ----------------------------------------------------------------------------------


def test_answers_that_differ_are_counted_by_what_was_said() -> None:
    ours = {"a": "alive", "b": "broken", "c": "blocked"}
    theirs = {"a": "alive", "b": "alive", "c": "alive", "d": "silent"}
    assert agreement.differing(ours, theirs) == {
        ("broken", "alive"): 1,
        ("blocked", "alive"): 1,
        ("missing", "silent"): 1,
    }


def test_whole_programs_are_compared_with_lychee_on_one_origin() -> None:
    require_lychee()
    require_compiler()
    printed = benchmark("programs", "--case", "c-head")
    number = r"\d+\.\d\d"
    (row,) = re.findall(
        rf"^\| c-head: .* \| {number} s \| {number} s(?: \| {number})" + r"{3} \| (\d+) / (\d+) \| .*\|$",
        printed,
        re.MULTILINE,
    )
    # Beside the links, enrich asks each of ten hosts for its robots.txt.
    assert row == ("410", "400")
    assert "the same answer for every link" in printed


# --- the others -------------------------------------------------------------------------------------


def test_fairness_is_a_ratio_of_two_orders_of_the_same_links() -> None:
    printed = benchmark("fairness")
    (ratio,) = re.findall(r"^\| ratio \| (\d+\.\d\d) \|$", printed, re.MULTILINE)
    assert float(ratio) > 0


def test_extraction_is_compared_with_lychee_in_one_run() -> None:
    require_lychee()
    printed = benchmark("extraction")
    rows = re.findall(r"^\| (\w+) \| \S.* \| \S.* \| (\d+\.\d\d) \|$", printed, re.MULTILINE)
    assert [name for name, _ratio in rows] == ["wall", "processor", "memory", "links"]
    assert all(float(ratio) > 0 for _name, ratio in rows)


def test_asking_is_compared_with_lychee_in_one_run() -> None:
    require_lychee()
    printed = benchmark("fetch")
    rows = re.findall(r"^\| (\w+) \| (\d+) / \d+ \| .* \| -?\d+\.\d\d \|$", printed, re.MULTILINE)
    assert rows == [("HEAD", "200"), ("HEAD", "400"), ("GET", "200"), ("GET", "400")]


def test_reports_are_compared_with_plain_encoding() -> None:
    rows = re.findall(r"^\| ([a-z ]+) \| \d+\.\d\d s \| (\d+\.\d\d) \|$", benchmark("report"), re.MULTILINE)
    assert [name for name, _ratio in rows] == ["json", "html", "plain encoding"]


def test_starting_is_compared_with_lychee() -> None:
    require_lychee()
    rows = re.findall(
        r"^\| ([a-z ]+) \| \S+ s \| \S+ s \| (\d+\.\d\d) \|$", benchmark("start"), re.MULTILINE
    )
    assert [name for name, _ratio in rows] == ["help", "links of one note"]
    assert all(float(ratio) > 0 for _name, ratio in rows)


def test_growth_is_the_cost_of_a_link_among_few_and_among_many() -> None:
    printed = benchmark("growth")
    runs = re.findall(r"^\| (\d+) / \d \| (\w+) \|.* \| (\d+\.\d\d) \|.* MB \| ", printed, re.MULTILINE)
    assert [run[:2] for run in runs] == [
        ("50", "first"),
        ("200", "first"),
        ("50", "second"),
        ("200", "second"),
    ]
    assert all(float(ratio) > 0 for *_, ratio in runs)
    assert re.findall(r"^\| (\w+) \| \S+ s \| \S+ s \| \d+ MB \|$", printed, re.MULTILINE) == [
        "json",
        "csv",
        "html",
    ]


def test_metadata_of_all_are_right_and_cost_a_request_a_hundred() -> None:
    rows = re.findall(r"^\| 150 (\w+) \| (\d+) \|", benchmark("metadata"), re.MULTILINE)
    assert rows == [("repositories", "2"), ("papers", "2")]


def test_great_collections_are_simulated_and_computed() -> None:
    printed = benchmark("scale")
    rows = re.findall(r"^\| ([\d,]+) \| [\d,]+ \| (facts|verdicts) \| (\d) \|", printed, re.MULTILINE)
    asked = [("facts", "1"), ("facts", "4"), ("verdicts", "4")]
    assert rows == [(links, *how) for links in ("1,000", "1,000,000") for how in asked]
    assert "the 18,000 WeChat links need 2 days; this run takes the 500" in printed


@pytest.mark.soak
def test_all_are_run_where_none_is_named() -> None:
    require_lychee()
    require_compiler()
    printed = benchmark(seconds=1800)
    for title in (
        "Whole programs",
        "Extraction, ",
        "Asking, ",
        "Start-up:",
        "A report of ",
        "first request to last",
        "Growth; ",
        "Metadata, ",
        "virtual time",
    ):
        assert title in printed
