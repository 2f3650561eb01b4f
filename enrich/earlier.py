"""What a report gets beside its rows: what earlier reports in its folder say, and the language of its reader."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from enrich.config import Settings
    from enrich.model import Changes, Report, Shown


def with_earlier(report: Report, folder: Path, warn: Callable[[Shown], None]) -> Report:
    """The report with what earlier ones in the folder say, for the formats that people read.

    ``warn`` is told of an earlier one that cannot be read.
    """
    from enrich.model import Earlier
    from enrich.report.saved import nights

    earlier = Earlier(changes=_changes(report, folder, warn), nights=nights(folder, report.run))
    return replace(report, earlier=earlier)


def _changes(report: Report, folder: Path, warn: Callable[[Shown], None]) -> Changes | None:
    """What changed since the last complete run of which there is a report."""
    from enrich.changes import compare
    from enrich.errors import UsageError
    from enrich.report.saved import last_complete
    from enrich.text import fill, printable

    last = last_complete(folder, report.run)
    if last is None:
        return None
    try:
        return compare(last.run, last.targets(), report.run, report.targets())
    except UsageError as error:
        # A damaged file of an earlier night must not cost this one.
        warn(fill("warning: what changed since then cannot be told: {}", printable(str(error))))
        return None


def language_of(settings: Settings, environ: Mapping[str, str] = os.environ) -> str:
    """The language of ``--lang``, else that of the locale (POSIX, 8.2), else English.

    What ``check`` prints is read by programs and compared between machines: its language does not follow the locale.
    """
    if settings["lang"] is not None:
        return str(settings["lang"])
    return "en" if settings.is_check else language_of_locale(environ)


def language_of_locale(environ: Mapping[str, str] = os.environ) -> str:
    """Chinese where the locale is of that language, else English."""
    locale = environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG") or ""
    return "zh" if locale.lower().startswith("zh") else "en"
