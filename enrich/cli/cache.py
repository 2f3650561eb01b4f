"""``cache``: what is remembered, and forgetting it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from enrich.cli.options import Command, Commands, config_option, settings_of
from enrich.cli.printing import say, tell
from enrich.errors import UsageError
from enrich.spelling import numbered

if TYPE_CHECKING:
    from enrich.config import Settings
    from enrich.store.caches import Cache
    from enrich.store.sql import SqlStore


@click.group(cls=Commands, name="cache")
def cache_group() -> None:
    """Look at the cache, prune it, clear it, or copy it.

    \b
    enrich cache info
    enrich cache prune --unused 180d
    enrich cache copy cache/ postgresql://db.example.org/links
    """


_wait_option = click.option(
    "--wait", "wait", metavar="AGE", default=None, help="Wait this long for another run to end."
)
_cache_options = (
    click.option(
        "--cache-dir", "cache_dir", metavar="DIR", default=None, help="Where results are remembered."
    ),
    click.option(
        "--cache",
        "cache",
        metavar="URL",
        default=None,
        help="Where they are instead: postgresql://… or sqlite:PATH.",
    ),
    _wait_option,
    config_option,
)


def _with_cache_options(command: Command) -> Command:
    for option in reversed(_cache_options):
        command = option(command)
    return command


def _settings(config_file: str | None, options: dict[str, Any]) -> Settings:
    from enrich.config import check_place

    settings = settings_of("cache", config_file, options)
    if settings["cache"] is None:
        check_place("--cache-dir", settings["cache_dir"])
    return settings


def _existing(cache: Cache) -> Cache:
    """The cache itself; UsageError when there is none."""
    from enrich.store.caches import FileCache, exists

    if exists(cache):
        return cache
    place = cache.path.parent if isinstance(cache, FileCache) else cache
    raise UsageError(
        f"{place}: there is no cache here",
        hint="`enrich run` makes one; --cache-dir or --cache names another",
    )


@contextlib.contextmanager
def _held_cache(config_file: str | None, options: dict[str, Any]) -> Iterator[Cache]:
    """The cache of the settings, which nobody else uses meanwhile; UsageError when there is none."""
    from enrich.store.caches import cache_of, hold

    settings = _settings(config_file, options)
    cache = _existing(cache_of(settings))
    with hold(cache, settings["wait"]):
        yield cache


def _say_set_aside(store: SqlStore) -> None:
    from enrich.text import fill, printable

    if store.set_aside is not None:
        say(fill("warning: {}", printable(store.set_aside)))


@cache_group.command(name="info")
@_with_cache_options
def cache_info(config_file: str | None, **options: Any) -> None:
    """Say what the cache holds.

    \b
    enrich cache info
    enrich cache info --cache-dir /var/cache/enrich
    """
    import anyio

    from enrich.store.caches import ServerCache, cache_of, hold, open_store
    from enrich.store.protocol import CacheInfo
    from enrich.text import printable

    async def ask(cache: Cache) -> CacheInfo:
        # On a server others may be at work meanwhile, and whoever asks may have no right but to read.
        async with open_store(cache, reading=True) as store:
            _say_set_aside(store)
            return await store.info()

    cache = _existing(cache_of(settings := _settings(config_file, options)))
    with contextlib.nullcontext() if isinstance(cache, ServerCache) else hold(cache, settings["wait"]):
        info = anyio.run(ask, cache)
    tell("{}: {:,} bytes", printable(str(cache)), info.bytes)
    counted = ((info.targets, "target"), (info.checks, "check"), (info.runs, "run"))
    tell("{}, {} in {}", *(printable(numbered(number, name)) for number, name in counted))
    if info.oldest_check and info.newest_check:
        first, last = info.oldest_check, info.newest_check
        tell("checks from {:%Y-%m-%d %H:%M} to {:%Y-%m-%d %H:%M} UTC", first, last)
    for status, number in info.by_status.items():
        tell("  {}: {}", printable(status), number)


@cache_group.command(name="prune")
@click.option(
    "--unused", default="90d", metavar="AGE", show_default=True, help="Not met in any run for this long."
)
@_with_cache_options
def cache_prune(unused: str, config_file: str | None, **options: Any) -> None:
    """Forget targets that no note has linked to for a while, and thin what is older than a year of the others.

    \b
    enrich cache prune
    enrich cache prune --unused 180d
    """
    from datetime import timedelta

    import anyio

    from enrich.config import seconds
    from enrich.job import clock
    from enrich.store.caches import open_store
    from enrich.text import printable

    try:
        now = clock()()
        since = now - timedelta(seconds=seconds(unused))
    except ValueError as error:
        raise UsageError(f"--unused: {error}") from None

    async def prune(cache: Cache) -> int:
        async with open_store(cache) as store:
            _say_set_aside(store)
            return await store.prune(since, now)

    with _held_cache(config_file, options) as cache:
        tell("{} forgotten", printable(numbered(anyio.run(prune, cache), "target")))


@cache_group.command(name="clear")
@_with_cache_options
def cache_clear(config_file: str | None, **options: Any) -> None:
    """Forget everything; also the way out when the cache file is damaged.

    \b
    enrich cache clear
    enrich cache clear --cache-dir /var/cache/enrich --wait 10m
    """
    import anyio

    from enrich.store.caches import FileCache, clear_tables
    from enrich.text import printable

    with _held_cache(config_file, options) as cache:
        if isinstance(cache, FileCache):
            _remove(cache.path)
        else:
            anyio.run(clear_tables, cache)
    tell("{}: cleared", printable(str(cache)))


def _remove(path: Path) -> None:
    import shutil

    for part in path.parent.glob(path.name + "*"):
        if part.is_dir() and not part.is_symlink():
            shutil.rmtree(part)
        else:
            part.unlink()


@cache_group.command(name="copy")
@click.argument("source", metavar="FROM")
@click.argument("sink", metavar="TO")
@_wait_option
def cache_copy(source: str, sink: str, wait: str | None) -> None:
    """Copy a cache to an empty one: a folder, sqlite:PATH, or postgresql://host/database. FROM stays as it is.

    Killed in the middle, the same command goes on where it was.

    \b
    enrich cache copy cache/ postgresql://db.example.org/links
    enrich cache copy postgresql://db.example.org/links sqlite:copy.sqlite3
    """
    import anyio

    from enrich.job import make_folder
    from enrich.store.caches import FileCache, hold
    from enrich.store.copying import copy
    from enrich.text import printable

    settings = settings_of("cache", None, {"wait": wait})
    from_, to = _existing(_located("FROM", source)), _located("TO", sink)
    if from_ == to:
        raise UsageError("FROM and TO are the same cache; name another one to copy to")
    if isinstance(to, FileCache):
        make_folder(to.path.parent)
    with hold(to, settings["wait"]):
        copied = anyio.run(copy, from_, to)
    for name, rows in copied.items():
        tell("{}: {}", printable(name), printable(numbered(rows, "row")))
    tell("{}: a copy of {}", printable(str(to)), printable(str(from_)))


def _located(name: str, location: str) -> Cache:
    from enrich.location import check_location, has_scheme
    from enrich.store.caches import cache_at

    try:
        return cache_at(check_location(location) if has_scheme(location) else location)
    except ValueError as error:
        raise UsageError(f"{name}: {error}") from None
