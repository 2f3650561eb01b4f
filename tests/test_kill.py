"""A run that is killed or interrupted loses nothing that it has counted.

With ``-v`` each result is printed after it is stored, so what stands on stderr when the process dies is
what the next run must not ask again.
"""

from __future__ import annotations

import contextlib
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from internet import Internet, Site, command, environment, run_enrich, saved_report
from sites import TOKEN, Arxiv, GitHub, Preprint, Repo, small_web

from enrich.store.sqlite import FILE_NAME

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
def cache(request: pytest.FixtureRequest) -> str | None:
    """The address of the cache where it is on a server, which a test asks for; else it is in the folder of notes."""
    is_on_server = getattr(request, "param", "file") == "server"
    return str(request.getfixturevalue("postgres_url")) if is_on_server else None


@pytest.fixture
def env(internet: Internet, cache: str | None) -> dict[str, str]:
    # A server may take a moment to notice that a client was killed.
    more = {} if cache is None else {"ENRICH_CACHE": cache, "ENRICH_WAIT": "120s"}
    return environment(internet, GITHUB_TOKEN=TOKEN, PYTHONUNBUFFERED="1", **more)


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
    def counted(self) -> list[tuple[str, str, str]]:
        """Id, status and reason of each result that was printed."""
        found = [CHECKED.search(line) for line in list(self.lines)]
        return [(match["id"], match["status"], match["reason"]) for match in found if match]

    @property
    def checked(self) -> list[str]:
        return [id_ for id_, _, _ in self.counted]

    def wait_for(self, count: int) -> None:
        """Until so many results are printed."""
        deadline = time.monotonic() + 120
        while len(self.checked) < count:
            assert self.process.poll() is None, "\n".join(self.lines)
            assert time.monotonic() < deadline, "\n".join(self.lines)
            time.sleep(0.002)

    def die_after(self, seconds: float) -> None:
        """Kill the process then, unless it has come to its end."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        self.process.kill()

    def end(self, number: signal.Signals) -> int:
        """Send a signal and return the exit code, once all that was printed is read."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        code = self.process.wait(timeout=300)
        self._reader.join(timeout=60)
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


@pytest.mark.killloop
@pytest.mark.parametrize("count", [1, pytest.param(20, marks=pytest.mark.smoke), 55])
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


def stored(folder: Path, url: str | None = None) -> set[tuple[str, str, str]]:
    """What the cache remembers of each target that was asked; it is whole, whatever happened to the run."""
    query = "SELECT id, status, reason FROM target WHERE status IS NOT NULL"
    if url is not None:
        return stored_on_server(url, query)
    path = folder / "cache" / FILE_NAME
    if not path.exists():
        return set()
    with contextlib.closing(sqlite3.connect(path)) as cache:
        assert cache.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return set(cache.execute(query))


def stored_on_server(url: str, query: str) -> set[tuple[str, str, str]]:
    import psycopg

    with psycopg.connect(url) as connection:
        if connection.execute("SELECT to_regclass('target')").fetchone() == (None,):
            return set()
        twice = connection.execute(
            "SELECT run_id, target_id FROM checks GROUP BY 1, 2, at HAVING count(*) > 1"
        ).fetchall()
        assert twice == []
        return set(connection.execute(query.encode()).fetchall())  # type: ignore[arg-type]


def new_notes(folder: Path, number: int) -> set[str]:
    """Notes whose links no run has met; their ids."""
    urls = [f"{page}/{number}/{n}" for page in PAGES for n in range(12)]
    (folder / "notes.md").write_text("# Notes\n\n" + "\n".join(f"- <{url}>" for url in urls) + "\n")
    return {f"url:{url}" for url in urls}


@pytest.mark.killloop
@pytest.mark.parametrize(
    ("cache", "kills"),
    [
        ("file", 4),
        ("server", 3),
        pytest.param("file", 120, marks=pytest.mark.soak),
        pytest.param("server", 120, marks=pytest.mark.soak),
    ],
    indirect=["cache"],
)
def test_a_job_that_is_killed_again_and_again_loses_nothing_and_gets_done(
    start: Start,
    folder: Path,
    internet: Internet,
    cache: str | None,
    record_testsuite_property: Callable[[str, object], None],
    kills: int,
) -> None:
    """At random moments, from the start of the process and from its first result in turn.

    Whatever was printed before a kill stands in the store after it, is not asked again, and together with what
    later runs print is all there is. A report that lies there is always a whole one.
    """
    dice, killed, rounds, lines = random.Random(4), 0, 0, 0
    while killed < kills:
        rounds, counted = rounds + 1, set[tuple[str, str, str]]()
        wanted, begun = new_notes(folder, rounds), len(internet.asked())
        done = False
        while not done:
            run, before = start(), len(internet.asked())
            if killed < kills:
                if killed % 2:
                    # What the last run did before it was killed may have been all there was.
                    wait_until(lambda run=run: run.checked or run.process.poll() is not None)  # type: ignore[misc]
                run.die_after(dice.uniform(0.02, 3.0))
            code = run.wait()
            assert code in (0, -signal.SIGKILL), "\n".join(run.lines)
            done = code == 0
            killed += not done
            assert asked_for(internet, before) & {id_ for id_, _, _ in counted} == set()
            counted |= set(run.counted)
            lines += len(run.counted)
            assert counted <= stored(folder, cache)
            if (folder / "reports" / "latest.json").exists():
                saved_report(folder)
        # Some may have been stored in the moment of a kill, before they could be printed.
        assert {id_ for id_, _, _ in counted} <= wanted == asked_for(internet, begun)
        assert set(statuses(folder)) == wanted
        assert saved_report(folder)["run"]["complete"] is True
    record_testsuite_property("kills", killed)
    record_testsuite_property("jobs", rounds)
    record_testsuite_property("results", lines)


def asked_for(internet: Internet, start: int) -> set[str]:
    """The targets that were asked for; a host's robots.txt is none."""
    return {f"url:{asked.url}" for asked in internet.asked()[start:] if asked.path != "/robots.txt"}


DIES = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
import anyio
from enrich.store.sqlite import SqliteStore

ticks, last = 0, int(sys.argv[2])

def tick():
    global ticks
    ticks += 1
    if ticks == last:
        os.kill(os.getpid(), signal.SIGKILL)

async def prune():
    async with SqliteStore(Path(sys.argv[1])) as store:
        store._connection.set_progress_handler(tick, 100)
        print(await store.prune(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)), ticks)

anyio.run(prune)
"""


def prune(path: Path, ticks: int) -> subprocess.CompletedProcess[str]:
    """Prune a cache, and be killed within it after so many times a hundred steps of the database; 0 for never."""
    command = [sys.executable, "-c", DIES, str(path), str(ticks)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)


@pytest.mark.killloop
def test_a_kill_while_the_cache_is_pruned_leaves_it_whole(tmp_path: Path) -> None:
    path, template = tmp_path / FILE_NAME, tmp_path / "template"
    assert prune(path, 0).stdout.startswith("0 ")
    with contextlib.closing(sqlite3.connect(path)) as cache:
        cache.executemany(
            "INSERT INTO target (id, url, kind, host, run_id, seen_at, detail) VALUES (?, 'u', 'web', 'h', 'r', ?, ?)",
            [(f"url:{number}", number % 2 * 4_000_000_000_000, "x" * 500) for number in range(4000)],
        )
        cache.commit()
    shutil.copy(path, template)
    forgotten, ticks = map(int, prune(path, 0).stdout.split())
    assert forgotten == 2000
    seen = set()
    for part in (0.01, 0.2, 0.4, 0.6, 0.8, 0.99):
        shutil.copy(template, path)
        assert prune(path, round(ticks * part) or 1).returncode == -signal.SIGKILL
        with contextlib.closing(sqlite3.connect(path)) as cache:
            assert cache.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            seen.add(cache.execute("SELECT count(*) FROM target").fetchone()[0])
        assert prune(path, 0).returncode == 0
    assert seen == {4000, 2000}, "killed before the rows were gone, and while the file was made smaller"
    assert not list(tmp_path.glob("*corrupt*"))


def test_what_is_under_way_when_the_interrupt_comes_is_finished_and_kept(
    start: Start, folder: Path, internet: Internet
) -> None:
    # The first link of one host has moved, so that HEAD and GET take four answers.
    internet.delay_seconds = 0.5
    run = start()
    wait_until(lambda: all(internet.asked(f"page-{n}.example") for n in range(6)))
    assert run.end(signal.SIGTERM) == 143
    assert len([id_ for id_ in run.checked if "page-" in id_]) >= 6
    assert set(run.counted) <= stored(folder)
    assert saved_report(folder)["run"]["complete"] is False


def test_a_second_interrupt_ends_at_once(start: Start, folder: Path, internet: Internet) -> None:
    internet.delay_seconds = 30
    run = start()
    wait_until(lambda: len(internet.asked()) >= 6)
    begun = time.monotonic()
    run.process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert run.process.poll() is None
    # Two signals that come while the program stands still are one to it.
    while run.process.poll() is None:
        run.process.send_signal(signal.SIGINT)
        time.sleep(0.1)
    assert run.wait() == 130
    if time.monotonic() - begun < 5:
        assert not (folder / "reports" / "latest.json").exists(), "after the first alone there would be one"
    stored(folder)


def wait_until(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + 120
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


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
    # It goes on for as long as the second takes to begin.
    internet.delay_seconds = 60
    second = run_enrich(["run", "notes.md"], folder, env)
    assert second.returncode == 4
    assert str(first.process.pid) in second.stderr
    assert "--wait" in second.stderr
    first.end(signal.SIGKILL)


def test_a_run_can_wait_for_another(
    start: Start, folder: Path, internet: Internet, env: dict[str, str]
) -> None:
    first = start()
    first.wait_for(1)
    second = run_enrich(["run", "notes.md", "--wait", "300s"], folder, env)
    assert second.returncode == 0, second.stderr
    assert first.wait() == 0
    assert saved_report(folder)["run"]["requests"] == 0


def test_a_deadline_ends_a_run_and_the_next_goes_on(
    folder: Path, internet: Internet, env: dict[str, str]
) -> None:
    settings = folder / "enrich.toml"
    quick = settings.read_text()
    # Two pages a minute of each host: a quick machine has not all answers at the end, and a slow one has more time.
    settings.write_text(quick.replace("0.1", "30.0"))
    counted: list[str] = []
    for seconds in (4, 16, 64):
        first = run_enrich(["run", "notes.md", "--deadline", f"{seconds}s", "-v"], folder, env)
        assert first.returncode == 3, first.stderr
        counted += [match["id"] for line in first.stderr.splitlines() if (match := CHECKED.search(line))]
        if counted:
            break
    settings.write_text(quick)
    report = saved_report(folder)
    assert report["run"]["complete"] is False
    assert {row["reason"] for row in report["targets"] if row["status"] == "skipped"} == {"not-reached"}
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
    arguments = (
        "run",
        "notes.md",
        "-v",
        "--no-progress",
        "--refresh",
        "--retries",
        "0",
        "--network-wait",
        "5s",
    )
    with subprocess.Popen(
        command(*arguments), cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        if first == "nobody reads":
            process.stderr.close()
        deadline = time.monotonic() + 120
        while len(internet.tunnels) < tunnels and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.001)
        internet.close()
        process.stderr.close()
        try:
            process.wait(120)
        finally:
            process.kill()


def test_a_network_that_dies_in_mid_run_changes_no_verdict(
    start: Start, folder: Path, internet: Internet, env: dict[str, str]
) -> None:
    assert run_enrich(["run", "notes.md"], folder, env).returncode == 0
    before = statuses(folder)
    second = start("--refresh", "--retries", "0", "--network-wait", "2s")
    second.wait_for(30)
    internet.close()
    assert second.wait() == 3
    assert statuses(folder) == before
    assert {
        row["failed_checks"] for row in saved_report(folder)["targets"] if row["status"] != "broken"
    } == {0}
