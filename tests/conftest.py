"""Fixtures for all tests, and what is left out of a plain run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from internet import Internet
from origin import Origin, serve_in_thread
from postgres import Postgres
from postgres import serve as serve_postgres
from sites import small_web

# How long one example takes says how busy the machine is.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture
def anyio_backend() -> str:
    """Asynchronous tests run on asyncio; one that wants trio's virtual clock overrides this."""
    return "asyncio"


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
