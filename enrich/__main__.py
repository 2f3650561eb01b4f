"""``python -m enrich``, and where the script ``enrich`` begins.

Python shows a traceback to whoever presses Ctrl-C while modules are loaded. Nothing has begun then, so until the
command line is there a signal ends the process, and nothing is said. That has to be before anything else is loaded,
which is why the package itself loads next to nothing.
"""

from __future__ import annotations

import signal
import sys

# The module ``typing`` takes longer to load than all that is here.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def main() -> NoReturn:
    """Run the command line."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from enrich.cli import main as command_line
    from enrich.interrupts import exit_code_of, leave_at_once, leave_well

    try:
        try:
            leave_well()
            command_line()
        finally:
            # The interpreter takes itself apart, which is of no interest to anybody.
            leave_at_once()
    except KeyboardInterrupt as error:
        leave_at_once()
        sys.exit(exit_code_of(error))


if __name__ == "__main__":
    main()
