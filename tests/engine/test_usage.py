"""What cannot work is refused before anything begins, with the reason and the way out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import dask
import pytest
import trustme
from internet import environment, run_enrich
from postgres import Postgres

from enrich.engine.dask import Where, check_certificates, where_of
from enrich.errors import UsageError, hint_of


@pytest.mark.parametrize(
    ("engine", "where"),
    [
        ("dask:local=3", Where(local=3)),
        ("dask:tls://scheduler.example:8786", Where(address="tls://scheduler.example:8786")),
        ("dask:tcp://127.0.0.1:8786", Where(address="tcp://127.0.0.1:8786")),
        ("dask:localhost:8786", Where(address="tcp://localhost:8786")),
        ("dask:[::1]:8786", Where(address="tcp://[::1]:8786")),
    ],
)
def test_an_engine_names_its_cluster(engine: str, where: Where) -> None:
    assert where_of(engine, insecure_cluster=False) == where


@pytest.mark.parametrize(
    ("engine", "why"),
    [
        ("dask:local", "number of processes"),
        ("dask:local=0", "number of processes"),
        ("dask:local=many", "number of processes"),
        ("dask:", "must be local"),
        ("dask:https://scheduler.example", "must be local"),
        ("dask:tcp://scheduler.example:8786", "without TLS"),
        ("dask:scheduler.example:8786", "without TLS"),
        ("dask:tcp://10.0.0.1:8786", "without TLS"),
        ("dask:tcp://127.0.0.1:99999", "names no port"),
        ("dask:tls://scheduler.example", "names no port"),
    ],
)
def test_what_is_no_cluster_or_not_safe_is_refused(engine: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        where_of(engine, insecure_cluster=False)


def test_a_cluster_with_tls_wants_the_certificates_of_dasks_configuration(tmp_path: Path) -> None:
    address, authority = "tls://scheduler.example:8786", trustme.CA()
    authority.cert_pem.write_to_path(str(there := tmp_path / "ca.pem"))
    own = authority.issue_cert("client.example").private_key_and_cert_chain_pem
    own.write_to_path(str(client := tmp_path / "client.pem"))
    ca, cert = "distributed.comm.tls.ca-file", "distributed.comm.tls.client.cert"
    check_certificates("tcp://127.0.0.1:8786")
    with dask.config.set({ca: str(there), cert: str(client)}):
        check_certificates(address)
    for set_, why in (
        ({ca: None, cert: None}, "no certificates are set"),
        ({ca: str(there), cert: None}, "no certificates are set"),
        ({ca: str(tmp_path / "nowhere.pem"), cert: str(client)}, "of no use"),
        ({ca: str(there), cert: str(there)}, "of no use"),
    ):
        with dask.config.set(set_), pytest.raises(UsageError, match=why) as refused:
            check_certificates(address)
        assert "distributed.comm.tls.ca-file" in (hint_of(refused.value) or "")


def test_a_closed_network_may_do_without_tls() -> None:
    assert where_of("dask:10.0.0.1:8786", insecure_cluster=True).address == "tcp://10.0.0.1:8786"


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--engine", "dask:local=2"], "--cache postgresql://"),
        (["--engine", "spark"], "must be local"),
        (["--engine", "dask:local=2", "--cache", "sqlite:cache.sqlite3"], "--cache postgresql://"),
    ],
)
def test_an_engine_without_a_shared_cache_is_a_usage_error(
    folder: Path, options: list[str], why: str
) -> None:
    done = run_enrich(["run", ".", *options], folder, environment(None))
    assert done.returncode == 2
    assert why in done.stderr


def test_leases_are_shown_to_people_and_programs(folder: Path, postgres: Postgres) -> None:
    from enrich.store.leases import take
    from enrich.store.server import Server

    url = postgres.namespace()
    with Server(url) as server:
        take(server, "run", "host 1 abc", 600.0)
        take(server, "shard 3", "host 2 def", 0.0)
    text = run_enrich(["leases", "--cache", url], folder, environment(None))
    assert text.stdout.startswith("run: host 1 abc, for "), text.stderr
    assert "shard 3: free (epoch 1)" in text.stdout
    rows = run_enrich(["leases", "--cache", url, "--format", "json"], folder, environment(None))
    assert [row.split('"')[3] for row in rows.stdout.splitlines()] == ["run", "shard 3"]
    assert run_enrich(["leases"], folder, environment(None)).returncode == 2


def test_a_run_on_one_machine_loads_nothing_of_it() -> None:
    code = (
        "import sys, enrich.cli, enrich.pipeline, enrich.store.sqlite, enrich.checking, enrich.fetch.client; "
        "print(*(name for name in sys.modules if name.split('.')[0] in ('psycopg', 'distributed', 'dask') "
        "or name.startswith('enrich.engine')))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []
