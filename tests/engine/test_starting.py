"""The start of a cluster of this machine, which takes seconds, and in which a person may think better of it."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cluster import processes
from requirements import require

from enrich.engine.dask import Where, _connected


def test_an_interrupt_that_reaches_workers_while_they_start_ends_none_of_them() -> None:
    require("proc", Path("/proc/self/stat").exists(), "processes are found in /proc")
    is_there, interrupted = threading.Event(), set[int]()

    def interrupt() -> None:
        """What a terminal does, again and again."""
        while not is_there.wait(0.02):
            for pid, parent, words in processes():
                if parent == os.getpid() and "spawn_main" in words:
                    os.kill(pid, signal.SIGINT)
                    interrupted.add(pid)

    with ThreadPoolExecutor() as threads:
        interrupting = threads.submit(interrupt)
        try:
            client, close = threads.submit(_connected, Where(local=1), {}, 30.0).result(timeout=120)
        finally:
            is_there.set()
        interrupting.result()
        try:
            assert len(client.nthreads()) == 1
        finally:
            threads.submit(close).result(timeout=120)
    assert len(interrupted) == 1, "none was started anew"
