"""Which documents and links belong to a run, and which links are not asked.

That is decided here and nowhere else: dates and kinds choose, patterns skip, and what cannot be asked is listed
with the reason.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from enrich.config import DEFAULT_REPORTS_DIR, Settings
from enrich.discovery import Places, discover, walk_of
from enrich.errors import UsageError
from enrich.files import KIND_NAME as FILE_KIND
from enrich.files import is_path, locate
from enrich.model import CanonicalUrl, Document, Identity, Link
from enrich.places import folder_below
from enrich.registry import identify
from enrich.urls import canonical, is_web, scheme_of

CHOOSING = ("kind", "undated", "check_images", "include", "exclude", "remap")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which links count, made from the settings once."""

    settings: Settings
    include: tuple[re.Pattern[str], ...]
    exclude: tuple[re.Pattern[str], ...]
    remap: tuple[tuple[re.Pattern[str], str], ...]
    api_urls: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings) -> Selection:
        """The selection that the settings describe."""
        pairs = (rule.partition(" ") for rule in settings["remap"])
        return cls(
            settings=settings,
            include=tuple(map(re.compile, settings["include"])),
            exclude=tuple(map(re.compile, settings["exclude"])),
            remap=tuple((re.compile(pattern), replacement) for pattern, _, replacement in pairs),
            api_urls=_replaced_apis(settings),
        )

    @property
    def chosen_by(self) -> bytes:
        """What two selections that choose the same have in common: all settings that are looked at here."""
        settings = self.settings
        given = [settings[name] for name in CHOOSING]
        return repr((given, settings.period, dict(self.api_urls))).encode("utf-8", "surrogatepass")

    @property
    def skips_undated(self) -> bool:
        """Whether links without a date are left out: only a period can leave them out."""
        period = self.settings.period
        return bool(period.since or period.until) and self.settings["undated"] == "skip"

    def holds(self, date: str | None, kind: str) -> bool:
        """Whether a link of this date and kind belongs to the run at all."""
        settings = self.settings
        if settings["kind"] and kind not in settings["kind"]:
            return False
        if date is None:
            return not self.skips_undated
        return settings.period.holds(date)

    def skip(self, link: Link, url: str) -> str | None:
        """The reason for which a link is listed without being asked, if there is one."""
        if (reason := _never_asked(link)) is not None:
            return reason
        if link.image and not self.settings["check_images"]:
            return "image"
        if not is_web(url):
            return "unsupported-scheme" if scheme_of(url) else None
        return "excluded" if self._is_excluded(link.url) else None

    def skip_path(self, link: Link) -> str | None:
        """The same for a link inside the collection. Its images are checked too, since asking costs nothing."""
        if (reason := _never_asked(link)) is not None:
            return reason
        return "excluded" if self._is_excluded(link.url) else None

    def _is_excluded(self, url: str) -> bool:
        """As in lychee: --include wins over --exclude; alone, it excludes all that it does not name."""
        if any(pattern.search(url) for pattern in self.include):
            return False
        if self.include and not self.exclude:
            return True
        return any(pattern.search(url) for pattern in self.exclude)

    def remapped(self, url: str) -> str:
        """A URL as it is asked: the first rule that finds something in it replaces that once."""
        for pattern, replacement in self.remap:
            if pattern.search(url):
                return pattern.sub(replacement, url, count=1)
        return url


def _never_asked(link: Link) -> str | None:
    """The reason that a link carries itself, whatever it leads to."""
    if link.disabled:
        return "excluded"
    return "code" if link.element == "code" else None


def _replaced_apis(settings: Settings) -> dict[str, str]:
    """Which kinds have their API elsewhere; for all others there is nothing to look at in every link."""
    is_usual = settings.sources["github_api_url"] == "default"
    return {} if is_usual else {"github": settings["github_api_url"]}


def resolve(url: str, api_urls: Mapping[str, str] = MappingProxyType({})) -> Identity:
    """What a URL stands for; one that cannot be parsed is a target too, and is judged as such."""
    address = canonical(url)
    if address is None:
        return Identity(id=f"url:{url}", kind="web", url=CanonicalUrl(url))
    return identify(address, api_urls)


def resolved_link(
    document: Document, link: Link, selection: Selection
) -> tuple[Identity, str | None] | None:
    """What a link stands for and why it is not asked, if so; None for one that does not belong to the run."""
    date = link.date or document.date
    if scheme_of(link.url) is None and not link.url.startswith("//"):
        return _resolved_path(document, link, date, selection)
    # Two slashes without a scheme mean that of the page.
    address = f"https:{link.url}" if link.url.startswith("//") else link.url
    identity = resolve(selection.remapped(address), selection.api_urls)
    return (identity, selection.skip(link, identity.url)) if selection.holds(date, identity.kind) else None


def _resolved_path(
    document: Document, link: Link, date: str | None, selection: Selection
) -> tuple[Identity, str | None] | None:
    """A link inside the collection, or None for what a template makes into an address."""
    if not is_path(link.url) or not selection.holds(date, FILE_KIND):
        return None
    located = locate(document, link.url)
    return located.identity, selection.skip_path(link) or (None if located.inside else "relative")


def places_of(settings: Settings, paths: Sequence[str]) -> Places:
    """The documents of a run, by path; UsageError for a path that is not there."""
    default = settings.file.parent if settings.file is not None else Path()
    named = [*paths, *_paths_from(settings["files_from"])] or [str(default)]
    never = [Path(settings["cache_dir"]), Path(settings["reports_dir"] or DEFAULT_REPORTS_DIR)]
    walk = walk_of(
        settings["extensions"], settings["hidden"], settings["exclude_path"], never, _above(settings)
    )
    return discover(named, walk)


def _above(settings: Settings) -> tuple[str, str] | None:
    """Where paths to be left out are seen from, if a file above the current folder names them."""
    if settings.file is None or not settings.sources["exclude_path"].startswith(f"{settings.file}:"):
        return None
    return folder_below(settings.file.parent)


def _paths_from(file: str | None) -> list[str]:
    if file is None:
        return []
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UsageError(f"--files-from: {file}: cannot be read: {why}") from None
    return [line for line in text.splitlines() if line.strip()]
