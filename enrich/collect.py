"""Documents to links that belong to a run, each with what it resolves to.

Which links count is decided here and nowhere else: dates and kinds choose, patterns skip, and what cannot
be asked is listed with the reason.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from enrich.config import DEFAULT_REPORTS_DIR, Settings
from enrich.dates import chosen, disagree
from enrich.documents import Place, discover, read, type_of, walk_of
from enrich.errors import UsageError
from enrich.extract.items import dated
from enrich.extract.remarks import remarks
from enrich.files import KIND_NAME as FILE_KIND
from enrich.files import is_path, locate
from enrich.findings import UNMENTIONED
from enrich.git_dates import first_commits, repository_of
from enrich.model import (
    CanonicalUrl,
    Dated,
    Document,
    Entry,
    EntryLink,
    Finding,
    Identity,
    Link,
    Remark,
    ReportEntry,
    Suggestion,
    Target,
)
from enrich.registry import finding_codes, identify, kinds
from enrich.store.protocol import FoundDocument, FoundLink, FoundTarget, Store
from enrich.urls import canonical, host_of, is_web, scheme_of

# What is in memory at once, and put into the store with one commit.
DOCUMENTS_AT_ONCE = 50
LINKS_AT_ONCE = 5000
_PAGES_OF = {"arxiv": "https://arxiv.org/abs/{}", "github": "https://github.com/{}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which links count, made from the settings once."""

    settings: Settings
    include: tuple[re.Pattern[str], ...]
    exclude: tuple[re.Pattern[str], ...]
    remap: tuple[tuple[re.Pattern[str], str], ...]

    @classmethod
    def of(cls, settings: Settings) -> Selection:
        pairs = (rule.partition(" ") for rule in settings["remap"])
        return cls(
            settings=settings,
            include=tuple(map(re.compile, settings["include"])),
            exclude=tuple(map(re.compile, settings["exclude"])),
            remap=tuple((re.compile(pattern), replacement) for pattern, _, replacement in pairs),
        )

    @property
    def skips_undated(self) -> bool:
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
        if link.disabled:
            return "excluded"
        if link.element == "code":
            return "code"
        if link.image and not self.settings["check_images"]:
            return "image"
        if not is_web(url):
            return "unsupported-scheme" if scheme_of(url) else None
        return "excluded" if self._is_excluded(link.url) else None

    def skip_path(self, link: Link) -> str | None:
        """The same for a link inside the collection. Its images are checked too, since asking costs nothing."""
        if link.disabled:
            return "excluded"
        if link.element == "code":
            return "code"
        return "excluded" if self._is_excluded(link.url) else None

    def _is_excluded(self, url: str) -> bool:
        """As in lychee: --include wins over --exclude; alone, it excludes all that it does not name."""
        if any(pattern.search(url) for pattern in self.include):
            return False
        if self.include and not self.exclude:
            return True
        return any(pattern.search(url) for pattern in self.exclude)

    def remapped(self, url: str) -> str:
        for pattern, replacement in self.remap:
            if pattern.search(url):
                return pattern.sub(replacement, url, count=1)
        return url


def resolve(url: str) -> Identity:
    """What a URL stands for; one that cannot be parsed is a target too, and is judged as such."""
    address = canonical(url)
    if address is None:
        return Identity(id=f"url:{url}", kind="web", url=CanonicalUrl(url))
    return identify(address)


def found_target(identity: Identity) -> FoundTarget:
    kind = kinds()[identity.kind]
    target = Target(
        id=identity.id, url=identity.url, kind=identity.kind, host=host_of(identity.url),
        parent=identity.parent, stands_for=identity.stands_for,
    )  # fmt: skip
    asks_api = kind.asks_api is not None and kind.asks_api(target)
    return FoundTarget(identity=identity, host=target.host, asks_api=asks_api)


def _implied(identity: Identity) -> FoundTarget | None:
    """The target that a page is about, when no link need lead to it: a paper behind another site's page."""
    kind, _, name = (identity.stands_for or "").partition(":")
    if kind not in _PAGES_OF:
        return None
    return found_target(resolve(_PAGES_OF[kind].format(name)))


def links_of(document: Document, links: Sequence[Link], selection: Selection) -> list[FoundLink | None]:
    """Each link with its target, or None in place of those that do not belong to the run."""
    return [_found_link(document, link, selection) for link in links]


def _found_link(document: Document, link: Link, selection: Selection) -> FoundLink | None:
    date = link.date or document.date
    if scheme_of(link.url) is None and not link.url.startswith("//"):
        return _found_path(document, link, date, selection)
    # Two slashes without a scheme mean that of the page.
    address = f"https:{link.url}" if link.url.startswith("//") else link.url
    identity = resolve(selection.remapped(address))
    if not selection.holds(date, identity.kind):
        return None
    return FoundLink(
        link=link, target=found_target(identity), date=date, skip=selection.skip(link, identity.url)
    )


def _found_path(document: Document, link: Link, date: str | None, selection: Selection) -> FoundLink | None:
    """A link inside the collection, or None for what a template makes into an address."""
    if not is_path(link.url) or not selection.holds(date, FILE_KIND):
        return None
    located = locate(document, link.url)
    skip = selection.skip_path(link) or (None if located.inside else "relative")
    return FoundLink(link=link, target=found_target(located.identity), date=date, skip=skip)


def found_document(document: Document, selection: Selection) -> FoundDocument:
    """A document with its links, remarks and entries, as far as they belong to the run."""
    extraction = type_of(document.path).read(document.text)
    slots = links_of(
        document, _sound(dated(extraction.links, document.text), extraction.remarks), selection
    )
    links = [found for found in slots if found is not None]
    undated = sum(
        found is None and link.date is None and document.date is None
        for link, found in zip(extraction.links, slots, strict=True)
    )
    implied = [_implied(found.target.identity) for found in links if found.skip is None]
    return FoundDocument(
        path=document.path,
        title=document.title,
        date=document.date,
        date_source=document.date_source,
        links=links,
        implied=[target for target in implied if target is not None],
        findings=[
            *_date_findings(document),
            *(
                _finding(document, remark)
                for remark in (*document.remarks, *extraction.remarks, *_remarks(links))
            ),
        ],
        entries=[_entry(document, entry, slots) for entry in extraction.entries],
        undated=undated if selection.skips_undated else 0,
    )


def _sound(links: Sequence[Link], found: Iterable[Remark]) -> list[Link]:
    """The links, those with a misspelt scheme switched off: they lead nowhere, and not to a file either."""
    misspelt = {(remark.line, remark.column) for remark in found if remark.code == "malformed-url"}
    return [
        replace(link, disabled=True)
        if (link.line, link.column) in misspelt and scheme_of(link.url) is None
        else link
        for link in links
    ]


def _date_findings(document: Document) -> list[Finding]:
    """The finding that sources give dates that cannot all be right, where they do."""
    if not disagree(document.dates):
        return []
    code = finding_codes()["date-conflict"]
    said = ", ".join(f"{one.date} ({one.source.replace('-', ' ')})" for one in document.dates)
    message = f"the sources of its date disagree: {said}"
    return [Finding(code=code.code, severity=code.severity, message=message, document=document.path)]


def _remarks(links: Iterable[FoundLink]) -> list[Remark]:
    """What the links show by themselves; nothing of those that somebody does not want to hear about."""
    return remarks(found.link for found in links if found.skip not in UNMENTIONED)


def _finding(document: Document, remark: Remark) -> Finding:
    code = finding_codes()[remark.code]
    better = Suggestion(remark.suggestion, remark.code) if remark.suggestion else None
    return Finding(
        code=code.code, severity=code.severity, message=remark.message, document=document.path, line=remark.line,
        column=remark.column, suggestion=better,
    )  # fmt: skip


def _entry(document: Document, entry: Entry, slots: Sequence[FoundLink | None]) -> ReportEntry:
    """An entry as the report shows it; links that do not belong to the run are left out."""

    def shown(index: int, title: str | None = None) -> EntryLink | None:
        found = slots[index]
        if found is None:
            return None
        return EntryLink(
            line=found.link.line, url=found.link.url, target=found.target.identity.id, title=title
        )

    def all_shown(indexes: Iterable[int]) -> list[EntryLink]:
        return [link for index in indexes if (link := shown(index)) is not None]

    return ReportEntry(
        document=document.path,
        line=entry.line,
        section=list(entry.section),
        number=entry.number,
        title=entry.title,
        topics=list(entry.topics),
        rating=entry.rating,
        article=None if entry.article is None else shown(entry.article),
        papers=[link for index, title in entry.papers if (link := shown(index, title)) is not None],
        code=all_shown(entry.code),
        others=all_shown(entry.others),
        authors=list(entry.authors),
        abstract=entry.abstract,
        remarks=entry.remarks,
    )


def places_of(settings: Settings, paths: Sequence[str]) -> list[Place]:
    """The documents of a run; UsageError for a path that is not there."""
    default = settings.file.parent if settings.file is not None else Path()
    named = [*paths, *_paths_from(settings["files_from"])] or [str(default)]
    never = [Path(settings["cache_dir"]), Path(settings["reports_dir"] or DEFAULT_REPORTS_DIR)]
    walk = walk_of(settings["extensions"], settings["hidden"], settings["exclude_path"], never)
    return discover(named, walk)


def _paths_from(file: str | None) -> list[str]:
    if file is None:
        return []
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UsageError(f"--files-from: {file}: cannot be read: {why}") from None
    return [line for line in text.splitlines() if line.strip()]


def documents_of(places: Iterable[Place], *, git_dates: bool = False) -> Iterator[Document | Finding]:
    """Documents, or findings in place of those that cannot be read; the named ones first of all.

    With ``git_dates`` the history of a repository dates what nothing else does; UsageError where it cannot tell.
    """
    ordered = list(places)
    # What was named and cannot be read ends the run before anything is written.
    named = {place.shown: read(place) for place in ordered if place.named}
    documents = (named[place.shown] if place.named else read(place) for place in ordered)
    return _with_days(documents, _first_commits(ordered)) if git_dates else documents


def _with_days(
    documents: Iterable[Document | Finding], days: Mapping[str, str]
) -> Iterator[Document | Finding]:
    """The documents, each with the day that git knows for its path, which is believed last."""
    for document in documents:
        if isinstance(document, Document) and document.path in days:
            dates = (*document.dates, Dated(date=days[document.path], source="git", updated=True))
            date, source = chosen(dates)
            document = replace(document, date=date, date_source=source, dates=dates)
        yield document


def _first_commits(places: Iterable[Place]) -> dict[str, str]:
    """The day of the first commit of each place by its path as shown; each repository is asked once."""
    files: dict[Path, dict[Path, str]] = {}
    for place in places:
        if place.root is None:
            continue
        file = place.file.resolve()
        if (repository := repository_of(file, place.root)) is not None:
            files.setdefault(repository, {})[file] = place.shown
    return {
        shown[file]: day
        for repository, shown in files.items()
        for file, day in first_commits(repository, shown).items()
    }


async def gather(
    store: Store,
    documents: Iterable[Document | Finding],
    selection: Selection,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Put documents and links into the store until all are in or ``stopping``; how many could not be read."""
    unreadable = links = 0
    batch: list[FoundDocument] = []
    findings: list[Finding] = []
    for document in documents:
        if stopping():
            break
        if isinstance(document, Finding):
            findings.append(document)
            unreadable += 1
        else:
            batch.append(found_document(document, selection))
            links += len(batch[-1].links)
        if len(batch) + len(findings) >= DOCUMENTS_AT_ONCE or links >= LINKS_AT_ONCE:
            await store.add(batch, findings)
            batch, findings, links = [], [], 0
    await store.add(batch, findings)
    return unreadable
