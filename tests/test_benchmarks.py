"""The benchmarks themselves: that they run and print what they promise. How fast anything is, they say."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from requirements import ROOT, require


def benchmark(*names: str) -> str:
    """What a benchmark prints in its quick form; without a name, what all of them do."""
    command = [sys.executable, "-m", "benchmarks", *names, "--quick"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=120, check=True)
    return done.stdout


def require_lychee() -> None:
    there = shutil.which("lychee") or (Path(sys.executable).parent / "lychee").exists()
    require("lychee", bool(there), "lychee is not installed; the extra `bench` brings it")


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
    printed = benchmark()
    for title in (
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
