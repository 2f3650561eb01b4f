"""A signal ends the program at once and without a word of Python's, whatever it is at; the next run goes on.

Where it matters what is under way, the signal is sent by what is under way itself, which then never ends by itself: who
comes out of it was broken off, however slow the machine is.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import anyio
import pyte
import pytest
from internet import PROJECT, Internet, environment, run_enrich, saved_report
from sites import small_web

import enrich
from enrich.interrupts import SAME_SECONDS, Ears, Interrupted, exit_code_of
from enrich.store.sqlite import FILE_NAME

CODES = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
WORDS = "https://page-{}.example/words"
# Python turns Ctrl-C into an exception unless it was begun with SIGINT ignored, as scripts do in the background.
BEGIN = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
number = signal.Signals(int(sys.argv.pop(1)))
"""
MAIN = """
from enrich.__main__ import main
main()
"""
WHILE_READ = """
import enrich.collect

def endless(*_):
    signal.raise_signal(number)
    while True:
        pass

enrich.collect.{} = endless
"""
WHILE_REPORTED = """
from enrich.store.report_rows import StoredRows

once = StoredRows.targets
passes = []

def endless(rows):
    passes.append(rows)
    yield from once(rows)
    if len(passes) > 1:
        os.kill(os.getpid(), number)
        while True:
            yield from once(rows)

StoredRows.targets = endless
"""
WHILE_IMPORTED = """
def interrupt(event, details):
    if event == "import" and details[0] == sys.argv[1]:
        os.kill(os.getpid(), number)

sys.addaudithook(interrupt)
"""


def interrupted(
    program: str, number: signal.Signals, folder: Path, env: dict[str, str], *arguments: str
) -> tuple[int, str]:
    """The exit code of the program, which interrupts itself, and what it said."""
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + program + MAIN, str(int(number)), *arguments],
        cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", timeout=120, check=False,
    )  # fmt: skip
    assert done.stdout == ""
    return done.returncode, done.stderr


@pytest.fixture
def internet(tmp_path: Path) -> Iterator[Internet]:
    with Internet(tmp_path / "authority", small_web()) as running:
        yield running


@pytest.fixture
def env(internet: Internet) -> dict[str, str]:
    return environment(internet)


@pytest.fixture
def notes(folder: Path, env: dict[str, str]) -> Path:
    """Two notes that a run has reported."""
    for number in range(2):
        (folder / f"{number}.md").write_text(f"# A note\n\n- <{WORDS.format(number)}>\n")
    done = run_enrich(["run"], folder, env)
    assert done.returncode == 0, done.stderr
    return folder


def reports(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "reports").iterdir()}


@pytest.mark.parametrize(("number", "code"), CODES)
@pytest.mark.parametrize("step", ["are_unchanged", "found_document"])
def test_a_signal_breaks_off_the_reading_of_notes_and_leaves_the_last_report(
    notes: Path, env: dict[str, str], internet: Internet, step: str, number: signal.Signals, code: int
) -> None:
    if step == "found_document":
        (notes / "0.md").write_text(f"# A note\n\n- <{WORDS.format(2)}>\n")
    before, asked = reports(notes), len(internet.asked())
    found = interrupted(WHILE_READ.format(step), number, notes, env, "run", "--no-progress")
    assert found == (
        code,
        "warning: interrupted before all notes were read: there is no new report, and the next run goes on\n",
    )
    assert reports(notes) == before
    with contextlib.closing(sqlite3.connect(notes / "cache" / FILE_NAME)) as cache:
        assert cache.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        # An empty key says that what was only compared stands.
        keys = [key for (key,) in cache.execute("SELECT key FROM gathered")]
    assert ("" in keys) is (step == "are_unchanged")
    again = run_enrich(["run"], notes, env)
    assert again.returncode == 0, again.stderr
    told = saved_report(notes)
    assert (told["run"]["complete"], len(told["documents"]), len(told["targets"])) == (True, 2, 2)
    urls = {one.url for one in internet.asked()[asked:] if "page-" in one.host}
    assert urls == ({WORDS.format(2)} if step == "found_document" else set())


def test_a_signal_while_notes_are_read_lets_go_of_a_cache_on_a_server(
    folder: Path, internet: Internet, postgres_url: str
) -> None:
    (folder / "0.md").write_text(f"# A note\n\n- <{WORDS.format(0)}>\n")
    env = environment(internet, ENRICH_CACHE=postgres_url)
    code, said = interrupted(
        WHILE_READ.format("found_document"), signal.SIGTERM, folder, env, "run", "--no-progress"
    )
    assert (code, len(said.splitlines())) == (143, 1), said
    # Without --wait a cache that is still held is an error.
    again = run_enrich(["run"], folder, env)
    assert again.returncode == 0, again.stderr


@pytest.mark.parametrize(("number", "code"), CODES)
def test_a_signal_breaks_off_the_writing_of_a_report_and_the_next_run_writes_it(
    notes: Path, env: dict[str, str], internet: Internet, number: signal.Signals, code: int
) -> None:
    (notes / "0.md").write_text(f"# A note\n\n- <{WORDS.format(2)}>\n")
    before = reports(notes)
    found = interrupted(WHILE_REPORTED, number, notes, env, "run", "--no-progress")
    assert found == (
        code,
        "warning: interrupted while the report was written: all answers are stored, and the next run reports them\n",
    )
    assert reports(notes) == before
    asked = len(internet.asked())
    assert run_enrich(["run"], notes, env).returncode == 0
    assert {row["url"] for row in saved_report(notes)["targets"]} == {WORDS.format(1), WORDS.format(2)}
    assert [one.url for one in internet.asked()[asked:] if "page-" in one.host] == []


@pytest.mark.parametrize("module", ["click", "enrich.cli.jobs", "enrich.interrupts", "enrich.documents"])
def test_a_signal_while_modules_are_loaded_is_answered_by_nothing(folder: Path, module: str) -> None:
    """Before the command line is there the signal ends the process, and then the exit code says the same."""
    (folder / "a.md").write_text("https://page.example/\n")
    program = WHILE_IMPORTED.replace("sys.argv[1]", repr(module))
    code, said = interrupted(program, signal.SIGINT, folder, environment(None), "links")
    assert (code in (-signal.SIGINT, 130), said) == (True, "")


@pytest.mark.parametrize(("number", "code"), CODES)
def test_a_signal_that_comes_again_while_the_program_leaves_says_nothing(
    folder: Path, number: signal.Signals, code: int
) -> None:
    """`timeout` tells its child, and then the whole group."""
    program = """
import enrich.collect
import enrich.interrupts

leave = enrich.interrupts.leave_at_once

def again():
    os.kill(os.getpid(), number)
    leave()

def interrupted(*_, **__):
    os.kill(os.getpid(), number)

enrich.interrupts.leave_at_once = again
enrich.collect.documents_of = interrupted
"""
    assert interrupted(program, number, folder, environment(None), "links", "--dates") == (code, "")


def test_a_signal_while_a_command_that_is_done_leaves_says_nothing(folder: Path) -> None:
    program = """
import enrich.interrupts

leave = enrich.interrupts.leave_at_once

def late():
    os.kill(os.getpid(), number)
    leave()

enrich.interrupts.leave_at_once = late
"""
    (folder / "a.md").write_text("# A note\n")
    code, said = interrupted(program, signal.SIGTERM, folder, environment(None), "run", "--offline", "-q")
    assert (code, said) == (143, "")


def test_to_import_the_package_changes_no_signal_handler() -> None:
    program = """
import importlib, pkgutil, signal
before = [signal.getsignal(number) for number in signal.valid_signals()]
import enrich
for name in enrich.__all__:
    getattr(enrich, name)
for module in ("__main__", "cli", "interrupts", "library", "pipeline", "processes"):
    importlib.import_module("enrich." + module)
assert [signal.getsignal(number) for number in signal.valid_signals()] == before
"""
    subprocess.run([sys.executable, "-c", program], cwd=PROJECT, check=True, timeout=120)


def _told_to_end(process: subprocess.Popen[bytes], number: signal.Signals) -> int:
    """The exit code of a group that is told to end, as often as a person tells it. Python runs handlers between its
    instructions: one that is called for in the instant before a write that nobody takes waits for the next signal."""
    for _ in range(60):
        os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(5)
    pytest.fail("it goes on after sixty signals")


@pytest.mark.parametrize(("number", "code"), CODES)
@pytest.mark.parametrize(
    "command", [["links"], ["links", "--format", "jsonl"], ["report", "--format", "jsonl"]]
)
def test_a_signal_ends_what_is_printed_to_somebody_who_does_not_read(
    folder: Path, command: list[str], number: signal.Signals, code: int
) -> None:
    """A whole terminal gets Ctrl-C, and some send SIGTERM to a whole group; other processes help with so many notes."""
    count, words = (4, "") if command[0] == "report" else (40, "words and words\n" * 8000)
    for note in range(count):
        (folder / f"{note}.md").write_text(
            words + "".join(f"- <https://page-{note}.example/{n}>\n" for n in range(120))
        )
    if command[0] == "report":
        assert run_enrich(["run", "--offline"], folder, environment(None)).returncode == 0
    with subprocess.Popen(
        [sys.executable, "-c", BEGIN + MAIN, "2", *command],
        cwd=folder, env=environment(None), stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            assert process.stdout.read(1)
            assert _told_to_end(process, number) == code
        finally:
            process.kill()
        assert process.stderr is not None
        assert process.stderr.read() == b""


@pytest.mark.parametrize(("number", "code"), CODES)
def test_a_program_that_lets_signals_be_taken_learns_that_there_is_no_report(
    folder: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, code: int
) -> None:
    class Interrupting(enrich.LogObserver):
        def warned(self, message: str) -> None:
            signal.raise_signal(number)

    monkeypatch.chdir(folder)
    before = [signal.getsignal(one) for one in signal.valid_signals()]
    # That there is nothing to read is said before anything is read.
    with pytest.raises(KeyboardInterrupt) as caught:
        enrich.run(takes_signals=True, offline=True, config=False, observer=Interrupting())
    assert exit_code_of(caught.value) == code
    assert [signal.getsignal(one) for one in signal.valid_signals()] == before


def test_a_run_that_took_signals_leaves_those_of_the_loop_around_it_as_they_were(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that ends by a handler of its loop would else never end again."""
    ours, others = signal.SIGTERM, signal.SIGUSR1

    class Interrupting(enrich.LogObserver):
        def warned(self, message: str) -> None:
            signal.raise_signal(others)

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        heard = {number: anyio.Event() for number in (ours, others)}
        for number, event in heard.items():
            loop.add_signal_handler(number, event.set)
        await enrich.run_async(takes_signals=True, offline=True, config=False, observer=Interrupting())
        with anyio.fail_after(60):
            await heard[others].wait()
            signal.raise_signal(ours)
            await heard[ours].wait()

    monkeypatch.chdir(folder)
    asyncio.run(serve())


@pytest.mark.parametrize("command", [["run"], ["check"]])
def test_whoever_is_told_to_ignore_ctrl_c_ignores_it(
    notes: Path, env: dict[str, str], command: list[str]
) -> None:
    """As a shell tells whatever a script begins in the background: its Ctrl-C is meant for the script."""
    ignoring = BEGIN.replace("signal.default_int_handler", "signal.SIG_IGN")
    program = """
import enrich.collect

found_document = enrich.collect.found_document

def interrupted(*all_of_it):
    signal.raise_signal(number)
    return found_document(*all_of_it)

enrich.collect.found_document = interrupted
"""
    (notes / "0.md").write_text(f"# A note\n\n- <{WORDS.format(2)}>\n")
    done = subprocess.run(
        [sys.executable, "-c", ignoring + program + MAIN, "2", *command, "--no-progress"],
        cwd=notes, env=env, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode, "interrupted" in done.stderr) == (0, False), done.stderr


# --- what is heard ----------------------------------------------------------------------------------


def test_one_interrupt_that_comes_twice_is_one() -> None:
    heard: list[int] = []
    moments = iter((0.0, SAME_SECONDS / 2))
    ears = Ears(heard.append, lambda: next(moments))
    ears.hear(signal.SIGTERM)
    ears.hear(signal.SIGTERM)
    assert heard == [signal.SIGTERM]


@pytest.mark.parametrize(("number", "code"), CODES)
def test_a_second_interrupt_ends_the_process(number: signal.Signals, code: int) -> None:
    program = f"""
from enrich.interrupts import SAME_SECONDS, Ears
moments = iter((0.0, SAME_SECONDS))
ears = Ears(lambda _: None, lambda: next(moments))
ears.hear({int(number)})
ears.hear({int(number)})
"""
    assert subprocess.run([sys.executable, "-c", program], cwd=PROJECT, check=False).returncode == code


def test_a_second_interrupt_leaves_no_half_file(tmp_path: Path) -> None:
    (tmp_path / "report.txt").write_text("older")
    program = """
import sys
from pathlib import Path
from enrich.interrupts import Ears
from enrich.publish import write_atomically

moments = iter((0.0, 1.0))
ears = Ears(lambda _: None, lambda: next(moments))

def pieces():
    yield "newer" * 10_000
    ears.hear(15)
    ears.hear(15)

write_atomically(Path(sys.argv[1]), pieces())
"""
    command = [sys.executable, "-c", program, str(tmp_path / "report.txt")]
    assert subprocess.run(command, cwd=PROJECT, check=False, timeout=120).returncode == 143
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"report.txt": "older"}


@pytest.mark.parametrize("kind", ["xterm", "dumb"])
def test_a_second_interrupt_leaves_a_terminal_that_shows_its_cursor(kind: str) -> None:
    program = """
import os
from enrich.interrupts import Ears
os.write(2, b"\\x1b[?25l" if os.environ["TERM"] != "dumb" else b"")
moments = iter((0.0, 1.0))
ears = Ears(lambda _: None, lambda: next(moments))
ears.hear(2)
ears.hear(2)
"""
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, env={**os.environ, "TERM": kind}, stderr=theirs, check=False
    )  # fmt: skip
    os.write(theirs, b".")
    screen, seen = pyte.Screen(80, 24), b""
    while b"." not in seen:
        seen += os.read(ours, 1000)
    pyte.ByteStream(screen).feed(seen)
    os.close(ours)
    os.close(theirs)
    assert (done.returncode, screen.cursor.hidden) == (130, False)
    assert "".join(screen.display).strip() == "."


def test_work_that_begins_after_the_signal_does_not_begin() -> None:
    ears = Ears(lambda _: None)
    ears.hear(signal.SIGINT)
    with pytest.raises(Interrupted), ears.at_once():
        pytest.fail("it begins")


def test_a_signal_raises_nothing_where_the_work_leaves_a_trace() -> None:
    ears = Ears(lambda _: None)
    with ears.at_once():
        pass
    ears.hear(signal.SIGINT)
