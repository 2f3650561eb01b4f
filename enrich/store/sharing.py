"""What a driver and its workers tell each other, through the database alone: who asks what, by which terms, what came of
it, and whether it is to end.

All of it is of one run of the driver, known by the epoch of its lease: what a worker of an earlier one still says
reaches nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from enrich.errors import LeaseLostError
from enrich.store import leases
from enrich.store.leases import Held
from enrich.store.server import Server

_OF_SHARD = """(s.by_api = 0 AND s.host IN (SELECT host FROM shard_host WHERE shard = %(shard)s)
    OR s.by_api = 1 AND s.kind IN (SELECT kind FROM shard_kind WHERE shard = %(shard)s))"""
_INSERT_SHARING = """
INSERT INTO sharing (run_epoch, run_id, terms, ends_at)
VALUES (%(epoch)s, %(run_id)s, %(terms)s, clock_timestamp() + %(seconds)s::float8 * interval '1 second')
"""
_TAKE_BACK = f"""
UPDATE selected s SET due = 1 WHERE s.due = 2 AND s.target_id <> ALL (%(kept)s::text[])
    AND EXISTS (SELECT 1 FROM held) AND {_OF_SHARD}
"""  # noqa: S608 - made of constants
_FINISH = "UPDATE shard SET outcome = %(outcome)s WHERE name = %(shard)s AND EXISTS (SELECT 1 FROM held)"
_FENCED = f"WITH held AS ({leases.FENCE})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What a worker finds of its run. ``seconds_left`` is the time to the deadline, None without one."""

    run_id: str
    terms: str
    seconds_left: float | None
    stopping: bool


def lay_out(
    server: Server,
    run: Held,
    run_id: str,
    terms: str,
    *,
    deadline_seconds: float | None,
    shards: Iterable[str],
    shard_of_hosts: Mapping[str, str],
    shard_of_kinds: Mapping[str, str],
) -> None:
    """Say what each shard is, in place of what an earlier run of a driver left."""
    gone = ("sharing", "shard", "shard_host", "shard_kind", "told")
    server.ask_all([
        *((f"DELETE FROM {table}", None) for table in gone),  # noqa: S608 - names of tables
        (_INSERT_SHARING,
         {"epoch": run.epoch, "run_id": run_id, "terms": terms, "seconds": deadline_seconds}),
        ("INSERT INTO shard (name, run_epoch) SELECT unnest(%(names)s::text[]), %(epoch)s",
         {"names": list(shards), "epoch": run.epoch}),
        ("INSERT INTO shard_host SELECT * FROM unnest(%(hosts)s::text[], %(shards)s::text[])",
         {"hosts": list(shard_of_hosts), "shards": list(shard_of_hosts.values())}),
        ("INSERT INTO shard_kind SELECT * FROM unnest(%(kinds)s::text[], %(shards)s::text[])",
         {"kinds": list(shard_of_kinds), "shards": list(shard_of_kinds.values())}),
    ])  # fmt: skip


# --- of workers -------------------------------------------------------------------------------------


def shared(server: Server, run_epoch: int) -> Shared | None:
    """What holds for the workers of a run; None when another has taken its place."""
    rows = server.ask(
        "SELECT run_id, terms, extract(epoch FROM ends_at - clock_timestamp())::float8 AS seconds_left, stopping "
        "FROM sharing WHERE run_epoch = %(epoch)s",
        {"epoch": run_epoch},
    )
    return Shared(**rows[0]) if rows else None


def is_known(server: Server, run_id: str) -> bool:
    """Whether the cache is one in which a run was begun: that of its driver."""
    return bool(server.ask("SELECT 1 FROM run WHERE id = %(id)s", {"id": run_id}))


def is_done(server: Server, run_epoch: int, shard: str) -> bool:
    """Whether a shard is over, or no shard of this run at all."""
    rows = server.ask(
        "SELECT 1 FROM shard WHERE name = %(shard)s AND run_epoch = %(epoch)s AND outcome IS NULL",
        {"shard": shard, "epoch": run_epoch},
    )
    return not rows


def take_over(server: Server, held: Held, shard: str) -> None:
    """Make due again what an earlier owner of a shard had taken and not recorded."""
    _change(server, held, {"shard": shard, "kept": []}, _TAKE_BACK)


def finish(server: Server, held: Held, shard: str, outcome: str, kept: Sequence[str]) -> None:
    """Store what a shard leaves. What was taken and neither recorded nor ``kept`` in the outcome is due again."""
    parameters = {"shard": shard, "outcome": outcome, "kept": list(kept)}
    _change(server, held, parameters, _FINISH, _TAKE_BACK)


def _change(server: Server, held: Held, parameters: Mapping[str, object], *statements: str) -> None:
    """Change rows as the owner of a lease; LeaseLostError when it is somebody else's."""
    parts = [f"change_{number} AS ({statement})" for number, statement in enumerate(statements)]
    rows = server.ask(
        f"{', '.join((_FENCED, *parts))} SELECT 1 FROM held",  # noqa: S608 - made of constants
        {"name": held.name, "epoch": held.epoch, **parameters},
    )
    if not rows:
        held.lost = True
        raise LeaseLostError(f"{held.name}: somebody else holds it now")


def tell(server: Server, run_epoch: int, what: str | None) -> bool:
    """Tell the driver something; whether the worker is to end, since the driver says so or is not there any more."""
    if what is not None:
        server.ask(
            "INSERT INTO told (run_epoch, what) VALUES (%(epoch)s, %(what)s)",
            {"epoch": run_epoch, "what": what},
        )
    found = shared(server, run_epoch)
    return found is None or found.stopping


# --- of the driver ----------------------------------------------------------------------------------


def hear(server: Server, run_epoch: int) -> list[str]:
    """What workers have told since this was asked last, in the order in which they did."""
    rows = server.ask(
        "DELETE FROM told WHERE run_epoch = %(epoch)s RETURNING number, what", {"epoch": run_epoch}
    )
    return [row["what"] for row in sorted(rows, key=lambda row: int(row["number"]))]


def stop(server: Server, run_epoch: int) -> None:
    """Have all workers come to an end, with what they have."""
    server.ask("UPDATE sharing SET stopping = TRUE WHERE run_epoch = %(epoch)s", {"epoch": run_epoch})


def outcomes(server: Server, run_epoch: int) -> dict[str, str | None]:
    """What each shard left, by name; None for those that are not over."""
    rows = server.ask(
        'SELECT name, outcome FROM shard WHERE run_epoch = %(epoch)s ORDER BY name COLLATE "C"',
        {"epoch": run_epoch},
    )
    return {row["name"]: row["outcome"] for row in rows}
