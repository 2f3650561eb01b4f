"""Real faults of disks and pipes: a clear error, the old report as it was, and a cache that goes on.

Each fault is the operating system's own: a file system that is full, a limit on file sizes, a device that takes
nothing, a folder that may not be written to, a sync that fails at the k-th call.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from internet import Internet, command, environment, saved_report
from requirements import require
from sites import small_web

from enrich.errors import StorageError
from enrich.store.opening import open_cache

pytestmark = pytest.mark.faults

LINKS = [f"https://page-{n % 6}.example/words/{n}" for n in range(60)]
INCOMPLETE = 3
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def internet(tmp_path: Path) -> Iterator[Internet]:
    with Internet(tmp_path / "authority", small_web()) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    work = tmp_path / "work"
    work.mkdir()
    (work / "enrich.toml").write_text("host_interval = 0.0\n")
    (work / "notes.md").write_text("".join(f"- <{url}>\n" for url in LINKS))
    return work


@pytest.fixture
def run(folder: Path, internet: Internet) -> Run:
    def begin(
        *options: str, env: dict[str, str] | None = None, limit_bytes: int | None = None
    ) -> subprocess.CompletedProcess[str]:
        def limited() -> None:
            if limit_bytes is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))

        return subprocess.run(
            command("run", "notes.md", "-v", "--no-progress", "--refresh", *options),
            cwd=folder,
            env=environment(internet) | (env or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=300,
            check=False,
            preexec_fn=limited,
        )

    return begin


def counted(done: subprocess.CompletedProcess[str]) -> set[str]:
    """The ids of the results that were shown."""
    return {line.split()[3] for line in done.stderr.splitlines() if line.startswith("checked ")}


def stored(cache: Path) -> set[str]:
    """The ids of the results that are in the cache, which is sound."""
    with sqlite3.connect(cache / "enrich.sqlite3") as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        rows = {row[0] for row in db.execute("SELECT DISTINCT target_id FROM checks")}
    db.close()
    return rows


def assert_said(done: subprocess.CompletedProcess[str]) -> None:
    """An error for a person: the exit code, a place, no traceback."""
    assert done.returncode == INCOMPLETE, done.stderr
    assert "error: " in done.stderr
    assert "Traceback" not in done.stderr


# --- full disks -------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB."""
    require("root", os.geteuid() == 0, "only root may mount a file system")
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "enrich-tests", str(place)],
        capture_output=True,
        check=False,
    )
    require("mount", mounted.returncode == 0, f"no file system can be mounted: {mounted.stderr.decode()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_is_full_of_cache_is_said_and_what_was_counted_is_there(
    run: Run, folder: Path, small_disk: Path
) -> None:
    first = run()
    assert first.returncode == 0, first.stderr
    shutil.copytree(folder / "cache", small_disk / "cache")
    (small_disk / "ballast").write_bytes(bytes(_free(small_disk) - 70_000))
    second = run("--cache-dir", str(small_disk / "cache"))
    assert_said(second)
    assert "disk" in second.stderr
    assert counted(second) <= stored(small_disk / "cache")
    assert len(saved_report(folder)["targets"]) == len(LINKS)
    (small_disk / "ballast").unlink()
    third = run("--cache-dir", str(small_disk / "cache"))
    assert third.returncode == 0, third.stderr


def _free(place: Path) -> int:
    state = os.statvfs(place)
    return state.f_bavail * state.f_frsize


@pytest.mark.parametrize("free_bytes", [0, 16_384])
def test_a_cache_that_does_not_fit_from_the_first_leaves_nothing_half(
    run: Run, small_disk: Path, free_bytes: int
) -> None:
    cache = small_disk / "cache"
    cache.mkdir()
    (small_disk / "ballast").write_bytes(bytes(_free(small_disk) - free_bytes))
    done = run("--cache-dir", str(cache), "--offline")
    assert_said(done)
    assert "is the disk full" in done.stderr or "No space left" in done.stderr
    assert "cache clear" not in done.stderr
    names = {left.name for left in cache.iterdir()}
    assert not {name for name in names if name.startswith(".") or "new" in name or "corrupt" in name}
    (small_disk / "ballast").unlink()
    again = run("--cache-dir", str(cache))
    assert again.returncode == 0, again.stderr
    assert not list(cache.glob("*corrupt*"))


def test_however_little_room_there_is_no_cache_is_left_half_made(small_disk: Path) -> None:
    """A log that could not be carried over into its database left one that was damaged."""
    path = small_disk / "cache" / "enrich.sqlite3"
    said = set()
    for blocks in range(50):
        path.parent.mkdir()
        (small_disk / "ballast").write_bytes(bytes(_free(small_disk) - 4096 * blocks))
        try:
            connection, aside = open_cache(path)
        except StorageError as error:
            said.add(str(error))
        else:
            assert aside is None
            connection.close()
        assert not list(path.parent.glob("*.new*"))
        (small_disk / "ballast").unlink()
        connection, aside = open_cache(path)
        connection.close()
        assert aside is None, f"{blocks} blocks"
        shutil.rmtree(path.parent)
    assert said
    assert all("is the disk full?" in why for why in said)


def test_a_report_that_does_not_fit_leaves_the_old_one(run: Run, folder: Path, small_disk: Path) -> None:
    reports = small_disk / "reports"
    assert run("--reports-dir", str(reports), "--keep", "1").returncode == 0
    before = (reports / "latest.json").read_bytes()
    (small_disk / "ballast").write_bytes(bytes(_free(small_disk) - 8192))
    done = run("--reports-dir", str(reports), "--keep", "1")
    assert_said(done)
    assert (reports / "latest.json").read_bytes() == before
    assert not list(reports.glob(".*.part"))
    assert counted(done) == stored(folder / "cache"), "what was found out is not lost with its report"


@pytest.mark.parametrize(
    "limit_bytes", [0, 20_000, pytest.param(60_000, marks=pytest.mark.soak), 1_000_000]
)
def test_a_limit_on_file_sizes_is_said_and_nothing_is_half(
    run: Run, folder: Path, limit_bytes: int
) -> None:
    assert run().returncode == 0
    before = (folder / "reports" / "latest.json").read_bytes()
    done = run(limit_bytes=limit_bytes)
    if done.returncode == 0:
        assert limit_bytes == 1_000_000
    else:
        assert_said(done)
        assert (folder / "reports" / "latest.json").read_bytes() == before
    assert counted(done) <= stored(folder / "cache")
    json.loads((folder / "reports" / "latest.json").read_text(encoding="utf-8"))
    assert not list((folder / "reports").glob(".*.part"))
    again = run()
    assert again.returncode == 0, again.stderr


@pytest.mark.parametrize("form", ["text", "json", pytest.param("markdown", marks=pytest.mark.soak)])
def test_an_output_that_takes_nothing_is_said(run: Run, folder: Path, form: str) -> None:
    done = run("--format", form, "--output", "/dev/full")
    assert_said(done)
    assert len(saved_report(folder)["targets"]) == len(LINKS), "the report files were written before"


# --- folders that may not be written to -------------------------------------------------------------


@pytest.mark.parametrize("which", ["cache", "reports"])
def test_a_folder_that_may_not_be_written_to_is_said(run: Run, folder: Path, which: str) -> None:
    assert run().returncode == 0
    before = (folder / "reports" / "latest.json").read_bytes()
    place = folder / which
    if os.geteuid() == 0:
        # Nothing but a read-only mount stops root.
        mounted = subprocess.run(
            ["mount", "--bind", "-o", "ro", place, place], capture_output=True, check=False
        )
        require("mount", mounted.returncode == 0, f"no folder can be mounted: {mounted.stderr.decode()}")
        subprocess.run(["mount", "-o", "remount,bind,ro", place], capture_output=True, check=True)
    else:
        place.chmod(0o500)
    try:
        done = run()
    finally:
        if os.geteuid() == 0:
            subprocess.run(["umount", place], check=True)
        else:
            place.chmod(0o700)
    assert done.returncode in (2, INCOMPLETE), done.stderr
    assert f"error: {which}" in done.stderr
    assert "Traceback" not in done.stderr
    assert (folder / "reports" / "latest.json").read_bytes() == before
    assert run().returncode == 0


# --- syncs that fail --------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def failing_fsync(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library whose fsync fails when it is told to."""
    compiler = shutil.which("cc")
    require("cc", compiler is not None, "no C compiler to make fsync fail with")
    assert compiler is not None
    library = tmp_path_factory.mktemp("shim") / "failing_fsync.so"
    source = Path(__file__).with_name("failing_fsync.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    return library


def _with_failing_fsync(run: Run, folder: Path, library: Path, number: int, *, forever: bool) -> None:
    """A run in which the ``number``-th sync fails: it says so, or it did not need that one."""
    env = {"LD_PRELOAD": str(library), "FAIL_FSYNC": str(number)}
    before = (folder / "reports" / "latest.json").read_bytes()
    done = run(env=env | ({"FAIL_FSYNC_FOREVER": "1"} if forever else {}))
    assert counted(done) <= stored(folder / "cache"), f"call {number}"
    assert not list((folder / "reports").glob(".*.part"))
    after = (folder / "reports" / "latest.json").read_bytes()
    if done.returncode == 0:
        # SQLite tries again at the next checkpoint; till then the log beside the database has everything.
        # A run that went on where one had failed asks the rest alone.
        assert len(stored(folder / "cache")) == len(LINKS), f"call {number}"
        assert json.loads(after)["run"]["complete"]
        return
    assert_said(done)
    assert after == before or json.loads(after)["run"]["complete"]


@pytest.mark.parametrize("number", [1, 3])
def test_a_sync_that_fails_is_said_and_what_was_counted_is_there(
    run: Run, folder: Path, failing_fsync: Path, number: int
) -> None:
    assert run().returncode == 0
    _with_failing_fsync(run, folder, failing_fsync, number, forever=number == 3)
    again = run()
    assert again.returncode == 0, again.stderr


@pytest.mark.soak
@pytest.mark.parametrize("forever", [False, True], ids=["once", "from-then-on"])
def test_a_sync_that_fails_at_any_call_is_survived(
    run: Run, folder: Path, failing_fsync: Path, forever: bool
) -> None:
    counts = folder / "counts"
    assert run(env={"LD_PRELOAD": str(failing_fsync), "COUNT_FSYNC": str(counts)}).returncode == 0
    calls = int(counts.read_text())
    assert calls > 5
    for number in range(1, calls + 1):
        _with_failing_fsync(run, folder, failing_fsync, number, forever=forever)
    assert run().returncode == 0
