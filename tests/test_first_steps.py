"""The way of somebody who meets enrich for the first time: each command as the one before it says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("first")
    (top / "notes").mkdir()
    (top / "notes" / "2022-05-10.md").write_text(
        "# 今天 2022.5.10\n\n[下一天](2022-05-11.md) and [a word](#word)\n\n## Word\n", encoding="utf-8"
    )
    return top


def enrich(folder: Path, *arguments: str, day: int = 21) -> subprocess.CompletedProcess[str]:
    """A command, on one day or the other: two reports of one second are one file."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("LANG", "LC_"))
    }
    environment["ENRICH_NOW"] = f"2026-11-{day}T06:00:00Z"
    return subprocess.run(
        [sys.executable, "-m", "enrich", *arguments],
        cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=300, check=False,
    )  # fmt: skip


def test_from_the_demonstration_to_a_check_that_is_green(folder: Path) -> None:
    demo = enrich(folder, "demo")
    assert demo.returncode == 0, demo.stderr
    assert "report: enrich-demo/reports/latest.json, enrich-demo/reports/latest.html" in demo.stderr
    assert "the same job on yours: enrich run PATH" in demo.stderr
    page = (folder / "enrich-demo" / "reports" / "latest.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")

    begun = enrich(folder, "init")
    assert begun.returncode == 0, begun.stderr
    assert "`enrich links` lists what would be asked" in begun.stderr
    assert "notes/2022-05-10.md:3:" in enrich(folder, "links", "notes").stdout

    run = enrich(folder, "run", "notes")
    assert run.returncode == 0, run.stderr
    assert "notes/2022-05-10.md:3:7: file-missing" in run.stdout

    red = enrich(folder, "check", "notes")
    assert red.returncode == 1
    assert "hint: correct the link" in red.stderr
    (folder / "notes" / "2022-05-11.md").write_text("# 明天\n", encoding="utf-8")
    green = enrich(folder, "check", "notes", day=22)
    assert (green.returncode, "2 ok" in green.stdout) == (0, True)
    assert "recovered" in enrich(folder, "run", "notes", day=22).stdout
