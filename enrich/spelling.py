"""What a person may have meant who wrote a name that there is none of."""

from __future__ import annotations

from collections.abc import Iterable


def did_you_mean(written: str, names: Iterable[str]) -> str | None:
    """``did you mean since?``; None where no name is near."""
    # Only who has mistyped something waits for this.
    from difflib import get_close_matches

    by_folded = {name.casefold(): name for name in names}
    near = get_close_matches(written.casefold(), sorted(by_folded), n=1, cutoff=0.7)
    return f"did you mean {by_folded[near[0]]}?" if near else None
