"""What a job of GitHub Actions gets by itself: a step summary, and annotations on the lines of a pull request.

The log keeps the text, one finding a line with its place, since the runner shows an annotation without it. The
annotations come behind it in a folded group, as many as the runner takes, so that nothing is read twice. Whoever
asks for a format gets that one and no annotations beside it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from enrich.cli.printing import print_all, say

if TYPE_CHECKING:
    from enrich.config import Settings
    from enrich.model import Report

# A step summary holds at most this much (GitHub's documentation, "Adding a job summary"); a longer one is dropped.
SUMMARY_BYTES = 1 << 20


def is_wanted(settings: Settings, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a job of GitHub Actions runs this, and nobody said that it should be left alone."""
    return environ.get("GITHUB_ACTIONS") == "true" and not settings["no_annotations"]


def annotate(report: Report, settings: Settings) -> None:
    """Print the annotations of a check, unless its output has a form of its own."""
    from enrich.report.github import folded_annotations

    if settings.is_check and settings.sources["format"] == "default":
        print_all(folded_annotations(report))


def summarise(report: Report, environ: Mapping[str, str] = os.environ) -> None:
    """Append the report to the step summary; that it cannot be written is a warning."""
    from enrich.publish import append_bounded
    from enrich.report import markdown
    from enrich.text import fill, printable

    if not (path := environ.get("GITHUB_STEP_SUMMARY")):
        return
    ending = "\n\n… and more: the log has all of it.\n"
    try:
        append_bounded(Path(path), markdown.render(report), SUMMARY_BYTES, ending)
    except OSError as error:
        why = printable(error.strerror or str(error))
        say(fill("warning: the step summary {} cannot be written: {}", printable(path), why))
