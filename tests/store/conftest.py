"""The store that all of them are tested by, once for each sort."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from stores import SORTS, open_new

from enrich.store.protocol import Store


@pytest.fixture(params=SORTS)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """One store of each sort; a new sort is added to `stores` and passes the same tests."""
    async with open_new(request, tmp_path) as made:
        yield made
