"""Test material that other projects publish in their source distributions, fetched when a test asks for it.

Third-party text stays out of this project. Archives are kept in the system's folder for temporary files, so
that one machine fetches each once.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
from functools import cache
from pathlib import Path

from requirements import require

SECONDS = 180


@cache
def member(requirement: str, path: str) -> str:
    """The text of a file in the source distribution of a pinned ``requirement``, its first folder left out."""
    with tarfile.open(_archive(requirement)) as archive:
        for name in archive.getnames():
            if name.partition("/")[2] == path and (file := archive.extractfile(name)) is not None:
                return file.read().decode("utf-8")
    raise AssertionError(f"{requirement} holds no {path}")


def _archive(requirement: str) -> Path:
    user = getattr(os, "getuid", lambda: "user")()
    folder = Path(tempfile.gettempdir()) / f"enrich-tests-{user}" / requirement.replace("==", "-")
    if not (kept := sorted(folder.glob("*.tar.gz"))):
        _download(requirement, folder)
        kept = sorted(folder.glob("*.tar.gz"))
    return kept[0]


def _download(requirement: str, folder: Path) -> None:
    folder.parent.mkdir(mode=0o700, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as fresh:
        options = [
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "--no-binary",
            ":all:",
            "--dest",
            fresh,
        ]
        fetched = _runs([sys.executable, "-m", "pip", "download", *options, requirement])
        require("index", fetched, f"{requirement} cannot be fetched from a package index")
        folder.mkdir(exist_ok=True)
        for archive in Path(fresh).glob("*.tar.gz"):
            # Another process may have been as quick; the bytes are the same.
            os.replace(archive, folder / archive.name)


def _runs(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=SECONDS).returncode == 0
    except subprocess.TimeoutExpired:
        return False
