"""Trouble of our own network changes no verdict: the real thing, in a network of its own.

Every trouble meets a cache that knows more than a hundred links, alive ones and broken ones. Afterwards all of
them stand as before, the exit code is 3, and each report says at its top that the run is not complete.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import netspace
import pytest
import trustme
from internet import Answer, Asked, Internet, Site, environment, run_enrich, saved_report
from requirements import require
from sites import html

pytestmark = pytest.mark.netdown

CONFIG = """
host_interval = 0.0
host_concurrency = 4
retries = 0
timeout = 60.0
connect_timeout = 20.0
network_wait = "1s"
[report]
formats = ["json", "text", "markdown"]
"""
QUICK = ("nothing", "names-die", "portal", "intercepting")
LYING = {"portal", "portal-redirects", "portal-later", "intercepting", "intercepting-redirects"}


@cache
def namespaces() -> str | None:
    """Why this machine gives nobody a network of his own; None where it does."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "network namespaces need root on Linux"
    for tool in ("unshare", "ip", "mount"):
        if shutil.which(tool) is None:
            return f"network namespaces need {tool}, which is not installed"
    probe = "ip link set lo up && mount --bind /etc/hosts /etc/hosts"
    made = subprocess.run(["unshare", "-n", "-m", "sh", "-c", probe], capture_output=True, check=False)
    if made.returncode:
        return f"no network namespace can be made here: {made.stderr.decode().strip()}"
    return None


def in_namespace(trouble: str, folder: Path, *options: str) -> dict[str, Any]:
    """Run the program once in a network with that trouble: its exit code and what it said."""
    env = environment(None, SSL_CERT_FILE=str(folder / "ca.pem"), ENRICH_ALLOW_NET="127.0.0.0/8")
    impatient = ("--timeout", "3", "--connect-timeout", "2") if trouble in netspace.SILENT else ()
    script = [sys.executable, netspace.__file__, trouble, str(folder), *impatient, *options]
    done = subprocess.run(
        ["unshare", "-n", "-m", *script],
        env=env
        | {"PYTHONPATH": os.pathsep.join((str(netspace.PROJECT), str(Path(netspace.__file__).parent)))},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


@pytest.fixture(scope="session")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose cache knows all links from two good nights."""
    reason = namespaces()
    require("netspace", reason is None, reason or "")
    folder = tmp_path_factory.mktemp("known")
    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    authority.private_key_pem.write_to_path(folder / "ca.key")
    (folder / "enrich.toml").write_text(CONFIG)
    (folder / "notes.md").write_text("".join(f"- <{url}>\n" for url in netspace.LINKS))
    said = in_namespace("none", folder)
    assert said["code"] == 0, said["err"]
    return folder


@pytest.fixture
def folder(known: Path, tmp_path: Path) -> Path:
    return shutil.copytree(known, tmp_path / "work")


def verdicts(folder: Path) -> dict[str, tuple[Any, ...]]:
    """All that may not change, by target."""
    kept = ("status", "reason", "http_status", "final_url", "confirmed", "failed_checks", "first_failed_at")
    return {row["id"]: tuple(row[name] for name in kept) for row in saved_report(folder)["targets"]}


def assert_unchanged(before: dict[str, tuple[Any, ...]], folder: Path) -> None:
    after = verdicts(folder)
    assert {id_: (before[id_], after[id_]) for id_ in before if before[id_] != after[id_]} == {}
    assert len(after) == len(before) > 100


def assert_banner(folder: Path, code: str) -> None:
    """Every report says it before anything else."""
    run = saved_report(folder)["run"]
    assert (run["complete"], run["warnings"][0]["code"]) == (False, code)
    assert {warning["code"] for warning in run["warnings"]} <= {code, "addresses-by-proxy"}
    latest = folder / "reports"
    assert (latest / "latest.txt").read_text().startswith("The run is not complete: ")
    assert (latest / "latest.md").read_text().startswith("> **The run is not complete: ")


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(name, marks=() if name in QUICK else pytest.mark.soak)
        for name in netspace.TROUBLES
        if name != "none"
    ],
)
def test_trouble_of_our_network_changes_no_verdict(folder: Path, trouble: str) -> None:
    before = verdicts(folder)
    assert {row[0] for row in before.values()} == {"ok", "broken"}
    said = in_namespace(trouble, folder, "--refresh")
    assert_unchanged(before, folder)
    assert said["code"] == 3, said["err"]
    warnings = [warning["code"] for warning in saved_report(folder)["run"]["warnings"]]
    assert set(warnings) <= {"network-down", "network-lost", "lying-network"}
    assert ("lying-network" in warnings) == (trouble in LYING)
    assert_banner(folder, warnings[0])


@pytest.mark.soak
def test_the_night_after_the_trouble_is_as_any_other(folder: Path) -> None:
    before = verdicts(folder)
    assert in_namespace("all-dies", folder, "--refresh")["code"] == 3
    assert in_namespace("none", folder, "--refresh")["code"] == 0
    assert {id_: row[:2] for id_, row in verdicts(folder).items()} == {
        id_: row[:2] for id_, row in before.items()
    }


@pytest.mark.parametrize(
    "trouble",
    [
        "nothing",
        *(pytest.param(name, marks=pytest.mark.soak) for name in ("nxdomain", "portal", "names-die")),
    ],
)
def test_trouble_without_any_memory_condemns_nobody(folder: Path, trouble: str) -> None:
    shutil.rmtree(folder / "cache")
    said = in_namespace(trouble, folder)
    assert said["code"] == 3, said["err"]
    assert {row["status"] for row in saved_report(folder)["targets"]} <= {"ok", "skipped", "broken"}
    broken = {row["id"] for row in saved_report(folder)["targets"] if row["status"] == "broken"}
    assert {id_ for id_ in broken if not id_.endswith("/missing")} == set()


@pytest.mark.parametrize("trouble", ["refused", *(pytest.param("nxdomain", marks=pytest.mark.soak),)])
def test_a_host_that_is_a_number_does_not_vouch_for_names(folder: Path, trouble: str) -> None:
    shutil.rmtree(folder / "cache")
    plain = [url for url in netspace.LINKS if url.startswith("http:")]
    links = [*plain, f"http://{netspace.WEB}/missing", f"http://{netspace.WEB}/one"]
    (folder / "notes.md").write_text("".join(f"- <{url}>\n" for url in links))
    assert in_namespace("none", folder)["code"] == 0
    before = {id_: row[:2] for id_, row in verdicts(folder).items()}
    said = in_namespace(trouble, folder, "--refresh")
    assert said["code"] == 3, said["err"]
    assert {id_: row[:2] for id_, row in verdicts(folder).items()} == before
    assert_banner(folder, "network-lost")


# --- through a proxy -----------------------------------------------------------------------------------

PAGES = [f"{'http' if n % 5 == 0 else 'https'}://page-{n}.example/{m}" for n in range(26) for m in range(4)]


def page(asked: Asked) -> Answer:
    return html("A page") if not asked.path.endswith("/3") else html("nothing here", status=404)


@pytest.fixture
def internet(tmp_path: Path) -> Iterator[Internet]:
    with Internet(tmp_path / "authority", {".example": page}) as running:
        yield running


@pytest.fixture
def work(tmp_path: Path, internet: Internet) -> Path:
    """Notes with links that a run through the proxy has just found alive or broken."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "enrich.toml").write_text(CONFIG)
    (folder / "notes.md").write_text("".join(f"- <{url}>\n" for url in PAGES))
    first = run_enrich(["run", "notes.md", "--no-progress"], folder, environment(internet))
    assert first.returncode == 0, first.stderr
    return folder


def refresh(folder: Path, internet: Internet) -> None:
    done = run_enrich(["run", "notes.md", "--no-progress", "--refresh"], folder, environment(internet))
    assert done.returncode == 3, done.stderr


def test_a_proxy_that_is_gone_changes_no_verdict(work: Path, internet: Internet) -> None:
    before = verdicts(work)
    internet.close()
    refresh(work, internet)
    assert_unchanged(before, work)
    assert_banner(work, "network-down")


def test_a_proxy_that_dies_in_mid_run_changes_no_verdict(work: Path, internet: Internet) -> None:
    before, asked = verdicts(work), len(internet.asked())
    internet.delay_seconds = 0.02

    def die() -> None:
        deadline = time.monotonic() + 120
        while len(internet.asked()) < asked + 60 and time.monotonic() < deadline:
            time.sleep(0.005)
        internet.close()

    killer = threading.Thread(target=die)
    killer.start()
    refresh(work, internet)
    killer.join()
    assert_unchanged(before, work)
    assert_banner(work, "network-lost")


def test_few_hosts_are_waited_for_when_the_proxy_dies(tmp_path: Path, internet: Internet) -> None:
    """Left alone after five failures each, they look like no outage: too few for that."""
    (tmp_path / "enrich.toml").write_text(CONFIG.replace('"1s"', '"4s"') + "\n")
    urls = [
        f"https://page-{host}.example/{page}" for host in range(6) for page in range(40) if page % 4 != 3
    ]
    (tmp_path / "notes.md").write_text("".join(f"- <{url}>\n" for url in urls))
    assert run_enrich(["run", "notes.md"], tmp_path, environment(internet)).returncode == 0
    before, asked = verdicts(tmp_path), len(internet.asked())
    internet.delay_seconds = 0.02
    died: list[float] = []

    def die() -> None:
        deadline = time.monotonic() + 120
        while len(internet.asked()) < asked + 30 and time.monotonic() < deadline:
            time.sleep(0.005)
        internet.close()
        died.append(time.monotonic())

    killer = threading.Thread(target=die)
    killer.start()
    done = run_enrich(["run", "notes.md", "--refresh"], tmp_path, environment(internet))
    killer.join()
    assert done.returncode == 3, done.stderr
    assert time.monotonic() - died[0] > 4, "as long as --network-wait"
    assert {id_: row[:2] for id_, row in verdicts(tmp_path).items()} == {
        id_: row[:2] for id_, row in before.items()
    }
    assert_banner(tmp_path, "network-lost")
    assert saved_report(tmp_path)["summary"]["deferred"] == 0


def test_a_proxy_that_answers_for_names_that_cannot_exist_is_not_believed(
    work: Path, internet: Internet
) -> None:
    before = verdicts(work)

    def portal(asked: Asked) -> Answer:
        return html("log in") if asked.scheme == "http" else page(asked)

    everybody: dict[str, Site] = {".example": portal, ".invalid": portal}
    internet.sites.update(everybody)
    refresh(work, internet)
    assert_unchanged(before, work)
    assert_banner(work, "lying-network")
    assert len(internet.asked()) > 0
    invented = [one for one in internet.asked() if one.host.endswith(".invalid")]
    assert [one.method for one in invented[-1:]] == ["GET"]
