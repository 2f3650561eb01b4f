"""``cache``: what is remembered, and forgetting it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from enrich.cli.options import Command, Commands, config_option, settings_of
from enrich.cli.printing import say, tell
from enrich.errors import UsageError

if TYPE_CHECKING:
    from enrich.store.sqlite import SqliteStore


@click.group(cls=Commands, name="cache")
def cache_group() -> None:
    """Look at the cache, prune it, or clear it.

    \b
    enrich cache info
    enrich cache prune --unused 180d
    """


_cache_options = (
    click.option(
        "--cache-dir", "cache_dir", metavar="DIR", default=None, help="Where results are remembered."
    ),
    click.option(
        "--wait", "wait", metavar="AGE", default=None, help="Wait this long for another run to end."
    ),
    config_option,
)


def _with_cache_options(command: Command) -> Command:
    for option in reversed(_cache_options):
        command = option(command)
    return command


@contextlib.contextmanager
def _held_cache(cache_dir: str | None, wait: str | None, config_file: str | None) -> Iterator[Path]:
    """The cache file of the settings, locked; UsageError when there is none."""
    from enrich.config import check_place
    from enrich.store.lock import hold
    from enrich.store.sqlite import FILE_NAME

    settings = settings_of("cache", config_file, {"cache_dir": cache_dir, "wait": wait})
    check_place("--cache-dir", settings["cache_dir"])
    folder = Path(settings["cache_dir"])
    if not os.path.lexists(folder / FILE_NAME):
        raise UsageError(
            f"{folder}: there is no cache here", hint="`enrich run` makes one; --cache-dir names another"
        )
    with hold(folder, settings["wait"]):
        yield folder / FILE_NAME


def _say_set_aside(store: SqliteStore) -> None:
    from enrich.text import fill, printable

    if store.set_aside is not None:
        say(fill("warning: {}", printable(store.set_aside)))


@cache_group.command(name="info")
@_with_cache_options
def cache_info(cache_dir: str | None, wait: str | None, config_file: str | None) -> None:
    """Say what the cache holds.

    \b
    enrich cache info
    enrich cache info --cache-dir /var/cache/enrich
    """
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
    tell("{}: {:,} bytes", printable(str(path)), info.bytes)
    tell("{} targets, {} checks in {} runs", info.targets, info.checks, info.runs)
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
def cache_prune(unused: str, cache_dir: str | None, wait: str | None, config_file: str | None) -> None:
    """Forget targets that no note has linked to for a while, and thin what is older than a year of the others.

    \b
    enrich cache prune
    enrich cache prune --unused 180d
    """
    from datetime import timedelta

    import anyio

    from enrich.config import seconds
    from enrich.job import clock
    from enrich.store.sqlite import SqliteStore

    try:
        now = clock()()
        since = now - timedelta(seconds=seconds(unused))
    except ValueError as error:
        raise UsageError(f"--unused: {error}") from None

    async def prune(path: Path) -> int:
        async with SqliteStore(path) as store:
            _say_set_aside(store)
            return await store.prune(since, now)

    with _held_cache(cache_dir, wait, config_file) as path:
        tell("{} targets forgotten", anyio.run(prune, path))


@cache_group.command(name="clear")
@_with_cache_options
def cache_clear(cache_dir: str | None, wait: str | None, config_file: str | None) -> None:
    """Forget everything; also the way out when the cache file is damaged.

    \b
    enrich cache clear
    enrich cache clear --cache-dir /var/cache/enrich --wait 10m
    """
    import shutil

    from enrich.text import printable

    with _held_cache(cache_dir, wait, config_file) as path:
        for part in path.parent.glob(path.name + "*"):
            if part.is_dir() and not part.is_symlink():
                shutil.rmtree(part)
            else:
                part.unlink()
    tell("{}: cleared", printable(str(path)))
