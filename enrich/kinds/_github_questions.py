"""What GraphQL is asked about a target, and the text of the query.

A repository that lives says nothing about a file in it, so each target is asked for itself: a file as the object
``BRANCH:PATH``, an issue, a release, an owner or a gist by its address, a discussion by its number.

What surprised us: a branch may have slashes in its name, so that ``blob/a/b/c`` is ``b/c`` on ``a`` or ``c`` on
``a/b``. Both are asked in the same query, since objects cost no points. And the expression is git's: ``main~1`` or
``@{yesterday}`` mean something to git that no page has, so that only plain names are asked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from enrich.kinds._github_names import parts_of
from enrich.model import Target

# Branches with more slashes than that are left to their pages.
MOST_REF_SEGMENTS = 4

_FRAGMENT = """
fragment R on Repository {
  databaseId nameWithOwner url stargazerCount forkCount
  isArchived archivedAt isDisabled isFork isMirror isTemplate isEmpty isLocked lockReason
  licenseInfo { spdxId } description homepageUrl pushedAt createdAt
  primaryLanguage { name } defaultBranchRef { name }
  repositoryTopics(first: 20) { nodes { topic { name } } }
  latestRelease { tagName publishedAt } visibility
}
"""


@dataclass(frozen=True, slots=True)
class OfRepository:
    """All that is to be known of a repository."""

    full_name: str


@dataclass(frozen=True, slots=True)
class OfObject:
    """Whether one of these git expressions names an object of one of these types."""

    full_name: str
    expressions: tuple[str, ...]
    types: frozenset[str]


@dataclass(frozen=True, slots=True)
class OfDiscussion:
    """Whether there is a discussion of this number; GitHub's ``resource`` knows none."""

    full_name: str
    number: int


@dataclass(frozen=True, slots=True)
class OfResource:
    """Whether something of one of these types has this address."""

    url: str
    types: frozenset[str]


Question = OfRepository | OfObject | OfDiscussion | OfResource

# A directory under blob/ and a file under tree/ are redirected to each other; raw/ serves files alone.
_SHOWN = {
    "blob": frozenset({"Blob", "Tree"}),
    "tree": frozenset({"Blob", "Tree"}),
    "raw": frozenset({"Blob"}),
}
_BY_ADDRESS = {
    "issues": frozenset({"Issue", "PullRequest"}),
    "pull": frozenset({"PullRequest", "Issue"}),
    "milestone": frozenset({"Milestone"}),
}
_RELEASES = frozenset({"Release"})
_OWNERS = frozenset({"User", "Organization", "Bot"})
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
_COMMIT = re.compile(r"[0-9a-f]{7,40}")
# What git allows in the name of a branch (git-check-ref-format), without the signs of its expressions.
_NO_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|^[.-]|\.$|\.lock$")
_NO_PATH_SEGMENT = re.compile(r"[\x00-\x1f\x7f\ufffd/]|^\.{0,2}$")


def question_of(target: Target) -> Question | None:
    """What the API is asked about a target; None for what it cannot answer, such as a wiki or a download."""
    address = target.url.partition("?")[0]
    parts = parts_of(target.id)
    if parts is None:
        return _of_owner_or_gist(target.id, address)
    full_name, rest = parts
    return (
        _of_inside(full_name, rest.partition("?")[0].split("/"), address)
        if rest
        else OfRepository(full_name)
    )


def _of_owner_or_gist(target_id: str, address: str) -> Question | None:
    scheme, _, below = target_id.partition(":")
    if scheme == "gist" and "/" not in below:
        return OfResource(address, frozenset({"Gist"}))
    return (
        OfResource(address, _OWNERS) if scheme == "github" and below.rpartition("/")[2][:1] == "@" else None
    )


def _of_inside(full_name: str, segments: Sequence[str], address: str) -> Question | None:
    match segments:
        case [("blob" | "tree" | "raw") as shown, *rest]:
            expressions = tuple(_expressions(rest, has_path=shown != "tree"))
            return OfObject(full_name, expressions, _SHOWN[shown]) if expressions else None
        case ["commit", commit] if _COMMIT.fullmatch(commit):
            return OfObject(full_name, (commit,), frozenset({"Commit"}))
        case ["discussions", number] if _NUMBER.fullmatch(number):
            return OfDiscussion(full_name, int(number))
        case [("issues" | "pull" | "milestone") as sort, number] if _NUMBER.fullmatch(number):
            return OfResource(address, _BY_ADDRESS[sort])
        case ["releases", "tag", _, *_]:
            return OfResource(address, _RELEASES)
    return None


def _expressions(segments: Sequence[str], *, has_path: bool) -> Iterator[str]:
    """``a:b/c``, ``a/b:c`` … for every name that the branch may have; none where git would read more than names."""
    names = [unquote(segment) for segment in segments]
    if any(_NO_PATH_SEGMENT.search(name) for name in names):
        return
    for count in range(1, min(len(names) - has_path, MOST_REF_SEGMENTS) + 1):
        ref = "/".join(names[:count])
        if not any(_NO_REF.search(name) for name in names[:count]):
            yield f"{ref}:{'/'.join(names[count:])}"


# --- the query --------------------------------------------------------------------------------------


def graphql_query(questions: Sequence[Question]) -> str:
    """One query for all questions, under the aliases r0, r1, …; inside an OfObject the objects are o0, o1, …"""
    limits = "rateLimit { cost limit remaining used resetAt nodeCount }"
    lines = [f"r{place}: {_field(question)}" for place, question in enumerate(questions)]
    # A fragment that is not used makes the whole query invalid.
    fragment = _FRAGMENT if any(isinstance(one, OfRepository) for one in questions) else "\n"
    return "\n".join(["query {", limits, *lines, "}"]) + fragment


def _field(question: Question) -> str:
    match question:
        case OfRepository(full_name=full_name):
            return f"{_repository(full_name)} {{ ...R }}"
        case OfObject(full_name=full_name, expressions=expressions):
            objects = " ".join(
                f"o{place}: object(expression: {_quoted(expression)}) {{ __typename }}"
                for place, expression in enumerate(expressions)
            )
            return f"{_repository(full_name)} {{ nameWithOwner {objects} }}"
        case OfDiscussion(full_name=full_name, number=number):
            return f"{_repository(full_name)} {{ nameWithOwner discussion(number: {number}) {{ url }} }}"
        case OfResource(url=url):
            return f"resource(url: {_quoted(url)}) {{ __typename url }}"


def _repository(full_name: str) -> str:
    owner, _, name = full_name.partition("/")
    return f"repository(owner: {_quoted(owner)}, name: {_quoted(name)}, followRenames: true)"


def _quoted(text: str) -> str:
    """GraphQL's strings are JSON's, but for characters beyond U+FFFF, which older servers take as they are alone."""
    return json.dumps(text, ensure_ascii=False)
