"""Documents to links that belong to a run, each with what it resolves to.

Which links count is decided in `enrich.selection`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from enrich.dates import chosen, disagree
from enrich.discovery import Place
from enrich.documents import data_at, read, type_of
from enrich.extract.items import dated
from enrich.extract.remarks import remarks
from enrich.findings import UNMENTIONED
from enrich.git import repository_of
from enrich.git_dates import first_commits
from enrich.model import (
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
from enrich.registry import finding_of, kinds
from enrich.selection import Selection, resolve, resolved_link
from enrich.store.protocol import FoundDocument, FoundLink, FoundTarget, Mark, Store
from enrich.unchanged import Loaded, are_unchanged, is_as_it_was
from enrich.urls import host_of, scheme_of

# What is in memory at once, and put into the store with one commit.
DOCUMENTS_AT_ONCE = 50
LINKS_AT_ONCE = 5000
BYTES_AT_ONCE = 1 << 19
_PAGES_OF = {"arxiv": "https://arxiv.org/abs/{}", "github": "https://github.com/{}"}


def found_target(identity: Identity) -> FoundTarget:
    """The target of an identity, and where it is asked: an API, or its own host."""
    kind, host = kinds()[identity.kind], host_of(identity.url)
    asks_api = kind.asks_api is not None and kind.asks_api(_target_of(identity, host))
    return FoundTarget(identity=identity, host=host, asks_api=asks_api)


def _target_of(identity: Identity, host: str) -> Target:
    return Target(
        id=identity.id, url=identity.url, kind=identity.kind, host=host, parent=identity.parent,
        stands_for=identity.stands_for,
    )  # fmt: skip


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
    resolved = resolved_link(document, link, selection)
    if resolved is None:
        return None
    identity, skip = resolved
    return FoundLink(link=link, target=found_target(identity), date=link.date or document.date, skip=skip)


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
    said = ", ".join(f"{one.date} ({one.source.replace('-', ' ')})" for one in document.dates)
    message = f"the sources of its date disagree: {said}"
    return [finding_of("date-conflict", message, document=document.path)]


def _remarks(links: Iterable[FoundLink]) -> list[Remark]:
    """What the links show by themselves; nothing of those that somebody does not want to hear about."""
    return remarks(found.link for found in links if found.skip not in UNMENTIONED)


def _finding(document: Document, remark: Remark) -> Finding:
    better = Suggestion(remark.suggestion, remark.code) if remark.suggestion else None
    return finding_of(
        remark.code, remark.message, document=document.path, line=remark.line, column=remark.column, suggestion=better
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


@dataclass(frozen=True, slots=True)
class Collection:
    """The documents of a run in their order, one for each place: those that were named are read already."""

    places: Sequence[Place]
    named: Mapping[str, bytes | Finding]
    days: Mapping[str, str]

    def loaded(self, begin: int = 0) -> Iterator[Loaded]:
        """What lies at each place from one on, read when its turn comes."""
        for place in islice(self.places, begin, None):
            data = self.named[place.shown] if place.named else data_at(place)
            yield Loaded(place, data, self.days.get(place.shown))


def collection_of(places: Iterable[Place], *, git_dates: bool = False) -> Collection:
    """The collection at some places; UsageError where one that was named cannot be read.

    With ``git_dates`` the history of a repository dates what nothing else does; UsageError where it cannot tell.
    """
    ordered = list(places)
    # What was named and cannot be read ends the run before anything is written.
    named = {place.shown: _readable(place) for place in ordered if place.named}
    return Collection(ordered, named, _first_commits(ordered) if git_dates else {})


def _readable(place: Place) -> bytes | Finding:
    data = data_at(place)
    read(place, data)
    return data


def documents_of(places: Iterable[Place], *, git_dates: bool = False) -> Iterator[Document | Finding]:
    """Documents, or findings in place of those that cannot be read; UsageErrors are those of `collection_of`."""
    return map(_document, collection_of(places, git_dates=git_dates).loaded())


def _document(loaded: Loaded) -> Document | Finding:
    """A document, with the day that git knows for its path, which is believed last."""
    document = read(loaded.place, loaded.data)
    if isinstance(document, Finding) or loaded.day is None:
        return document
    dates = (*document.dates, Dated(date=loaded.day, source="git", updated=True))
    date, source = chosen(dates)
    return replace(document, date=date, date_source=source, dates=dates)


def _first_commits(places: Iterable[Place]) -> dict[str, str]:
    """The day of the first commit of each place by its path as shown; each repository is asked once."""
    files: dict[Path, dict[Path, str]] = {}
    for place in places:
        if place.root is None:
            continue
        file = Path(place.file).resolve()
        if (repository := repository_of(file, place.root)) is not None:
            files.setdefault(repository, {})[file] = place.shown
    return {
        shown[file]: day
        for repository, shown in files.items()
        for file, day in first_commits(repository, shown).items()
    }


@dataclass(slots=True)
class Gathered:
    """How many documents could not be read, whether all the others are in the store, and whether they were before."""

    unreadable: int = 0
    is_whole: bool = True
    stood: bool = True


async def gather(
    store: Store,
    collection: Collection,
    selection: Selection,
    stopping: Callable[[], bool] = lambda: False,
    at_once: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Gathered:
    """Put documents and links into the store until all are in or ``stopping``.

    Where documents have only come behind those of the last run, and none of these has changed, they are in already.
    ``at_once`` is entered for work that may be broken off anywhere: one document alone may take seconds.
    """
    chosen_by, gathered = selection.chosen_by, Gathered()
    known, gathered.unreadable = await _kept(store, collection, chosen_by, (stopping, at_once))
    if stopping():
        # What stands, stands for the next run as well.
        return replace(gathered, is_whole=False)
    if store.standing:
        # Whoever adds anything takes the place of what stands; there may be nothing to add.
        await store.add([])
    for part in _parts(collection.loaded(known)):
        gathered.stood = False
        remembered = await store.recall([loaded.key(chosen_by) for loaded in part])
        batch = _Batch()
        for loaded in part:
            if stopping():
                return replace(gathered, is_whole=False)
            with at_once():
                batch.take_in(loaded, remembered, selection, chosen_by)
            if batch.is_full:
                await batch.store(store)
        await batch.store(store)
        gathered.unreadable += batch.unreadable
    return gathered


def _parts(documents: Iterable[Loaded]) -> Iterator[list[Loaded]]:
    """Documents in parts that are looked up together: as many as go into the store at once, but for long ones."""
    part: list[Loaded] = []
    size = 0
    for loaded in documents:
        part.append(loaded)
        size += loaded.size
        if len(part) >= DOCUMENTS_AT_ONCE or size >= BYTES_AT_ONCE:
            yield part
            part, size = [], 0
    if part:
        yield part


@dataclass(slots=True)
class _Batch:
    """What goes into the store with one commit."""

    documents: list[FoundDocument] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    new: dict[str, FoundDocument] = field(default_factory=dict)
    again: list[str] = field(default_factory=list)
    unreadable: int = 0

    def take_in(
        self,
        loaded: Loaded,
        remembered: Mapping[str, FoundDocument],
        selection: Selection,
        chosen_by: bytes,
    ) -> None:
        """Add what is found in a document, or was found there when it was the same."""
        key = loaded.key(chosen_by)
        known = remembered.get(key)
        if known is not None and is_as_it_was(loaded, known):
            self.again.append(key)
            self._put(known, loaded.mark(chosen_by, known))
            return
        document = _document(loaded)
        found = document if isinstance(document, Finding) else found_document(document, selection)
        if isinstance(found, FoundDocument):
            self.new[key] = found
        self._put(found, loaded.mark(chosen_by, found))

    def _put(self, found: FoundDocument | Finding, mark: Mark) -> None:
        self.marks.append(mark)
        if isinstance(found, Finding):
            self.findings.append(found)
            self.unreadable += 1
        else:
            self.documents.append(found)

    @property
    def is_full(self) -> bool:
        return sum(len(document.links) for document in self.documents) >= LINKS_AT_ONCE

    async def store(self, store: Store) -> None:
        """Put all of it into the store, and begin with nothing."""
        if self.marks:
            await store.add(self.documents, self.findings, self.marks)
            await store.remember(self.new, self.again)
        for taken in (self.documents, self.findings, self.marks, self.new, self.again):
            taken.clear()


async def _kept(
    store: Store,
    collection: Collection,
    chosen_by: bytes,
    ends: tuple[Callable[[], bool], Callable[[], AbstractContextManager[None]]],
) -> tuple[int, int]:
    """How many of the first documents stand in the store as they are, and how many of these could not be read.

    To read a large collection takes minutes where it lies on another machine. Meanwhile a lease has to be renewed, and
    an interrupt heard, which is done while the store looks up the marks of a part.
    """
    stopping, at_once = ends
    if not (standing := store.standing):
        return 0, 0
    compared = unreadable = 0
    for part in _parts(collection.loaded()):
        marks = await store.marks(compared, len(part))
        if stopping():
            return 0, 0
        with at_once():
            if not are_unchanged(part, marks, chosen_by):
                return 0, 0
        compared += len(marks)
        unreadable += sum(mark.unreadable for mark in marks)
        if compared == standing:
            await store.keep()
            return standing, unreadable
    return 0, 0
