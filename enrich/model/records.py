"""Records that are made for every link.

A frozen dataclass with eight fields takes 1.2 µs to be made, since each field goes through `object.__setattr__`, and
0.3 µs where it is not frozen. Of some records one or two are made for every link, which came to a fourteenth of the time
of a run that waits for nobody. So these are frozen for the type checker, which reads all of this house, and at run time
they are plain slotted dataclasses that compare and hash by their fields as frozen ones do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as record
else:
    from dataclasses import dataclass

    def record(*, frozen: bool, slots: bool, kw_only: bool = False):
        """`dataclass`, said with the same words."""
        assert frozen
        return dataclass(unsafe_hash=True, slots=slots, kw_only=kw_only)


__all__ = ["record"]
