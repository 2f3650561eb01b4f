"""Dask.distributed as the engine: it places shards on workers, and places them anew when a worker dies or hangs.

Shards are tasks, never actors, which Dask does not bring back. All that goes through the scheduler are names; whoever
reaches its port may run code on all workers, so that an address beyond this machine needs TLS. Its client has a
thread and an event loop of its own, and is asked from threads here.
"""

from __future__ import annotations

import importlib.util
import logging
import math
import os
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from multiprocessing import resource_tracker
from typing import Any
from urllib.parse import SplitResult, urlsplit

import anyio
import anyio.from_thread
import anyio.lowlevel
import anyio.to_thread

from enrich import __version__
from enrich.engine.protocol import Ended
from enrich.engine.shards import Shard
from enrich.errors import StorageError, UsageError
from enrich.processes import interrupts_blocked

PREFIX = "dask:"
# Most of the work is waiting, so that one process works on several shards.
THREADS_PER_WORKER = 4
# A shard that ends by an error, and one whose workers die, are tried again so often.
RETRIES = 3
ALLOWED_FAILURES = 10
MOST_PROCESSES = 1024
CONNECT_SECONDS = 30.0
CLOSE_SECONDS = 5.0
# What ends by itself on a machine that has time for it.
END_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Which cluster: one with so many processes on this machine, or the scheduler at an address."""

    local: int | None = None
    address: str | None = None


def where_of(engine: str, insecure_cluster: bool) -> Where:
    """What ``dask:local=3`` or ``dask:tls://scheduler:8786`` means; UsageError for what makes no sense or is not safe."""
    text = engine.removeprefix(PREFIX)
    if text == "local" or text.startswith("local="):
        number = text.removeprefix("local=")
        if not number.isdecimal() or not 1 <= int(number) <= MOST_PROCESSES:
            raise UsageError(f"--engine: dask:local=N wants a number of processes, not {engine!r}")
        return Where(local=int(number))
    address = text if "://" in text else f"tcp://{text}"
    parts = urlsplit(address)
    if parts.scheme not in ("tcp", "tls") or not parts.hostname:
        raise UsageError(f"--engine: must be local, dask:local=N or dask:tls://HOST:PORT, not {engine!r}")
    if not _has_port(parts):
        raise UsageError(f"--engine: {address}: names no port from 1 to 65535")
    if parts.scheme == "tcp" and not (_is_loopback(parts.hostname) or insecure_cluster):
        raise UsageError(
            f"--engine: {address}: whoever reaches a Dask scheduler without TLS may run code on all workers",
            hint="use tls:// with the certificates of Dask's configuration, or --insecure-cluster in a closed network",
        )
    return Where(address=address)


def _has_port(parts: SplitResult) -> bool:
    try:
        return bool(parts.port)
    except ValueError:
        return False


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class DaskEngine:
    """The `enrich.engine.protocol.Engine` on a cluster, for one run. ``client`` is Dask's own, which has no types."""

    def __init__(self, client: Any, run_id: str, run_epoch: int) -> None:
        self._client = client
        self._run = (run_id, run_epoch)
        self._futures: dict[str, Any] = {}
        self._token = anyio.lowlevel.current_token()
        self._send, self._ended = anyio.create_memory_object_stream[Ended](math.inf)

    @property
    def slots(self) -> int:
        return max(1, sum(int(number) for number in self._client.nthreads().values()))

    @property
    def dashboard(self) -> str | None:
        """Where the cluster shows itself; None where it lacks what that needs."""
        return self._client.dashboard_link if importlib.util.find_spec("bokeh") else None

    def submit(self, shard: Shard) -> None:
        from enrich.engine.worker import run_shard

        # Others may use the same cluster, and Dask takes tasks with the same key to be the same.
        key = f"enrich-{self._run[0]}-{self._run[1]}-{shard.name}"
        future = self._client.submit(
            run_shard, *self._run, shard.name, __version__, key=key, pure=False, retries=RETRIES,
            priority=-len(self._futures),
        )  # fmt: skip
        self._futures[shard.name] = future
        future.add_done_callback(partial(self._note, shard.name))

    def _note(self, name: str, future: Any) -> None:
        """A shard has ended; called in a thread of the client, perhaps when nobody listens any more."""
        ended = Ended(name, _error_of(future))
        with suppress(anyio.RunFinishedError, anyio.BrokenResourceError, anyio.ClosedResourceError):
            anyio.from_thread.run_sync(self._send.send_nowait, ended, token=self._token)

    async def as_completed(self) -> AsyncIterator[Ended]:
        for _ in range(len(self._futures)):
            yield await self._ended.receive()

    async def close(self) -> None:
        futures = [future for future in self._futures.values() if not future.done()]
        self._futures = {}
        if futures:
            with anyio.CancelScope(shield=True), anyio.move_on_after(CLOSE_SECONDS):
                await anyio.to_thread.run_sync(self._client.cancel, futures, abandon_on_cancel=True)


def _error_of(future: Any) -> BaseException | None:
    if future.status == "finished":
        return None
    error = future.exception(timeout=END_SECONDS) if future.status == "error" else None
    return error or StorageError(f"the cluster gave a shard up ({future.status})")


@asynccontextmanager
async def cluster(
    where: Where, environment: Mapping[str, str], lease_seconds: float, run_id: str
) -> AsyncIterator[Any]:
    """A client of the cluster, which is started where it is one of this machine alone; both end with this.

    ``environment`` is that of workers that are started here. UsageError where nobody answers, and for workers of another
    version of enrich, or without the cache in which the run was begun.
    """
    client, close = await anyio.to_thread.run_sync(_connected, where, environment, lease_seconds)
    try:
        await anyio.to_thread.run_sync(_check_workers, client, run_id)
        await anyio.to_thread.run_sync(_mind_silence, client, lease_seconds)
        yield client
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(close)


def _connected(
    where: Where, environment: Mapping[str, str], lease_seconds: float
) -> tuple[Any, Callable[[], None]]:
    import dask
    from distributed import Client

    dask.config.set(_RULES)
    if where.local is None:
        check_certificates(where.address or "")
        try:
            client = Client(where.address, timeout=CONNECT_SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
        except (OSError, ValueError) as error:
            raise UsageError(f"--engine: {where.address}: no Dask scheduler answers: {error}") from error
        return client, client.close
    if os.name != "nt":
        # One that is started with the first process would let interrupts through again.
        resource_tracker.ensure_running()
    # `enrich.engine.preload` has workers ignore them, but seconds after they began.
    with interrupts_blocked():
        cluster = _started(where.local, environment)
    client = Client(cluster, timeout=CONNECT_SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]

    def close() -> None:
        client.close()  # type: ignore[no-untyped-call]
        _end(cluster)

    return client, close


def _end(cluster: Any) -> None:
    """Close a cluster of this machine. All is stored by then, so workers that do not go by themselves are killed."""
    try:
        cluster.close(timeout=END_SECONDS)
    except (TimeoutError, AssertionError):
        # Dask asserts that each has gone, which one that is just being started has not.
        for pid in [nanny.pid for nanny in cluster.workers.values() if nanny.pid is not None]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def check_certificates(address: str) -> None:
    """UsageError where TLS is asked for and Dask's configuration has not what a client needs for it."""
    from distributed.security import Security

    if not address.startswith("tls://"):
        return
    hint = "Dask's configuration wants distributed.comm.tls.ca-file and distributed.comm.tls.client.cert (and .key)"
    try:
        context = Security().get_connection_args("client").get("ssl_context")  # type: ignore[no-untyped-call]
    except OSError as error:
        raise UsageError(
            f"--engine: {address}: the certificates of Dask's configuration are of no use: {error}",
            hint=hint,
        ) from error
    if context is None:
        raise UsageError(f"--engine: {address}: no certificates are set for TLS", hint=hint)


_RULES = {
    "distributed.scheduler.allowed-failures": ALLOWED_FAILURES,
    # A shard waits most of the time, and nobody else can take half of one.
    "distributed.scheduler.work-stealing": True,
    # A local cluster closes the place of a process that has not come back after 15 s, for good, and in the end raises
    # what went wrong in that. On a busy machine a process needs longer, and a run without any waits for ever.
    "distributed.deploy.lost-worker-timeout": "1 day",
}


def _mind_silence(client: Any, lease_seconds: float) -> None:
    """Have the scheduler give up a worker that has said nothing for a lease, as one that is frozen, and no later.

    A scheduler that runs already has its own rule, five minutes by default, which no setting of a client changes. The
    names are Dask's internal ones, and so the extra has an upper bound.
    """

    # Not known to the scheduler's process by any module: sent as a whole.
    def mind(dask_scheduler: Any = None) -> None:
        from tornado.ioloop import PeriodicCallback

        if dask_scheduler.worker_ttl and dask_scheduler.worker_ttl <= lease_seconds:
            return
        dask_scheduler.worker_ttl = lease_seconds
        looks = dask_scheduler.periodic_callbacks
        if "worker-ttl" in looks:
            looks["worker-ttl"].stop()
        looks["worker-ttl"] = PeriodicCallback(dask_scheduler.check_worker_ttl, lease_seconds * 250)
        looks["worker-ttl"].start()

    client.run_on_scheduler(mind)


def _started(processes: int, environment: Mapping[str, str]) -> Any:
    """A cluster of so many processes, which takes connections from this machine alone."""
    from distributed import LocalCluster

    return LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=processes, threads_per_worker=THREADS_PER_WORKER, processes=True, host="127.0.0.1",
        dashboard_address="127.0.0.1:0", worker_dashboard_address="127.0.0.1:0", silence_logs=logging.CRITICAL,
        memory_limit=0, env=dict(environment), preload=["enrich.engine.preload"],
    )  # fmt: skip


def _check_workers(client: Any, run_id: str) -> None:
    """Refuse workers that run another enrich, or lack what a run needs; one that comes later refuses by itself."""
    from enrich.engine.worker import readiness

    try:
        client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        found = client.run(readiness, run_id, on_error="return")
    except TimeoutError as error:
        raise UsageError(
            f"--engine: no worker has come to the scheduler in {CONNECT_SECONDS:.0f} s",
            hint="start some: dask worker tls://HOST:PORT",
        ) from error
    # Of one that has gone meanwhile nobody wants anything; what cannot be loaded there comes as a mere text.
    there = {address: one for address, one in found.items() if not isinstance(one, OSError)}
    for address, one in sorted(there.items()):
        if isinstance(one, Exception):
            raise UsageError(
                f"--engine: worker {address}: it lacks enrich or one of its parts: {one}",
                hint=_SAME_VERSION,
            )
    check_readiness(there)


_SAME_VERSION = "install the same version, with its extras, in the environment of every worker"


def check_readiness(found: Mapping[str, tuple[str, str | None]]) -> None:
    """UsageError where what workers say of themselves (`enrich.engine.worker.readiness`), by address, is not enough."""
    others = [f"{address}: {one}" for address, (one, _) in sorted(found.items()) if one != __version__]
    if others:
        raise UsageError(
            f"--engine: workers run another enrich than this one, {__version__} ({', '.join(others[:3])})",
            hint=_SAME_VERSION,
        )
    for address, (_, why) in sorted(found.items()):
        if why is not None:
            raise UsageError(
                f"--engine: worker {address}: {why}",
                hint="its environment must lead to the cache of the driver (ENRICH_CACHE, PGPASSWORD)",
            )
