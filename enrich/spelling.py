"""What a person may have meant who wrote a name that there is none of; and one of a thing, or many."""

from __future__ import annotations

from collections.abc import Iterable


def did_you_mean(written: str, names: Iterable[str]) -> str | None:
    """``did you mean since?``; None where no name is near."""
    # Only who has mistyped something waits for this.
    from difflib import get_close_matches

    by_folded = {name.casefold(): name for name in names}
    near = get_close_matches(written.casefold(), sorted(by_folded), n=1, cutoff=0.7)
    return f"did you mean {by_folded[near[0]]}?" if near else None


def numbered(count: int, one: str, many: str | None = None) -> str:
    """``1 target``, ``2,100 targets``; ``many`` where that is not ``one`` with an s."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"
