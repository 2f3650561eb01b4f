"""No host sees more than its budget, whatever happens: whole runs against a server that writes down who comes when.

With width one the gap counts from the end of a request, so what the server sees must never be closer together than
the interval: no tolerance is needed, and none is given.
"""

from __future__ import annotations

import signal
import socket
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from internet import command, environment, run_enrich, saved_report
from origin import Answer, Arrival, Origin

from enrich.store.sqlite import FILE_NAME

pytestmark = pytest.mark.manners

LOOPBACK = ("--allow-net", "127.0.0.0/8", "--no-progress")
SECOND = 1.0


def config_of(folder: Path) -> Path:
    """Outside of the folder that is checked: from within, `check` takes nothing that hurries."""
    return folder.parent / f"{folder.name}.toml"


def write(folder: Path, urls: list[str], config: str = "") -> None:
    config_of(folder).write_text(config)
    (folder / "notes.md").write_text("# Notes\n\n" + "\n".join(f"- <{url}>" for url in urls) + "\n")


def run(folder: Path, *options: str, told: str = "run", **variables: str) -> str:
    """A whole run; what it printed."""
    done = run_enrich(
        [told, "notes.md", "--config", str(config_of(folder)), *LOOPBACK, *options],
        folder,
        environment(None, **variables),
        timeout=300,
    )
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


@contextmanager
def started(folder: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command("run", "notes.md", "--config", str(config_of(folder)), *LOOPBACK, *options),
        cwd=folder,
        env=environment(None),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL)
        process.wait(120)


def wait_until_asked(origin: Origin, path: str) -> Arrival:
    deadline = time.monotonic() + 120
    while not (found := origin.asked(path)):
        assert time.monotonic() < deadline, f"{path} was never asked"
        time.sleep(0.002)
    return found[0]


def wait_until_held(folder: Path) -> None:
    """Until it stands in the cache that a host wants to be left alone, which may be a moment after it was said."""
    deadline = time.monotonic() + 120
    while not held_hosts(folder / "cache" / FILE_NAME):
        assert time.monotonic() < deadline, "nothing was stored"
        time.sleep(0.002)


def held_hosts(path: Path) -> list[str]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=60)) as cache:
        return [host for (host,) in cache.execute("SELECT host FROM host WHERE held_until > 0")]


def reasons(folder: Path) -> Counter[str]:
    return Counter(row["reason"] for row in saved_report(folder)["targets"])


def gaps(arrivals: list[Arrival]) -> list[float]:
    return [later.at - earlier.at for earlier, later in pairwise(arrivals)]


def silence_after(arrival: Arrival, origin: Origin) -> float:
    """How long nobody asked after this one."""
    return min((other.at for other in origin.arrivals if other.at > arrival.at), default=1e9) - arrival.at


# --- width and interval -----------------------------------------------------------------------------

TROUBLES = [
    "/ok",
    "/redirect/3",
    "/status/404",
    "/status/500",
    "/rst",
    "/half",
    "/empty",
    "/to/302?/ok",
    "/gzip/9",
]


@pytest.mark.parametrize("interval", [0.02, pytest.param(0.3, marks=pytest.mark.soak)])
def test_one_by_one_keeps_its_distance_through_redirects_retries_and_second_looks(
    origin: Origin, folder: Path, interval: float
) -> None:
    write(
        folder,
        [origin.url(path) for path in TROUBLES],
        f"host_concurrency = 1\nhost_interval = {interval}\n",
    )
    run(folder, "--retries", "1")
    asked = Counter(arrival.path for arrival in origin.arrivals)
    assert asked["/status/500"] == 2, "GET, and that once more"
    assert asked["/status/404"] == 2, "GET, and that at the second look"
    assert asked["/redirect/1"] == 1
    assert asked["/robots.txt"] == 1
    assert min(gaps(origin.arrivals)) >= interval
    assert origin.most_at_once == 1


@pytest.mark.parametrize("width", [pytest.param(1, marks=pytest.mark.soak), 3])
def test_no_more_than_the_width_at_a_time_at_no_more_than_the_rate(
    origin: Origin, folder: Path, width: int
) -> None:
    urls = [origin.url(f"/slow/0.2?{number}") for number in range(18)]
    write(folder, urls, f"host_concurrency = {width}\nhost_interval = 0.05\n")
    run(folder, told="check")
    assert origin.most_at_once == width
    spent = origin.arrivals[-1].at - origin.arrivals[0].at
    # As many as may be under way can seem to come at once to a server that stood still.
    assert spent >= (len(origin.arrivals) - 1 - width) * 0.05


@pytest.mark.soak
def test_a_host_with_an_interval_of_its_own_delays_only_itself(origin: Origin, folder: Path) -> None:
    slow = [origin.url(f"/ok?{number}", "127.0.0.2") for number in range(4)]
    others = [
        origin.url(f"/ok?{number}", f"127.0.1.{host}") for host in range(1, 30) for number in range(3)
    ]
    config = 'host_interval = 0.02\nconcurrency = 8\n[hosts."127.0.0.2"]\nconcurrency = 1\ninterval = 0.5\n'
    write(folder, slow + others, config)
    run(folder, told="check")
    ended = {
        is_slow: max(arrival.at for arrival in origin.arrivals if ("127.0.0.2" in host(arrival)) is is_slow)
        for is_slow in (True, False)
    }
    began = min(arrival.at for arrival in origin.arrivals)
    assert ended[True] - began >= 4 * 0.5
    assert ended[False] < ended[True]
    assert min(gaps([arrival for arrival in origin.arrivals if "127.0.0.2" in host(arrival)])) >= 0.5


def host(arrival: Arrival) -> str:
    return arrival.headers["host"]


@pytest.mark.parametrize("hosts", [pytest.param(25, id="25 hosts"), pytest.param(100, id="100 hosts")])
@pytest.mark.soak
def test_links_listed_host_by_host_take_no_longer_than_interleaved_ones(
    origin: Origin, tmp_path: Path, hosts: int
) -> None:
    """The aim: at most 1.2 times as long for 100 hosts of 20 links."""
    by_host = [
        origin.url(f"/ok?{number}", f"127.0.1.{host}")
        for host in range(1, hosts + 1)
        for number in range(20)
    ]
    interleaved = sorted(by_host, key=lambda url: int(url.partition("?")[2]))
    assert interleaved[:2] != by_host[:2]
    spent: dict[str, list[float]] = {"by host": [], "interleaved": []}
    for turn in range(2):
        for name, urls in (("by host", by_host), ("interleaved", interleaved)):
            place = tmp_path / f"{name} {turn}"
            place.mkdir()
            write(place, urls, "host_interval = 0.05\nhost_concurrency = 1\n")
            before = len(origin.arrivals)
            run(place, told="check")
            arrivals = origin.arrivals[before:]
            assert len(arrivals) == len(urls) + hosts, "and a robots.txt each"
            spent[name].append(arrivals[-1].at - arrivals[0].at)
    assert min(spent["by host"]) <= 1.2 * min(spent["interleaved"]), spent


# --- being told to wait -----------------------------------------------------------------------------


def test_nobody_asks_while_a_host_wants_to_be_left_alone(origin: Origin, folder: Path) -> None:
    origin.script("/busy", Answer(429, {"Retry-After": "2"}), Answer(200))
    write(folder, [origin.url(path) for path in ("/busy", *(f"/ok?{number}" for number in range(6)))])
    run(folder)
    (told, *_) = origin.asked("/busy")
    during = [other for other in origin.arrivals if told.at < other.at < told.at + 2 * SECOND]
    assert len(during) <= 3, "what was under way when the answer came is all that comes after it"
    assert reasons(folder) == {"http-200": 7}


@pytest.mark.parametrize("seconds", [3, pytest.param(20, marks=pytest.mark.soak)])
@pytest.mark.parametrize("delay", [0.0, pytest.param(1.0, marks=pytest.mark.soak)])
def test_a_kill_does_not_make_it_forget_that_a_host_wants_to_be_left_alone(
    origin: Origin, folder: Path, seconds: int, delay: float
) -> None:
    origin.script("/busy", Answer(503, {"Retry-After": str(seconds)}), Answer(200))
    write(folder, [origin.url("/busy"), origin.url("/ok")], "host_concurrency = 1\nhost_interval = 0.01\n")
    with started(folder) as process:
        told = wait_until_asked(origin, "/busy")
        wait_until_held(folder)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
    before = len(origin.arrivals)
    run(folder)
    assert silence_after(told, origin) >= seconds
    assert len(origin.arrivals) > before
    assert reasons(folder) == {"http-200": 2}


def test_a_host_that_wants_an_hour_is_silent_for_the_next_runs(origin: Origin, folder: Path) -> None:
    origin.script("/busy", Answer(503, {"Retry-After": "3600"}), Answer(200))
    urls = [origin.url("/busy"), *(origin.url(f"/ok?{number}") for number in range(5))]
    write(folder, urls, "host_concurrency = 1\nhost_interval = 0.01\n")
    assert "wait for a later run" in run(folder, ENRICH_NOW="2026-11-21T06:00:00Z")
    before = len(origin.arrivals)
    assert reasons(folder)["host-deferred"] >= 5

    run(folder, ENRICH_NOW="2026-11-21T06:30:00Z")
    assert len(origin.arrivals) == before, "half an hour later nobody is asked"
    rows = [row for row in saved_report(folder)["targets"] if row["reason"] == "host-deferred"]
    assert len(rows) >= 5

    run(folder, ENRICH_NOW="2026-11-21T07:00:01Z")
    assert reasons(folder) == {"http-200": 6}


@pytest.mark.soak
def test_a_hold_is_for_its_host_alone(origin: Origin, folder: Path) -> None:
    origin.script("/busy", Answer(429, {"Retry-After": "3600"}))
    others = [origin.url("/ok", f"127.0.1.{number}") for number in range(1, 6)]
    write(folder, [origin.url("/busy"), *others])
    run(folder)
    assert reasons(folder)["http-200"] == 5


# --- hosts in trouble -------------------------------------------------------------------------------


@contextmanager
def black_hole() -> Iterator[int]:
    """A port that neither takes nor refuses a connection: its queue is full, so the kernel drops what knocks."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        address = listening.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        time.sleep(0.1)
        yield address[1]
        for one in waiting:
            one.close()


@pytest.mark.parametrize("connect_timeout", [1, pytest.param(5, marks=pytest.mark.soak)])
def test_a_black_hole_with_five_hundred_links_costs_few_connects_and_seconds(
    origin: Origin, folder: Path, connect_timeout: int
) -> None:
    with black_hole() as port:
        urls = [f"http://127.0.0.1:{port}/{number}" for number in range(500)]
        write(folder, [*urls, origin.url("/slow/0.3", "127.0.0.2"), origin.url("/ok")])
        run(folder, "--connect-timeout", str(connect_timeout))
    rows = saved_report(folder)["targets"]
    assert sum(row["attempts"] for row in rows if row["reason"] == "timeout") <= 6
    counted = reasons(folder)
    assert counted["http-200"] == 2, "another port of the same host is asked"
    assert counted["host-deferred"] >= 494
    assert all(row["failed_checks"] == 0 for row in rows if row["reason"] == "host-deferred")


@pytest.mark.soak
def test_a_host_that_refuses_everything_is_asked_ever_more_slowly(origin: Origin, folder: Path) -> None:
    urls = [origin.url(f"/status/503?{number}") for number in range(40)]
    write(folder, [*urls, origin.url("/ok", "127.0.0.2")], "host_interval = 0.001\n")
    with started(folder, "--retries", "0"):
        first = wait_until_asked(origin, "/status/503")
        time.sleep(6)
    asked = [arrival.at - first.at for arrival in origin.asked("/status/503")]
    assert len([at for at in asked if at < 5]) <= 12, "each refusal doubles the pause"
    assert len([at for at in asked if at >= 1.5]) <= 3


# --- robots.txt and budgets -------------------------------------------------------------------------


def test_a_crawl_delay_widens_the_interval_of_its_host(origin: Origin, folder: Path) -> None:
    origin.script("/robots.txt", Answer(200, body=b"User-agent: *\nCrawl-delay: 0.5\nDisallow: /ok\n"))
    write(folder, [origin.url(f"/ok?{number}") for number in range(4)], "host_concurrency = 1\n")
    run(folder, told="check")
    assert len(origin.asked("/ok")) == 4, "what is disallowed is asked unless one respects that"
    asked_for_rules = origin.asked("/robots.txt")[0]
    after = [arrival for arrival in origin.arrivals if arrival.at >= asked_for_rules.at]
    assert len(after) == 4
    assert min(gaps(after)) >= 0.5


def test_a_single_link_is_not_worth_a_request_for_robots_txt(origin: Origin, folder: Path) -> None:
    write(folder, [origin.url("/ok"), origin.url("/ok", "127.0.0.2"), origin.url("/ok#anchor")])
    run(folder)
    assert origin.asked("/robots.txt") == []
    assert len(origin.asked("/ok")) == 2


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(200, body=b"User-agent: enrich\nDisallow: /ok\n"), ["robots-disallowed", "http-200"]),
        pytest.param(
            Answer(200, body=b"User-agent: other\nDisallow: /\n"),
            ["http-200", "http-200"],
            marks=pytest.mark.soak,
        ),
        pytest.param(Answer(404), ["http-200", "http-200"], marks=pytest.mark.soak),
        pytest.param(Answer(500), ["robots-disallowed"] * 2, marks=pytest.mark.soak),
    ],
)
def test_what_robots_txt_disallows_is_skipped_on_demand(
    origin: Origin, folder: Path, answer: Answer, expected: list[str]
) -> None:
    origin.script("/robots.txt", answer)
    write(folder, [origin.url("/ok"), origin.url("/slow/0")], "host_interval = 0.01\n")
    run(folder, "--respect-robots")
    rows: list[dict[str, Any]] = saved_report(folder)["targets"]
    assert [row["reason"] for row in rows] == expected
    assert len(origin.asked("/robots.txt")) == 1
    assert origin.arrivals[0].path == "/robots.txt"
    assert (origin.asked("/ok") == []) is (expected[0] == "robots-disallowed")


def test_a_budget_for_one_host_leaves_the_rest_for_later_runs_and_says_so(
    origin: Origin, folder: Path
) -> None:
    write(folder, [origin.url(f"/ok?{number}") for number in range(9)], "host_interval = 0.01\n")
    said = run(folder, "--max-per-host", "4", told="check")
    assert len(origin.asked("/ok")) == 4
    assert "5 targets wait for a later run: their hosts have had their share, ask for it, or" in said
    run(folder, "--max-per-host", "4", told="check")
    assert len({arrival.target for arrival in origin.asked("/ok")}) == 8


def test_links_of_many_hosts_that_lead_to_one_do_not_exceed_its_budget(
    origin: Origin, folder: Path
) -> None:
    victim = f"http://127.0.0.9:{origin.port}/ok"
    urls = [f"http://127.0.1.{host}:{origin.port}/to/302?{victim}" for host in range(1, 61)]
    write(folder, [*urls, f"{victim}?own"], "host_interval = 0.01\n")
    said = run(folder, "--max-per-host", "5", told="check")
    assert len({arrival.target for arrival in origin.asked("/ok")}) == 2, (
        "its own link is asked in any case"
    )
    assert len(origin.asked("/ok")) == 5
    assert "56 targets wait for a later run: " in said


def test_a_configuration_of_a_stranger_does_not_make_check_hurry(origin: Origin, folder: Path) -> None:
    write(folder, [origin.url("/ok")])
    (folder / "enrich.toml").write_text('[hosts."127.0.0.1"]\ninterval = "0s"\nconcurrency = 400\n')
    done = run_enrich(["check", "notes.md", *LOOPBACK], folder, environment(None))
    assert (done.returncode, len(origin.arrivals)) == (2, 0)
    assert "enrich.toml:2: " in done.stderr
