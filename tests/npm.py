"""Published packages of npm, for what only others can say: a schema of theirs, or what a page must offer to everybody.

Nothing of it is kept: the package index is asked when a test needs it, and where it does not answer, the test is
skipped with the reason that npm gave (`ENRICH_REQUIRE=index` makes that a failure).
"""

from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

from requirements import require

SECONDS = 90


def published(package: str, member: str) -> str:
    """The text of one file of a published package; ``member`` is its path below the package's own folder."""
    with TemporaryDirectory(prefix="enrich-npm-") as folder:
        why = _pack(package, folder)
        packed = list(Path(folder).glob("*.tgz"))
        require("index", bool(packed), f"npm cannot fetch {package}: {why}")
        with tarfile.open(packed[0]) as archive:
            opened = archive.extractfile(f"package/{member}")
            assert opened is not None
            return opened.read().decode()


def _pack(package: str, folder: str) -> str:
    """Have npm put the package into a folder; what it said when it could not."""
    command = ["npm", "pack", "--silent", package, "--fetch-retries=0", "--fetch-timeout=20000"]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except FileNotFoundError:
        return "it is not installed"
    except subprocess.TimeoutExpired:
        return f"no answer within {SECONDS} s"
    return done.stderr.strip()[-200:]
