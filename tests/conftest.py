"""Fixtures for all tests, and what is left out of a plain run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck
from internet import Internet
from origin import Origin, serve_in_thread
from postgres import Postgres
from postgres import serve as serve_postgres
from sites import small_web
from surroundings import heed_interrupts, tidy

from enrich.standstill import AwakeLoop

tidy(os.environ)
heed_interrupts()

# An example that takes long says nothing where other programs may take the machine. The same examples each time, so that
# what is found wrong is about the change at hand; `--hypothesis-profile=exploring` looks for others.
hypothesis.settings.register_profile(
    "steady", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis.settings.register_profile(
    "exploring", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis.settings.load_profile("steady")


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """Asynchronous tests run on the loop of the program, so that a machine that stands still for seconds makes nothing
    in them too late; one that wants trio's virtual clock overrides this."""
    return "asyncio", {"loop_factory": AwakeLoop}


@pytest.fixture
def origin() -> Iterator[Origin]:
    """The server, at every address of 127.0.0.0/8."""
    with serve_in_thread("0.0.0.0") as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder to work in, with room for other things beside it."""
    work = tmp_path / "work"
    work.mkdir()
    return work


@pytest.fixture(scope="module")
def internet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Internet]:
    """The internet of the tests, with all of its sites."""
    with Internet(tmp_path_factory.mktemp("authority"), small_web()) as running:
        yield running


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server, begun by the first test that wants one. Who restarts it wants one of his own: `serve`."""
    with serve_postgres() as running:
        yield running


@pytest.fixture
def postgres_url(postgres: Postgres) -> str:
    """The address of an empty cache on PostgreSQL."""
    return postgres.namespace()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave long tests out, unless marks are chosen: ``-m soak``, or ``-m killloop`` for all of one promise."""
    if config.option.markexpr:
        return
    long = [item for item in items if item.get_closest_marker("soak")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if not item.get_closest_marker("soak")]
