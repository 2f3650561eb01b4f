"""The seeds, whose every link a reader has checked by hand."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from requirements import shared

from enrich.extract import extract
from enrich.extract.markdown import title
from enrich.model import Element, Link

SEEDS = ("daily-2022-05-10", "daily-2021-04-25", "cvpr2020", "notes-2021-05", "deep-learning-44")


def gold(seed: str) -> list[dict[str, Any]]:
    lines = (shared() / "gold" / f"{seed}.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def text_of(seed: str) -> str:
    path: Path = shared() / "corpus" / "seeds" / f"{seed}.md"
    return path.read_bytes().decode("utf-8")


def paired(seed: str) -> Iterator[tuple[dict[str, Any] | None, Link | None]]:
    """Gold entries with the links that answer to them; None on either side means missing or invented."""
    waiting = gold(seed)
    for link in extract(text_of(seed)):
        same = [one for one in waiting if one["url"] == link.url and _on_its_line(one, link)]
        best = min(same, key=lambda one: abs(one["col"] - link.column), default=None)
        if best is not None:
            waiting.remove(best)
        yield best, link
    yield from ((one, None) for one in waiting if not one.get("optional"))


def _on_its_line(entry: dict[str, Any], link: Link) -> bool:
    used = link.used_at[0] if link.used_at else None
    return bool({entry["line"], entry.get("def_line")} & {link.line, used})


def test_the_seeds_give_every_link_and_none_that_is_not_there() -> None:
    counts = Counter(
        "right" if entry and link else "missing" if entry else "invented"
        for seed in SEEDS
        for entry, link in paired(seed)
    )
    found = counts["right"] / (counts["right"] + counts["missing"])
    true = counts["right"] / (counts["right"] + counts["invented"])
    sys.stdout.write(f"{dict(counts)}: recall {found:.4f}, precision {true:.4f}\n")
    assert found == true == 1.0
    assert counts["right"] >= 288


@pytest.mark.parametrize("seed", SEEDS)
def test_every_link_of_a_seed_has_the_column_at_which_its_url_begins(seed: str) -> None:
    wrong = [
        (entry, link) for entry, link in paired(seed) if entry and link and entry["col"] != link.column
    ]
    assert wrong == []


@pytest.mark.parametrize("seed", SEEDS)
def test_every_link_of_a_seed_has_the_element_image_and_text_that_a_reader_sees(seed: str) -> None:
    wrong = [
        (entry, link)
        for entry, link in paired(seed)
        if entry
        and link
        and (
            link.element not in _elements(entry["syntax"])
            or link.image != (entry["kind"] == "image")
            or link.text != entry["text"]
            or link.written != entry.get("written")
        )
    ]
    assert wrong == []


def _elements(syntax: str) -> set[Element]:
    return {Element.INLINE, Element.REFERENCE} if syntax == "image" else {Element(syntax)}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_title_of_a_seed_is_the_one_a_reader_names(seed: str) -> None:
    documents = json.loads((shared() / "gold" / "documents.json").read_text("utf-8"))["documents"]
    named = {document["file"]: document["title"] for document in documents}
    assert title(text_of(seed)) == named[f"seeds/{seed}.md"]
