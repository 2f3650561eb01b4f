"""Where output goes, and what becomes of a run whose reader has had enough or whose disk is full."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ENRICH = [sys.executable, "-m", "enrich"]


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    for number in range(300):
        links = "".join(f"<https://a.example/{number}/{link}>\n\n" for link in range(40))
        (folder / f"{number:03}.md").write_text(links, encoding="utf-8")
    return tmp_path


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", command.replace("enrich", " ".join(ENRICH), 1)],
        cwd=folder, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    "command", ["links notes", "links notes --format jsonl", "config --codes", "run notes --offline"]
)
def test_a_reader_that_has_had_enough_is_no_failure(notes: Path, command: str) -> None:
    done = shell(f"enrich {command} | head -1; exit ${{PIPESTATUS[0]}}", notes)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr


@pytest.mark.parametrize("command", ["links notes", "config", "run notes --offline"])
def test_a_full_output_is_said_and_no_crash(notes: Path, command: str) -> None:
    done = shell(f"enrich {command} > /dev/full", notes)
    assert done.returncode == 3, done.stderr
    assert "error: " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("away", ["2> /dev/full", "2>&-", ">&-", "<&- >&- 2>&-"])
def test_a_run_to_which_nobody_listens_does_its_work(notes: Path, away: str) -> None:
    done = shell(f"enrich run notes/000.md --offline {away}", notes)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    assert_is_reported(notes)


def test_a_run_whose_remarks_have_been_read_enough_does_its_work(notes: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*ENRICH, "run", "notes/000.md", "--offline"], cwd=notes, stderr=writer, check=False
    )
    os.close(writer)
    assert done.returncode == 0
    assert_is_reported(notes)


def assert_is_reported(folder: Path) -> None:
    report = json.loads((folder / "reports" / "latest.json").read_text(encoding="utf-8"))
    assert (report["run"]["complete"], len(report["targets"])) == (True, 40)


def test_remarks_that_nobody_hears_do_not_get_among_the_data(notes: Path) -> None:
    done = shell("enrich run notes/000.md --offline -v --format json 2>&-", notes)
    assert len(json.loads(done.stdout)["targets"]) == 40


@pytest.mark.parametrize(
    "option", ["--output missing/x.json", "--output notes", "--cache-dir file", "--reports-dir file"]
)
def test_a_place_that_cannot_be_written_to_is_said_before_the_work(notes: Path, option: str) -> None:
    (notes / "file").touch()
    done = shell(f"enrich run notes --offline {option}", notes)
    assert done.returncode == 2, done.stderr
    assert sorted(path.name for path in notes.iterdir()) == ["file", "notes"]


@pytest.mark.parametrize("delay", [0.2, 0.35, 0.5, 0.7])
def test_an_interrupt_at_any_moment_ends_with_130_and_a_sound_cache(notes: Path, delay: float) -> None:
    process = subprocess.Popen(
        [*ENRICH, "run", "notes", "--offline"], cwd=notes, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    time.sleep(delay)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=300)
    # 0: it was done before the signal came; -2: Python itself had not begun. Never a crash of the interpreter.
    assert process.returncode in (0, 130, -signal.SIGINT), stderr.decode()
    again = shell("enrich run notes --offline -q", notes)
    assert again.returncode == 0, again.stderr
