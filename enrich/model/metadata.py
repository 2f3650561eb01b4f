"""What a target stands for, one record for each sort."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """A WeChat article. ``published_at`` is ISO 8601 with the offset +08:00."""

    type: Literal["article"] = "article"
    title: str | None = None
    account: str | None = None
    author: str | None = None
    published_at: str | None = None
    description: str | None = None
    cover_url: str | None = None
    article_id: str | None = None
    original: bool | None = None
    source_url: str | None = None
    reprint_url: str | None = None
    paid: bool | None = None
    words: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """An arXiv paper. ``published`` is the date of version 1, ``updated`` of the version described."""

    type: Literal["paper"] = "paper"
    arxiv_id: str
    version: int | None = None
    title: str | None = None
    authors: tuple[str, ...] = ()
    abstract: str | None = None
    categories: tuple[str, ...] = ()
    primary_category: str | None = None
    published: str | None = None
    updated: str | None = None
    comment: str | None = None
    journal_ref: str | None = None
    doi: str | None = None
    withdrawn: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A GitHub repository; ``repository_id`` is the number that survives renames."""

    type: Literal["repository"] = "repository"
    full_name: str
    repository_id: int | None = None
    description: str | None = None
    stars: int | None = None
    forks: int | None = None
    language: str | None = None
    license: str | None = None
    topics: tuple[str, ...] = ()
    archived: bool | None = None
    disabled: bool | None = None
    fork: bool | None = None
    homepage: str | None = None
    created_at: str | None = None
    pushed_at: str | None = None
    latest_release: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Any other page; ``citation`` holds the Highwire ``citation_*`` facts where a page has them."""

    type: Literal["page"] = "page"
    title: str | None = None
    description: str | None = None
    canonical_url: str | None = None
    citation: Mapping[str, tuple[str, ...]] | None = None


Metadata = Article | Paper | Repository | Page

SECOND_HAND = frozenset({"datacite"})
"""Sources that stand in for a better one while it does not answer: they replace no metadata of it, and it is asked
again as if there were none."""
