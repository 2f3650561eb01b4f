"""What a worker process on this machine is told when it starts: that Ctrl-C is meant for the driver.

A terminal sends it to all processes at once. The driver then has the workers come to an end, with what they have.
"""

from __future__ import annotations

import signal


def dask_setup(_worker: object) -> None:
    """Called by Dask in the main thread of a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
