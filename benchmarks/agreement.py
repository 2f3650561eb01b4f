"""Did both programs say the same of each link? Speed is worth nothing where the answers differ.

Their words are brought to three: a link is alive, broken or silent; what else enrich says (blocked, skipped) stays.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

_OURS = {"ok": "alive", "redirected": "alive", "broken": "broken"}


def of_enrich(report: Path) -> dict[str, str]:
    """What a JSON report of enrich says of each address."""
    targets = json.loads(report.read_bytes())["targets"]
    return {target["url"]: _our_word(target["status"], target["reason"]) for target in targets}


def _our_word(status: str, reason: str) -> str:
    return "silent" if reason == "timeout" else _OURS.get(status, status)


def of_lychee(report: Path, urls: Sequence[str]) -> dict[str, str]:
    """What lychee says of each address; its report lists only those that it found fault with."""
    told = json.loads(report.read_bytes())
    assert told["total"] == len(urls), f"lychee saw {told['total']} links of {len(urls)}"
    said = dict.fromkeys(urls, "alive")
    for word, map_ in (("broken", told["error_map"]), ("silent", told["timeout_map"])):
        said.update({link["url"]: word for links in map_.values() for link in links})
    return said


def differing(ours: Mapping[str, str], theirs: Mapping[str, str]) -> Counter[tuple[str, str]]:
    """How many links got which two different words, ours first; one that is missing got none."""
    pairs = ((ours.get(url, "missing"), theirs.get(url, "missing")) for url in {*ours, *theirs})
    return Counter(pair for pair in pairs if pair[0] != pair[1])
