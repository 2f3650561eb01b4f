"""A real PostgreSQL for the tests, from the system's package, on a socket of its own.

The server refuses to run as root, so that it gets a user and a folder apart from the tests'. Its default collation is
a language's and not that of bytes, as it is on most machines: what is to be sorted by bytes has to say so.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlencode

from requirements import require

USERS = ("postgres", "nobody")
OWNER = "enrich"
OLDEST = 15
# What a test server may do without, since it never outlives its machine; `durable` brings it back.
HASTY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
SETTINGS = ("listen_addresses=", "max_connections=60", "shared_buffers=32MB", "log_min_messages=warning")
_numbers = itertools.count(1)


def programs() -> Path | None:
    """The folder of the newest server that is installed, of those whose collations can be a language's."""
    found = {
        int(path.parents[1].name): path.parent
        for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")
        if path.parents[1].name.isdecimal()
    }
    return found[max(found)] if found and max(found) >= OLDEST else None


def server_user() -> dict[str, str]:
    """As whom the server runs, in the words of `subprocess`: nobody else than the tests, unless those are root."""
    if os.geteuid() != 0:
        return {}
    known = {entry.pw_name for entry in pwd.getpwall()}
    return {"user": next(name for name in USERS if name in known)}


class Postgres:
    """A running server; ``database`` makes a new one in it and returns its URL."""

    def __init__(self, bin_: Path, folder: Path, *, durable: bool = False) -> None:
        self._bin, self._folder = bin_, folder
        self._settings = SETTINGS + (() if durable else HASTY)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._bin / program, *arguments],
            cwd=self._folder,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
            # The server keeps what it inherits: a pipe would never come to its end.
            stdin=subprocess.DEVNULL,
            stdout=(log := (self._folder / "programs.log").open("ab")),
            stderr=log,
            timeout=300,
            check=False,
            **server_user(),  # type: ignore[call-overload]
        )
        log.close()
        assert done.returncode == 0, (self._folder / "programs.log").read_text()

    def _control(self, action: str, *arguments: str) -> None:
        self._run("pg_ctl", action, "-D", str(self._folder / "data"), "-w", "-t", "100", *arguments)

    def make(self) -> None:
        self._run(
            "initdb", "-D", str(self._folder / "data"), "--username", OWNER, "--auth", "trust", "--encoding", "UTF8",
            "--locale-provider", "icu", "--icu-locale", "en-US", "--no-sync", "--no-instructions",
        )  # fmt: skip
        settings = "\n".join((*self._settings, f"unix_socket_directories='{self._folder}'"))
        with (self._folder / "data" / "postgresql.auto.conf").open("a") as file:
            file.write(settings.replace("=\n", "=''\n") + "\n")

    def start(self) -> None:
        self._control("start", "-l", str(self._folder / "server.log"))

    def stop(self, mode: str = "immediate") -> None:
        """``immediate`` is what a crash looks like to everybody connected."""
        self._control("stop", "-m", mode)

    def restart(self) -> None:
        """Every connection is cut at once, and the server comes back out of its log."""
        self._control("restart", "-m", "immediate", "-l", str(self._folder / "server.log"))

    def url(self, database: str, **more: str) -> str:
        """The address of a database; ``user``, ``password`` and libpq's options may be given."""
        user, password = more.pop("user", OWNER), more.pop("password", None)
        name = quote(user) + (f":{quote(password)}" if password else "")
        return f"postgresql://{name}@/{database}?{urlencode({'host': str(self._folder), **more})}"

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """One statement as the server's owner."""
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def database(self) -> str:
        """The address of a new and empty database of its own."""
        name = f"test_{next(_numbers)}"
        self.execute(f"CREATE DATABASE {name} STRATEGY file_copy")
        return self.url(name)

    def namespace(self) -> str:
        """The address of new and empty tables in a database that all tests share: made in a tenth of the time."""
        name = f"test_{next(_numbers)}"
        self.execute(f"CREATE SCHEMA {name}")
        return self.url("postgres", options=f"-csearch_path={name}")


@contextmanager
def serve(*, durable: bool = False) -> Iterator[Postgres]:
    """A server of one's own; skips the test where none is installed."""
    bin_ = programs()
    require(
        "postgres",
        bin_ is not None,
        f"no PostgreSQL server of version {OLDEST} or newer is installed (Debian: postgresql)",
    )
    assert bin_ is not None
    # Not below pytest's folder, into which only its owner may look; and a socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="enrich-pg-"))
    if user := server_user().get("user"):
        shutil.chown(folder, user)
    server = Postgres(bin_, folder, durable=durable)
    try:
        server.make()
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)
