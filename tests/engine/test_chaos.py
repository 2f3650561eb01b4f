"""Workers that die or freeze, a scheduler, a server and a driver that go: nothing is lost, no host is asked too fast.

Hosts are asked by https, since what comes over plain http is held back for a while by design.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import distributed
import psycopg
import pytest
import trustme
from cluster import (
    ENGINE,
    GAP_SECONDS,
    Running,
    asked_again,
    by_host,
    hosts,
    least_gap,
    processes,
    until,
    write_notes,
)
from internet import environment, saved_report
from origin import Answer, Arrival, Origin, serve_in_thread
from postgres import Postgres
from postgres import serve as serve_postgres

from enrich.engine.dask import _end
from enrich.store.leases import take
from enrich.store.server import Server

pytestmark = pytest.mark.chaos

# Short, so that what has to wait for the end of a lease need not wait for long.
LEASE_SECONDS = 3
# A host that no run asks, of the same server.
NOBODYS = "127.0.3.250"
# What was under way when a worker died is asked once more: each of its shards has one question to each host.
MOST_REPEATED = 100
# Where none of its answers could be stored: the links of a host that were handed out, those before them that were being
# stored, and two questions for each.
MOST_REPEATED_OF_HOST = 16


def page(arrival: Arrival) -> Answer:
    return Answer(200, {"Content-Type": "text/html"}, b"<title>A page of some words</title><p>Words.")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    authority = trustme.CA()
    bundle = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*hosts(24)).configure_cert(context)
    return bundle, context


@pytest.fixture
def secure(certificate: tuple[Path, ssl.SSLContext]) -> Iterator[Origin]:
    """Many hosts with a certificate each, all of them one server."""
    with serve_in_thread("0.0.0.0", certificate[1]) as origin:
        origin.otherwise = page
        yield origin


Start = Callable[..., Running]


@pytest.fixture
def start(folder: Path, certificate: tuple[Path, ssl.SSLContext]) -> Iterator[Start]:
    """Starts runs in the folder; none outlives its test."""
    with ExitStack() as running:

        def begin(url: str, *options: str, engine: str = ENGINE) -> Running:
            env = {"SSL_CERT_FILE": str(certificate[0])}
            lease = ("--lease", str(LEASE_SECONDS))
            begun = Running(folder, url, "--engine", engine, *lease, *options, env=env)
            running.callback(begun.end)
            return begun

        yield begin


def links(origin: Origin, sites: int, each: int) -> list[str]:
    return [origin.url(f"/page/{number}", host) for host in hosts(sites) for number in range(each)]


def assert_all_is_well(
    folder: Path, origin: Origin, url: str, count: int, most_repeated: int = MOST_REPEATED
) -> None:
    """Nothing lost, nothing recorded twice, little asked again, and no host asked before its time."""
    report = saved_report(folder)
    with psycopg.connect(url) as connection:
        recorded = connection.execute("SELECT count(*), count(DISTINCT target_id) FROM checks").fetchone()
    assert recorded == (count, count)
    assert report["run"]["complete"], report["run"]["warnings"]
    assert report["summary"]["by_status"]["ok"] == count
    assert least_gap(origin) >= GAP_SECONDS * 0.9
    assert asked_again(origin) <= most_repeated


def test_a_worker_that_is_killed_loses_nothing(
    folder: Path, secure: Origin, start: Start, postgres: Postgres
) -> None:
    write_notes(folder, links(secure, 12, 25))
    running = start(url := postgres.namespace())
    until(lambda: len(secure.arrivals) > 100, running)
    os.kill(running.workers()[0], signal.SIGKILL)
    assert running.wait() == 0, running.said
    assert_all_is_well(folder, secure, url, 300)


@pytest.mark.soak
def test_workers_that_take_their_time_to_come_back_are_waited_for(
    folder: Path, secure: Origin, start: Start, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dask gives the place of one up for good after 15 s, which is nothing on a busy machine; a blink makes it sure."""
    monkeypatch.setenv("DASK_DISTRIBUTED__DEPLOY__LOST_WORKER_TIMEOUT", "10ms")
    write_notes(folder, links(secure, 12, 25))
    running = start(url := postgres.namespace())
    until(lambda: len(secure.arrivals) > 100, running)
    for worker in running.workers():
        os.kill(worker, signal.SIGKILL)
    assert running.wait() == 0, running.said
    assert_all_is_well(folder, secure, url, 300)


@pytest.mark.parametrize("error", [TimeoutError(), AssertionError("starting")])
def test_processes_that_do_not_end_with_their_cluster_are_killed(error: Exception) -> None:
    """One of them has just gone by itself, and one was not started yet."""
    stays, gone = (
        subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) for code in ("input()", "")
    )
    gone.communicate()

    def close(timeout: float) -> None:
        raise error

    nannies = [SimpleNamespace(pid=pid) for pid in (None, gone.pid, stays.pid)]
    _end(SimpleNamespace(close=close, workers=dict(enumerate(nannies))))
    stays.communicate()
    assert stays.returncode == -signal.SIGKILL


@dataclass(frozen=True, slots=True)
class Cluster:
    """A scheduler and its workers, which nobody starts again, as on other machines."""

    address: str
    scheduler: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]]


@contextmanager
def cluster(folder: Path, **more: str) -> Iterator[Cluster]:
    """A cluster of three workers, with more in their environment."""
    env = environment(None, **more)
    file = folder / "scheduler.json"
    local = ("--scheduler-file", str(file), "--host", "127.0.0.1", "--no-dashboard")
    with ExitStack() as begun:

        def begin(module: str, *options: str) -> subprocess.Popen[bytes]:
            process = subprocess.Popen(
                [sys.executable, "-m", module, *local, *options],
                env=env,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            begun.callback(process.wait)
            begun.callback(process.kill)
            return process

        scheduler = begin("distributed.cli.dask_scheduler", "--port", "0")
        until(file.exists)
        alone = ("--nthreads", "4", "--no-nanny", "--death-timeout", "60", "--local-directory", str(folder))
        workers = [begin("distributed.cli.dask_worker", *alone) for _ in range(3)]
        address = json.loads(file.read_text())["address"]
        with distributed.Client(address, set_as_default=False) as client:
            client.wait_for_workers(len(workers), timeout=60)
        yield Cluster(address, scheduler, workers)


def stop(pid: int) -> None:
    """Have a process stand still; returns when it does."""
    os.kill(pid, signal.SIGSTOP)
    until(lambda: Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T")


def all_that_was_sent(origin: Origin) -> None:
    """Wait until the origin has read what anybody has sent so far: it answers who comes after them."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    last = http.client.HTTPSConnection(
        NOBODYS, urlsplit(origin.url("/")).port, timeout=120, context=context
    )
    with closing(last):
        last.request("GET", "/page/last")
        assert last.getresponse().status == 200


def held_by(url: str, pid: int) -> Mapping[str, float]:
    """The hosts that a worker holds, and until when at least, by the clock of arrivals."""
    now = time.monotonic()
    with Server(url) as server:
        rows = server.ask(
            "SELECT host, extract(epoch FROM expires_at - clock_timestamp())::float8 AS seconds "
            "FROM lease JOIN shard_host ON shard = name WHERE split_part(owner, ' ', 2) = %(pid)s",
            {"pid": str(pid)},
        )
    return {row["host"]: now + row["seconds"] for row in rows}


@pytest.mark.soak
def test_a_worker_that_sleeps_through_its_lease_wakes_up_to_nothing(
    folder: Path, secure: Origin, start: Start, postgres: Postgres, certificate: tuple[Path, ssl.SSLContext]
) -> None:
    write_notes(folder, links(secure, 24, 100))
    url = postgres.namespace()
    with cluster(folder.parent, ENRICH_CACHE=url, SSL_CERT_FILE=str(certificate[0])) as away:
        running = start(url, engine=f"dask:{away.address}")
        until(lambda: len(secure.arrivals) > 400, running)
        sleeper = away.workers[0].pid
        until(lambda: bool(held_by(url, sleeper)), running)
        stop(sleeper)
        all_that_was_sent(secure)
        asked = by_host(secure.arrivals)
        ends_at = held_by(url, sleeper)
        assert ends_at, "it stood still while it held some"
        # Whoever takes its shards over waits for the end of their leases, and asks on.
        until(
            lambda: any(len(by_host(secure.arrivals)[host]) > len(asked[host]) for host in ends_at), running
        )
        os.kill(sleeper, signal.SIGCONT)
        assert running.wait() == 0, running.said
    for host, arrivals in by_host(secure.arrivals).items():
        if host in ends_at:
            after = arrivals[len(asked[host]) :]
            assert all(one.at >= ends_at[host] for one in after)
            assert {one.connection for one in asked[host]}.isdisjoint(one.connection for one in after)
    assert_all_is_well(folder, secure, url, 2400)


@pytest.mark.soak
def test_a_server_that_crashes_in_mid_run_is_waited_for(folder: Path, secure: Origin, start: Start) -> None:
    write_notes(folder, links(secure, 24, 40))
    with serve_postgres(durable=True) as server:
        running = start(url := server.database())
        until(lambda: len(secure.arrivals) > 300, running)
        server.restart()
        assert running.wait() == 0, running.said
        assert_all_is_well(folder, secure, url, 960)


@pytest.mark.soak
@pytest.mark.parametrize("engine", ["local", ENGINE])
def test_a_server_that_is_away_for_longer_than_a_lease_is_waited_for(
    folder: Path, secure: Origin, start: Start, engine: str
) -> None:
    write_notes(folder, links(secure, 12, 60))
    with serve_postgres(durable=True) as server:
        running = start(url := server.database(), engine=engine)
        until(lambda: len(secure.arrivals) > 200, running)
        server.stop()
        stopped_at = time.monotonic()
        until(lambda: time.monotonic() > stopped_at + LEASE_SECONDS, running)
        all_that_was_sent(secure)
        asked = len(secure.arrivals)
        until(lambda: time.monotonic() > stopped_at + 2 * LEASE_SECONDS, running)
        assert len(secure.arrivals) == asked
        server.start()
        assert running.wait() == 0, running.said
        assert len(secure.arrivals) > asked
        assert_all_is_well(folder, secure, url, 720, most_repeated=12 * MOST_REPEATED_OF_HOST)


@pytest.mark.soak
def test_what_a_dead_scheduler_leaves_is_finished_by_the_driver(
    folder: Path, secure: Origin, start: Start, postgres: Postgres, certificate: tuple[Path, ssl.SSLContext]
) -> None:
    write_notes(folder, links(secure, 24, 40))
    url = postgres.namespace()
    with cluster(folder.parent, ENRICH_CACHE=url, SSL_CERT_FILE=str(certificate[0])) as away:
        running = start(url, engine=f"dask:{away.address}")
        until(lambda: len(secure.arrivals) > 300, running)
        away.scheduler.kill()
        assert running.wait() == 0, running.said
    assert_all_is_well(folder, secure, url, 960)


def test_a_run_of_one_machine_waits_for_workers_that_may_still_ask(
    folder: Path, secure: Origin, start: Start, postgres: Postgres
) -> None:
    """Those of a driver that died elsewhere know nothing of it until they would renew their leases."""
    write_notes(folder, links(secure, 3, 2))
    url = postgres.namespace()
    with Server(url) as server:
        assert take(server, "shard 3", "elsewhere 1 abc def", 600) is not None
        running = start(url, engine="local")
        until(lambda: "workers of an earlier run may ask for" in running.said, running)
        ends_at = time.monotonic() + LEASE_SECONDS
        soon = "UPDATE lease SET expires_at = clock_timestamp() + %(seconds)s * interval '1 second' WHERE name <> 'run'"
        server.ask(soon, {"seconds": LEASE_SECONDS})
    assert running.wait() == 0, running.said
    assert min(arrival.at for arrival in secure.arrivals) >= ends_at
    assert_all_is_well(folder, secure, url, 6)


def test_of_two_drivers_one_waits_for_the_other(
    folder: Path, secure: Origin, start: Start, postgres: Postgres
) -> None:
    write_notes(folder, links(secure, 6, 10))
    url = postgres.namespace()
    # Longer than anybody stands still.
    lease = ("--lease", "60")
    first = start(url, *lease)
    until(lambda: len(secure.arrivals) > 10, first)
    # It goes on for as long as the second takes to begin.
    secure.otherwise = lambda arrival: replace(page(arrival), after_seconds=5)
    assert start(url, *lease).wait() == 4
    secure.otherwise = page
    patient = start(url, *lease, "--wait", "2m", engine="local")
    assert first.wait() == 0, first.said
    assert patient.wait() == 0, patient.said
    assert_all_is_well(folder, secure, url, 60)


@pytest.mark.soak
def test_a_driver_that_is_killed_leaves_nothing_that_the_next_run_must_ask_again(
    folder: Path, secure: Origin, start: Start, postgres: Postgres
) -> None:
    write_notes(folder, links(secure, 24, 40))
    url = postgres.namespace()
    first = start(url)
    until(lambda: len(secure.arrivals) > 400, first)
    os.kill(first.process.pid, signal.SIGKILL)
    first.wait()
    second = start(url, "--wait", "2m")
    assert second.wait() == 0, second.said
    assert_all_is_well(folder, secure, url, 960)


def test_an_interrupt_ends_all_workers_and_says_what_is_left(
    folder: Path, secure: Origin, start: Start, postgres: Postgres
) -> None:
    """As from a terminal, which sends it to all processes at once."""
    write_notes(folder, links(secure, 12, 200))
    url = postgres.namespace()
    running = start(url)
    until(lambda: len(secure.arrivals) > 100, running)
    os.killpg(running.process.pid, signal.SIGINT)
    assert running.wait() == 128 + signal.SIGINT, running.said
    asked = len(secure.arrivals)
    report = saved_report(folder)
    assert "interrupted" in [warning["code"] for warning in report["run"]["warnings"]]
    assert 0 < report["summary"]["by_status"]["ok"] < 2400
    assert report["summary"]["by_status"]["ok"] >= asked / 2 - MOST_REPEATED
    assert not [pid for pid, parent, line in processes() if parent == running.process.pid]
    assert least_gap(secure) >= GAP_SECONDS * 0.9


@pytest.mark.soak
def test_a_deadline_ends_all_workers(
    folder: Path, secure: Origin, start: Start, postgres: Postgres
) -> None:
    write_notes(folder, links(secure, 12, 1000))
    running = start(postgres.namespace(), "--deadline", "12s")
    assert running.wait() == 3, running.said
    report = saved_report(folder)
    assert [warning["code"] for warning in report["run"]["warnings"]] == ["deadline"]
    assert 0 < report["summary"]["by_status"]["ok"] < 12_000, "all of it takes 50 s"
