"""The command line: options, what is printed where, and exit codes.

Data goes to standard output, everything else to standard error. Options are made from
`enrich.config.SETTINGS`, and nothing heavy is imported before a command needs it.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from enrich import __version__
from enrich.errors import CacheBusyError, EnrichError, StorageError, UsageError
from enrich.model import Shown

if TYPE_CHECKING:
    from enrich.config import Setting, Settings
    from enrich.documents import Places
    from enrich.model import Document, Finding, Report
    from enrich.pipeline import Finished, Job
    from enrich.progress import Display
    from enrich.selection import Selection
    from enrich.store.sqlite import SqliteStore
    from enrich.text import Part

Command = TypeVar("Command", bound=Callable[..., Any])

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INCOMPLETE = 3
EXIT_BUSY = 4
EXIT_OURS = 70


# --- options ----------------------------------------------------------------------------------------


def _option(setting: Setting) -> Callable[[Command], Command]:
    if setting.flag:
        return click.option(setting.option, setting.name, is_flag=True, default=False, help=setting.help)
    return click.option(
        setting.option,
        setting.name,
        multiple=setting.many,
        default=None,
        metavar=setting.metavar,
        help=setting.help,
    )


class _SettingsCommand(click.Command):
    """A command whose options are the settings that concern it, added when they are first looked at.

    So the top-level help does not import what only the options need.
    """

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        if not getattr(self, "_with_settings", False):
            from enrich.config import SETTINGS

            holder = click.Command("holder")
            for setting in SETTINGS:
                if self.name in setting.commands:
                    _option(setting)(holder)
            self.params += holder.params
            self._with_settings = True
        return super().get_params(ctx)

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        self.get_params(click.Context(self))
        return super().make_context(*args, **kwargs)


_paths = click.argument("paths", nargs=-1, metavar="[PATHS]...")
_config_file = click.option(
    "--config",
    "config_file",
    metavar="FILE",
    help="Configuration; default: enrich.toml, here or at the git root.",
)
_quiet = click.option("-q", "--quiet", is_flag=True, help="Print nothing unless something failed.")
_verbose = click.option(
    "-v", "--verbose", is_flag=True, help="Print a line for each target once it is counted."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="enrich")
def cli() -> None:
    """Find every link in a folder of notes, and what became of it.

    \b
    enrich demo                      see the whole job on bundled notes
    enrich run notes/                ask everything that is due, write reports/
    enrich check docs/ README.md     for CI: exit 1 when a link is broken
    """


def _settings(command: str, config_file: str | None, options: Mapping[str, Any]) -> Settings:
    from enrich.config import load

    return load(command, options, named_file=config_file)


# --- printing ---------------------------------------------------------------------------------------


def _say(text: Shown) -> None:
    click.echo(text, err=True)


def _tell(template: str, *parts: Part) -> None:
    """A line of data on standard output."""
    from enrich.text import fill

    click.echo(fill(template, *parts))


@contextlib.contextmanager
def _output(settings_output: str | None) -> Iterator[Callable[[Iterable[Shown]], None]]:
    """Where a command's data goes: standard output, or the file of ``--output``, replaced as a whole."""
    if settings_output is not None:
        from enrich.publish import write_atomically

        yield lambda pieces: write_atomically(Path(settings_output), pieces)
        return

    yield _print


def _print(pieces: Iterable[Shown]) -> None:
    """Print to standard output until all is out or the reader has had enough."""
    try:
        for piece in pieces:
            sys.stdout.write(piece)
        sys.stdout.flush()
    except BrokenPipeError:
        # `… | head`: nothing failed. What is still in the buffer must not be written at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        raise StorageError(f"standard output: cannot be written: {error.strerror}") from None


def _render(report: Report, settings: Settings) -> None:
    from enrich.registry import formats

    with _output(settings["output"]) as write:
        write(formats()[settings["format"]].render(report))


# --- run and check ----------------------------------------------------------------------------------


def _display(settings: Settings, quiet: bool, verbose: bool) -> Display:
    from enrich.progress import Display

    shown = not (quiet or settings["no_progress"])
    terminal = sys.stderr.isatty()
    return Display(live=shown and terminal, plain=shown and not terminal, lines=verbose)


def _exit_code(finished: Finished) -> int:
    """The first that applies (contract, "Exit codes")."""
    if finished.signal_number is not None:
        return 128 + finished.signal_number
    if finished.internal_errors:
        return EXIT_OURS
    if finished.failed:
        return EXIT_FAILED
    return 0 if finished.complete else EXIT_INCOMPLETE


def _execute(job: Job, publish: Callable[[Report], None]) -> Finished:
    import anyio

    from enrich.pipeline import run

    return anyio.run(run, job, publish)


def _publisher(settings: Settings, folder: Path | None, quiet: bool) -> Callable[[Report], None]:
    """What becomes of a report: files in the reports folder, and the chosen format to the output."""
    from enrich.pipeline import make_folder
    from enrich.publish import write_reports
    from enrich.text import fill, joined, printable

    def publish(report: Report) -> None:
        if folder is not None:
            written = write_reports(report, make_folder(folder), settings.report_formats, settings["keep"])
        wrong = report.summary.findings["error"] or not report.run.complete
        if wrong or not quiet or settings["output"]:
            _render(report, settings)
        if folder is not None and not quiet:
            _say(fill("report: {}", joined(", ", (printable(path.as_posix()) for path in written))))

    return publish


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
    from enrich.pipeline import Job, clock

    settings = _settings(command, config_file, options)
    is_check = command == "check"
    publish = _publisher(settings, _reports_folder(settings, is_check), quiet)
    with _display(settings, quiet, verbose) as display:
        job = Job(settings=settings, paths=paths, observer=display, now=clock(), is_check=is_check)
        finished = _execute(job, publish)
    sys.exit(_exit_code(finished))


@cli.command(cls=_SettingsCommand, name="run")
@_paths
@_config_file
@_quiet
@_verbose
def run_command(
    paths: tuple[str, ...], config_file: str | None, quiet: bool, verbose: bool, **options: Any
) -> None:
    """Do the whole job: find links, ask what is due, fetch metadata, write the report.

    \b
    enrich run notes/
    enrich run --since 2021-01
    """
    _run_or_check("run", paths, config_file, quiet, verbose, options)


@cli.command(cls=_SettingsCommand, name="check")
@_paths
@_config_file
@_quiet
@_verbose
def check_command(
    paths: tuple[str, ...], config_file: str | None, quiet: bool, verbose: bool, **options: Any
) -> None:
    """For CI: print what is wrong, one finding a line, and exit 1 when a link is broken.

    \b
    enrich check docs/ README.md
    enrich check --fail-on confirmed --warn-on broken
    """
    _run_or_check("check", paths, config_file, quiet, verbose, options)


# --- links ------------------------------------------------------------------------------------------


@cli.command(cls=_SettingsCommand, name="links")
@_paths
@_config_file
@click.option(
    "--format", "links_format", type=click.Choice(["text", "jsonl"]), default="text", help="How to print."
)
@click.option("--output", "links_output", metavar="FILE", help="Write there instead of to standard output.")
@click.option(
    "--dates", "only_dates", is_flag=True, help="List documents instead, each with its date and its source."
)
def links_command(
    paths: tuple[str, ...],
    config_file: str | None,
    links_format: str,
    links_output: str | None,
    only_dates: bool,
    **options: Any,
) -> None:
    """List the links that would be checked, with their places. Asks nobody.

    \b
    enrich links notes/
    enrich links notes/ --format jsonl
    enrich links notes/ --dates
    """
    from enrich.listing import is_enough
    from enrich.model import Finding
    from enrich.selection import Selection, places_of

    settings = _settings("links", config_file, options)
    selection, places = Selection.of(settings), places_of(settings, paths)
    if links_format == "text" and not only_dates and is_enough(selection, places):
        with _output(links_output) as write:
            write(_listed_lines(places, selection))
        return
    from enrich.collect import documents_of

    documents = documents_of(places, git_dates=settings["git_dates"])

    def lines() -> Iterator[Shown]:
        for document in documents:
            if isinstance(document, Finding):
                _say_unreadable(document)
            elif only_dates:
                yield _date_line(document, links_format)
            else:
                yield from _link_lines(document, selection, links_format)

    with _output(links_output) as write:
        write(lines())


def _listed_lines(places: Places, selection: Selection) -> Iterator[Shown]:
    """The same lines, as fast as they can be made."""
    from enrich.listing import listed

    # Nearly all that is made here is let go at once, without a circle in it.
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    for part in listed(places, selection):
        for finding in part.unreadable:
            _say_unreadable(finding)
        yield part.text


def _say_unreadable(finding: Finding) -> None:
    from enrich.text import fill, printable

    said = printable(finding.document or ""), printable(finding.code), printable(finding.message)
    _say(fill("{}: {}  ({})", *said))


def _link_lines(document: Document, selection: Selection, form: str) -> Iterator[Shown]:
    from enrich.collect import found_document
    from enrich.text import fill, json_row, printable

    for found in found_document(document, selection).links:
        link, identity = found.link, found.target.identity
        if form == "text":
            skip = fill("  ({})", printable(found.skip)) if found.skip else fill("")
            path, url = printable(document.path), printable(link.url)
            yield fill("{}:{}:{}: {}{}\n", path, link.line, link.column, url, skip)
            continue
        row = {
            "document": document.path, "line": link.line, "column": link.column, "url": link.url,
            "written": link.written, "text": link.text, "element": link.element, "image": link.image,
            "kind": identity.kind, "id": identity.id, "target_url": identity.url, "date": found.date,
            "date_source": "item" if link.date else document.date_source, "used_at": link.used_at,
        }  # fmt: skip
        yield fill("{}\n", json_row(row))


def _date_line(document: Document, form: str) -> Shown:
    """The date of a document, where it stands, and what the other sources say."""
    from enrich.dates import disagree
    from enrich.extract.items import item_dates
    from enrich.text import fill, json_row, printable

    items, conflict = len(item_dates(document.text)), disagree(document.dates)
    if form == "jsonl":
        row = {
            "document": document.path, "title": document.title, "date": document.date,
            "date_source": document.date_source, "others": document.dates[1:], "dated_items": items, "conflict": conflict,
        }  # fmt: skip
        return fill("{}\n", json_row(row))
    others = ", ".join(f"{one.source} {one.date}" for one in document.dates[1:])
    notes = (
        f"also: {others}" if others else "",
        f"dated items: {items}" if items else "",
        "these disagree" if conflict else "",
    )
    date = f"{document.date} {document.date_source}" if document.date else "none"
    return fill("{}: {}\n", printable(document.path), printable("; ".join([date, *filter(None, notes)])))


# --- report -----------------------------------------------------------------------------------------


@cli.command(cls=_SettingsCommand, name="report")
@click.argument("file", required=False, metavar="[FILE]")
@_config_file
@click.option(
    "--stable", is_flag=True, help="With json: leave out what differs between two runs that found the same."
)
def report_command(file: str | None, config_file: str | None, stable: bool, **options: Any) -> None:
    """Render a saved report again, in any format.

    \b
    enrich report --format markdown
    enrich report reports/latest.json --format json --stable
    """
    from enrich.config import DEFAULT_REPORTS_DIR
    from enrich.report import json

    settings = _settings("report", config_file, options)
    path = Path(file or f"{DEFAULT_REPORTS_DIR}/latest.json")
    try:
        report = json.load(path.read_bytes(), str(path))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}; `enrich run` writes one") from None
    if not stable:
        _render(report, settings)
    elif settings["format"] != "json":
        raise UsageError("--stable: goes with --format json alone")
    else:
        with _output(settings["output"]) as write:
            write(json.render_stable(report))


# --- cache ------------------------------------------------------------------------------------------


@cli.group(name="cache")
def cache_group() -> None:
    """Look at the cache, prune it, or clear it."""


_cache_options = (
    click.option(
        "--cache-dir", "cache_dir", metavar="DIR", default=None, help="Where results are remembered."
    ),
    click.option(
        "--wait", "wait", metavar="AGE", default=None, help="Wait this long for another run to end."
    ),
    _config_file,
)


def _with_cache_options(command: Command) -> Command:
    for option in reversed(_cache_options):
        command = option(command)
    return command


@contextlib.contextmanager
def _held_cache(cache_dir: str | None, wait: str | None, config_file: str | None) -> Iterator[Path]:
    """The cache file of the settings, locked; UsageError when there is none."""
    from enrich.store.lock import hold
    from enrich.store.sqlite import FILE_NAME

    settings = _settings("cache", config_file, {"cache_dir": cache_dir, "wait": wait})
    folder = Path(settings["cache_dir"])
    if not os.path.lexists(folder / FILE_NAME):
        raise UsageError(f"{folder}: there is no cache here; `enrich run` makes one")
    with hold(folder, settings["wait"]):
        yield folder / FILE_NAME


def _say_set_aside(store: SqliteStore) -> None:
    from enrich.text import fill, printable

    if store.set_aside is not None:
        _say(fill("warning: {}", printable(store.set_aside)))


@cache_group.command(name="info")
@_with_cache_options
def cache_info(cache_dir: str | None, wait: str | None, config_file: str | None) -> None:
    """Say what the cache holds."""
    import anyio

    from enrich.store.protocol import CacheInfo
    from enrich.store.sqlite import SqliteStore
    from enrich.text import printable

    async def ask(path: Path) -> CacheInfo:
        async with SqliteStore(path) as store:
            _say_set_aside(store)
            return await store.info()

    with _held_cache(cache_dir, wait, config_file) as path:
        info = anyio.run(ask, path)
    _tell("{}: {:,} bytes", printable(str(path)), info.bytes)
    _tell("{} targets, {} checks in {} runs", info.targets, info.checks, info.runs)
    if info.oldest_check and info.newest_check:
        first, last = info.oldest_check, info.newest_check
        _tell("checks from {:%Y-%m-%d %H:%M} to {:%Y-%m-%d %H:%M} UTC", first, last)
    for status, number in info.by_status.items():
        _tell("  {}: {}", printable(status), number)


@cache_group.command(name="prune")
@click.option(
    "--unused", default="90d", metavar="AGE", show_default=True, help="Not met in any run for this long."
)
@_with_cache_options
def cache_prune(unused: str, cache_dir: str | None, wait: str | None, config_file: str | None) -> None:
    """Forget targets that no note has linked to for a while."""
    from datetime import timedelta

    import anyio

    from enrich.config import seconds
    from enrich.pipeline import clock
    from enrich.store.sqlite import SqliteStore

    try:
        since = clock()() - timedelta(seconds=seconds(unused))
    except ValueError as error:
        raise UsageError(f"--unused: {error}") from None

    async def prune(path: Path) -> int:
        async with SqliteStore(path) as store:
            _say_set_aside(store)
            return await store.prune(since)

    with _held_cache(cache_dir, wait, config_file) as path:
        _tell("{} targets forgotten", anyio.run(prune, path))


@cache_group.command(name="clear")
@_with_cache_options
def cache_clear(cache_dir: str | None, wait: str | None, config_file: str | None) -> None:
    """Forget everything; also the way out when the cache file is damaged."""
    import shutil

    from enrich.text import printable

    with _held_cache(cache_dir, wait, config_file) as path:
        for part in path.parent.glob(path.name + "*"):
            if part.is_dir() and not part.is_symlink():
                shutil.rmtree(part)
            else:
                part.unlink()
    _tell("{}: cleared", printable(str(path)))


# --- config -----------------------------------------------------------------------------------------


@cli.command(name="config")
@_config_file
@click.option("--codes", is_flag=True, help="List all status reasons and finding codes instead.")
def config_command(config_file: str | None, codes: bool) -> None:
    """Show every setting and where it came from."""
    if codes:
        _print_codes()
        return
    from enrich.config import SETTINGS
    from enrich.text import printable

    settings = _settings("config", config_file, {})
    _tell("configuration file: {}", printable(str(settings.file or "none")))
    for setting in SETTINGS:
        source = printable(settings.sources[setting.name])
        _tell("{} = {}  [{}]", printable(setting.key), _shown(setting, settings), source)
    _tell("report.formats = {}", printable(", ".join(settings.report_formats)))
    _tell("confirm.checks = {}, confirm.days = {:g}", settings.confirm.checks, settings.confirm.days)
    for name, age in settings.ages.items():
        _tell("ages.{} = {}", printable(name), printable(_duration(age)))
    for host in sorted({*settings.hosts, *_hosts_with_manners()}):
        manners = settings.manners_of(host)
        name, interval = printable(host), manners.interval_seconds
        _tell('hosts."{}": {} at a time, {:g} s apart', name, manners.width, interval)


def _duration(seconds: float) -> str:
    """As a configuration file takes it: ``7d``, ``12h``, ``90s``, ``5ms``."""
    for unit, length in (("d", 86400), ("h", 3600), ("s", 1)):
        if seconds and seconds % length == 0:
            return f"{seconds / length:g}{unit}"
    return f"{seconds * 1000:g}ms"


def _hosts_with_manners() -> Iterable[str]:
    from enrich.registry import built_in_manners

    return built_in_manners()


def _shown(setting: Setting, settings: Settings) -> Shown:
    from enrich.text import REDACTED, fill, printable

    value = settings[setting.name]
    if setting.name == "github_token" and value:
        return printable(REDACTED)
    if isinstance(value, tuple):
        return printable(", ".join(value) or "none")
    return fill("none") if value is None else printable(str(value))


def _print_codes() -> None:
    from enrich.registry import finding_codes, reasons
    from enrich.text import printable

    for reason in sorted(reasons().values(), key=lambda reason: (reason.status, reason.code)):
        _tell("{}\t{}\t{}", reason.status, printable(reason.code), printable(reason.help))
    for code in sorted(finding_codes().values(), key=lambda code: (code.severity, code.code)):
        _tell("{}\t{}\t{}", code.severity, printable(code.code), printable(code.help))


# --- demo -------------------------------------------------------------------------------------------


@cli.command(name="demo")
@click.option(
    "--into",
    "folder",
    default="enrich-demo",
    show_default=True,
    metavar="DIR",
    help="The demo's own folder.",
)
@_quiet
@_verbose
def demo_command(folder: str, quiet: bool, verbose: bool) -> None:
    """See the whole job on bundled notes and a bundled small web: no network, no token, in seconds."""
    from enrich.demo.job import demo_job, lay_out
    from enrich.text import fill, printable

    notes = lay_out(Path(folder))
    settings = _demo_settings(Path(folder), notes)
    publish = _publisher(settings, Path(settings["reports_dir"]), quiet)
    with _display(settings, quiet, verbose) as display:
        finished = _execute(demo_job(settings, notes, display), publish)
    if not quiet:
        _say(
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


# --- the way in -------------------------------------------------------------------------------------


def _first_of(group: BaseException, kind: type[BaseException]) -> BaseException | None:
    """The first error of a kind in a group of errors, at any depth."""
    if isinstance(group, kind):
        return group
    if isinstance(group, BaseExceptionGroup):
        found = (_first_of(error, kind) for error in group.exceptions)
        return next((error for error in found if error is not None), None)
    return None


def _code_of(error: BaseException) -> int | None:
    """Say what is wrong and give the exit code; None for what is a mistake of ours."""
    from enrich.text import fill, joined, printable

    if _first_of(error, KeyboardInterrupt) is not None:
        return 130
    if isinstance(error, OSError):
        # The disk, a folder or the output, at a place that has no better words for it.
        where = printable(str(error.filename or "standard output"))
        _say(fill("error: {}: {}", where, printable(error.strerror or str(error))))
        return EXIT_INCOMPLETE
    if (ours := _first_of(error, EnrichError)) is None:
        return None
    _say(fill("error: {}", joined(" ", map(printable, str(ours).splitlines()))))
    if isinstance(ours, CacheBusyError):
        return EXIT_BUSY
    return EXIT_INCOMPLETE if isinstance(ours, StorageError) else EXIT_USAGE


def _say_misused(error: click.ClickException) -> None:
    """What click would print: how the command is used, then what is wrong with what was given."""
    from enrich.text import fill, joined, printable

    context = getattr(error, "ctx", None)
    if context is not None:
        help_line = f"Try '{context.command_path} -h' for help."
        for line in (*context.get_usage().splitlines(), help_line, ""):
            _say(printable(line))
    _say(fill("Error: {}", joined(" ", map(printable, error.format_message().splitlines()))))


def _say_mistake(error: BaseException) -> None:
    from enrich.progress import traceback_lines
    from enrich.text import fill

    for line in traceback_lines(error):
        _say(line)
    _say(fill("this is a mistake in enrich; please report it with the lines above"))


def _invoke(arguments: list[str]) -> None:
    """Run a command. Not through click's own main, which makes exit code 1 of a closed pipe."""
    with cli.make_context("enrich", arguments) as context:
        cli.invoke(context)
        sys.stdout.flush()


def main() -> NoReturn:
    """Run the command line and leave with its exit code."""
    # Modules that are loaded leave nothing to collect, and forty looks at them take as long as loading some.
    gc.set_threshold(10_000)
    for stream in (sys.stdout, sys.stderr):
        # Notes are in any language, whatever the terminal's code page says.
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    try:
        _invoke(sys.argv[1:])
        sys.exit(0)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        _say_misused(error)
        sys.exit(EXIT_USAGE)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        code = _code_of(error)
        if code is not None:
            sys.exit(code)
        _say_mistake(error)
        sys.exit(EXIT_OURS)
    except BaseExceptionGroup as error:
        sys.exit(130 if _first_of(error, KeyboardInterrupt) else EXIT_OURS)
    except KeyboardInterrupt:
        sys.exit(130)
