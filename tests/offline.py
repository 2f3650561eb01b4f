"""Whole runs that ask nobody."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from internet import saved_report
from requirements import ROOT


def offline(folder: Path, *paths: str) -> dict[str, Any]:
    """The report of a run in a folder; its cache is ``cache/enrich.sqlite3`` there."""
    command = [sys.executable, "-m", "enrich", "run", "--offline", "--no-progress", *(paths or (".",))]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "ENRICH_NOW": "2026-11-21T06:00:00Z"}
    done = subprocess.run(
        command, check=False, cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return saved_report(folder)
