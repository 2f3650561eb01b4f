"""Who owns what until when: a run, a shard of its hosts, the budget of an API.

A lease ends by the clock of the database alone, so that the clocks of machines may differ. Whoever takes one over gets
the next *epoch*, and what the owner before writes after that is refused (`fence`): a machine that slept through its
lease wakes up and believes that it still holds it. For the same reason an owner asks nobody when its own clock
says that the lease may end soon, whatever the database would say.
"""

from __future__ import annotations

import math
import os
import socket
import time
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from pathlib import Path

import anyio
import anyio.to_thread

from enrich.errors import LeaseLostError
from enrich.store.server import Server

RUN = "run"
# A third of a lease may pass between two renewals, and the last sixth of one is not used for asking.
RENEWALS = 3
UNUSED_SHARE = 1 / 6
POLL_SHARE = 1 / 60

# For writers: the row is locked until their transaction ends, so that nobody takes the lease over in between.
FENCE = "SELECT epoch FROM lease WHERE name = %(name)s AND epoch = %(epoch)s FOR SHARE"
# The same in the words of `enrich.store.database`.
FENCE_HERE = "SELECT epoch FROM lease WHERE name = ? AND epoch = ? FOR SHARE"

_TAKE = """
INSERT INTO lease (name, owner, epoch, taken_at, expires_at)
SELECT %(name)s, %(owner)s, 1, clock_timestamp(), clock_timestamp() + %(seconds)s * interval '1 second' {only_if}
ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, epoch = lease.epoch + 1,
    taken_at = excluded.taken_at, expires_at = excluded.expires_at
WHERE lease.expires_at <= clock_timestamp() OR lease.owner = excluded.owner
RETURNING epoch
"""
# A shard may be worked on only as long as the run that it belongs to is there; a driver that was cut off for a
# moment gets one more lease's time to come back.
_RUN_IS_THERE = """EXISTS (SELECT 1 FROM lease r WHERE r.name = 'run' AND r.epoch = %(run_epoch)s
    AND r.expires_at > clock_timestamp() - %(seconds)s * interval '1 second')"""
_RENEW = """
UPDATE lease SET expires_at = clock_timestamp() + %(seconds)s * interval '1 second'
WHERE name = %(name)s AND epoch = %(epoch)s {only_if} RETURNING epoch
"""
_RELEASE = "UPDATE lease SET expires_at = clock_timestamp(), owner = '' WHERE name = %(name)s AND epoch = %(epoch)s"
# Writers of a run that is over are refused at once; whoever takes a shard still waits until its lease has ended.
_FENCE_OFF = "UPDATE lease SET epoch = epoch + 1, owner = '' WHERE name <> 'run'"
_LIST = """
SELECT name, owner, epoch, taken_at, expires_at, extract(epoch FROM expires_at - clock_timestamp())::float8 AS seconds
FROM lease ORDER BY name COLLATE "C"
"""


def awake_or_not() -> float:
    """Seconds that go on while the machine sleeps. Linux stops the monotonic clock then, and a laptop that is opened in
    the morning would believe that it still holds what it held in the evening."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A row of `enrich leases`. ``seconds`` is how long it still lasts, below 0 once it has ended."""

    name: str
    owner: str
    epoch: int
    taken_at: datetime
    expires_at: datetime
    seconds: float


@dataclass(slots=True, kw_only=True)
class Held:
    """A lease that this process holds. ``deadline`` is of ``clock``, counted from before it was asked for."""

    name: str
    epoch: int
    owner: str
    seconds: float
    run_epoch: int | None
    deadline: float
    clock: Callable[[], float] = field(default=awake_or_not)
    lost: bool = False

    def check(self) -> bool:
        """Whether somebody may be asked now: not where the lease may end before an answer comes. It may be renewed all
        the same, once the server is back. LeaseLostError where it is known to be somebody else's.
        """
        if self.lost:
            raise LeaseLostError(f"{self.name}: somebody else holds it now")
        return self.clock() < self.deadline - UNUSED_SHARE * self.seconds

    @property
    def fence(self) -> tuple[str, int]:
        """What writers show (`FENCE`)."""
        return self.name, self.epoch


def _here() -> str | None:
    """What no other machine has, nor this one after a restart, nor a container on it; None where nothing says so."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
        numbered_by = os.readlink("/proc/self/ns/pid")
    except OSError:
        return None
    return blake2b(f"{boot} {numbered_by}".encode(), digest_size=4).hexdigest()


def somebody() -> str:
    """Who takes a lease: the machine, the process, and a mark that no other attempt has."""
    return f"{socket.gethostname()} {os.getpid()} {_here() or 'somewhere'} {uuid.uuid4().hex[:8]}"


def is_dead(owner: str) -> bool:
    """Whether an owner was a process of this machine that is no more. Of other machines nobody can tell."""
    words = owner.rsplit(" ", 3)
    if len(words) != 4 or not words[1].isdecimal() or words[2] != _here():
        return False
    return not Path(f"/proc/{words[1]}").exists()


def take_from_the_dead(server: Server) -> None:
    """Let leases end whose owner was killed on this machine: there is nobody to wait for."""
    for one in leases(server):
        if one.seconds > 0 and is_dead(one.owner):
            server.ask(_RELEASE, {"name": one.name, "epoch": one.epoch})


def seconds_of_others(server: Server) -> float:
    """How long somebody may still ask by a lease of an earlier run; below 0 how long ago the last one ended."""
    return max((one.seconds for one in leases(server) if one.name != RUN), default=-math.inf)


def take(
    server: Server, name: str, owner: str, seconds: float, run_epoch: int | None = None
) -> Held | None:
    """Take a lease that is free or has ended; None while somebody else holds it, or the run is over."""
    only_if = "" if run_epoch is None else f"WHERE {_RUN_IS_THERE}"
    asked_at = awake_or_not()
    rows = server.ask(_TAKE.format(only_if=only_if), {
        "name": name, "owner": owner, "seconds": seconds, "run_epoch": run_epoch,
    })  # fmt: skip
    if not rows:
        return None
    return Held(
        name=name, epoch=rows[0]["epoch"], owner=owner, seconds=seconds, run_epoch=run_epoch,
        deadline=asked_at + seconds,
    )  # fmt: skip


def renew(server: Server, held: Held) -> None:
    """Have a lease for its whole time again; LeaseLostError where somebody took it, or the run is over."""
    only_if = "" if held.run_epoch is None else f"AND {_RUN_IS_THERE}"
    asked_at = held.clock()
    found = server.ask(_RENEW.format(only_if=only_if), {
        "name": held.name, "epoch": held.epoch, "seconds": held.seconds, "run_epoch": held.run_epoch,
    })  # fmt: skip
    if not found:
        held.lost = True
        raise LeaseLostError(f"{held.name}: somebody else holds it now, or its run is over")
    held.deadline = asked_at + held.seconds


def release(server: Server, held: Held) -> None:
    """Give a lease back; one that was lost meanwhile is nobody's business any more."""
    held.deadline = -math.inf
    server.ask(_RELEASE, {"name": held.name, "epoch": held.epoch})


def fence_off(server: Server) -> None:
    """Refuse what workers of an earlier run still write. They hold their hosts until their leases end."""
    server.ask(_FENCE_OFF)


def leases(server: Server) -> Sequence[Lease]:
    """All leases, those that have ended included, by name."""
    return [Lease(**row) for row in server.ask(_LIST)]


@asynccontextmanager
async def holding(server: Server, held: Held) -> AsyncIterator[None]:
    """Renew a lease as long as this lasts, and give it back. LeaseLostError cancels what is inside, and is raised."""

    async def keep() -> None:
        while True:
            due = held.deadline - held.seconds * (1 - 1 / RENEWALS)
            # Looked at often, since the clock of the loop stands still while we do, and the lease goes on.
            while held.clock() < due:  # noqa: ASYNC110 - nobody tells of time that passes
                await anyio.sleep(POLL_SHARE * held.seconds)
            await anyio.to_thread.run_sync(renew, server, held)

    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(keep)
            yield
            tasks.cancel_scope.cancel()
    finally:
        if not held.lost:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(release, server, held)
