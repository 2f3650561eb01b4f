"""A run that is killed or interrupted loses nothing that it has counted.

With ``-v`` each result is printed after it is stored, so what stands on stderr when the process dies is
what the next run must not ask again.
"""

from __future__ import annotations

import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from internet import Internet, Site, command, environment, run_enrich, saved_report
from sites import TOKEN, Arxiv, GitHub, Preprint, Repo, small_web

CHECKED = re.compile(r"checked (?P<status>\S+) (?P<reason>\S+) (?P<id>\S+)$")
PAGES = [f"https://page-{n}.example/words" for n in range(6)]
MANY = [f"{page}/{n}" for page in PAGES for n in range(8)]
PAPERS = [f"https://arxiv.org/abs/2101.{n:05}" for n in range(1, 9)]
REPOSITORIES = [f"https://github.com/owner-{n}/project-{n}" for n in range(8)]
TROUBLES = ["https://page-0.example/gone-for-good", "https://page-1.example/moved"]
LINKS = MANY + PAPERS + REPOSITORIES + TROUBLES
SITES: dict[str, Site] = {
    **small_web(),
    "export.arxiv.org": Arxiv({url[-10:]: Preprint(url[-10:], "A paper") for url in PAPERS}).api,
    "api.github.com": GitHub({url[19:]: Repo(url[19:], n) for n, url in enumerate(REPOSITORIES)}).api,
}


@pytest.fixture
def internet(tmp_path: Path) -> Iterator[Internet]:
    with Internet(tmp_path / "authority", SITES) as running:
        running.delay_seconds = 0.02
        yield running


@pytest.fixture
def env(internet: Internet) -> dict[str, str]:
    return environment(internet, GITHUB_TOKEN=TOKEN, PYTHONUNBUFFERED="1")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Notes whose check takes a second or two: eight pages of each host, one after another."""
    notes = tmp_path / "work"
    notes.mkdir()
    (notes / "enrich.toml").write_text("host_concurrency = 1\nhost_interval = 0.1\n")
    (notes / "notes.md").write_text("# Notes\n\n" + "\n".join(f"- <{url}>" for url in LINKS) + "\n")
    return notes


class Started:
    """A run in progress. ``checked`` holds the ids of the lines that it has printed."""

    def __init__(self, folder: Path, env: dict[str, str], *options: str) -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            command("run", "notes.md", "-v", "--no-progress", *options),
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line.rstrip("\n"))

    @property
    def checked(self) -> list[str]:
        return [match["id"] for line in list(self.lines) if (match := CHECKED.search(line))]

    def wait_for(self, count: int) -> None:
        """Until so many results are printed."""
        deadline = time.monotonic() + 30
        while len(self.checked) < count:
            assert self.process.poll() is None, "\n".join(self.lines)
            assert time.monotonic() < deadline, "\n".join(self.lines)
            time.sleep(0.002)

    def end(self, number: signal.Signals) -> int:
        """Send a signal and return the exit code, once all that was printed is read."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        code = self.process.wait(timeout=30)
        self._reader.join(timeout=10)
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code


Start = Callable[..., Started]


@pytest.fixture
def start(folder: Path, env: dict[str, str]) -> Iterator[Start]:
    """Starts runs in the folder of notes; none outlives its test."""
    with ExitStack() as running:

        def begin(*options: str) -> Started:
            started = Started(folder, env, *options)
            running.callback(started.end, signal.SIGKILL)
            return started

        yield begin


def asks_for(identifier: str, internet: Internet, start: int) -> list[str]:
    """The requests from number ``start`` on that ask for a target, by its own address or in a batch."""
    kind, _, name = identifier.partition(":")
    return [
        f"{asked.method} {asked.url}"
        for asked in internet.asked()[start:]
        if names_target(kind, name, asked.url, asked.body.decode().replace('\\"', '"'))
    ]


def names_target(kind: str, name: str, url: str, body: str) -> bool:
    if kind == "arxiv":
        return name in url + body
    if kind == "github":
        return name in url or all(f'"{part}"' in body for part in name.split("/"))
    return url == name


def statuses(folder: Path) -> dict[str, str]:
    return {row["id"]: row["status"] for row in saved_report(folder)["targets"]}


@pytest.mark.parametrize("count", [1, 10, pytest.param(20, marks=pytest.mark.smoke), 35, 55])
def test_what_was_counted_before_a_kill_is_not_asked_again(
    start: Start, folder: Path, internet: Internet, env: dict[str, str], count: int
) -> None:
    first = start()
    first.wait_for(count)
    assert first.end(signal.SIGKILL) == -signal.SIGKILL
    before = len(internet.asked())
    counted = first.checked
    assert count <= len(counted)

    again = run_enrich(["run", "notes.md"], folder, env)
    assert again.returncode == 0, again.stderr
    asked_again = {name: asks for name in counted if (asks := asks_for(name, internet, before))}
    assert asked_again == {}
    found = statuses(folder)
    assert len(found) == len(LINKS)
    assert [name for name in found if name not in counted and asks_for(name, internet, before)] != []
    assert {name: status for name, status in found.items() if status != "ok"} == {
        "url:https://page-0.example/gone-for-good": "broken",
        "url:https://page-1.example/moved": "redirected",
    }
    assert saved_report(folder)["run"]["complete"] is True


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_leaves_a_report_that_says_it_is_not_complete(
    start: Start, folder: Path, internet: Internet, env: dict[str, str], number: signal.Signals, code: int
) -> None:
    first = start()
    first.wait_for(12)
    assert first.end(number) == code, "\n".join(first.lines)
    assert "Traceback" not in "\n".join(first.lines)
    report = saved_report(folder)
    assert report["run"]["complete"] is False
    assert len(report["targets"]) == len(LINKS)
    by_id = {row["id"]: row for row in report["targets"]}
    assert {by_id[name]["status"] for name in first.checked} <= {"ok", "broken", "redirected"}
    missing = {row["reason"] for row in report["targets"] if row["status"] == "skipped"}
    assert missing == {"not-reached"}

    before = len(internet.asked())
    assert run_enrich(["run", "notes.md"], folder, env).returncode == 0
    assert {name for name in first.checked if asks_for(name, internet, before)} == set()
    assert saved_report(folder)["run"]["complete"] is True


def test_a_kill_leaves_the_old_report_whole(
    start: Start, folder: Path, internet: Internet, env: dict[str, str]
) -> None:
    assert run_enrich(["run", "notes.md"], folder, env).returncode == 0
    old = saved_report(folder)
    (folder / "notes.md").write_text("\n".join(f"- <{page}/new/{n}>" for page in PAGES for n in range(8)))
    second = start()
    second.wait_for(5)
    second.end(signal.SIGKILL)
    assert saved_report(folder) == old


def test_a_killed_run_does_not_hold_the_cache(
    start: Start, folder: Path, internet: Internet, env: dict[str, str]
) -> None:
    first = start()
    first.wait_for(1)
    first.end(signal.SIGKILL)
    done = run_enrich(["run", "notes.md", "--offline"], folder, env)
    assert done.returncode in (0, 3), done.stderr


def test_two_runs_at_once_on_one_cache_are_refused(
    start: Start, folder: Path, internet: Internet, env: dict[str, str]
) -> None:
    first = start()
    first.wait_for(1)
    second = run_enrich(["run", "notes.md"], folder, env)
    assert second.returncode == 4
    assert str(first.process.pid) in second.stderr
    assert "--wait" in second.stderr
    first.end(signal.SIGINT)


def test_a_run_can_wait_for_another(
    start: Start, folder: Path, internet: Internet, env: dict[str, str]
) -> None:
    first = start()
    first.wait_for(1)
    second = run_enrich(["run", "notes.md", "--wait", "30s"], folder, env)
    assert second.returncode == 0, second.stderr
    assert first.wait() == 0
    assert saved_report(folder)["run"]["requests"] == 0


def test_a_deadline_ends_a_run_and_the_next_goes_on(
    folder: Path, internet: Internet, env: dict[str, str]
) -> None:
    first = run_enrich(["run", "notes.md", "--deadline", "1s", "-v"], folder, env)
    assert first.returncode == 3, first.stderr
    report = saved_report(folder)
    assert report["run"]["complete"] is False
    assert {row["reason"] for row in report["targets"] if row["status"] == "skipped"} == {"not-reached"}
    counted = [match["id"] for line in first.stderr.splitlines() if (match := CHECKED.search(line))]
    assert counted
    before = len(internet.asked())
    assert run_enrich(["run", "notes.md"], folder, env).returncode == 0
    assert [name for name in counted if asks_for(name, internet, before)] == []
    assert "skipped" not in statuses(folder).values()


@pytest.mark.soak
@pytest.mark.parametrize("tunnels", [1, 3, 5, 6, 8])
@pytest.mark.parametrize("first", ["nobody reads", "nobody answers"])
def test_a_run_ends_when_its_network_and_its_reader_are_gone(
    folder: Path, internet: Internet, env: dict[str, str], tunnels: int, first: str
) -> None:
    """Such a run once spun for hours: a thread came to ask after everything had been cancelled."""
    arguments = ("run", "notes.md", "-v", "--no-progress", "--refresh", "--retries", "0")
    with subprocess.Popen(
        command(*arguments), cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        if first == "nobody reads":
            process.stderr.close()
        deadline = time.monotonic() + 20
        while len(internet.tunnels) < tunnels and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.001)
        internet.close()
        process.stderr.close()
        try:
            process.wait(60)
        finally:
            process.kill()


def test_a_network_that_dies_in_mid_run_changes_no_verdict(
    start: Start, folder: Path, internet: Internet, env: dict[str, str]
) -> None:
    assert run_enrich(["run", "notes.md"], folder, env).returncode == 0
    before = statuses(folder)
    second = start("--refresh", "--retries", "0")
    second.wait_for(30)
    internet.close()
    assert second.wait() == 3
    assert statuses(folder) == before
    assert {
        row["failed_checks"] for row in saved_report(folder)["targets"] if row["status"] != "broken"
    } == {0}
