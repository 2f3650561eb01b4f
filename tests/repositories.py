"""A git repository that a test scripts."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from requirements import require


def without_own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Git without the settings of whoever runs the tests; skips where there is none."""
    require("git", shutil.which("git") is not None, "git is not installed")
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@dataclass(frozen=True)
class Repository:
    top: Path

    def write(self, name: str, text: str) -> None:
        path = self.top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def git(self, *arguments: str, **environment: str) -> None:
        own = ("-c", "user.name=N", "-c", "user.email=n@example.org", "-c", "init.defaultBranch=main")
        subprocess.run(
            ["git", *own, "-C", str(self.top), *arguments],
            check=True,
            capture_output=True,
            env={**os.environ, **environment},
        )

    def commit(self, day: str, files: Mapping[str, str], *options: str) -> None:
        for name, text in files.items():
            self.write(name, text)
        self.git("add", "--all")
        # The committer's clock runs on: only the author's says when a note was written.
        self.git("commit", "-m", day, "--allow-empty", *options,
                 GIT_AUTHOR_DATE=f"{day}T23:30:00+0800", GIT_COMMITTER_DATE="2026-01-01T00:00:00Z")  # fmt: skip
