"""What can be seen to be wrong before the work begins: proxies, certificates, and places to write to."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from enrich.config.settings import DEFAULT_REPORTS_DIR, Settings
from enrich.config.table import BY_NAME
from enrich.errors import UsageError
from enrich.location import is_server
from enrich.places import refuse_to_be_led_out
from enrich.urls import canonical, is_web

DASK = "dask:"


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


def check_places(settings: Settings, is_check: bool) -> None:
    """Raise UsageError for folders and files that cannot or must not be written to, before the work begins.

    ``is_check`` writes no reports unless it was told where to.
    """
    reports = settings["reports_dir"] or (None if is_check else DEFAULT_REPORTS_DIR)
    cache = "" if settings["cache"] else settings["cache_dir"]
    for name, folder in (("cache_dir", cache), ("reports_dir", reports)):
        if folder:
            check_place(BY_NAME[name].option, folder)
            if os.path.exists(folder) and not os.path.isdir(folder):
                raise UsageError(f"{BY_NAME[name].option}: {folder} is not a folder")
    if output := settings["output"]:
        check_place("--output", output)
        if os.path.isdir(output):
            raise UsageError(f"--output: {output}: is a folder; name a file")
        if not os.path.isdir(Path(output).parent):
            raise UsageError(
                f"--output: {output}: cannot be made, since there is no folder {Path(output).parent}"
            )


def check_engine(settings: Settings) -> None:
    """UsageError for an engine of many machines that cannot work, before anything begins."""
    engine = settings["engine"]
    if engine == "local":
        return
    if not engine.startswith(DASK):
        raise UsageError(f"--engine: must be local, dask:local=N or dask:tls://HOST:PORT, not {engine!r}")
    if not is_server(settings["cache"] or ""):
        raise UsageError(
            f"--engine: {engine}: workers need a cache that they share, and a file on one machine, or on a network disk, "
            "is none",
            hint="--cache postgresql://host/database names one",
        )
    if find_spec("distributed") is None:
        raise UsageError(
            "--engine: Dask is not installed", hint="pip install 'enrich-links[dask,postgres]'"
        )


def check_place(option: str, path: str) -> None:
    """UsageError for a place to write to that links of a checkout put elsewhere; one named in full is meant."""
    if not os.path.isabs(path):
        try:
            refuse_to_be_led_out(path)
        except UsageError as error:
            raise UsageError(f"{option}: {error}") from None


def _is_proxy(text: str) -> bool:
    url = canonical(text if "://" in text else f"http://{text}")
    return url is not None and is_web(url)
