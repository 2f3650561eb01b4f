"""Compiles and runs `origin.c`, the web of the benchmarks that ask, and reads its counts.

It has to be C: what Python's asyncio can serve on one core is what lychee asks on the other. No package is needed
beyond a C compiler; OpenSSL's headers only where TLS is asked for.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).with_suffix(".c")
CA_FILE = "ca.pem"


@dataclass(frozen=True, slots=True)
class World:
    """What the origin serves: ``links`` over ``hosts``, the median of latencies, what slow links take longer.

    With ``trouble``, 1 % are slow, 1 % silent, 2 % missing, 1 % refused once, and 5 % lead to another address.
    """

    links: int
    hosts: int
    median_milliseconds: float = 0.0
    slow_milliseconds: float = 5000.0
    trouble: bool = False
    tls: bool = False
    page_bytes: int = 30_000


@dataclass(frozen=True, slots=True)
class Counts:
    """What one program did to the origin. ``least_gap`` is in seconds between two requests to one host, and
    ``processor`` the seconds that the origin itself spent."""

    requests: int
    heads: int
    robots: int
    connections: int
    hosts: int
    least_gap: float
    most_at_once: int
    processor: float


def compiler() -> str | None:
    return shutil.which("cc")


def compiled(folder: Path, *, tls: bool) -> Path:
    """The program, in a folder; it ends the process with the compiler's words when that fails."""
    program = folder / ("origin-tls" if tls else "origin")
    if program.exists():
        return program
    cc = compiler()
    if cc is None:
        sys.exit("there is no C compiler; hint: install cc, such as the package gcc")
    libraries = ["-DTLS", "-lssl", "-lcrypto"] if tls else []
    done = subprocess.run(  # noqa: S603 - a command of ours
        [cc, "-O2", "-o", str(program), str(SOURCE), *libraries, "-lm"],
        capture_output=True,
        check=False,
        text=True,
    )
    if done.returncode:
        hint = "hint: TLS needs OpenSSL's headers, such as the package libssl-dev" if tls else ""
        sys.exit(f"{done.stderr}\n{SOURCE.name} does not compile; {hint}")
    return program


class Origin:
    """A running origin. ``folder`` holds the certificate of those who signed for its hosts."""

    def __init__(self, process: subprocess.Popen[str], world: World, folder: Path) -> None:
        self._process = process
        self._world = world
        self.ca_file = folder / CA_FILE
        assert process.stdout is not None
        self.port = int(process.stdout.readline())

    def urls(self) -> list[str]:
        """The addresses of all links, host by host in turn."""
        return [self._url(number % self._world.hosts, number) for number in range(self._world.links)]

    def _url(self, host: int, number: int) -> str:
        scheme = "https" if self._world.tls else "http"
        return f"{scheme}://127.1.{host >> 8}.{host & 255}:{self.port}/page/{number}"

    def counts(self) -> Counts:
        """What it saw since the last time; who was refused then is refused again."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return Counts(**json.loads(self._process.stdout.readline()))


@contextmanager
def serving(world: World, folder: Path) -> Iterator[Origin]:
    """An origin that lasts as long as the block; its program is kept in the folder."""
    given = (world.page_bytes, world.median_milliseconds, world.slow_milliseconds, int(world.trouble))
    command = [str(compiled(folder, tls=world.tls)), *map(str, given)]
    command += [str(folder / CA_FILE)] if world.tls else []
    with subprocess.Popen(  # noqa: S603 - a command of ours
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Origin(process, world, folder)
        finally:
            process.terminate()
