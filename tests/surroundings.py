"""What tests see of the machine that they run on: the variables that they need, and none that would change an answer.

A job of a CI service sets ``CI``, a desk sets ``NO_COLOR``, ``COLUMNS`` or a proxy, and the program minds all of them,
as it should: whoever tests that sets them. All that is not named here is left out, since nobody can list what changes
something.
"""

from __future__ import annotations

import re
import signal
from collections.abc import MutableMapping

# Where programs, homes and temporary files are; how a package index is reached; what tests and their runner are told.
KEPT = re.compile(
    r"PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|TEMP|TMP|SYSTEMROOT|LD_LIBRARY_PATH|VIRTUAL_ENV|PYENV_\w+"
    r"|PIP_\w+|UV_\w+|(?i:npm_config_\w+|(?:https?|all|no)_proxy)|\w*(?:CERT|CA_BUNDLE)\w*"
    r"|ENRICH_REQUIRE|ENRICH_WRITE_\w+|(?:PYTEST|PYTHON|COV|COVERAGE|HYPOTHESIS)\w*"
)


def tidy(environ: MutableMapping[str, str]) -> None:
    """Leave in ``environ`` what tests need, and letters beyond ASCII, which a bare machine has not set."""
    for name in [name for name in environ if not KEPT.fullmatch(name)]:
        del environ[name]
    environ["LANG"] = "C.UTF-8"


def heed_interrupts() -> None:
    """Let programs that tests start end at an interrupt, also where a shell has begun the tests in the background.

    Such a shell has them ignore it (POSIX, "Signals and Error Handling" of its command language), which is inherited.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
