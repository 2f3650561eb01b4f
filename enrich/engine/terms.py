"""What a worker is told of its run, and what it must know by itself.

What makes a verdict must be the driver's, wherever a worker runs: so the settings that asking goes by are stored with
the run. Secrets are not. A worker reads them from its own environment, and refuses to work where one is missing:
without the token, or the headers of a host, the same links would get other verdicts.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from enrich.codec import encode
from enrich.config import Settings, load
from enrich.config.settings import ConfirmRule, HostSettings
from enrich.engine.shards import Placement
from enrich.errors import UsageError

# The settings by which hosts are asked and answers judged. All others concern the driver alone.
ASKING = (
    "concurrency", "host_concurrency", "host_interval", "timeout", "connect_timeout", "retries", "canary",
    "network_wait", "max_per_host", "respect_robots", "i_own_these_hosts", "allow_net", "allow_private", "contact",
    "github_api_url", "arxiv_api_url", "arxiv_datacite_url", "no_datacite", "accept_mass_change",
)  # fmt: skip
TOKEN = "github_token"  # noqa: S105 - the name of a setting
HEADERS_VARIABLE = "ENRICH_HOST_HEADERS"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostTerms:
    """What the driver's configuration says of one host; of headers only the names, since they may hold secrets."""

    concurrency: int | None = None
    interval: float | None = None
    timeout: float | None = None
    headers: tuple[str, ...] = ()
    accept: tuple[int, ...] = ()
    user_agent: str | None = None
    max_per_run: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """By which rules the shards of a run are worked on; ``version`` is enrich's, ``checks`` and ``days`` those of
    `enrich.config.ConfirmRule`."""

    version: str
    is_check: bool
    settings: Mapping[str, Any]
    hosts: Mapping[str, HostTerms]
    checks: int
    days: float
    has_token: bool
    placement: Placement
    lease_seconds: float


def terms_of(settings: Settings, version: str, placement: Placement) -> Terms:
    """The terms that the driver's settings come to."""
    return Terms(
        version=version,
        is_check=settings.is_check,
        settings={name: settings[name] for name in ASKING},
        hosts={host: _host_terms(own) for host, own in settings.hosts.items()},
        checks=settings.confirm.checks,
        days=settings.confirm.days,
        has_token=settings[TOKEN] is not None,
        placement=placement,
        lease_seconds=settings["lease"],
    )


def _host_terms(own: HostSettings) -> HostTerms:
    return HostTerms(
        concurrency=own.concurrency,
        interval=own.interval,
        timeout=own.timeout,
        headers=tuple(name for name, _ in own.headers),
        accept=tuple(sorted(own.accept)),
        user_agent=own.user_agent,
        max_per_run=own.max_per_run,
    )


def settings_from(
    terms: Terms, deadline: float | None, environ: Mapping[str, str] = os.environ
) -> Settings:
    """The driver's settings in a worker, with the secrets of its own environment; UsageError where one is missing."""
    token = environ.get("ENRICH_GITHUB_TOKEN") or environ.get("GITHUB_TOKEN") or None
    if terms.has_token != (token is not None):
        state = "a GitHub token, which this worker lacks" if terms.has_token else "no GitHub token"
        raise UsageError(
            f"the run has {state}: GITHUB_TOKEN must be the same for the driver and all workers",
            hint="set it in the environment of every worker, or nowhere",
        )
    given = {**terms.settings, TOKEN: token, "deadline": deadline, "lease": terms.lease_seconds}
    settings = load("run", {}, environ={}, use_files=False, given=given)
    secret = _secret_headers(environ.get(HEADERS_VARIABLE, "{}"))
    return replace(
        settings,
        hosts={host: _host_settings(host, own, secret.get(host, {})) for host, own in terms.hosts.items()},
        confirm=ConfirmRule(checks=terms.checks, days=terms.days),
        is_check=terms.is_check,
    )


def _secret_headers(text: str) -> Mapping[str, Mapping[str, str]]:
    try:
        return msgspec.json.decode(text, type=dict[str, dict[str, str]])
    except msgspec.DecodeError as error:
        raise UsageError(
            f'{HEADERS_VARIABLE}: is not {{"host": {{"Name": "value"}}, …}} in the environment of a worker: {error}'
        ) from None


def _host_settings(host: str, own: HostTerms, headers: Mapping[str, str]) -> HostSettings:
    if set(headers) != set(own.headers):
        raise UsageError(
            f"{HEADERS_VARIABLE}: the run sends {host} the headers {', '.join(own.headers) or '(none)'}, and this worker "
            "has others",
            hint=f'set {HEADERS_VARIABLE}={{"{host}": {{"Name": "value"}}}} in the environment of every worker',
        )
    return HostSettings(
        concurrency=own.concurrency,
        interval=own.interval,
        timeout=own.timeout,
        headers=tuple((name, headers[name]) for name in own.headers),
        accept=frozenset(own.accept),
        user_agent=own.user_agent,
        max_per_run=own.max_per_run,
    )


def secrets_of(settings: Settings) -> dict[str, str]:
    """The environment that gives workers on this machine the driver's secrets."""
    headers = {host: dict(own.headers) for host, own in settings.hosts.items() if own.headers}
    found = {HEADERS_VARIABLE: json.dumps(headers)}
    if settings[TOKEN] is not None:
        found["ENRICH_GITHUB_TOKEN"] = settings[TOKEN]
    return found


_decoder = msgspec.json.Decoder(Terms)


def encoded(terms: Terms) -> str:
    return encode(terms).decode("utf-8")


def decoded(text: str) -> Terms:
    """Raises msgspec.ValidationError for terms of another version, which workers refuse before."""
    return _decoder.decode(text)
