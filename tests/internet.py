"""An internet on the loopback address, for tests of the whole program.

A proxy that answers for every host at once: what a program asks of `https://export.arxiv.org` through it
is answered by a Python function, under a certificate for that name. So the real command line runs with its
real addresses, its real manners and its real TLS, and every byte that it sends can be read afterwards.

The answers are our own words in the shapes that the real services use (Atom feeds of the arXiv API,
GitHub's GraphQL and REST errors, WeChat's notices under status 200). Like a real proxy, it answers 502 for
a name that does not exist.
"""

from __future__ import annotations

import json
import os
import re
import socket
import socketserver
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO
from urllib.parse import parse_qsl, urlsplit

import trustme

PROJECT = Path(__file__).resolve().parents[1]
HTML = {"content-type": "text/html; charset=utf-8"}
PHRASES = {200: "OK", 301: "Moved Permanently", 302: "Found", 404: "Not Found", 502: "Bad Gateway"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived; ``at`` is the monotonic clock, ``path`` includes the query."""

    at: float
    scheme: str
    host: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}{self.path}"

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the address and of a form in the body."""
        form = self.body.decode() if "form" in self.headers.get("content-type", "") else ""
        return dict(parse_qsl(urlsplit(self.path).query) + parse_qsl(form))


@dataclass(frozen=True, slots=True)
class Answer:
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


Site = Callable[[Asked], Answer]


# --- the proxy --------------------------------------------------------------------------------------


class Internet:
    """The proxy and what it saw. A context manager; ``close`` makes its port refuse connections.

    ``sites`` are by host name; a name that begins with a dot stands for all hosts that end with it.
    Sites may be replaced while it runs. ``delay_seconds`` makes every answer that much later.
    """

    def __init__(self, folder: Path, sites: Mapping[str, Site]) -> None:
        self.sites = dict(sites)
        self.log: list[Asked] = []
        self.tunnels: list[str] = []
        self.delay_seconds = 0.0
        self.closed = False
        self._authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._lock = threading.Lock()
        self.certificate = folder / "authority.pem"
        folder.mkdir(parents=True, exist_ok=True)
        self._authority.cert_pem.write_to_path(self.certificate)
        self._server = _Server(("127.0.0.1", 0), _Connection)
        self._server.internet = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Internet:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def asked(self, *hosts: str) -> list[Asked]:
        """What was asked of these hosts, or of all, in order of arrival."""
        return [asked for asked in list(self.log) if not hosts or asked.host in hosts]

    def site(self, host: str) -> Site | None:
        if host in self.sites:
            return self.sites[host]
        ends = [name for name in self.sites if name.startswith(".") and host.endswith(name)]
        return self.sites[max(ends, key=len)] if ends else None

    def context(self, host: str) -> ssl.SSLContext:
        with self._lock:
            if host not in self._contexts:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.sslsocket_class = _SecureSocket
                self._authority.issue_cert(host).configure_cert(context)
                self._contexts[host] = context
            return self._contexts[host]

    def answer(self, site: Site, asked: Asked) -> Answer:
        with self._lock:
            self.log.append(asked)
        if self.delay_seconds:
            time.sleep(self.delay_seconds)
        return site(asked)


class _SecureSocket(ssl.SSLSocket):
    """Closes what `wrap_socket` forgets when the client is killed just before the handshake (CPython 3.11)."""

    def __del__(self) -> None:
        self.close()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    internet: Internet


class _Connection(socketserver.BaseRequestHandler):
    """One connection of a client: plain requests in absolute form, or one tunnel."""

    server: _Server
    request: socket.socket

    def handle(self) -> None:
        self.request.settimeout(60)
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._serve()
        except OSError:
            # The client is gone, or did not accept the certificate; some tests kill it on purpose.
            return

    def _serve(self) -> None:
        with self.request.makefile("rb") as reader:
            while (head := read_head(reader)) is not None:
                method, target, headers = head
                if method == "CONNECT":
                    return self._tunnel(target)
                parts = urlsplit(target)
                path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
                if not self._exchange(
                    self.request, reader, ("http", parts.netloc), (method, path, headers)
                ):
                    return None
        return None

    def _tunnel(self, target: str) -> None:
        internet = self.server.internet
        host, _, port = target.rpartition(":")
        internet.tunnels.append(target)
        if internet.site(host) is None:
            self.request.sendall(written(bad_gateway(host), "CONNECT"))
            return
        self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        if port == "443":
            with internet.context(host).wrap_socket(self.request, server_side=True) as secure:
                self._serve_tunnel(secure, ("https", host))
        else:
            self._serve_tunnel(self.request, ("http", host))

    def _serve_tunnel(self, stream: socket.socket, origin: tuple[str, str]) -> None:
        with stream.makefile("rb") as reader:
            while (head := read_head(reader)) is not None:
                if not self._exchange(stream, reader, origin, head):
                    return

    def _exchange(
        self,
        stream: socket.socket,
        reader: BinaryIO,
        origin: tuple[str, str],
        head: tuple[str, str, dict[str, str]],
    ) -> bool:
        """Answer one request; False when the connection ends with it."""
        (scheme, host), (method, path, headers) = origin, head
        body = reader.read(int(headers.get("content-length", "0")))
        if self.server.internet.closed:
            return False
        asked = Asked(time.monotonic(), scheme, host, method, path, headers, body)
        site = self.server.internet.site(host) or (lambda unknown: bad_gateway(unknown.host))
        answer = self.server.internet.answer(site, asked)
        stream.sendall(written(answer, method))
        return headers.get("connection", "").lower() != "close"


def read_head(reader: BinaryIO) -> tuple[str, str, dict[str, str]] | None:
    """Method, target and headers (names in lower case); None at the end of the connection."""
    line = reader.readline().decode("latin-1").rstrip("\r\n")
    if not line:
        return None
    method, target, _version = line.split(" ")
    headers = {}
    while line := reader.readline().decode("latin-1").rstrip("\r\n"):
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return method, target, headers


def written(answer: Answer, method: str) -> bytes:
    """An answer as bytes; to HEAD it has the same headers and no body."""
    headers = {**answer.headers, "content-length": str(len(answer.body))}
    lines = [f"HTTP/1.1 {answer.status} {PHRASES.get(answer.status, 'Status')}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
    return head if method == "HEAD" else head + answer.body


def bad_gateway(host: str) -> Answer:
    return Answer(502, HTML, f"<title>no such host</title>The name {host} was not found.".encode())


# --- running the program ----------------------------------------------------------------------------

HIDDEN = re.compile(
    r"(?i)(https?|all|no|ftp)_proxy|enrich_(?!require).*|gh_token|github_.*|ssl_cert_.*|python.*"
)


def environment(internet: Internet | None, **extra: str) -> dict[str, str]:
    """Variables for a run behind the proxy: what the machine says about proxies and tokens is left out."""
    kept = {name: value for name, value in os.environ.items() if not HIDDEN.fullmatch(name)}
    kept |= {"PYTHONPATH": str(PROJECT), "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"}
    if internet is not None:
        proxy = {"HTTPS_PROXY": internet.url, "HTTP_PROXY": internet.url}
        kept |= {**proxy, "SSL_CERT_FILE": str(internet.certificate)}
    return {**kept, **extra}


def command(*args: str) -> list[str]:
    return [sys.executable, "-m", "enrich", *args]


def run_enrich(
    args: Iterable[str],
    cwd: Path,
    env: Mapping[str, str],
    *,
    stdin: str | None = None,
    timeout: float = 300,
) -> subprocess.CompletedProcess[str]:
    """Run the program to its end and return what it said."""
    return subprocess.run(
        command(*args),
        cwd=cwd,
        env=dict(env),
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )


def saved_report(folder: Path) -> dict[str, Any]:
    """The newest report that a run in ``folder`` left."""
    report: dict[str, Any] = json.loads((folder / "reports" / "latest.json").read_text(encoding="utf-8"))
    return report
