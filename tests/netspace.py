"""A network of its own for one run of the program, and what can go wrong with it.

Run as ``python netspace.py TROUBLE FOLDER`` inside fresh network and mount namespaces (``unshare -n -m``), where it
is alone: it brings up the loopback device, puts its own resolv.conf in place, plays name server (127.0.0.1:53), web
(127.0.0.2, ports 80 and 443) and captive portal (127.0.0.3), and starts ``enrich`` in the folder. So the program
meets the real resolver of this system, real refusals and real certificates, and nothing leaves the machine.

What goes wrong is one function of `TROUBLES`; it may look at how much has been served already.
"""

from __future__ import annotations

import http.server
import json
import socket
import ssl
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import trustme

PROJECT = Path(__file__).resolve().parents[1]
WEB, PORTAL = "127.0.0.2", "127.0.0.3"
HOSTS = 44
# Even hosts are asked by https, odd ones by http; of every fourth host of both sorts one page is missing.
LINKS = [
    f"{'http' if host % 2 else 'https'}://host-{host}.example/{page}"
    for host in range(HOSTS)
    for page in ("one", "two", "missing" if host % 8 < 2 else "three")
]
SERVFAIL, NXDOMAIN, REFUSED = 2, 3, 5


@dataclass
class World:
    """What the name server and the web do at the moment; ``served`` counts the answers of the web."""

    served: int = 0
    answers_names: bool = True
    error: int | None = None
    everything: str | None = None
    intercepts: bool = False
    redirects: bool = False
    silent: bool = False
    dies_at: int | None = None
    after_death: Callable[[World], None] = lambda world: None

    def count(self) -> None:
        self.served += 1
        if self.dies_at is not None and self.served >= self.dies_at:
            self.after_death(self)


# --- names ------------------------------------------------------------------------------------------


def address_of(world: World, name: str) -> str | int:
    """The address of a name, or the error code that stands in its place."""
    if world.error is not None:
        return world.error
    if world.everything is not None:
        return world.everything
    if name == "portal.example":
        return PORTAL
    return WEB if name.startswith("host-") and name.endswith(".example") else NXDOMAIN


def serve_names(world: World) -> None:
    """A name server for A records; AAAA questions get an empty answer (RFC 1035 section 4)."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    while True:
        question, peer = server.recvfrom(512)
        if not world.answers_names:
            continue
        labels, at = [], 12
        while length := question[at]:
            labels.append(question[at + 1 : at + 1 + length].decode())
            at += 1 + length
        found = address_of(world, ".".join(labels).lower())
        (kind,) = struct.unpack("!H", question[at + 1 : at + 3])
        code = found if isinstance(found, int) else 0
        records = [] if isinstance(found, int) or kind != 1 else [socket.inet_aton(found)]
        head = question[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(records), 0, 0)
        body = b"".join(struct.pack("!HHHIH", 0xC00C, 1, 1, 0, 4) + record for record in records)
        server.sendto(head + question[12 : at + 5] + body, peer)


# --- the web ----------------------------------------------------------------------------------------


def handler(world: World, *, is_portal: bool) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if world.silent:
                self.close_connection = True
                return
            world.count()
            is_us = is_portal or (world.intercepts and not isinstance(self.connection, ssl.SSLSocket))
            if is_us and world.redirects and "portal" not in self.headers.get("Host", ""):
                self.answer(302, b"", location="http://portal.example/log-in")
            elif is_us:
                self.answer(200, b"<title>Please log in</title>Room number and name.")
            else:
                self.answer(404 if self.path == "/missing" else 200, b"<title>A page</title>words")

        do_HEAD = do_GET  # noqa: N815 - the library's name

        def answer(self, status: int, body: bytes, **headers: str) -> None:
            self.send_response(status)
            for name, value in {"content-type": "text/html", **headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    return Handler


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, *_: object) -> None:
        """Clients that do not accept a certificate hang up; that is what they are here for."""


def serve(world: World, address: str, tls: ssl.SSLContext | None) -> None:
    server = Server((address, 443 if tls else 80), handler(world, is_portal=address == PORTAL))
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def certificate(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


# --- what can go wrong --------------------------------------------------------------------------------


def _no_names(world: World) -> None:
    world.answers_names = False


def _refuse_names(world: World) -> None:
    world.error = REFUSED


def _all_silent(world: World) -> None:
    world.error, world.silent = SERVFAIL, True


def _portal_takes_over(world: World) -> None:
    world.everything = PORTAL


# Here names or pages are waited for in vain, so nobody waits for long; elsewhere all are answered, be it late.
SILENT = frozenset({"unanswered", "silent", "names-hang", "all-dies"})
# Nothing of a name server, of the web or even of the device is there in these.
NO_DEVICE, NO_SERVERS = frozenset({"nothing"}), frozenset({"nothing", "loopback", "empty"})
TROUBLES: dict[str, Callable[[], World]] = {
    "none": World,
    "nothing": World,
    "loopback": World,
    "empty": World,
    "servfail": lambda: World(error=SERVFAIL),
    "refused": lambda: World(error=REFUSED),
    "nxdomain": lambda: World(error=NXDOMAIN),
    "unanswered": lambda: World(answers_names=False),
    "silent": lambda: World(silent=True),
    "names-die": lambda: World(dies_at=len(LINKS) // 2, after_death=_refuse_names),
    "names-hang": lambda: World(dies_at=len(LINKS) // 2, after_death=_no_names),
    "all-dies": lambda: World(dies_at=len(LINKS) // 2, after_death=_all_silent),
    "portal": lambda: World(everything=PORTAL),
    "portal-redirects": lambda: World(everything=PORTAL, redirects=True),
    "portal-later": lambda: World(dies_at=len(LINKS) // 2, after_death=_portal_takes_over),
    "intercepting": lambda: World(intercepts=True),
    "intercepting-redirects": lambda: World(intercepts=True, redirects=True),
}


def build(trouble: str, folder: Path) -> None:
    """The network with its trouble, and the web as far as it is there."""
    world = TROUBLES[trouble]()
    seconds = 1 if trouble in SILENT else 30
    resolver = "" if trouble == "empty" else f"nameserver 127.0.0.1\noptions timeout:{seconds} attempts:1\n"
    for name, text in (("resolv.conf", resolver), ("nsswitch.conf", "hosts: files dns\n")):
        (folder / name).write_text(text)
        subprocess.run(["mount", "--bind", str(folder / name), f"/etc/{name}"], check=True)
    if trouble not in NO_DEVICE:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    if trouble in NO_SERVERS:
        return
    threading.Thread(target=serve_names, args=(world,), daemon=True).start()
    authority = trustme.CA.from_pem((folder / "ca.pem").read_bytes(), (folder / "ca.key").read_bytes())
    names = [f"host-{number}.example" for number in range(HOSTS)]
    own = certificate(authority, *names)
    foreign = certificate(trustme.CA(), "portal.example")
    for address, tls in ((WEB, foreign if world.intercepts else own), (PORTAL, foreign)):
        serve(world, address, None)
        serve(world, address, tls)


def main() -> None:
    trouble, folder, *options = sys.argv[1:]
    build(trouble, Path(folder))
    command = [sys.executable, "-m", "enrich", "run", "notes.md", "--no-progress", *options]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, encoding="utf-8", timeout=300, check=False
    )
    json.dump({"code": done.returncode, "out": done.stdout, "err": done.stderr}, sys.stdout)


if __name__ == "__main__":
    main()
