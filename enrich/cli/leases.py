"""``leases``: which machine holds what of a shared cache, and until when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from enrich.cli.options import config_option, settings_of
from enrich.cli.printing import print_all, say, tell
from enrich.errors import UsageError

if TYPE_CHECKING:
    from enrich.store.leases import Lease


@click.command(name="leases")
@click.option(
    "--cache",
    "cache",
    metavar="URL",
    default=None,
    help="The shared cache: postgresql://host/database.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How to print; json: a line for each.",
)
@config_option
def leases_command(cache: str | None, form: str, config_file: str | None) -> None:
    """Say who holds the run, the shards and the budgets of a shared cache, and until when.

    \b
    enrich leases --cache postgresql://enrich@db/enrich
    enrich leases --format json
    """
    from enrich.location import is_server
    from enrich.store.caches import cache_at, exists
    from enrich.store.leases import leases
    from enrich.store.server import Server
    from enrich.text import fill, json_row

    url = settings_of("leases", config_file, {"cache": cache})["cache"]
    if url is None or not is_server(url):
        raise UsageError(
            "--cache: only a cache on PostgreSQL is shared, and has leases",
            hint="name it: --cache postgresql://host/database",
        )
    if not exists(place := cache_at(url)):
        raise UsageError(f"--cache: {place}: there is no cache here", hint="`enrich run` makes one")
    with Server(url, reading=True, patience_seconds=0.0) as server:
        found = leases(server)
    if form == "json":
        print_all(fill("{}\n", json_row(one)) for one in found)
        return
    for one in found:
        _tell(one)
    if not found:
        say(fill("nobody has held anything yet"))


def _tell(one: Lease) -> None:
    from enrich.text import printable

    if one.seconds > 0 and one.owner:
        tell("{}: {}, for {:.0f} s more, since {:%Y-%m-%d %H:%M:%S} UTC (epoch {})",
             printable(one.name), printable(one.owner), one.seconds, one.taken_at, one.epoch)  # fmt: skip
    elif one.seconds > 0:
        tell("{}: fenced off, free in {:.0f} s (epoch {})", printable(one.name), one.seconds, one.epoch)
    else:
        tell("{}: free (epoch {})", printable(one.name), one.epoch)
