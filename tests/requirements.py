"""What a test needs beyond the package: skipped with a reason where it is missing.

``ENRICH_REQUIRE=shared,chromium`` turns such a skip into a failure, for machines that are meant to have
it all.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def require(name: str, present: bool, reason: str) -> None:
    """Skip the test for ``reason`` unless ``present``; fail where ``name`` is declared to be there."""
    if present:
        return
    if name in os.environ.get("ENRICH_REQUIRE", "").split(","):
        pytest.fail(f"{name} is required here: {reason}")
    pytest.skip(reason)


def shared() -> Path:
    """The folder of real notes, pages and hand-checked truth that lies beside the project."""
    folder = ROOT.parent / "shared"
    require("shared", (folder / "corpus").is_dir(), "the shared test data do not lie beside the project")
    return folder
