"""Finds the parts that live in files of their own: kinds, report formats and document types.

Nothing lists them. A module of `enrich.kinds` that declares ``KIND``, of `enrich.report` that declares
``FORMAT``, or of `enrich.extract` that declares ``DOCUMENT_TYPE`` is found by being there.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
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


def _declared(package: str, attribute: str) -> list[object]:
    """The declarations named ``attribute`` in the modules of a package, by module name."""
    path = importlib.import_module(package).__path__
    names = sorted(module.name for module in pkgutil.iter_modules(path))
    modules = [
        importlib.import_module(f"{package}.{name}")
        for name in names
        if _may_declare(package, name, attribute)
    ]
    return [getattr(module, attribute) for module in modules if hasattr(module, attribute)]


def _may_declare(package: str, name: str, attribute: str) -> bool:
    """Whether a module's source holds the name, which takes a tenth of the time of importing it to see."""
    try:
        source = pkgutil.get_data(package, f"{name}.py")
    except OSError:
        return True
    return source is None or attribute.encode() in source


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
def document_types() -> Mapping[str, DocumentType]:
    """All document types by file suffix, such as ``.md``."""
    from enrich.model import DocumentType

    found = [
        part for part in _declared("enrich.extract", "DOCUMENT_TYPE") if isinstance(part, DocumentType)
    ]
    return {suffix: kind for kind in found for suffix in sorted(kind.suffixes)}


@cache
def _kinds_by_host() -> Mapping[str, tuple[Kind, ...]]:
    table: dict[str, tuple[Kind, ...]] = {}
    for kind in kinds().values():
        for host in kind.hosts:
            table[host] = (*table.get(host, ()), kind)
    return table


def _claimants(host: str) -> list[Kind]:
    """Kinds that look at a host: those that name it first, then those of its parent domains."""
    if len(host) > LONGEST_HOST:
        return []
    table = _kinds_by_host()
    labels = host.split(".")
    suffixes = ["." + ".".join(labels[start:]) for start in range(1, len(labels))]
    return [kind for name in (host, *suffixes) for kind in table.get(name, ())]


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
