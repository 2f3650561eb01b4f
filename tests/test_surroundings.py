"""Tests see nothing of the machine that would change an answer."""

from __future__ import annotations

import os
import subprocess
import sys

from surroundings import tidy


def test_what_a_service_or_a_desk_sets_reaches_no_test() -> None:
    environ = {
        "PATH": "/bin",
        "HOME": "/home/a",
        "PIP_INDEX_URL": "https://index.example",
        "https_proxy": "http://proxy.example",
        "SSL_CERT_FILE": "/a.pem",
        "ENRICH_REQUIRE": "chromium",
        "LANG": "zh_CN.UTF-8",
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_TOKEN": "t",
        "ENRICH_TIMEOUT": "1s",
        "NO_COLOR": "1",
        "TERM": "dumb",
        "COLUMNS": "9",
        "TZ": "Asia/Shanghai",
        "LC_ALL": "C",
    }
    tidy(environ)
    assert environ == {
        "PATH": "/bin",
        "HOME": "/home/a",
        "PIP_INDEX_URL": "https://index.example",
        "https_proxy": "http://proxy.example",
        "SSL_CERT_FILE": "/a.pem",
        "ENRICH_REQUIRE": "chromium",
        "LANG": "C.UTF-8",
    }


def test_the_tests_of_this_run_are_tidy() -> None:
    # Not all that is unknown here: Dask sets variables of its own in the process that it works in.
    telling = {
        "CI",
        "GITHUB_ACTIONS",
        "GITHUB_TOKEN",
        "ENRICH_TIMEOUT",
        "NO_COLOR",
        "COLUMNS",
        "TERM",
        "TZ",
    }
    assert not telling & set(os.environ)


def test_a_program_that_a_test_starts_heeds_interrupts() -> None:
    asked = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    done = subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True, text=True)
    assert done.stdout == "True\n"
