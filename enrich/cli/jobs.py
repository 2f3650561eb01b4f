"""``run``, ``check`` and ``demo``: a job, shown while it lasts, and its exit code."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from enrich.cli.actions import annotate, is_wanted, summarise
from enrich.cli.exits import EXIT_FAILED, EXIT_INCOMPLETE, EXIT_OURS
from enrich.cli.options import (
    SettingsCommand,
    config_option,
    paths_argument,
    quiet_option,
    settings_of,
    verbose_option,
)
from enrich.cli.printing import print_all, render, say
from enrich.earlier import language_of, with_earlier
from enrich.places import folder_in_repository

if TYPE_CHECKING:
    from enrich.config import Settings
    from enrich.job import Finished, Job
    from enrich.model import Changes, Report
    from enrich.progress import Display


def _display(settings: Settings, quiet: bool, verbose: bool) -> Display:
    from enrich.live import is_drawable
    from enrich.progress import Display

    shown = not (quiet or settings["no_progress"])
    # A line for each target would have the foot of the terminal drawn again as often.
    live = shown and is_drawable(sys.stderr) and not verbose
    return Display(live=live, plain=shown and not live, lines=verbose)


def _exit_code(finished: Finished) -> int:
    """The first that applies (README, "Exit codes")."""
    if finished.signal_number is not None:
        return 128 + finished.signal_number
    if finished.internal_errors:
        return EXIT_OURS
    if finished.failing:
        return EXIT_FAILED
    return 0 if finished.complete else EXIT_INCOMPLETE


def _execute(job: Job, publish: Callable[[Report], None]) -> Finished:
    from enrich.fetch.room import make_room
    from enrich.pipeline import run
    from enrich.standstill import run as run_awake

    make_room()
    # Hardly anything that a run makes and lets go of holds a circle, and what is alive is looked through each time.
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    return run_awake(run, job, publish)


def _publisher(
    settings: Settings, folder: Path | None, quiet: bool, in_actions: bool = False
) -> Callable[[Report], None]:
    """What becomes of a report: files in the reports folder, and the chosen format to the output."""
    from enrich.job import make_folder
    from enrich.publish import write_reports

    def publish(report: Report) -> None:
        written: Sequence[Path] = []
        report = replace(report, language=language_of(settings), folder=folder_in_repository())
        if folder is not None:
            # Before the older reports are pruned.
            report = with_earlier(report, make_folder(folder), say)
            written = write_reports(report, folder, settings.report_formats, settings["keep"])
        wrong = report.summary.findings["error"] or not report.run.complete
        if wrong or not quiet or settings["output"]:
            render(report, settings)
        if in_actions:
            if wrong or not quiet:
                annotate(report, settings)
            summarise(report)
        if quiet:
            return
        if settings["format"] == "text" and not settings["output"]:
            _tell_changes(report.earlier.changes, report.language)
        if written:
            _say_written(written)
        _say_hints(report, written)

    return publish


def _tell_changes(changes: Changes | None, language: str) -> None:
    from enrich.report.changes import text
    from enrich.text import fill

    if changes is not None:
        print_all(chain([fill("\n")], text(changes, language)))


def _say_written(written: Sequence[Path]) -> None:
    from enrich.text import fill, joined, printable

    say(fill("report: {}", joined(", ", (printable(path.as_posix()) for path in written))))


def _say_hints(report: Report, written: Sequence[Path]) -> None:
    """Where to go from here, for somebody who sits before it."""
    from enrich.text import fill, printable

    pages = [path for path in written if path.suffix == ".html"]
    if pages and sys.stderr.isatty():
        say(fill("hint: open {} in a browser", printable(pages[0].as_posix())))


def _reports_folder(settings: Settings, is_check: bool) -> Path | None:
    from enrich.config import DEFAULT_REPORTS_DIR

    given = settings["reports_dir"]
    if given is None and is_check:
        return None
    return Path(given or DEFAULT_REPORTS_DIR)


def _run_or_check(
    command: str,
    paths: tuple[str, ...],
    config_file: str | None,
    quiet: bool,
    verbose: bool,
    options: dict[str, Any],
) -> NoReturn:
    from enrich.job import Job, clock

    settings = settings_of(command, config_file, options)
    is_check = command == "check"
    folder = _reports_folder(settings, is_check)
    publish = _publisher(settings, folder, quiet, is_wanted(settings))
    with _display(settings, quiet, verbose) as display:
        job = Job(
            settings=settings,
            paths=paths,
            observer=display,
            now=clock(),
            is_check=is_check,
            is_for_json=folder is not None or settings["format"] == "json",
        )
        finished = _execute(job, publish)
    if is_check and finished.failing:
        _say_how_to_go_on(finished, settings)
    sys.exit(_exit_code(finished))


def _say_how_to_go_on(finished: Finished, settings: Settings) -> None:
    """The last lines of a check that fails: for somebody whose pull request just went red."""
    from enrich.report.text import first_failing
    from enrich.text import fill, printable

    say(first_failing(finished.failing, finished.first_failing, by_change=settings["diff"] is not None))
    say(fill("hint: correct the link or remove it; `enrich explain URL` says why it is called broken"))
    ways = "behind it, leave its address out (--exclude RE), or accept all that fails now"
    say(
        fill(
            "hint: to keep it, write <!-- enrich-disable-line --> {}: --baseline {} --update-baseline",
            printable(ways),
            printable(settings["baseline"] or "enrich-baseline.json"),
        )
    )


@click.command(cls=SettingsCommand, name="run")
@paths_argument
@config_option
@quiet_option
@verbose_option
def run_command(
    paths: tuple[str, ...], config_file: str | None, quiet: bool, verbose: bool, **options: Any
) -> None:
    """Do the whole job: find links, ask what is due, fetch metadata, write the report.

    \b
    enrich run notes/
    enrich run --since 2021-01
    """
    _run_or_check("run", paths, config_file, quiet, verbose, options)


@click.command(cls=SettingsCommand, name="check")
@paths_argument
@config_option
@quiet_option
@verbose_option
def check_command(
    paths: tuple[str, ...], config_file: str | None, quiet: bool, verbose: bool, **options: Any
) -> None:
    """For CI: print what is wrong, one finding a line, and exit 1 when a link is broken.

    \b
    enrich check docs/ README.md
    enrich check --diff origin/main
    enrich check --fail-on confirmed --warn-on broken
    """
    _run_or_check("check", paths, config_file, quiet, verbose, options)


@click.command(name="demo")
@click.option(
    "--into",
    "folder",
    default="enrich-demo",
    show_default=True,
    metavar="DIR",
    help="The demo's own folder.",
)
@quiet_option
@verbose_option
def demo_command(folder: str, quiet: bool, verbose: bool) -> None:
    """See the whole job on bundled notes and a bundled small web: no network, no token, in seconds.

    \b
    enrich demo
    enrich demo --into /tmp/enrich-demo
    """
    from enrich.demo.job import demo_job, lay_out
    from enrich.text import fill, printable

    notes = lay_out(Path(folder))
    settings = _demo_settings(Path(folder), notes)
    publish = _publisher(settings, Path(settings["reports_dir"]), quiet)
    with _display(settings, quiet, verbose) as display:
        finished = _execute(demo_job(settings, notes, display), publish)
    if not quiet:
        say(
            fill("the notes are in {}; the same job on yours: enrich run PATH", printable(notes.as_posix()))
        )
    sys.exit(_exit_code(finished))


def _demo_settings(folder: Path, notes: Path) -> Settings:
    from enrich.config import load

    options = {
        "cache_dir": str(folder / "cache"),
        "reports_dir": str(folder / "reports"),
        "refresh": True,
        "fresh": True,
        "retries": 1,
    }
    return load("run", options, environ={}, folder=notes, use_files=False)
