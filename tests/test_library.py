"""Calling enrich from a program: the functions, what they take, and what they leave alone."""

from __future__ import annotations

import asyncio
import logging
import signal
import subprocess
import sys
import threading
from dataclasses import FrozenInstanceError
from datetime import date, timedelta
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from origin import Answer, Arrival, serve, serve_in_thread
from requirements import ROOT

import enrich
from enrich.config import SETTINGS
from enrich.library import OF_THE_COMMAND_LINE, Options
from enrich.model import Target

NOTE = "# A\n\n[b](b.md) [itself](#a) <https://a.example/x>\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a note in it and no settings from outside."""
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_TOKEN", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "a.md").write_text(NOTE, encoding="utf-8")
    return tmp_path


def note_of(url: str) -> None:
    Path("web.md").write_text(f"{url}\n", encoding="utf-8")


def test_a_check_gives_a_report_that_is_read_as_often_as_one_likes() -> None:
    report = enrich.check("a.md", offline=True)
    assert report.failed
    assert [finding.code for finding in report.findings] == ["file-missing"]
    assert list(report.targets) == list(report.targets)
    assert [target.status for target in report.targets] == ["ok", "broken", "skipped"]
    assert (report.summary.links, report.summary.documents) == (3, 1)
    with pytest.raises(FrozenInstanceError):
        report.failed = False  # type: ignore[misc]


def test_a_run_fails_only_where_it_is_asked_to() -> None:
    assert enrich.run("a.md", offline=True).failed is False
    assert enrich.run("a.md", offline=True, fail_on="file-missing").failed is True
    assert enrich.check("a.md", offline=True, fail_on=[enrich.Status.REDIRECTED]).failed is False


def test_links_of_the_web_are_asked_and_come_with_what_they_stand_for() -> None:
    with serve_in_thread() as origin:
        note = f"{origin.url('/ok')} {origin.url('/status/404')} {origin.url('/status/403')}\n"
        Path("web.md").write_text(note, encoding="utf-8")
        report = enrich.run("web.md", allow_net=["127.0.0.1/32"], host_interval=0.01, retries=0)
    told = {target.url.partition("/status")[2]: target.reason for target in report.targets}
    assert told == {"": "http-200", "/404": "http-404", "/403": "http-403"}
    assert report.run.requests >= 3
    assert [type(target.metadata) for target in report.targets if target.metadata] <= [enrich.Page]


@pytest.mark.anyio
async def test_others_go_on_while_a_twin_asks_and_two_runs_wait_for_each_other() -> None:
    async with serve() as origin:
        note_of(origin.url("/slow/0.3"))
        turns = 0

        async def others() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0.01)

        beside = asyncio.create_task(others())
        options = enrich.Options(allow_private=True, host_interval=0.01, wait=300)
        both = await asyncio.gather(
            enrich.run_async("web.md", **options), enrich.run_async("web.md", **options)
        )
        beside.cancel()
    assert [report.targets[0].status for report in both] == ["ok", "ok"]
    assert sorted(report.run.from_cache for report in both) == [0, 1]
    assert turns > 3


@pytest.mark.anyio
async def test_a_run_that_is_cancelled_lets_go_of_its_cache() -> None:
    async with serve() as origin:
        note_of(origin.url("/late"))
        asked = asyncio.Event()

        def late(_arrival: Arrival) -> Answer:
            asked.set()
            return Answer(after_seconds=60)

        origin.otherwise = late
        running = asyncio.create_task(enrich.run_async("web.md", allow_private=True, timeout=60))
        await asked.wait()
        with pytest.raises(enrich.CacheBusyError, match="in use by process"):
            await enrich.run_async("web.md", offline=True)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        later = await enrich.run_async("web.md", offline=True)
    assert later.targets[0].reason == "offline"


@pytest.mark.anyio
async def test_a_running_loop_is_told_of_the_twin() -> None:
    with pytest.raises(RuntimeError, match=r"await enrich\.check_async\(\)"):
        enrich.check("a.md", offline=True)


def test_it_works_in_any_thread() -> None:
    found: list[enrich.Report] = []
    thread = threading.Thread(target=lambda: found.append(enrich.check("a.md", offline=True)))
    thread.start()
    thread.join(60)
    assert [report.failed for report in found] == [True]


def test_nothing_is_printed_and_no_signal_is_taken(capfd: pytest.CaptureFixture[str]) -> None:
    # While it runs, Python's own event loop turns SIGINT into KeyboardInterrupt, and puts back what was there.
    during: list[Any] = []

    class Watching(enrich.LogObserver):
        def planned(self, due: int) -> None:
            during.append(signal.getsignal(signal.SIGTERM))

    before = (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM))
    enrich.run("a.md", offline=True, observer=Watching())
    assert during == [before[1]]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    assert capfd.readouterr() == ("", "")


def test_signals_are_taken_where_that_is_asked_for() -> None:
    class Interrupting(enrich.LogObserver):
        def planned(self, due: int) -> None:
            signal.raise_signal(signal.SIGTERM)

    report = enrich.run("a.md", offline=True, takes_signals=True, observer=Interrupting())
    assert not report.run.complete
    assert [warning.code for warning in report.run.warnings] == ["interrupted"]


def test_what_a_person_would_be_told_goes_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "enrich"):
        enrich.run("a.md", offline=True)
    assert "3 targets are due" in caplog.text
    assert "checked broken file-missing file:b.md" in caplog.text


def test_what_strangers_wrote_is_one_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    target = Target(id="url:https://a.example/\x1b[31m\nforged", url="", kind="web", host="a.example")
    with caplog.at_level(logging.DEBUG, "enrich"):
        enrich.LogObserver().warned("a\x1b[31m\nforged")
        enrich.LogObserver().broke(target, ValueError("b\x1b[31m\nforged"))
    warned, broke = (record.message for record in caplog.records)
    assert "forged" in warned
    assert len(warned.splitlines()) == 1
    assert "forged" in broke.splitlines()[0]
    assert "ValueError: b" in broke
    assert "\x1b" not in caplog.text


def test_a_report_is_short_where_it_is_shown() -> None:
    report = enrich.run("a.md", offline=True)
    assert "'broken': 1" in repr(report)
    assert "file:b.md" not in repr(report)


def test_reports_are_written_only_where_reports_dir_says(folder: Path) -> None:
    enrich.run("a.md", offline=True)
    assert {path.name for path in folder.iterdir()} == {"a.md", "cache"}
    first = enrich.run("a.md", offline=True, reports_dir=folder / "out")
    assert first.changes is None
    assert {"latest.json", "latest.html"} <= {path.name for path in (folder / "out").iterdir()}


def test_a_saved_report_is_the_same_report(folder: Path) -> None:
    report = enrich.run("a.md", offline=True)
    report.write(folder / "a.json")
    loaded = enrich.load_report(folder / "a.json")
    names = ("run", "summary", "documents", "targets", "findings", "entries")
    assert [getattr(loaded, name) for name in names] == [getattr(report, name) for name in names]
    assert loaded.failed is None
    assert loaded.render("json") == report.render("json")


def test_a_report_is_written_in_the_format_of_its_suffix(folder: Path) -> None:
    report = enrich.run("a.md", offline=True)
    for name, begin in (
        ("r.md", "#"),
        ("r.csl.json", "["),
        ("r.json", '{"schema_version"'),
        ("r.junit.xml", "<?xml"),
    ):
        report.write(name)
        assert (folder / name).read_text(encoding="utf-8").startswith(begin)
    report.write("r.out", "sarif")
    assert '"version": "2.1.0"' in (folder / "r.out").read_text(encoding="utf-8")
    with pytest.raises(enrich.UsageError, match="names no format"):
        report.write("r.out")
    with pytest.raises(enrich.UsageError, match="no format"):
        report.render("pdf")


# --- settings -----------------------------------------------------------------------------------------


def test_every_setting_of_the_jobs_is_a_keyword() -> None:
    names = {setting.name for setting in SETTINGS if {"run", "check"} & set(setting.commands)}
    assert set(get_type_hints(Options)) == names - OF_THE_COMMAND_LINE
    assert names >= OF_THE_COMMAND_LINE


def test_a_value_may_be_what_python_has_for_it(folder: Path) -> None:
    Path("2020.md").write_text("# 2020-05-01\n\n[x](x.md)\n", encoding="utf-8")
    report = enrich.run(
        folder / "a.md",
        Path("2020.md"),
        since=date(2021, 1, 1),
        deadline=timedelta(minutes=5),
        cache_dir=folder / "memory",
        kind=(kind for kind in ["file"]),
        offline=True,
    )
    assert (report.run.since, report.summary.targets) == ("2021-01-01", 2)
    assert (folder / "memory").is_dir()


def test_what_is_given_by_name_wins_over_file_and_environment(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "enrich.toml").write_text('offline = true\nkind = ["web"]\n', encoding="utf-8")
    monkeypatch.setenv("ENRICH_SINCE", "2019")
    assert {target.kind for target in enrich.run("a.md").targets} == {"web"}
    assert enrich.run("a.md").run.since == "2019"
    assert enrich.run("a.md", since="2020").run.since == "2020"
    assert enrich.run("a.md", kind=None).summary.targets == 1
    assert enrich.run("a.md", kind=[]).summary.targets == 3
    (folder / "other.toml").write_text('kind = ["file"]\n', encoding="utf-8")
    assert enrich.run("a.md", config=folder / "other.toml", offline=True).summary.targets == 2
    assert enrich.run("a.md", config=False, offline=True).summary.targets == 3
    # A flag that a file switches on can be switched off.
    (folder / "enrich.toml").write_text("offline = true\n", encoding="utf-8")
    assert enrich.run("a.md", kind="file", offline=False).run.requests == 0


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"timeout": -1}, "^timeout: must be at least"),
        ({"kind": "paper"}, "^kind: must be one of arxiv"),
        ({"fail_on": ["brokken"]}, "^fail_on: 'brokken' is no status"),
        ({"since": "soon"}, "'soon' is not a date"),
        ({"config": "no-such.toml"}, r"^no-such\.toml: cannot be read"),
    ],
)
def test_wrong_input_is_a_usage_error_that_names_the_place(options: dict[str, Any], told: str) -> None:
    with pytest.raises(enrich.UsageError, match=told):
        enrich.run("a.md", **options)
    assert not Path("cache").exists()


def test_a_path_that_is_not_there_is_a_usage_error() -> None:
    with pytest.raises(enrich.UsageError, match=r"nowhere\.md"):
        enrich.check("nowhere.md")
    with pytest.raises(enrich.UsageError, match=r"nowhere\.json: cannot be read"):
        enrich.load_report("nowhere.json")


@pytest.mark.parametrize("name", [*sorted(OF_THE_COMMAND_LINE), "tomeout"])
def test_a_keyword_that_is_no_setting_is_a_type_error(name: str) -> None:
    with pytest.raises(TypeError, match=rf"enrich\.run\(\) has no setting '{name}'; there are .*timeout"):
        enrich.run("a.md", **{name: "1"})  # type: ignore[arg-type]


def test_a_file_in_the_tree_can_only_narrow_a_check(folder: Path) -> None:
    (folder / "enrich.toml").write_text("allow_private = true\n", encoding="utf-8")
    with pytest.raises(enrich.UsageError, match="does not take this from a file in the tree"):
        enrich.check("a.md", offline=True)


# --- the package --------------------------------------------------------------------------------------


def test_importing_enrich_loads_nothing_that_a_reader_of_texts_does_not_need() -> None:
    code = (
        "import sys, enrich; enrich.extract(''); print(*(name for name in sys.modules if name in sys.argv))"
    )
    unneeded = ["enrich.library", "enrich.model.report", "enrich.config", "anyio", "httpx", "asyncio"]
    ran = subprocess.run(
        [sys.executable, "-c", code, *unneeded], capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == []


def test_the_public_names_are_there_and_no_module_takes_their_place() -> None:
    code = (
        "import enrich; from enrich import *; import enrich.pipeline, enrich.checking, enrich.cli; "
        "print(callable(enrich.check), enrich.extract('https://a.example')[0].url)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["True", "https://a.example"]
    assert all(hasattr(enrich, name) for name in enrich.__all__)
    assert dir(enrich) == sorted(enrich.__all__)
    # PEP 561: without it a type checker believes nothing of the package.
    assert (ROOT / "enrich" / "py.typed").is_file()
    with pytest.raises(AttributeError, match="nobody"):
        enrich.nobody  # type: ignore[attr-defined]  # noqa: B018


def test_a_program_that_uses_enrich_is_type_checked() -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--warn-unused-ignores",
         str(ROOT / "tests" / "library_usage.py")],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert (checked.stdout, checked.returncode) == ("", 0), checked.stderr
