"""What a worker gives back to Dask: nothing, or an error that the driver can read."""

from __future__ import annotations

from collections.abc import Iterator

import anyio
import pytest
from distributed.core import error_message
from distributed.protocol import pickle

from enrich import __version__
from enrich.engine import worker
from enrich.errors import LeaseLostError, UsageError, hint_of


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


def test_a_worker_of_another_version_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="both must be the same"):
        worker.run_shard("a run", 1, "shard 3", "0.0.0")
