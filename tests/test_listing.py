"""Links as lines of text: fast, and the same lines as with everything worked out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from requirements import ROOT, require, shared

from enrich import listing
from enrich.collect import documents_of, found_document
from enrich.config import load
from enrich.errors import UsageError
from enrich.listing import WORTH_SHARING_BYTES, is_enough, listed
from enrich.model import Finding
from enrich.selection import Selection, places_of
from enrich.text import printable

NOTE = """# Note

[a](https://a.example/b) and https://c.example/d，![i](https://e.example/i.png) `https://f.example/g`

[here](other.md#x) [above](../../out.md) [top](/site.md) [mail](mailto:x@y.example) [ftp](ftp://h.example)
[//](//i.example/j) [t](https://k.example/?token=secret&x=1) [u](https://me:pass@l.example/)

<!-- enrich-disable-next-line -->
<https://m.example/n>
"""


def lines(settings: Selection, *paths: Path | str) -> str:
    places = places_of(settings.settings, [str(path) for path in paths])
    return "".join(part.text for part in listed(places, settings))


def lines_with_everything(selection: Selection, *paths: Path | str) -> str:
    """The same by way of targets, dates and entries."""
    shown: list[str] = []
    for document in documents_of(places_of(selection.settings, [str(path) for path in paths])):
        if isinstance(document, Finding):
            continue
        for found in found_document(document, selection).links:
            skip = f"  ({found.skip})" if found.skip else ""
            link = found.link
            shown.append(
                f"{printable(document.path)}:{link.line}:{link.column}: {printable(link.url)}{skip}\n"
            )
    return "".join(shown)


def selection(**options: object) -> Selection:
    return Selection.of(load("links", options, environ={}, use_files=False))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    notes = tmp_path / "work" / "notes"
    notes.mkdir(parents=True)
    monkeypatch.chdir(notes.parent)
    (notes / "a.md").write_text(NOTE, encoding="utf-8")
    (notes / "b.html").write_text('<a href="https://a.example/">x</a><img src="i.png">', encoding="utf-8")
    (notes / "c.txt").write_bytes("中文 https://a.example/c，".encode("gb18030"))
    return notes


@pytest.mark.parametrize("options", [{}, {"check_images": True}])
def test_the_lines_are_those_that_come_with_everything_worked_out(
    folder: Path, options: dict[str, object]
) -> None:
    chosen = selection(**options)
    assert lines(chosen, "notes") == lines_with_everything(chosen, "notes") != ""


def test_the_lines_of_real_notes_are_so_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shared())
    assert lines(selection(), "corpus") == lines_with_everything(selection(), "corpus")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a\nother.md", "https://a.example/b"),
        ("note.md", '<a href="https://a.example/b\nother.md:9:9: https://c.example/">x</a>'),
        ("note.md", "[x](https://a.example/b&#10;other.md:9:9:https://c.example/)"),
    ],
    ids=["name", "attribute", "entity"],
)
def test_a_line_break_in_a_name_or_an_address_makes_no_line_of_its_own(
    name: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_text(text, encoding="utf-8")
    shown = lines(selection(), ".")
    assert shown.count("\n") == 1
    assert "\\x0a" in shown


def test_a_secret_in_an_address_is_not_printed(folder: Path) -> None:
    shown = lines(selection(), "notes")
    assert "secret" not in shown
    assert "me:pass" not in shown


@pytest.mark.parametrize("options", [{"kind": ("arxiv",)}, {"since": "2021"}, {"exclude": ("x",)}])
def test_choices_that_need_more_take_the_longer_way(options: dict[str, object], folder: Path) -> None:
    chosen = selection(**options)
    assert not is_enough(chosen, places_of(chosen.settings, ["notes"]))


def test_standard_input_takes_the_longer_way_since_it_is_read_once(folder: Path) -> None:
    assert not is_enough(selection(), places_of(selection().settings, ["-"]))


def test_a_document_that_cannot_be_read_is_told_and_costs_no_other(folder: Path) -> None:
    (folder / "b.md").write_bytes(bytes(100))
    places = places_of(selection().settings, ["notes"])
    parts = list(listed(places, selection()))
    assert [finding.document for part in parts for finding in part.unreadable] == ["notes/b.md"]
    assert lines(selection(), "notes").count("notes/a.md:") > 5


def test_a_named_document_that_cannot_be_read_ends_it_before_anything_is_written(folder: Path) -> None:
    (folder / "b.md").write_bytes(bytes(100))
    with pytest.raises(UsageError, match=r"notes/b\.md"):
        listed(places_of(selection().settings, ["notes/a.md", "notes/b.md"]), selection())


def test_workers_change_nothing_but_the_time(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(40):
        (folder / f"n{number:02}.md").write_text(NOTE * 20, encoding="utf-8")
    alone = lines(selection(), "notes")
    monkeypatch.setattr(listing, "BATCH_BYTES", 20_000)
    monkeypatch.setattr(listing, "WORTH_SHARING_BYTES", 0)
    monkeypatch.setattr(listing, "processors", lambda: 3)
    assert lines(selection(), "notes") == alone


def test_an_interrupt_ends_all_processes_at_once(folder: Path) -> None:
    require("posix", os.name == "posix", "interrupts are sent to process groups on POSIX systems")
    for number in range(12):
        (folder / f"n{number}.md").write_text(
            NOTE * (2 * WORTH_SHARING_BYTES // len(NOTE)), encoding="utf-8"
        )
    command = [sys.executable, "-m", "enrich", "links", "notes"]
    process = subprocess.Popen(
        command,
        cwd=folder.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 130
    assert b"Traceback" not in said
    assert _is_gone(process.pid)


def _is_gone(group: int) -> bool:
    """Whether no process of the group is left, within a moment."""
    for _ in range(1200):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False
