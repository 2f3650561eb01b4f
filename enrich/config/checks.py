"""What can be seen to be wrong before the work begins: proxies, certificates, and places to write to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from enrich.config.settings import Settings
from enrich.config.table import BY_NAME
from enrich.errors import UsageError
from enrich.urls import canonical, is_web


def check_network_environment(environ: Mapping[str, str]) -> None:
    """Raise UsageError for a proxy or a certificate bundle that cannot be used, before anything is written."""
    bundle = environ.get("SSL_CERT_FILE")
    if bundle and not Path(bundle).is_file():
        raise UsageError(f"SSL_CERT_FILE: {bundle}: there is no such file; name a file of PEM certificates")
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"):
        for variable in (name, name.lower()):
            if (text := environ.get(variable)) and not _is_proxy(text):
                raise UsageError(
                    f"{variable}: must be an HTTP proxy, written like http://proxy.example:3128 (SOCKS is not supported)"
                )


def check_places(settings: Settings) -> None:
    """Raise UsageError for folders and files that cannot be written to, before the work begins."""
    for name in ("cache_dir", "reports_dir"):
        if settings[name] and Path(settings[name]).exists() and not Path(settings[name]).is_dir():
            raise UsageError(f"{BY_NAME[name].option}: {settings[name]} is not a folder")
    output = settings["output"]
    if output and (Path(output).is_dir() or not Path(output).parent.is_dir()):
        raise UsageError(f"--output: {output}: is a folder, or lies in one that is not there")


def _is_proxy(text: str) -> bool:
    url = canonical(text if "://" in text else f"http://{text}")
    return url is not None and is_web(url)
