"""A run that is cut short, by its deadline or by a signal, keeps what was answered: so the next one has less to do."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from internet import Answer, Asked, Internet, command, environment, run_enrich, saved_report
from origin import Origin
from sites import html

pytestmark = pytest.mark.manners

LOOPBACK = ("--allow-net", "127.0.0.0/8", "--no-progress")
CONFIG = "host_interval = 0.0\nhost_concurrency = 8\nretries = 0\n"


def write(folder: Path, urls: list[str]) -> None:
    (folder / "enrich.toml").write_text(CONFIG)
    (folder / "notes.md").write_text("".join(f"- <{url}>\n" for url in urls))


def outcomes(folder: Path) -> Counter[tuple[str, str]]:
    return Counter((row["status"], row["reason"]) for row in saved_report(folder)["targets"])


def spread(number: int) -> str:
    return f"127.0.0.{2 + number % 10}"


def cut_short(folder: Path, env: dict[str, str], *options: str, enough: Callable[[], bool]) -> None:
    """Runs that their deadline ends, each longer than the last, until one had enough time for all that answers."""
    for seconds in (5, 20, 80):
        done = run_enrich(
            ["run", "notes.md", *LOOPBACK, *options, "--deadline", f"{seconds}s"], folder, env
        )
        assert done.returncode == 3, done.stderr
        if enough():
            return
    raise AssertionError(outcomes(folder))


def test_a_deadline_keeps_what_came_over_plain_http(origin: Origin, folder: Path) -> None:
    write(folder, [*(origin.url(f"/ok?{n}", spread(n)) for n in range(60)), origin.url("/silent")])
    wanted = Counter({("ok", "http-200"): 60, ("skipped", "not-reached"): 1})
    cut_short(folder, environment(None), enough=lambda: outcomes(folder) == wanted)
    assert len({arrival.target for arrival in origin.asked("/ok")}) == 60
    before = len(origin.asked("/ok"))
    cut_short(folder, environment(None), enough=lambda: outcomes(folder) == wanted)
    assert len(origin.asked("/ok")) == before, "nobody is asked again in the next run"


def test_a_signal_keeps_what_came_over_plain_http(origin: Origin, folder: Path) -> None:
    slow = [origin.url(f"/slow/0.2?{n}", spread(n)) for n in range(60)]
    write(folder, [*slow, origin.url("/silent")])
    with subprocess.Popen(
        command("run", "notes.md", *LOOPBACK), cwd=folder, env=environment(None), stderr=subprocess.DEVNULL
    ) as process:
        limit = time.monotonic() + 120
        while len(origin.asked("/slow/0.2")) < 20 and time.monotonic() < limit:
            time.sleep(0.005)
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 143
    asked = {arrival.target for arrival in origin.asked("/slow/0.2")}
    assert outcomes(folder)["ok", "http-200"] == len(asked) >= 20


def test_a_deadline_leaves_time_for_a_second_look(tmp_path: Path, folder: Path) -> None:
    is_over = threading.Event()

    def never(_asked: Asked) -> Answer:
        is_over.wait(300)
        return html("late")

    def missing(_asked: Asked) -> Answer:
        return html("nothing here", status=404)

    write(folder, ["https://missing.example/page", "https://slow.example/page"])
    # `check` takes nothing that hurries from a file within.
    (folder / "enrich.toml").write_text("retries = 0\n")
    sites = {"missing.example": missing, "slow.example": never}
    with Internet(tmp_path / "authority", sites) as internet:
        for seconds in (4, 16, 64):
            asked_before = len(internet.asked("missing.example"))
            arguments = [
                "check",
                "notes.md",
                "--no-progress",
                "--deadline",
                f"{seconds}s",
                "--format",
                "json",
            ]
            done = run_enrich([*arguments, "--output", "said.json"], folder, environment(internet))
            asked = internet.asked("missing.example")[asked_before:]
            if done.returncode == 1:
                break
        is_over.set()
    assert done.returncode == 1, done.stderr
    assert '"http-404"' in (folder / "said.json").read_text()
    assert len(asked) >= 3, "the second look was taken before the end"


def test_a_deadline_leaves_time_for_a_second_look_at_what_came_over_plain_http(
    origin: Origin, folder: Path
) -> None:
    write(
        folder,
        [origin.url("/status/404", "127.0.0.3"), origin.url("/silent"), origin.url("/ok", "127.0.0.4")],
    )
    wanted = {("ok", "http-200"): 1, ("broken", "http-404"): 1, ("skipped", "not-reached"): 1}
    cut_short(folder, environment(None), enough=lambda: outcomes(folder) == wanted)


def test_without_a_second_look_nothing_is_called_broken(origin: Origin, folder: Path) -> None:
    """The one place at the host is taken by a page that never comes, and the pause after it outlasts the run."""
    write(folder, [origin.url("/status/404", "127.0.0.2"), origin.url("/silent", "127.0.0.2")])
    (folder / "enrich.toml").write_text("host_concurrency = 1\nretries = 0\nhost_interval = 1.5\n")
    done = run_enrich(["run", "notes.md", *LOOPBACK, "--deadline", "4s"], folder, environment(None))
    assert done.returncode == 3, done.stderr
    assert outcomes(folder) == {("skipped", "not-reached"): 2}
