"""GitHub's GraphQL for the tests: executes a query as it was sent, against the part of the schema that we use.

A field that is not there, or an argument of a wrong type, fails as it does at GitHub.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from graphql import GraphQLError, GraphQLSchema, build_schema, graphql_sync

# What we ask of GitHub, in our own words; the test with GitHub's schema says that it is the same there.
SCHEMA = """
scalar URI
scalar DateTime
type Query {
  rateLimit: RateLimit
  repository(owner: String!, name: String!, followRenames: Boolean = true): Repository
  resource(url: URI!): UniformResourceLocatable
}
type RateLimit { cost: Int! limit: Int! remaining: Int! used: Int! resetAt: DateTime! nodeCount: Int! }
interface UniformResourceLocatable { url: URI! }
type Issue implements UniformResourceLocatable { url: URI! }
type PullRequest implements UniformResourceLocatable { url: URI! }
type Release implements UniformResourceLocatable { url: URI! tagName: String! publishedAt: DateTime }
type Milestone implements UniformResourceLocatable { url: URI! }
type Gist implements UniformResourceLocatable { url: URI! }
type User implements UniformResourceLocatable { url: URI! }
type Organization implements UniformResourceLocatable { url: URI! }
type Discussion { url: URI! }
interface GitObject { oid: String! }
type Blob implements GitObject { oid: String! }
type Tree implements GitObject { oid: String! }
type Commit implements GitObject { oid: String! }
type License { spdxId: String }
type Language { name: String! }
type Ref { name: String! }
type Topic { name: String! }
type RepositoryTopic { topic: Topic! }
type RepositoryTopicConnection { nodes: [RepositoryTopic] }
type Repository implements UniformResourceLocatable {
  databaseId: Int nameWithOwner: String! url: URI! stargazerCount: Int! forkCount: Int!
  isArchived: Boolean! archivedAt: DateTime isDisabled: Boolean! isFork: Boolean! isMirror: Boolean!
  isTemplate: Boolean! isEmpty: Boolean! isLocked: Boolean! lockReason: String
  licenseInfo: License description: String homepageUrl: URI pushedAt: DateTime createdAt: DateTime!
  primaryLanguage: Language defaultBranchRef: Ref
  repositoryTopics(first: Int): RepositoryTopicConnection! latestRelease: Release visibility: String!
  object(expression: String): GitObject
  discussion(number: Int!): Discussion
}
"""


@cache
def _schema() -> GraphQLSchema:
    return build_schema(SCHEMA)


def execute(
    query: str, root: Mapping[str, Any], variables: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What GraphQL says: data with nulls, and errors with their type at the top, as GitHub has it."""
    result = graphql_sync(_schema(), query, root_value=root, variable_values=dict(variables or {}))
    assert result.data is not None, f"GitHub would refuse the query: {result.errors}"
    errors = [
        {"type": (error.extensions or {}).get("type"), **error.formatted} for error in result.errors or []
    ]
    return {"data": result.data, **({"errors": errors} if errors else {})}


def not_there(kind: str, named: str) -> GraphQLError:
    """The error that stands beside a null."""
    message = f"Could not resolve to a {kind} with the {named}."
    return GraphQLError(message, extensions={"type": "NOT_FOUND"})
