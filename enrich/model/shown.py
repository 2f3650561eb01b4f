"""Text that has come through the door to every output."""

from __future__ import annotations


class Shown(str):
    """Text that may be shown: ours, or a stranger's that came through a function of `enrich.text`.

    A class rather than a name for the type checker alone, so that the last door can refuse what is none.
    """

    __slots__ = ()
