"""All that can be set, a row each.

The command line, the environment (``ENRICH_TIMEOUT``), the configuration file and ``enrich config`` are all made
from these rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from enrich.config.values import (
    flag,
    location,
    network,
    number,
    one_of,
    path,
    pattern,
    plain_text,
    printable,
    remap,
    revision,
    seconds,
    selector,
    suffix,
    url,
)
from enrich.registry import format_of, formats, kinds


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting. ``read`` turns what a source gives into the value, or raises ValueError.

    ``many`` collects a tuple; ``split`` is what separates items in an environment variable.
    ``trusted`` settings are refused by ``check`` from a file in the tree; of others ``least`` and ``most`` are the
    fastest, widest and longest that it takes from there.
    """

    name: str
    help: str
    read: Callable[[object], Any]
    default: Any = None
    many: bool = False
    split: str = ","
    flag: bool = False
    trusted: bool = False
    least: float = -math.inf
    most: float = math.inf
    metavar: str = "TEXT"
    commands: tuple[str, ...] = ("run", "check")
    in_file: bool = True

    @property
    def option(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def key(self) -> str:
        """Its name in a configuration file, where what concerns a provider stands in a table of its own."""
        provider, _, rest = self.name.partition("_")
        return f"{provider}.{rest}" if rest in PROVIDERS.get(provider, ()) else self.name


# The tables of a configuration file that concern providers, and their keys.
PROVIDERS = {"github": ("api_url",), "arxiv": ("api_url", "datacite_url")}
ENVIRONMENT_PREFIX = "ENRICH_"
LANGUAGES = ("en", "zh")
# What `check` asks of one host at most, so that nobody's pull request turns it against a victim.
CHECK_MAX_PER_HOST = 2000
_EXTRACTING = ("run", "check", "links")
_CACHED = ("run", "check", "cache")
_REPORTING = ("run", "check", "report")

SETTINGS: tuple[Setting, ...] = (
    Setting(name="since", read=plain_text, metavar="DATE", commands=_EXTRACTING,
            help="Only links dated from here on: 2021, 2021-01 or 2021-01-15."),
    Setting(name="until", read=plain_text, metavar="DATE", commands=_EXTRACTING,
            help="Only links dated up to here, the whole period included."),
    Setting(name="undated", read=one_of(lambda: ("include", "skip")), default="include", metavar="include|skip",
            commands=_EXTRACTING, help="What becomes of links whose date nobody knows, when dates are asked for."),
    Setting(name="git_dates", read=flag, flag=True, default=False, commands=_EXTRACTING,
            help="Date a document that carries no date by its first commit."),
    Setting(name="kind", read=one_of(kinds), many=True, default=(), metavar="KIND",
            commands=_EXTRACTING, help="Only links of this kind (repeatable): wechat, arxiv, github, doi, web, file."),
    Setting(name="include", read=pattern, many=True, split="\n", default=(), metavar="RE", commands=_EXTRACTING,
            help="Check URLs that match, whatever --exclude says (repeatable)."),
    Setting(name="exclude", read=pattern, many=True, split="\n", default=(), metavar="RE", commands=_EXTRACTING,
            help="Skip URLs that match (repeatable); .enrichignore holds one a line."),
    Setting(name="exclude_path", read=pattern, many=True, split="\n", default=(), metavar="RE",
            commands=_EXTRACTING, help="Do not read documents whose path matches (repeatable)."),
    Setting(name="files_from", read=plain_text, metavar="FILE", commands=_EXTRACTING, in_file=False,
            help="Read the paths of documents from FILE, one a line; - for standard input."),
    Setting(name="extensions", read=suffix, many=True, default=(), metavar="EXT", commands=_EXTRACTING,
            help="Read files with these suffixes in folders (repeatable or with commas); default: all known types."),
    Setting(name="hidden", read=flag, flag=True, default=False, commands=_EXTRACTING,
            help="Read hidden files and folders too."),
    Setting(name="check_images", read=flag, flag=True, default=False, commands=_EXTRACTING,
            help="Check the addresses of images, which are skipped otherwise."),
    Setting(name="remap", read=remap, many=True, split="\n", default=(), trusted=True, metavar="'RE REPL'",
            commands=_EXTRACTING, help="Ask another address in place of those that match (repeatable)."),
    Setting(name="cache_dir", read=path, default="cache", trusted=True, metavar="DIR", commands=(*_CACHED, "explain"),
            help="Where results are remembered."),
    Setting(name="cache", read=location, trusted=True, metavar="URL", commands=(*_CACHED, "explain", "leases"),
            help="Remember them there instead: postgresql://host/database, or sqlite:PATH for one file."),
    Setting(name="reports_dir", read=path, trusted=True, metavar="DIR",
            help="Where reports are written; run: reports, check: nowhere unless given."),
    Setting(name="keep", read=number(1, whole=True), default=30, metavar="N", commands=("run", "check"),
            help="How many dated reports are kept."),
    Setting(name="engine", read=plain_text, default="local", trusted=True, metavar="local|dask:WHERE",
            help="Who asks: this process, dask:local=N processes, or the workers of dask:tls://HOST:PORT."),
    Setting(name="insecure_cluster", read=flag, flag=True, default=False, trusted=True,
            help="Allow a cluster without TLS beyond this machine: whoever reaches its port runs code on all workers."),
    Setting(name="lease", read=number(1), default=30.0, trusted=True, metavar="SECONDS",
            help="After so long without a sign of life, what a worker or a run holds is given to another."),
    Setting(name="max_age", read=seconds, metavar="AGE",
            help="Ask again what was last asked longer ago than this; default: by status."),
    Setting(name="refresh", read=flag, flag=True, default=False, in_file=False,
            help="Ask everything again, however recent."),
    Setting(name="offline", read=flag, flag=True, default=False,
            help="Ask nobody; answer from the cache alone."),
    Setting(name="fresh", read=flag, flag=True, default=False, in_file=False,
            help="Start anew instead of going on with a run that was killed."),
    Setting(name="wait", read=seconds, default=0.0, metavar="AGE", commands=_CACHED,
            help="Wait this long for another run to release the cache."),
    Setting(name="concurrency", read=number(1, whole=True), default=256, most=256, metavar="N",
            help="Requests in flight over all hosts; where it is not set, up to 1024 with many hosts."),
    Setting(name="host_concurrency", read=number(1, whole=True), default=4, most=4, metavar="N",
            help="Requests in flight to one host."),
    Setting(name="host_interval", read=seconds, default=0.1, least=0.1, metavar="SECONDS",
            help="Time between two requests to one host."),
    Setting(name="timeout", read=number(0.001), default=20.0, most=100.0, metavar="SECONDS",
            help="Longest time for one attempt, redirects and body included."),
    Setting(name="connect_timeout", read=number(0.001), default=5.0, most=25.0, metavar="SECONDS",
            help="Longest time to establish a connection."),
    Setting(name="retries", read=number(0, whole=True), default=2, most=2, metavar="N",
            help="How often an answer that may pass (429, 5xx, time-out, reset) is asked for again."),
    Setting(name="deadline", read=seconds, metavar="AGE",
            help="End the run after this long; what was not reached keeps its older verdict."),
    Setting(name="canary", read=url, many=True, split=" ", default=(), trusted=True, metavar="URL",
            help="A host to ask whether the network is up (repeatable); default: those longest alive by the cache."),
    Setting(name="network_wait", read=seconds, default=300.0, most=1500.0, metavar="AGE",
            help="Wait this long for the network to come back when it is lost in mid-run."),
    Setting(name="accept_mass_change", read=flag, flag=True, default=False, trusted=True, in_file=False,
            help="Believe at once that many links are gone, instead of waiting for a second run to see it."),
    Setting(name="max_per_host", read=number(1, whole=True), most=CHECK_MAX_PER_HOST, metavar="N",
            help="Targets asked per host in one run; the rest wait for the next. check: 2000."),
    Setting(name="respect_robots", read=flag, flag=True, default=False,
            help="Skip what a host's robots.txt disallows; its Crawl-delay is obeyed in any case."),
    Setting(name="i_own_these_hosts", read=flag, flag=True, default=False, trusted=True, in_file=False,
            help="Allow intervals below the built-in ones of hosts with strict manners."),
    Setting(name="allow_net", read=network, many=True, default=(), trusted=True, metavar="CIDR",
            help="Addresses that may be asked although they are not public (repeatable)."),
    Setting(name="allow_private", read=flag, flag=True, default=False, trusted=True,
            help="Allow private and loopback addresses; cloud metadata services stay refused."),
    Setting(name="github_token", read=printable, trusted=True, metavar="TOKEN",
            help="Goes to the GitHub API alone; default: GITHUB_TOKEN."),
    Setting(name="contact", read=printable, metavar="ADDRESS",
            help="An address at which a server's owner can reach you; goes into the User-Agent."),
    Setting(name="github_api_url", read=url, default="https://api.github.com", trusted=True, metavar="URL",
            help="Another GitHub API, such as that of an Enterprise server."),
    Setting(name="arxiv_api_url", read=url, default="https://export.arxiv.org/api/query", trusted=True,
            metavar="URL", help="Another arXiv API, such as a mirror's."),
    Setting(name="arxiv_datacite_url", read=url, default="https://api.datacite.org", trusted=True, metavar="URL",
            help="Another DataCite API, which describes papers while arXiv's does not answer."),
    Setting(name="no_datacite", read=flag, flag=True, default=False,
            help="Do not ask DataCite about papers while arXiv's API does not answer."),
    Setting(name="fail_on", read=selector, many=True, metavar="CODE",
            help="Exit 1 on this status, reason, finding or 'confirmed' (repeatable); check: broken."),
    Setting(name="warn_on", read=selector, many=True, default=(), metavar="CODE",
            help="Report as a warning (repeatable)."),
    Setting(name="ignore", read=selector, many=True, default=(), metavar="CODE",
            help="Do not report (repeatable)."),
    Setting(name="diff", read=revision, metavar="BASE", commands=("check",), in_file=False,
            help="Fail only on links in lines that are new since the merge base with BASE, such as origin/main."),
    Setting(name="baseline", read=path, metavar="FILE", commands=("check",), in_file=False,
            help="Do not fail on the broken links that FILE lists as accepted."),
    Setting(name="update_baseline", read=flag, flag=True, default=False, commands=("check",), in_file=False,
            help="Accept what fails now: write it to the FILE of --baseline, and drop what works again."),
    Setting(name="no_annotations", read=flag, flag=True, default=False,
            help="In GitHub Actions: write no annotations and no step summary."),
    Setting(name="format", read=one_of(formats, format_of), default="text", metavar="FORMAT",
            commands=_REPORTING,
            help="text, markdown, html, json, jsonl, csv, sarif, junit, github, gitlab, rdjson, bibtex, ris, csl-json."),
    Setting(name="lang", read=one_of(lambda: LANGUAGES), default=None, metavar="LANG", commands=_REPORTING,
            help="Language of html, markdown and text: en or zh; default: the locale's, check: en."),
    Setting(name="output", read=path, trusted=True, metavar="FILE", commands=_REPORTING,
            help="Write there instead of to standard output."),
    Setting(name="no_progress", read=flag, flag=True, default=False, help="No progress on standard error."),
)  # fmt: skip

BY_NAME = {setting.name: setting for setting in SETTINGS}
