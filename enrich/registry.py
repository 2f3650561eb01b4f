"""Finds the parts that live in files of their own: kinds, report formats and document types.

Nothing lists them. A module of `enrich.kinds` that declares ``KIND``, of `enrich.report` that declares
``FORMAT``, or of `enrich.extract` that declares ``DOCUMENT_TYPE`` is found by being there.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache, lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from enrich.urls import host_of

if TYPE_CHECKING:
    from enrich.model import (
        CanonicalUrl,
        DocumentType,
        Finding,
        FindingCode,
        Format,
        Identity,
        Kind,
        Manners,
        Reason,
        Suggestion,
    )

FALLBACK_KIND = "web"
# RFC 1035 section 2.3.4; a note may hold longer ones, which no kind knows.
LONGEST_HOST = 253


def _declared(package: str, attribute: str, word: bytes = b"") -> list[object]:
    """The declarations named ``attribute`` in the modules of a package, by module name.

    With a ``word``, only of those modules whose source holds it.
    """
    modules = [
        importlib.import_module(f"{package}.{name}")
        for name, source in _sources(package, attribute).items()
        if source is None or word in source
    ]
    return [getattr(module, attribute) for module in modules if hasattr(module, attribute)]


@cache
def _sources(package: str, attribute: str) -> Mapping[str, bytes | None]:
    """The sources of the modules that may declare it, by module name; None where there is none to read.

    To see whether a source holds the name takes a tenth of the time of importing it.
    """
    path = importlib.import_module(package).__path__
    names = sorted(module.name for module in pkgutil.iter_modules(path))
    sources = {name: _source(package, name) for name in names}
    return {
        name: source for name, source in sources.items() if source is None or attribute.encode() in source
    }


def _source(package: str, name: str) -> bytes | None:
    try:
        return pkgutil.get_data(package, f"{name}.py")
    except OSError:
        return None


@cache
def kinds() -> Mapping[str, Kind]:
    """All kinds by name."""
    from enrich.model import Kind

    found = [part for part in _declared("enrich.kinds", "KIND") if isinstance(part, Kind)]
    return {kind.name: kind for kind in found}


@cache
def formats() -> Mapping[str, Format]:
    """All report formats by name."""
    from enrich.model import Format

    found = [part for part in _declared("enrich.report", "FORMAT") if isinstance(part, Format)]
    return {form.name: form for form in found}


@cache
def format_of(name: object) -> Format | None:
    """The report format of this name; the others, which take 10 ms, are not loaded for it."""
    from enrich.model import Format

    found = _declared("enrich.report", "FORMAT", f'name="{name}"'.encode("utf-8", "surrogateescape"))
    return next((one for one in found if isinstance(one, Format) and one.name == name), None)


def format_named(name: str) -> Format:
    """The same of one that there is; KeyError for any other."""
    return format_of(name) or formats()[name]


@cache
def document_types() -> Mapping[str, DocumentType]:
    """All document types by file suffix, such as ``.md``."""
    from enrich.model import DocumentType

    found = [
        part for part in _declared("enrich.extract", "DOCUMENT_TYPE") if isinstance(part, DocumentType)
    ]
    return {suffix: kind for kind in found for suffix in sorted(kind.suffixes)}


@lru_cache(maxsize=1024)
def document_type(suffix: str) -> DocumentType | None:
    """The document type of a file suffix such as ``.md``.

    Readers whose source does not name the suffix are not loaded: all of them take five milliseconds, and most
    collections hold documents of one type.
    """
    from enrich.model import DocumentType

    if not suffix:
        return None
    # The name of a file need not be UTF-8.
    found = _declared("enrich.extract", "DOCUMENT_TYPE", f'"{suffix}"'.encode("utf-8", "surrogateescape"))
    return next((one for one in found if isinstance(one, DocumentType) and suffix in one.suffixes), None)


@cache
def _kinds_by_host() -> Mapping[str, tuple[Kind, ...]]:
    table: dict[str, tuple[Kind, ...]] = {}
    for kind in kinds().values():
        for host in kind.hosts:
            table[host] = (*table.get(host, ()), kind)
    return table


# Many links lead to few hosts.
@lru_cache(maxsize=4096)
def _claimants(host: str) -> tuple[Kind, ...]:
    """Kinds that look at a host: those that name it first, then those of its parent domains."""
    if len(host) > LONGEST_HOST:
        return ()
    table = _kinds_by_host()
    labels = host.split(".")
    suffixes = ["." + ".".join(labels[start:]) for start in range(1, len(labels))]
    return tuple(kind for name in (host, *suffixes) for kind in table.get(name, ()))


def identify(url: CanonicalUrl, api_urls: Mapping[str, str] = MappingProxyType({})) -> Identity:
    """What a canonical URL stands for; the fallback kind takes what no other kind claims.

    ``api_urls`` has the address of a kind's API where it is another than the usual one: links to the server
    that it belongs to are of that kind.
    """
    for name, api_url in api_urls.items():
        identify_on = kinds()[name].identify_on
        if identify_on is not None and (own := identify_on(url, api_url)) is not None:
            return own
    for kind in _claimants(host_of(url)):
        if (identity := kind.identify(url)) is not None:
            return identity
    identity = kinds()[FALLBACK_KIND].identify(url)
    assert identity is not None, "the fallback kind takes every URL"
    return identity


@cache
def reasons() -> Mapping[str, Reason]:
    """All declared reason codes."""
    return {reason.code: reason for kind in kinds().values() for reason in kind.reasons}


def reason_of(code: str) -> Reason:
    """The declaration of a code; ``http-418`` without one of its own has that of ``http-4xx``."""
    table = reasons()
    if code in table:
        return table[code]
    if code.startswith("http-") and f"{code[:6]}xx" in table:
        return table[f"{code[:6]}xx"]
    raise KeyError(f"no kind declares the reason {code!r}")


@cache
def finding_codes() -> Mapping[str, FindingCode]:
    """All declared finding codes."""
    return {code.code: code for kind in kinds().values() for code in kind.findings}


def finding_of(
    code: str,
    message: str,
    *,
    document: str | None = None,
    line: int | None = None,
    column: int | None = None,
    target: str | None = None,
    suggestion: Suggestion | None = None,
) -> Finding:
    """A finding with the severity that its code declares."""
    from enrich.model import Finding

    return Finding(
        code=code,
        severity=finding_codes()[code].severity,
        message=message,
        document=document,
        line=line,
        column=column,
        target=target,
        suggestion=suggestion,
    )


@cache
def built_in_manners() -> Mapping[str, Manners]:
    """The manners that kinds declare for hosts they know."""
    return {host: manners for kind in kinds().values() for host, manners in kind.manners.items()}
