"""The records that flow through enrich.

Frozen values from the standard library alone: every other module may import from here, and nothing here
does any work. The words are those of the field and mean one thing each:

    document  one file that was read          link     one occurrence in a document
    target    what links resolve to           outcome  what one fetch gave, response or failure
    verdict   status and reason               metadata what the target stands for
    finding   something worth a look          entry    what a person sees as one item of a note

All of them are imported from here. What surprised us: making sixty such classes takes twenty milliseconds, a fifth
of the time in which the links of a whole collection are listed. So a record's module is loaded when somebody first
asks for one of its names.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from enrich.model.asking import *  # noqa: F403
    from enrich.model.changes import *  # noqa: F403
    from enrich.model.kinds import *  # noqa: F403
    from enrich.model.metadata import *  # noqa: F403
    from enrich.model.report import *  # noqa: F403
    from enrich.model.shown import *  # noqa: F403
    from enrich.model.targets import *  # noqa: F403
    from enrich.model.texts import *  # noqa: F403
    from enrich.model.verdicts import *  # noqa: F403

# Those that are asked for most come first.
_MODULES = ("shown", "texts", "targets", "verdicts", "metadata", "asking", "report", "kinds", "changes")


if not TYPE_CHECKING:
    # Hidden from the type checker, which would believe in any name then.

    def __getattr__(name: str) -> object:
        for module in _MODULES:
            if not name.startswith("_") and name in (found := vars(import_module(f"{__name__}.{module}"))):
                return globals().setdefault(name, found[name])
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
