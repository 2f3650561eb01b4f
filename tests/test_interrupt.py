"""An interrupt ends a run as soon as nothing is under way, and a run that is over ends its process.

The seconds that are left to what is under way are made many here, so that a run which waits them out for nothing never
ends, however fast the machine is.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import anyio
import pytest
from internet import Answer, Asked, Internet, environment, saved_report
from sites import Arxiv, Preprint, html
from test_check import World, asking_of, respond

from enrich import LogObserver
from enrich.config import load
from enrich.fetch.client import Fetcher
from enrich.holds import Holds
from enrich.job import Job, Progress
from enrich.working import Work, ask_all

GRACE = """
import enrich.working
from enrich.cli import main

enrich.working.INTERRUPT_GRACE_SECONDS = {}
main()
"""
PATIENT = GRACE.format(600.0)
SILENT = """
import socket, sys, threading

def never(*_name, **_more):
    print("looks up", file=sys.stderr, flush=True)
    threading.Event().wait()

socket.getaddrinfo = never
""" + GRACE.format(0.5)  # fmt: skip


def article(_asked: Asked) -> Answer:
    return html("an article")


def missing(_asked: Asked) -> Answer:
    return html("nothing here", status=404)


@contextmanager
def running(
    program: str, folder: Path, env: Mapping[str, str], *options: str
) -> Iterator[subprocess.Popen[str]]:
    """A run in the folder, its remarks to be read; it does not outlive the test."""
    arguments = [sys.executable, "-c", program, "run", "notes.md", "-v", "--no-progress", *options]
    with subprocess.Popen(
        arguments,
        cwd=folder,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def interrupted_at(process: subprocess.Popen[str], said: str) -> tuple[int, str]:
    """Interrupt a run once it says this; its exit code, and what it said since."""
    assert process.stderr is not None
    assert any(line.startswith(said) for line in process.stderr), "it ended before"
    process.send_signal(signal.SIGINT)
    return ended(process)


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, said = process.communicate(timeout=60)
    return process.returncode, said


def reasons(folder: Path) -> Counter[str]:
    return Counter(row["reason"] for row in saved_report(folder)["targets"])


def test_an_interrupt_ends_a_run_at_once_that_only_waits_for_turns(tmp_path: Path, folder: Path) -> None:
    links = [f"<https://mp.weixin.qq.com/s/{number:022}>\n\n" for number in range(5)]
    (folder / "notes.md").write_text("".join(links))
    (folder / "enrich.toml").write_text("[hosts.'mp.weixin.qq.com']\ninterval = 600.0\n")
    with Internet(tmp_path / "authority", {"mp.weixin.qq.com": article}) as internet:
        with running(PATIENT, folder, environment(internet)) as process:
            code, rest = interrupted_at(process, "checked ")
        asked = len(internet.asked())
    assert (code, "Traceback" in rest) == (130, False), rest
    assert (asked, reasons(folder)) == (1, {"wechat-unrecognised": 1, "not-reached": 4})
    assert [warning["code"] for warning in saved_report(folder)["run"]["warnings"]][:1] == ["interrupted"]


def test_an_interrupt_does_not_wait_for_a_second_question_that_is_far_off(
    tmp_path: Path, folder: Path
) -> None:
    """A link whose HEAD was answered by 404 is not stated before a GET."""
    (folder / "notes.md").write_text("<https://slow.example/a>\n\n<https://missing.example/a>\n")
    (folder / "enrich.toml").write_text("[hosts.'missing.example']\nconcurrency = 1\ninterval = 600.0\n")
    sites = {"slow.example": article, "missing.example": missing}
    with (
        Internet(tmp_path / "authority", sites) as internet,
        running(PATIENT, folder, environment(internet), "--retries", "0") as process,
    ):
        code, rest = interrupted_at(process, "checked ok")
    assert code == 130, rest
    assert reasons(folder) == {"http-200": 1, "not-reached": 1}


def test_all_papers_of_an_answer_are_stated_that_comes_after_the_interrupt(
    tmp_path: Path, folder: Path
) -> None:
    papers = {f"2101.{number:05}": Preprint(f"2101.{number:05}", "A paper") for number in range(1, 151)}
    (folder / "notes.md").write_text("".join(f"<https://arxiv.org/abs/{number}>\n\n" for number in papers))
    arxiv = Arxiv(papers)
    with Internet(tmp_path / "authority", {}) as internet:

        def interrupting(asked: Asked) -> Answer:
            process.send_signal(signal.SIGINT)
            return arxiv.api(asked)

        internet.sites["export.arxiv.org"] = interrupting
        with running(PATIENT, folder, environment(internet)) as process:
            code, said = ended(process)
            assert code == 130, said
        assert len(internet.asked("export.arxiv.org")) == 1
    assert reasons(folder) == {"arxiv-found": 100, "not-reached": 50}


@pytest.mark.parametrize("ends_by", ["interrupt", "deadline"])
def test_a_resolver_that_never_answers_does_not_keep_the_process(folder: Path, ends_by: str) -> None:
    (folder / "notes.md").write_text("<https://one.example/a>\n\n<https://two.example/a>\n")
    options = ["--deadline", "1s"] if ends_by == "deadline" else []
    with running(SILENT, folder, environment(None), *options) as process:
        assert process.stderr is not None
        if ends_by == "deadline":
            code, said = ended(process)
            assert "looks up" in said
        else:
            code, said = interrupted_at(process, "looks up")
    assert code == (3 if ends_by == "deadline" else 130), said
    report = saved_report(folder)
    assert reasons(folder) == {"not-reached": 2}
    assert [warning["code"] for warning in report["run"]["warnings"]] == [
        ends_by.replace("interrupt", "interrupted")
    ]


@pytest.mark.anyio
async def test_a_run_that_is_interrupted_before_it_asks_asks_nobody(tmp_path: Path) -> None:
    """As while a cluster starts, which takes longer than all that is done before on one machine."""
    world = World(respond(200))
    first: list[Work] = []

    async def ask_first(work: Work) -> None:
        first.append(work)

    async with asking_of(world, ["https://a.example/"], tmp_path) as asking:
        work = Work(
            job=Job(
                settings=load("run", {}, environ={}, folder=tmp_path, use_files=False),
                paths=(),
                observer=LogObserver(),
                now=asking.now,
            ),
            progress=Progress(signal_number=signal.SIGINT),
            asking=asking,
            fetcher=cast(Fetcher, None),
            holds=Holds(asking.store, asking.now),
        )
        with anyio.fail_after(60):
            await ask_all(work, ask_first)
    assert (world.asked, first) == ([], [])
