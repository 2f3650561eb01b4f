"""`python -m benchmarks [NAME]`: run one benchmark, or all, and print their tables."""

from __future__ import annotations

import argparse
import os
import platform

from benchmarks import (
    extraction,
    fairness,
    fetching,
    growth,
    metadata,
    programs,
    rendering,
    scale,
    starting,
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="?", choices=sorted(MEASURES), help="what to measure (default: all)")
    parser.add_argument(
        "--size",
        type=float,
        default=100,
        metavar="MB",
        help="how much text to extract from (default: 100 MB)",
    )
    parser.add_argument(
        "--runs", type=int, default=3, metavar="N", help="the median of so many runs (default: 3)"
    )
    parser.add_argument(
        "--quick", action="store_true", help="one run on a little input, to see that it works"
    )
    parser.add_argument(
        "--full", action="store_true", help="with growth: a million links too, for half an hour"
    )
    parser.add_argument(
        "--case",
        action="append",
        choices=programs.NAMES,
        metavar="CASE",
        help=f"of the programs, only this case (repeatable): {', '.join(programs.NAMES)}",
    )
    options = parser.parse_args()
    for name in [options.name] if options.name else sorted(MEASURES):
        print(f"{MEASURES[name](options)}\n", flush=True)  # noqa: T201 - the output of a program
    print(_machine())  # noqa: T201


def _extraction(options: argparse.Namespace) -> str:
    size = extraction.QUICK_BYTES if options.quick else int(options.size * 1e6)
    return extraction.table(extraction.measure(size, 1 if options.quick else options.runs))


def _fetching(options: argparse.Namespace) -> str:
    if options.quick:
        return fetching.table(fetching.measure(1, fetching.QUICK_SIZES))
    return fetching.table(fetching.measure(options.runs))


def _fairness(options: argparse.Namespace) -> str:
    hosts = fairness.QUICK_HOSTS if options.quick else fairness.HOSTS
    return fairness.table(fairness.measure(hosts, 1 if options.quick else options.runs))


def _growth(options: argparse.Namespace) -> str:
    sizes = growth.FULL_SIZES if options.full else growth.SIZES
    return growth.table(growth.measure(growth.QUICK_SIZES if options.quick else sizes))


def _metadata(options: argparse.Namespace) -> str:
    count = metadata.QUICK_COUNT if options.quick else metadata.COUNT
    return metadata.table(metadata.measure(count, 1 if options.quick else options.runs))


def _programs(options: argparse.Namespace) -> str:
    cases = [case for case in programs.CASES if options.case is None or case.name in options.case]
    runs = 1 if options.quick else options.runs
    cases = [programs.quick(case) for case in cases] if options.quick else cases
    return programs.table(list(programs.measure(cases, runs)), runs)


def _rendering(options: argparse.Namespace) -> str:
    count = rendering.QUICK_TARGETS if options.quick else rendering.TARGETS
    return rendering.table(count, rendering.measure(count, 1 if options.quick else options.runs))


def _starting(options: argparse.Namespace) -> str:
    return starting.table(starting.measure(1 if options.quick else max(options.runs, 9)))


def _scale(options: argparse.Namespace) -> str:
    return scale.table(scale.measure_quickly() if options.quick else scale.measure())


MEASURES = {
    "extraction": _extraction,
    "fairness": _fairness,
    "fetch": _fetching,
    "growth": _growth,
    "metadata": _metadata,
    "programs": _programs,
    "report": _rendering,
    "scale": _scale,
    "start": _starting,
}


def _machine() -> str:
    load = (
        ", ".join(f"{value:.1f}" for value in os.getloadavg()) if hasattr(os, "getloadavg") else "unknown"
    )
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}; "
        f"load at the end: {load}"
    )


main()
