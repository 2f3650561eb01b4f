"""One of a thing is spoken of as one."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace

import pytest
from rows import asked_target, made_report, rendered

from enrich.bounds import Bound, told
from enrich.model import Manners, Report, Repository
from enrich.progress import Display
from enrich.spelling import numbered
from enrich.turns import expected_turns, share_of


@pytest.mark.parametrize(
    ("count", "words", "said"),
    [
        (0, ("target",), "0 targets"),
        (1, ("target",), "1 target"),
        (2, ("target",), "2 targets"),
        (2100, ("row",), "2,100 rows"),
        (1, ("host takes", "hosts take"), "1 host takes"),
        (2, ("host takes", "hosts take"), "2 hosts take"),
    ],
)
def test_a_number_stands_before_one_or_many(count: int, words: Sequence[str], said: str) -> None:
    assert numbered(count, *words) == said


@pytest.mark.parametrize(
    ("bound", "said"),
    [
        (
            Bound(called="links to links.example", due=1, asked=1, gap_seconds=600),
            "at 600 s per link the 1 link to links.example needs 10 min",
        ),
        (
            Bound(called="WeChat links", due=7, asked=1, gap_seconds=10),
            "at 10 s per link the 7 WeChat links need 1 min; this run takes the 1 that is due first, in about 10 s",
        ),
        (
            Bound(called="arXiv links", due=90, asked=90, gap_seconds=90, batch=100),
            "in 1 batch, 90 s apart, the 90 arXiv links need 2 min",
        ),
    ],
)
def test_one_link_of_a_slow_host_needs_its_time(bound: Bound, said: str) -> None:
    assert told(bound) == said


@pytest.mark.parametrize(
    ("others", "said"),
    [(1, "1 more host takes longer than a minute"), (2, "2 more hosts take longer than a minute each")],
)
def test_one_more_slow_host_takes_long(others: int, said: str) -> None:
    stream = io.StringIO()
    bound = Bound(called="WeChat links", due=5000, asked=420, gap_seconds=10)
    Display(live=False, plain=True, lines=False, stream=stream).foretold([bound] * (others + 1), None)
    assert stream.getvalue().splitlines()[1] == said


@pytest.mark.parametrize(("share", "said"), [(1, "about 1 link a night"), (2, "about 2 links a night")])
def test_a_host_is_asked_about_one_link(share: int, said: str) -> None:
    turns = expected_turns(share_of("a.example", Manners(daily_cap=share), None, is_check=False))
    assert turns.told(1) == f"its turn is expected next time: a.example is asked {said}"


def deferred(count: int) -> Report:
    report = made_report()
    return replace(report, summary=replace(report.summary, deferred=count))


def starred(count: int) -> Report:
    repository = Repository(full_name="a/b", repository_id=1, stars=count)
    return made_report(asked_target("github:a/b", metadata=repository))


@pytest.mark.parametrize(
    ("report", "form", "said"),
    [
        (deferred(1), "text", "1 target waits for a later run: its host has had its share, asks for it, or takes"),
        (deferred(2), "text", "2 targets wait for a later run: their hosts have had their share, ask for it, or"),
        (starred(1), "markdown", "1 star |"),
        (starred(2), "markdown", "2 stars |"),
    ],
)  # fmt: skip
def test_a_report_speaks_of_one_as_one(report: Report, form: str, said: str) -> None:
    assert said in rendered(form, report)
