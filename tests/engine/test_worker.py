"""What a worker gives back to Dask: nothing, or an error that the driver can read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import anyio
import pytest
from distributed.core import error_message
from distributed.protocol import pickle
from postgres import Postgres

from enrich import __version__
from enrich.config import load
from enrich.engine import terms, worker
from enrich.engine.dask import check_readiness
from enrich.engine.shards import Placement
from enrich.errors import LeaseLostError, UsageError, hint_of
from enrich.store import leases, sharing
from enrich.store.server import Server

pytestmark = pytest.mark.anyio


def run(monkeypatch: pytest.MonkeyPatch, errors: Iterator[Exception | None]) -> None:
    """A shard whose attempts end so, one after the other."""

    async def attempt(*_: object) -> None:
        async with anyio.create_task_group():
            if (error := next(errors)) is not None:
                raise error

    monkeypatch.setenv(worker.CACHE_VARIABLE, "postgresql://host.example/database")
    monkeypatch.setattr(worker, "_run_shard", attempt)
    worker.run_shard("a run", 1, "shard 3", __version__)


def test_what_a_person_can_put_right_reaches_the_driver_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError) as raised:
        run(monkeypatch, iter([UsageError("GITHUB_TOKEN: missing", hint="set it")]))
    error = pickle.loads(error_message(raised.value)["exception"].data)
    assert type(error) is UsageError
    assert (str(error), hint_of(error)) == ("GITHUB_TOKEN: missing", "set it")


def test_a_lease_that_was_lost_is_stood_in_line_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = LeaseLostError("shard 3: somebody else holds it now")
    attempts = iter([lost, lost, lost, lost, lost, None])
    run(monkeypatch, attempts)
    assert list(attempts) == []


@pytest.mark.parametrize("is_stopping", [False, True])
async def test_a_worker_that_gets_its_shard_when_the_run_is_ending_leaves_it_to_the_driver(
    postgres_url: str, is_stopping: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The driver asks the rest itself by then, and what a worker took would be nobody's in the end."""
    worked: list[str] = []

    async def work(shard: worker._Shard) -> None:
        worked.append(shard.name)

    take_at_once = leases.take

    def take(server: Server, *of: Any) -> leases.Held | None:
        held = take_at_once(server, *of)
        if is_stopping:
            sharing.stop(server, run.epoch)
        return held

    monkeypatch.setattr(worker, "_work_on", work)
    monkeypatch.setattr(leases, "take", take)
    with Server(postgres_url) as server:
        run = take_at_once(server, leases.RUN, "driver", 600)
        assert run is not None
        told = terms.encoded(terms.terms_of(load("run", {}, environ={}), __version__, Placement(count=1)))
        sharing.lay_out(
            server, run, "a run", told, deadline_seconds=None, shards=["shard 0"], shard_of_hosts={}, shard_of_kinds={}
        )  # fmt: skip
        await worker._run_shard(postgres_url, ("a run", run.epoch), "shard 0")
        assert worked == ([] if is_stopping else ["shard 0"])
        assert [one.name for one in leases.leases(server) if one.owner] == ["run"], "it was given back"


def test_a_worker_of_another_version_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="both must be the same"):
        worker.run_shard("a run", 1, "shard 3", "0.0.0")


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("", "ENRICH_CACHE: not set"),
        ("postgresql://u:pass-word@127.0.0.1:1/d", "is the server running"),
        ("sqlite:x.sqlite3", "is the address right?"),
        (None, "is not the cache that the driver uses"),
    ],
)
def test_a_worker_without_the_drivers_cache_says_so_before_anything_is_asked(
    monkeypatch: pytest.MonkeyPatch, postgres: Postgres, address: str | None, why: str
) -> None:
    """None is a cache that works, and knows nothing of the run."""
    monkeypatch.setattr(worker, "READY_SECONDS", 0.1)
    monkeypatch.setenv(worker.CACHE_VARIABLE, postgres.namespace() if address is None else address)
    version, said = worker.readiness("a run")
    assert version == __version__
    assert why in (said or "")
    assert "pass-word" not in (said or "")
    with pytest.raises(UsageError, match=r"worker tcp://127\.0\.0\.1:7: "):
        check_readiness({"tcp://127.0.0.1:7": (version, said), "tcp://127.0.0.1:8": (version, None)})


def test_a_worker_never_takes_the_shards_of_a_run_that_its_cache_does_not_know_to_be_done(
    monkeypatch: pytest.MonkeyPatch, postgres: Postgres
) -> None:
    monkeypatch.setenv(worker.CACHE_VARIABLE, postgres.namespace())
    with pytest.raises(UsageError, match="is not the cache that the driver uses"):
        worker.run_shard("a run", 1, "shard 3", __version__)


def test_workers_of_another_version_are_named() -> None:
    check_readiness({"tcp://a:1": (__version__, None)})
    with pytest.raises(UsageError, match=r"tcp://b:1: 0\.0\.9"):
        check_readiness({"tcp://a:1": (__version__, None), "tcp://b:1": ("0.0.9", None)})
