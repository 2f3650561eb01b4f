"""`python -m benchmarks NAME`: run one benchmark and print its table."""

from __future__ import annotations

import argparse
import os
import platform

from benchmarks import extraction, fairness


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", choices=["extraction", "fairness"], help="what to measure")
    parser.add_argument(
        "--size", type=float, default=100, metavar="MB", help="how much text (default: 100 MB)"
    )
    parser.add_argument(
        "--runs", type=int, default=3, metavar="N", help="the median of so many runs (default: 3)"
    )
    parser.add_argument(
        "--quick", action="store_true", help="one run on a little text, to see that it works"
    )
    options = parser.parse_args()
    size, runs = int(options.size * 1e6), options.runs
    if options.quick:
        size, runs = extraction.QUICK_BYTES, 1
    if options.name == "fairness":
        hosts = fairness.QUICK_HOSTS if options.quick else fairness.HOSTS
        print(fairness.table(fairness.measure(hosts, runs)))  # noqa: T201 - the output of a program
    else:
        print(extraction.table(extraction.measure(size, runs)))  # noqa: T201
    print(f"\n{_machine()}")  # noqa: T201


def _machine() -> str:
    load = (
        ", ".join(f"{value:.1f}" for value in os.getloadavg()) if hasattr(os, "getloadavg") else "unknown"
    )
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}; "
        f"load at the end: {load}"
    )


main()
