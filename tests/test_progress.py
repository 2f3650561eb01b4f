"""What is said before a run and while it lasts, as it stands on the screen."""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from internet import Internet, command, environment, run_enrich
from sites import html, small_web
from terminal import Terminal, on_terminal

from enrich.backlog import Backlog, Queue, Workload, slowest
from enrich.bounds import Bound, Estimate, rough, seconds_left, told
from enrich.fetch.politeness import LaneState
from enrich.live import is_drawable
from enrich.model import CheckResult, Manners, Status, TargetState, Verdict
from enrich.progress import Display

WECHAT = Manners(width=1, interval_seconds=8.0, jitter_seconds=4.0)
BUSY = LaneState(
    waiting=0,
    in_flight=2,
    next_turn_seconds=0.0,
    average_seconds=0.1,
    deferred=False,
    width=4,
    gap_seconds=0.1,
    slowed=False,
    held_seconds=0.0,
    down_seconds=0.0,
)
PAUSING = replace(
    BUSY, waiting=1, in_flight=0, next_turn_seconds=8.4, width=1, gap_seconds=10.0, average_seconds=0.2
)


# --- arithmetic -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, "1 s"),
        (9, "9 s"),
        (31, "40 s"),
        (61, "1 min"),
        (3569, "59 min"),
        (3599, "1 h"),
        (4200, "1 h 10 min"),
        (5000, "1 h 20 min"),
        (50_000, "14 h"),
        (200_000, "2 days"),
    ],
)
def test_a_length_of_time_is_said_as_people_do(seconds: float, said: str) -> None:
    assert rough(seconds) == said


@pytest.mark.parametrize(
    ("bound", "deadline", "said"),
    [
        (
            Bound(called="WeChat links", due=5000, asked=500, gap_seconds=10),
            None,
            (
                "at 10 s per link the 5,000 WeChat links need 14 h; this run takes the 500 that are due first, in about "
                "1 h 20 min"
            ),
        ),
        (
            Bound(called="WeChat links", due=5000, asked=0, gap_seconds=10),
            None,
            (
                "at 10 s per link the 5,000 WeChat links need 14 h; this run takes none of them, since the host has had "
                "its share for now"
            ),
        ),
        (
            Bound(called="links to slow.example", due=3000, asked=3000, gap_seconds=0.1),
            120.0,
            (
                "at 0.1 s per link the 3,000 links to slow.example need 5 min; the deadline ends it after 2 min, and the "
                "next run goes on"
            ),
        ),
        (
            Bound(called="arXiv links", due=20_000, asked=20_000, gap_seconds=3, batch=100),
            None,
            "in 200 batches, 3 s apart, the 20,000 arXiv links need 10 min",
        ),
    ],
)
def test_a_slow_host_is_said_before_the_run(bound: Bound, deadline: float | None, said: str) -> None:
    assert told(bound, deadline) == said


def test_one_at_a_time_waits_for_answers_too_and_several_at_a_time_only_for_slow_ones() -> None:
    assert seconds_left(10, 8.0, 1, 2.0) == 100.0
    assert seconds_left(10, 0.1, 4, 0.2) == pytest.approx(1.0)
    assert seconds_left(10, 0.1, 4, 4.0) == 10.0
    assert seconds_left(250, 3.0, 1, 1.0, batch=100) == 12.0


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=50))
def test_the_end_of_a_run_never_leaps(looks: list[float]) -> None:
    estimate = Estimate().seen(0.0, looks[0])
    for number, seconds in enumerate(looks[1:], 1):
        now = number / 2
        before = estimate
        estimate = estimate.seen(now, seconds)
        assert before.end is not None
        assert estimate.end is not None
        assert abs(estimate.end - before.end) <= max(1.0, 0.05 * max(before.seconds(now), seconds)) + 1e-6


def test_the_end_of_a_run_is_found_however_wrong_it_was() -> None:
    estimate = Estimate().seen(0.0, 10.0)
    for tick in range(1, 200):
        estimate = estimate.seen(tick / 2, 3600 - tick / 2)
    assert estimate.seconds(100.0) == pytest.approx(3500, rel=0.01)


# --- what each host is waiting for ------------------------------------------------------------------


def sight(
    left: Mapping[Queue, int], lanes: Mapping[str, LaneState], manners: Mapping[str, Manners] | None = None
) -> Workload:
    known = {"mp.weixin.qq.com": WECHAT} | dict(manners or {})
    return Workload(
        backlog=Backlog(left=dict(left)),
        lanes=lambda: lanes,
        manners_of=lambda host: known.get(host, Manners()),
    )


@pytest.mark.parametrize(
    ("lane", "said"),
    [
        (PAUSING, "h.example: next in 9 s, 412 left, about 1 h 10 min"),
        (BUSY, "h.example: one every 0.1 s, 412 left, about 50 s"),
        (replace(BUSY, slowed=True), "h.example: slowed down, one every 0.1 s, 412 left, about 50 s"),
        (
            replace(BUSY, average_seconds=6.0),
            "h.example: 2 under way, answers take 6 s, 412 left, about 10 min",
        ),
        (
            replace(BUSY, in_flight=0, held_seconds=120.0),
            "h.example: wants to be left alone for 2 min, 412 left, about 3 min",
        ),
        (
            replace(BUSY, in_flight=0, down_seconds=40.0),
            "h.example: takes no connection, tried again in 40 s, 412 left, about 1 min",
        ),
    ],
)
def test_a_host_has_a_line_with_its_reason(lane: LaneState, said: str) -> None:
    (one,) = slowest(sight({Queue("h.example"): 412}, {"h.example": lane}))
    assert one.told == said


def test_the_host_that_needs_longest_comes_first() -> None:
    seen = sight(
        {Queue("many.example"): 3000, Queue("mp.weixin.qq.com"): 40, Queue("one.example"): 1},
        {"mp.weixin.qq.com": PAUSING, "many.example": BUSY, "elsewhere.example": BUSY},
    )
    assert [one.host for one in slowest(seen)] == [
        "mp.weixin.qq.com",
        "many.example",
        "elsewhere.example",
        "one.example",
    ]


def test_hosts_that_share_a_lane_are_one() -> None:
    shared = Manners(width=1, interval_seconds=3.0, lane="arxiv")
    seen = sight(
        {Queue("arxiv.org"): 5, Queue("export.arxiv.org", 100): 1000},
        {"export.arxiv.org": replace(PAUSING, gap_seconds=3.0, average_seconds=0.0)},
        {"arxiv.org": shared, "export.arxiv.org": shared},
    )
    (one,) = slowest(seen)
    assert (one.host, one.left, one.seconds) == ("export.arxiv.org", 1005, 45.0)


# --- on a screen ------------------------------------------------------------------------------------


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def counted(status: Status = Status.OK) -> tuple[CheckResult, TargetState]:
    at = datetime(2026, 11, 21, tzinfo=UTC)
    result = CheckResult(target_id="url:https://a.example/", at=at, verdict=Verdict(status, "http-200"))
    return result, TargetState(status=status, reason="http-200")


SEEN = sight({Queue("mp.weixin.qq.com"): 412}, {"mp.weixin.qq.com": PAUSING})
WORDS = "412 left, about 1 h 10 min"


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("TERM", "xterm-256color")
    size(monkeypatch, 80)
    return Terminal(80, 24)


def size(monkeypatch: pytest.MonkeyPatch, columns: int, rows: int = 24) -> None:
    """What the system says of the terminal; a size in the environment would hold for good."""
    for name in ("COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "get_terminal_size", lambda *_: os.terminal_size((columns, rows)))


def shown(stream: Terminal, seen: Workload = SEEN) -> Display:
    """A display that was drawn once."""
    display = Display(live=True, plain=False, lines=False, stream=stream, clock=Clock())
    display.planned(500)
    display.watch(seen)
    for status in (Status.OK, Status.OK, Status.BROKEN):
        display.counted(*counted(status))
    display.tick()
    return display


def test_a_bar_has_counts_and_the_slowest_host_a_line(screen: Terminal) -> None:
    shown(screen)
    bar, host = screen.lines
    assert bar.endswith("3 of 500, about 1 h 10 min left: 2 ok, 1 broken")
    assert host == f"  mp.weixin.qq.com: next in 9 s, {WORDS}"


def test_the_time_left_is_what_was_said_before_until_more_is_known(screen: Terminal) -> None:
    display = Display(live=True, plain=False, lines=False, stream=screen, clock=Clock())
    display.planned(500)
    display.foretold([Bound(called="WeChat links", due=5000, asked=500, gap_seconds=10)], None)
    display.watch(sight({}, {}))
    display.tick()
    assert screen.lines[-1].endswith("0 of 500, about 1 h 20 min left")


def test_nothing_of_it_stays_behind(screen: Terminal) -> None:
    display = shown(screen)
    display.watch(None)
    assert screen.lines == []


def test_what_is_said_meanwhile_stays_above(screen: Terminal) -> None:
    display = shown(screen)
    display.warned("something")
    assert [line[:18] for line in screen.lines] == [
        "warning: something",
        screen.lines[1][:18],
        "  mp.weixin.qq.com",
    ]


@pytest.mark.parametrize("columns", [10, 30, 49, 50, 66])
def test_on_a_narrow_terminal_every_line_keeps_its_place(
    columns: int, monkeypatch: pytest.MonkeyPatch, screen: Terminal
) -> None:
    screen.resize(columns, 24)
    size(monkeypatch, columns)
    shown(screen)
    assert len(screen.lines) == 2
    assert "3 of" in screen.lines[0]


def test_a_resized_terminal_is_drawn_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    size(monkeypatch, 100)
    screen, clock = Terminal(100, 24), Clock()
    display = Display(live=True, plain=False, lines=False, stream=screen, clock=clock)
    display.planned(500)
    display.watch(SEEN)
    for columns in (100, 60, 40, 100):
        screen.resize(columns, 24)
        size(monkeypatch, columns)
        clock.now += 60
        display.tick()
        assert len(screen.lines) == 2
        assert "0 of 500" in screen.lines[0]


def test_at_most_a_handful_of_hosts_is_shown_and_no_more_than_there_is_room_for(
    monkeypatch: pytest.MonkeyPatch, screen: Terminal
) -> None:
    hosts = [f"host-{number}.example" for number in range(50)]
    many = sight({Queue(host): 100 for host in hosts}, dict.fromkeys(hosts, BUSY))
    shown(screen, many)
    assert len(screen.lines) == 5
    size(monkeypatch, 80, 4)
    low = Terminal(80, 4)
    shown(low, many)
    assert len(low.lines) == 3


def test_without_colour_there_is_none(monkeypatch: pytest.MonkeyPatch, screen: Terminal) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    shown(screen)
    colours = [code for code in ("\x1b[38;", "\x1b[31m", "\x1b[32m", "\x1b[36m") if code in screen.written]
    assert colours == []
    assert WORDS in screen.lines[1]


@pytest.mark.parametrize(
    ("stream", "environ", "drawable"),
    [
        (Terminal(), {"TERM": "xterm"}, True),
        (Terminal(), {}, True),
        (Terminal(), {"TERM": "dumb"}, False),
        (Terminal(), {"TERM": "xterm", "CI": "true"}, False),
        (Terminal(), {"TERM": "xterm", "CI": "1"}, False),
        (Terminal(), {"TERM": "xterm", "CI": "false"}, True),
        (Terminal(), {"TERM": "xterm", "TTY_COMPATIBLE": "0"}, False),
        (Terminal(), {"TERM": "xterm", "TTY_INTERACTIVE": "0"}, False),
        (Terminal(), {"TERM": "xterm", "TTY_COMPATIBLE": "1", "TTY_INTERACTIVE": "1"}, True),
        (io.StringIO(), {"TERM": "xterm"}, False),
    ],
)
def test_lines_are_drawn_only_where_they_can_be_drawn_again(
    stream: io.StringIO, environ: dict[str, str], drawable: bool
) -> None:
    assert is_drawable(stream, environ) is drawable


class Spent:
    """Processor time that grows by so much with each look, as if what lies between two looks took that long."""

    def __init__(self, seconds: float) -> None:
        self._now, self._seconds = 0.0, seconds

    def __call__(self) -> float:
        self._now += self._seconds
        return self._now


def drawings(screen: Terminal, clock: Clock, spent: Spent, seconds: int) -> int:
    """How often it is drawn in so many seconds, looked at twenty times in each."""
    display = Display(live=True, plain=False, lines=False, stream=screen, clock=clock, spent=spent)
    display.planned(500)
    display.watch(SEEN)
    drawn = 0
    for _ in range(20 * seconds):
        before = len(screen.written)
        display.tick()
        drawn += len(screen.written) > before
        clock.now += 0.05
    return drawn


@pytest.mark.parametrize(("each", "times"), [(0.0, 63), (0.001, 63), (0.02, 13), (2.0, 6)])
def test_drawing_takes_one_percent_of_the_processor_unless_it_would_seem_to_stand_still(
    screen: Terminal, each: float, times: int
) -> None:
    assert drawings(screen, Clock(), Spent(each), 25) == pytest.approx(times, rel=0.2)


def test_a_drawing_that_a_busy_machine_makes_late_is_not_dear(screen: Terminal) -> None:
    class Late(Clock):
        """Each look at it is a second later, though this process did nothing."""

        def __call__(self) -> float:
            self.now += 1.0
            return self.now

    assert drawings(screen, Late(), Spent(0.0), 5) == 100


# --- in a log ---------------------------------------------------------------------------------------


def test_a_log_of_a_long_night_has_a_dozen_lines() -> None:
    stream, clock = io.StringIO(), Clock()
    display = Display(live=False, plain=True, lines=False, stream=stream, clock=clock)
    display.planned(500)
    display.foretold([Bound(called="WeChat links", due=5000, asked=420, gap_seconds=10)] * 3, None)
    display.watch(SEEN)
    for _ in range(8 * 3600):
        clock.now += 1
        display.tick()
    said = stream.getvalue().splitlines()
    assert len(said) <= 16
    assert said[0].startswith("at 10 s per link the 5,000 WeChat links need 14 h")
    assert said[1] == "2 more hosts take longer than a minute each"
    assert said[2].startswith("0 of 500 asked, about 1 h 10 min left: ")
    assert said[2].endswith("; mp.weixin.qq.com: next in 9 s, 412 left, about 1 h 10 min")


def test_a_run_of_less_than_a_minute_says_nothing_in_a_log() -> None:
    stream, clock = io.StringIO(), Clock()
    with Display(live=False, plain=True, lines=False, stream=stream, clock=clock) as display:
        display.planned(500)
        display.foretold([], None)
        display.watch(SEEN)
        for _ in range(100):
            clock.now += 0.5
            display.counted(*counted())
            display.tick()
    assert stream.getvalue() == ""


# --- the program ------------------------------------------------------------------------------------


@pytest.fixture
def internet(tmp_path: Path) -> Internet:
    return Internet(
        tmp_path / "authority", {**small_web(), "mp.weixin.qq.com": lambda _: html("an article")}
    )


ARTICLES = "".join(f"<https://mp.weixin.qq.com/s/{number:022}>\n\n" for number in range(40))
FORETOLD = "at 10 s per link the 40 WeChat links need 7 min"


def test_a_terminal_shows_the_run_and_standard_output_the_report(
    tmp_path: Path, internet: Internet
) -> None:
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "notes.md").write_text(f"{ARTICLES}<https://page-1.example/a>\n", encoding="utf-8")
    out = folder / "out.json"
    # How long the other articles take is told once one was answered; how long that takes, nobody knows.
    waits = re.compile(r"  mp\.weixin\.qq\.com: next in \d+ s, \d+ left, about \d+ min")
    with internet:
        env = environment(internet, TERM="xterm-256color")
        run = command("run", "notes.md", "--format", "json")
        screens = list(
            on_terminal(
                run, folder, env, out, size=(130, 24), seen=lambda lines: any(map(waits.fullmatch, lines))
            )
        )
    assert any(any(line.startswith(FORETOLD) for line in lines) for lines in screens)
    assert any(waits.fullmatch(line) for lines in screens for line in lines), screens[-3:]
    assert any("of 41" in line for lines in screens for line in lines)
    # The report is where it belongs, and of the bar nothing is left.
    assert json.loads(out.read_text(encoding="utf-8"))["summary"]["targets"] == 41
    assert [line[:20] for line in screens[-1]] == [
        FORETOLD[:20],
        "interrupted: what is",
        "report: reports/late",
        "hint: open reports/l",
    ]


@pytest.mark.parametrize(
    ("options", "variables", "said"),
    [((), {}, 1), (("-q",), {}, 0), (("--no-progress",), {}, 0), ((), {"CI": "true"}, 1)],
)
def test_elsewhere_one_line_tells_of_slow_hosts(
    tmp_path: Path, internet: Internet, options: tuple[str, ...], variables: dict[str, str], said: int
) -> None:
    (tmp_path / "notes.md").write_text(ARTICLES, encoding="utf-8")
    with internet:
        done = run_enrich(
            ["run", "notes.md", "--deadline", "1s", *options], tmp_path, environment(internet, **variables)
        )
    told = [line for line in done.stderr.splitlines() if not line.startswith("report: ")]
    assert len(told) == said, done.stderr
    assert all(line.startswith(FORETOLD) for line in told)


def test_a_check_says_that_it_takes_a_part_and_for_how_long_it_may(
    tmp_path: Path, internet: Internet
) -> None:
    (tmp_path / "notes.md").write_text(ARTICLES, encoding="utf-8")
    with internet:
        done = run_enrich(["check", "notes.md", "--deadline", "1s"], tmp_path, environment(internet))
    assert done.stderr.splitlines()[0] == (
        f"{FORETOLD}; this run takes the 30 that are due first, in about 5 min; the deadline ends it after 1 s, and "
        "the next run goes on"
    )


def test_papers_stand_in_line_for_their_api_in_batches(tmp_path: Path, internet: Internet) -> None:
    papers = "".join(f"arXiv:2101.{number:05}\n" for number in range(1, 2101))
    (tmp_path / "notes.md").write_text(papers, encoding="utf-8")
    with internet:
        done = run_enrich(["run", "notes.md", "--deadline", "1s"], tmp_path, environment(internet))
    assert done.stderr.splitlines()[0].startswith(
        "in 21 batches, 3 s apart, the 2,100 arXiv links need 1 min; the deadline ends it after 1 s"
    )
