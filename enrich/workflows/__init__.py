"""Workflows for GitHub Actions that `enrich init --github` writes.

They lie here as whole files, so that they can be read, checked and used as they stand; only the line that says what pip
is to install depends on where this enrich came from. That is known from PEP 610's ``direct_url.json``: an address of
a repository or an archive is named again, and what came from an index is pinned to its version. A folder of this
machine means nothing elsewhere, so that the files then keep what they have.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution
from importlib.resources import files
from typing import Any

DISTRIBUTION = "enrich-links"
# As the files have it: a git submodule.
FOLDER = "./.enrich"
NAMES = ("enrich-pull-request.yml", "enrich-nightly.yml")
_LINE = f"  ENRICH: {FOLDER}\n"
_ABOUT = "  # What pip installs: here the folder of a git submodule (hidden, so that its own documents are not read).\n"
_ABOUT_OTHER = "  # What pip installs: what it was installed from where this file was made.\n"


def workflows(requirement: str | None) -> dict[str, str]:
    """The text of each workflow by its name; None for ``requirement`` leaves the folder of a submodule."""
    return {name: _installing(_text(name), requirement) for name in NAMES}


def _text(name: str) -> str:
    return files(__name__).joinpath(name).read_text(encoding="utf-8")


def _installing(text: str, requirement: str | None) -> str:
    if requirement is None:
        return text
    assert text.count(_ABOUT + _LINE) == 1, "a workflow says once what pip installs"
    # JSON text is YAML text, whatever the address holds.
    return text.replace(_ABOUT + _LINE, f"{_ABOUT_OTHER}  ENRICH: {json.dumps(requirement)}\n")


def own_requirement() -> str | None:
    """What pip would have to be told elsewhere to install this very enrich; None if only this machine has it."""
    try:
        found = distribution(DISTRIBUTION)
    except PackageNotFoundError:
        # Run from a folder without being installed.
        return None
    origin = found.read_text("direct_url.json")
    if origin is None:
        return f"{DISTRIBUTION}=={found.version}"
    return requirement_of(json.loads(origin))


def requirement_of(origin: Mapping[str, Any]) -> str | None:
    """The requirement for what PEP 610 calls a direct URL; None for one of this machine."""
    url = str(origin["url"])
    if not url.startswith("https://"):
        return None
    folder = f"#subdirectory={origin['subdirectory']}" if "subdirectory" in origin else ""
    if (repository := origin.get("vcs_info")) is not None:
        return f"{repository['vcs']}+{url}@{repository['commit_id']}{folder}"
    return url + folder
