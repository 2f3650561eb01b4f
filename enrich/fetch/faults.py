"""What went wrong, told from the errors of httpx, ssl and the resolver, in this one place.

Our transport raises httpx's errors, so that it can stand under httpx's client. Most specific first, down the chain
of causes: a name that does not exist, a refused connection and a bad certificate are all a ``ConnectError``, and only
the cause tells them apart.
"""

from __future__ import annotations

import errno
import platform
import socket
import ssl
from collections.abc import Callable, Iterator

import httpx

from enrich.fetch.pace import Fault
from enrich.model import FailureKind

# glibc tells "the name does not exist" from "the resolver is out of order": a server failure, a refusal, a
# timeout and a missing network are all EAI_AGAIN (measured). Elsewhere the code for a missing name is also
# given when the network is down, so there it proves nothing.
RESOLVER_IS_PRECISE = platform.libc_ver()[0] == "glibc"
_NAME_IS_GONE = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}

# https://www.openssl.org/docs/man3.0/man1/openssl-verification-options.html, X509_V_ERR_…
# OpenSSL does not tell a chain that lacks a link from one that nobody vouches for (20): it misses the issuer in both.
_UNKNOWN_ISSUER = "the certificate is from an unknown authority, or its chain is incomplete"
_CERTIFICATE_FAULTS = {
    2: _UNKNOWN_ISSUER,
    9: "the certificate is not valid yet",
    10: "the certificate has expired",
    18: "the certificate is self-signed",
    19: "the certificate chain ends in a self-signed one",
    20: _UNKNOWN_ISSUER,
    21: _UNKNOWN_ISSUER,
    23: "the certificate was revoked",
    62: "the certificate is for another name",
    64: "the certificate is for another address",
}

_CONNECT_FAULTS = {
    errno.ECONNREFUSED: "the connection was refused",
    errno.ECONNRESET: "the connection was reset",
    errno.EPIPE: "the connection was reset",
    errno.EHOSTUNREACH: "there is no route to the host",
    errno.ENETUNREACH: "there is no route to the network",
    errno.ETIMEDOUT: "the connection timed out",
}


_LONGEST_QUOTE = 160


class AddressRefusedError(Exception):
    """The guard does not let us ask this address. Not an httpx error, so nothing retries it."""


class ProxyRefusedError(httpx.ProxyError):
    """A proxy does not let us reach this host, which says something about the proxy's rules alone."""


class NameLookupError(httpx.ConnectError):
    """The resolver gave no address; the cause says why."""


class OutOfTimeError(httpx.ReadTimeout):
    """The time for an attempt was over before its answer was there."""


class HeadersTooLargeError(httpx.RemoteProtocolError):
    """More headers than anybody needs."""


def fault_of(error: Exception) -> Fault | None:
    """The failure that an error of the network stands for, or None when it is none: then it is a mistake of ours."""
    causes = list(_causes(error))
    for explain in _EXPLANATIONS:
        for cause in causes:
            if fault := explain(cause):
                return fault
    return None


def is_before_connection(error: Exception) -> bool:
    """Whether it went wrong before the host took a connection."""
    early = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, AddressRefusedError)
    return isinstance(error, early)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _refused(error: BaseException) -> Fault | None:
    if isinstance(error, AddressRefusedError):
        return Fault(FailureKind.FORBIDDEN_ADDRESS, str(error))
    return None


def _proxy(error: BaseException) -> Fault | None:
    if isinstance(error, ProxyRefusedError):
        return Fault(FailureKind.PROXY, str(error))
    if isinstance(error, httpx.ProxyError):
        return Fault(FailureKind.CONNECT, f"proxy: {error}")
    return None


def _resolver(error: BaseException) -> Fault | None:
    if not isinstance(error, socket.gaierror):
        return None
    if RESOLVER_IS_PRECISE and error.errno in _NAME_IS_GONE:
        return Fault(FailureKind.DNS_NOT_FOUND, "the host name does not exist")
    return Fault(FailureKind.DNS_FAILURE, f"the host name could not be looked up ({error.strerror})")


def _tls(error: BaseException) -> Fault | None:
    if isinstance(error, ssl.SSLCertVerificationError):
        known = _CERTIFICATE_FAULTS.get(error.verify_code)
        return Fault(FailureKind.TLS, known or f"the certificate was not accepted ({error.verify_message})")
    if isinstance(error, ssl.SSLError):
        reason = (error.reason or "TLS error").replace("_", " ").lower()
        return Fault(FailureKind.TLS, f"the TLS handshake failed ({reason})")
    return None


def _timeout(error: BaseException) -> Fault | None:
    if isinstance(error, httpx.ConnectTimeout):
        return Fault(FailureKind.TIMEOUT, "the host took no connection in time")
    if isinstance(error, httpx.TimeoutException):
        return Fault(FailureKind.TIMEOUT, "the answer did not come in time")
    return None


def _too_large(error: BaseException) -> Fault | None:
    if isinstance(error, HeadersTooLargeError):
        return Fault(FailureKind.TOO_LARGE, "the headers of the answer are too large")
    return None


def _protocol(error: BaseException) -> Fault | None:
    if isinstance(error, httpx.LocalProtocolError):
        return Fault(FailureKind.PROTOCOL, f"the request cannot be written as HTTP ({_short(error)})")
    if isinstance(error, (httpx.ProtocolError, httpx.DecodingError)):
        return Fault(FailureKind.PROTOCOL, f"the answer is not proper HTTP ({_short(error)})")
    return None


def _short(error: BaseException) -> str:
    """An error's text, which may quote what the server sent."""
    return str(error)[:_LONGEST_QUOTE] or type(error).__name__


def _invalid(error: BaseException) -> Fault | None:
    if isinstance(error, httpx.InvalidURL):
        # A browser's parser took it, so it is no invalid URL; it is longer than the 64 KiB that httpx takes.
        return Fault(FailureKind.PROTOCOL, f"the address cannot be asked ({_short(error)})")
    return None


def _system(error: BaseException) -> Fault | None:
    # asyncio raises some resets itself, without a number.
    number = errno.ECONNRESET if isinstance(error, ConnectionResetError) else getattr(error, "errno", None)
    if isinstance(error, OSError) and number in _CONNECT_FAULTS:
        return Fault(FailureKind.CONNECT, _CONNECT_FAULTS[number])
    return None


def _network(error: BaseException) -> Fault | None:
    if isinstance(error, (httpx.TransportError, OSError)):
        return Fault(FailureKind.CONNECT, f"the connection failed ({_short(error)})")
    return None


_Explain = Callable[[BaseException], Fault | None]
_EXPLANATIONS: tuple[_Explain, ...] = (
    _refused,
    _proxy,
    _resolver,
    _tls,
    _timeout,
    _too_large,
    _protocol,
    _invalid,
    _system,
    _network,
)
