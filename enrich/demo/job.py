"""The demonstration: the program that users run, with its web exchanged for a bundled one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from enrich.demo.web import manners_of, notes, transport
from enrich.equipment import make_fetcher
from enrich.errors import UsageError
from enrich.job import Job, Observer, make_folder
from enrich.places import refuse_to_be_led_out

if TYPE_CHECKING:
    from enrich.config import Settings

MARK = ".enrich-demo"


def lay_out(folder: Path) -> Path:
    """Write the bundled notes into a folder of the demo's own; UsageError when it is somebody else's."""
    if folder.exists() and not (folder / MARK).exists():
        raise UsageError(
            f"{folder}: is there already and is not a demo's folder; give another one with --into"
        )
    place = folder / "notes"
    for path in (place, *(place / note.name for note in notes().iterdir())):
        refuse_to_be_led_out(str(path))
    make_folder(folder)
    (folder / MARK).touch()
    place.mkdir(exist_ok=True)
    for note in notes().iterdir():
        if note.name.endswith(".md"):
            (place / note.name).write_bytes(note.read_bytes())
    return place


def demo_job(settings: Settings, place: Path, observer: Observer) -> Job:
    """The whole job on the bundled notes, at a brisk pace."""
    return Job(
        settings=settings,
        paths=[str(place)],
        observer=observer,
        now=lambda: datetime.now(UTC),
        manners_of=manners_of,
        fetcher=lambda given, holds: make_fetcher(given, manners_of, transport(), holds),
    )
