"""What a program calls: the jobs of the command line as functions.

The same sources of settings count as there (a configuration file, the environment, then what is given by name), the
same cache is kept, and the same report comes back, held in memory. What the command line does to a process is left
out: nothing is printed, no signal is taken and no exit code chosen. What a person would be told goes to the logger
``enrich``.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from enrich import model
from enrich.backlog import Workload
from enrich.bounds import Bound, told
from enrich.config import SETTINGS, load
from enrich.errors import EnrichError, UsageError, first_of
from enrich.job import Job, Observer, clock
from enrich.places import folder_in_repository
from enrich.progress import traceback_lines
from enrich.text import printable

if TYPE_CHECKING:
    from enrich.config import Settings

LOGGER = logging.getLogger("enrich")
LOGGER.addHandler(logging.NullHandler())

PathName = str | os.PathLike[str]
Duration = float | str | timedelta
Day = str | date
Words = str | Iterable[str]

# Where the report goes and what is shown meanwhile is for the program to decide.
OF_THE_COMMAND_LINE = frozenset({"format", "output", "no_progress", "no_annotations"})


class Options(TypedDict, total=False):
    """The settings by name, as in a configuration file. None stands for a setting that is not given."""

    since: Day | None
    until: Day | None
    undated: str | None
    git_dates: bool | None
    kind: Words | None
    include: Words | None
    exclude: Words | None
    exclude_path: Words | None
    files_from: PathName | None
    extensions: Words | None
    hidden: bool | None
    check_images: bool | None
    remap: Words | None
    cache_dir: PathName | None
    cache: str | None
    engine: str | None
    insecure_cluster: bool | None
    lease: Duration | None
    reports_dir: PathName | None
    keep: int | None
    max_age: Duration | None
    refresh: bool | None
    offline: bool | None
    fresh: bool | None
    wait: Duration | None
    concurrency: int | None
    host_concurrency: int | None
    host_interval: Duration | None
    timeout: float | None
    connect_timeout: float | None
    retries: int | None
    deadline: Duration | None
    canary: Words | None
    network_wait: Duration | None
    accept_mass_change: bool | None
    max_per_host: int | None
    respect_robots: bool | None
    i_own_these_hosts: bool | None
    allow_net: Words | None
    allow_private: bool | None
    github_token: str | None
    contact: str | None
    github_api_url: str | None
    arxiv_api_url: str | None
    arxiv_datacite_url: str | None
    no_datacite: bool | None
    fail_on: Words | None
    warn_on: Words | None
    ignore: Words | None
    diff: str | None
    baseline: PathName | None
    update_baseline: bool | None
    lang: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report, held in memory: its rows may be read as often as one likes, and outlive the run.

    ``failed`` says whether something of ``fail_on`` was met, None where a saved report was read, which does not say.
    """

    run: model.ReportRun
    summary: model.ReportSummary
    documents: tuple[model.ReportDocument, ...] = field(repr=False)
    targets: tuple[model.ReportTarget, ...] = field(repr=False)
    findings: tuple[model.Finding, ...] = field(repr=False)
    entries: tuple[model.ReportEntry, ...] = field(repr=False)
    failed: bool | None = None
    language: str = "en"
    earlier: model.Earlier = field(default_factory=model.Earlier, repr=False)

    @property
    def changes(self) -> model.Changes | None:
        """What changed since the last complete run, where the reports folder holds one."""
        return self.earlier.changes

    def changes_since(self, older: Report) -> model.Changes:
        """What changed from an older report to this one."""
        from enrich.changes import compare

        return compare(older.run, older.targets, self.run, self.targets)

    def render(self, form: str = "text") -> str:
        """The report in a format of ``enrich report``; UsageError for one that there is none of."""
        from enrich.registry import formats

        if form not in formats():
            raise UsageError(f"{form!r} is no format; there are {', '.join(formats())}")
        return "".join(formats()[form].render(self._rows()))

    def write(self, path: PathName, form: str | None = None) -> None:
        """Write the report, whole or not at all, in the format given or that of the path's suffix; StorageError."""
        from enrich.publish import write_atomically

        write_atomically(Path(path), [self.render(form or _form_of(Path(path)))])

    def _rows(self) -> model.Report:
        return model.Report(
            run=self.run,
            summary=self.summary,
            documents=lambda: self.documents,
            targets=lambda: self.targets,
            findings=lambda: self.findings,
            entries=lambda: self.entries,
            earlier=self.earlier,
            language=self.language,
            folder=folder_in_repository(),
        )


def _form_of(path: Path) -> str:
    """The format whose suffix a path has; of ``csl.json`` and ``json`` the longer one."""
    from enrich.registry import formats

    fitting = [form for form in formats().values() if path.name.endswith(f".{form.suffix}")]
    if not fitting:
        raise UsageError(f"{path}: its suffix names no format; there are {', '.join(formats())}")
    return max(fitting, key=lambda form: len(form.suffix)).name


def _held(rows: model.Report) -> Report:
    return Report(
        run=rows.run,
        summary=rows.summary,
        documents=tuple(rows.documents()),
        targets=tuple(rows.targets()),
        findings=tuple(rows.findings()),
        entries=tuple(rows.entries()),
        language=rows.language,
        earlier=rows.earlier,
    )


class LogObserver(Observer):
    """Tells the logger ``enrich`` what a person would see on the command line, and nobody else."""

    def warned(self, message: str) -> None:
        LOGGER.warning("%s", printable(message))

    def said(self, message: str) -> None:
        LOGGER.info("%s", printable(message))

    def planned(self, due: int) -> None:
        LOGGER.info("%d targets are due", due)

    def foretold(self, bounds: Sequence[Bound], deadline_seconds: float | None) -> None:
        for bound in bounds:
            LOGGER.info("%s", printable(told(bound, deadline_seconds)))

    def counted(self, result: model.CheckResult, state: model.TargetState) -> None:
        LOGGER.debug("checked %s %s %s", state.status, state.reason, printable(result.target_id))

    def broke(self, target: model.Target, error: Exception) -> None:
        # Not as exc_info: its message may quote anybody, and a log is read on terminals.
        lines = "\n".join(traceback_lines(error))
        LOGGER.error("internal error at %s\n%s", printable(target.id), lines)

    def watch(self, workload: Workload | None) -> None:
        """What is under way shows in what is counted."""

    def tick(self) -> None:
        """A log has nothing that is drawn again."""

    def waiting(self, seconds: float) -> None:
        LOGGER.warning("the network seems to be down: waiting for it, %.0f s at most", seconds)


async def run_async(
    *paths: PathName,
    config: PathName | bool = True,
    observer: Observer | None = None,
    takes_signals: bool = False,
    **settings: Unpack[Options],
) -> Report:
    """`run` for a program with an event loop, asyncio's. A run whose task is cancelled goes on in the next one."""
    return await _job("run", paths, config, observer, takes_signals, settings)


async def check_async(
    *paths: PathName,
    config: PathName | bool = True,
    observer: Observer | None = None,
    takes_signals: bool = False,
    **settings: Unpack[Options],
) -> Report:
    """`check` for a program with an event loop, asyncio's."""
    return await _job("check", paths, config, observer, takes_signals, settings)


def run(
    *paths: PathName,
    config: PathName | bool = True,
    observer: Observer | None = None,
    takes_signals: bool = False,
    **settings: Unpack[Options],
) -> Report:
    """Do the whole job on files, folders or globs, as ``enrich run`` does, and give the report.

    ``config`` names a configuration file; True looks for one as the command line does, False reads none. Report
    files are written only where ``reports_dir`` says. With ``takes_signals`` SIGINT and SIGTERM end the run with a
    report that is not complete, in the main thread of a program alone; where there is none KeyboardInterrupt is raised.
    Raises UsageError, CacheBusyError and StorageError; what the web does wrong stands in the report.
    """
    asked = partial(
        run_async, *paths, config=config, observer=observer, takes_signals=takes_signals, **settings
    )
    return _in_a_loop_of_its_own("run", asked)


def check(
    *paths: PathName,
    config: PathName | bool = True,
    observer: Observer | None = None,
    takes_signals: bool = False,
    **settings: Unpack[Options],
) -> Report:
    """The same for CI, as ``enrich check`` does: no metadata for their own sake, and ``failed`` by broken links."""
    asked = partial(
        check_async, *paths, config=config, observer=observer, takes_signals=takes_signals, **settings
    )
    return _in_a_loop_of_its_own("check", asked)


def load_report(path: PathName) -> Report:
    """A report that was saved as JSON; UsageError where there is none."""
    from enrich.report import json

    try:
        text = Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}; `enrich run` writes one") from None
    return _held(json.load(text, str(path)))


def _in_a_loop_of_its_own(name: str, asked: partial[Any]) -> Report:
    from enrich.standstill import run

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        report: Report = run(asked)
        return report
    raise RuntimeError(f"an event loop is running in this thread: await enrich.{name}_async() instead")


async def _job(
    command: str,
    paths: tuple[PathName, ...],
    config: PathName | bool,
    observer: Observer | None,
    takes_signals: bool,
    options: Options,
) -> Report:
    asyncio.get_running_loop()  # The transport is asyncio's own; under another library this says so.
    settings = _settings(command, config, options)
    job = Job(
        settings=settings,
        paths=[os.fspath(path) for path in paths],
        observer=observer or LogObserver(),
        now=clock(),
        is_check=command == "check",
        takes_signals=takes_signals,
    )
    try:
        return await _report_of(job)
    except BaseExceptionGroup as group:
        # What goes wrong in one of many tasks comes in groups.
        if (ours := first_of(group, EnrichError)) is not None:
            raise ours from group
        raise


async def _report_of(job: Job) -> Report:
    from enrich.pipeline import run

    published: list[Report] = []
    finished = await run(job, lambda rows: published.append(_published(rows, job)))
    return replace(published[0], failed=finished.failing > 0)


def _published(rows: model.Report, job: Job) -> Report:
    """The report of a run, written to the reports folder where there is one."""
    from enrich.earlier import language_of, with_earlier
    from enrich.job import make_folder
    from enrich.publish import write_reports

    settings = job.settings
    rows = replace(rows, language=language_of(settings), folder=folder_in_repository())
    if settings["reports_dir"] is not None:
        folder = make_folder(Path(settings["reports_dir"]))
        rows = with_earlier(rows, folder, job.observer.warned)
        write_reports(rows, folder, settings.report_formats, settings["keep"])
    return _held(rows)


def _settings(command: str, config: PathName | bool, options: Options) -> Settings:
    known = {setting.name for setting in SETTINGS if command in setting.commands} - OF_THE_COMMAND_LINE
    for name in options:
        if name not in known:
            raise TypeError(
                f"enrich.{command}() has no setting {name!r}; there are {', '.join(sorted(known))}"
            )
    named = None if isinstance(config, bool) else os.fspath(config)
    given = {name: _plain(value) for name, value in options.items()}
    return load(command, {}, named_file=named, use_files=config is not False, given=given)


def _plain(value: object) -> object:
    """A value as a configuration file would hold it."""
    match value:
        case os.PathLike():
            return os.fspath(value)
        case timedelta():
            return value.total_seconds()
        case date():
            return f"{value:%Y-%m-%d}"
        case None | str() | bool() | int() | float():
            return value
        case Iterable():
            return [_plain(item) for item in value]
    return value
