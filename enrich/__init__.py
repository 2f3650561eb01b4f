"""enrich finds every link in a folder of notes, and what became of it.

What is given here is what programs may rely on; docs/python.md shows it at work. Hardly anything is loaded at once: a
command loads what it needs, and so does the first name that is asked for. `extract` alone is there from the
beginning, since its module has the same name.
"""

from __future__ import annotations

from importlib import import_module

from enrich.extract import extract

# The module ``typing`` takes longer to load than all that is here.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from enrich.errors import CacheBusyError, EnrichError, StorageError, UsageError
    from enrich.job import Observer
    from enrich.library import LogObserver, Options, Report, check, check_async, load_report, run, run_async
    from enrich.model import (
        Article,
        Changes,
        Finding,
        Link,
        Page,
        Paper,
        ReportDocument,
        ReportEntry,
        ReportLink,
        ReportRun,
        ReportSummary,
        ReportTarget,
        Repository,
        Severity,
        Status,
        Suggestion,
    )

__version__ = "0.1.0"

__all__ = [
    "Article",
    "CacheBusyError",
    "Changes",
    "EnrichError",
    "Finding",
    "Link",
    "LogObserver",
    "Observer",
    "Options",
    "Page",
    "Paper",
    "Report",
    "ReportDocument",
    "ReportEntry",
    "ReportLink",
    "ReportRun",
    "ReportSummary",
    "ReportTarget",
    "Repository",
    "Severity",
    "Status",
    "StorageError",
    "Suggestion",
    "UsageError",
    "__version__",
    "check",
    "check_async",
    "extract",
    "load_report",
    "run",
    "run_async",
]

# Where the names come from; the records come from `enrich.model`.
_MODULES = {
    "enrich.errors": ("CacheBusyError", "EnrichError", "StorageError", "UsageError"),
    "enrich.job": ("Observer",),
    "enrich.library": (
        "LogObserver",
        "Options",
        "Report",
        "check",
        "check_async",
        "load_report",
        "run",
        "run_async",
    ),
}


if not TYPE_CHECKING:
    # Hidden from the type checker, which would believe in any name then.

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = next((module for module, names in _MODULES.items() if name in names), "enrich.model")
        return globals().setdefault(name, getattr(import_module(module), name))

    def __dir__() -> list[str]:
        return sorted(__all__)
