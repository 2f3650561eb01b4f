"""The end of a cluster of this machine, by when all that it found is stored."""

from __future__ import annotations

import signal
import subprocess
import sys
from types import SimpleNamespace

from enrich.engine.dask import _end


def test_workers_that_do_not_go_by_themselves_are_killed_and_no_mistake_of_ours() -> None:
    def close(timeout: float) -> None:
        raise TimeoutError(f"timed out after {timeout} s.")

    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as frozen:
        workers = {0: SimpleNamespace(pid=frozen.pid), 1: SimpleNamespace(pid=None)}
        _end(SimpleNamespace(close=close, workers=workers))
        assert frozen.wait(60) == -signal.SIGKILL
