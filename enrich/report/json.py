"""The report as JSON: the published shape, version 1.

One line a row, so that two nights can be compared with the tools for text. The ``--stable`` form leaves
out ``run`` and what depends on when somebody was asked, so that the same notes and the same answers give
the same bytes.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import Any

import msgspec

from enrich.codec import METADATA_TYPES, metadata_from
from enrich.errors import UsageError
from enrich.model import (
    Finding,
    Format,
    Report,
    ReportDocument,
    ReportEntry,
    ReportRun,
    ReportSummary,
    ReportTarget,
    Severity,
    Shown,
    Status,
)
from enrich.text import fill, json_array, json_row, printable

SCHEMA_VERSION = 1

# What depends on when and how often somebody was asked, not on what was found.
PER_RUN_FIELDS = frozenset(
    {
        "checked_at",
        "from_cache",
        "attempts",
        "first_failed_at",
        "failed_checks",
        "last_ok_at",
        "metadata_fetched_at",
    }
)


def _stable_row(record: object) -> Shown:
    table = {key: value for key, value in msgspec.to_builtins(record).items() if key not in PER_RUN_FIELDS}
    return json_row(table)


def _body(
    report: Report, row: Callable[[object], Shown], targets: Iterable[Shown] | None = None
) -> Iterator[Shown]:
    parts = (
        ("documents", report.documents),
        ("targets", report.targets),
        ("findings", report.findings),
        ("entries", report.entries),
    )
    yield fill('"summary": {}', json_row(report.summary))
    for name, rows in parts:
        yield fill(',\n"{}": ', printable(name))
        yield from targets if targets is not None and name == "targets" else json_array(map(row, rows()))
    yield fill("\n}}\n")


def render(report: Report) -> Iterator[Shown]:
    """The whole report, as the schema describes it."""
    yield fill('{{"schema_version": {},\n"run": {},\n', SCHEMA_VERSION, json_row(report.run))
    yield from _body(report, json_row, report.target_array and report.target_array())


def render_stable(report: Report) -> Iterator[Shown]:
    """The report without what differs between two runs that found the same."""
    yield fill('{{"schema_version": {},\n', SCHEMA_VERSION)
    yield from _body(report, _stable_row)


# --- reading a saved report -------------------------------------------------------------------------

# msgspec decodes no union of dataclasses, so a saved target is read with plain metadata first.
_SAVED_TARGET = dataclasses.make_dataclass(
    "SavedTarget",
    [
        (field.name, dict[str, Any] | None if field.name == "metadata" else field.type)
        for field in dataclasses.fields(ReportTarget)
    ],
    namespace={"__module__": ReportTarget.__module__},
    kw_only=True,
)


_TARGET_FIELDS = tuple(field.name for field in dataclasses.fields(ReportTarget))
_values_of = attrgetter(*_TARGET_FIELDS)
_saved_targets: msgspec.json.Decoder[Any] = msgspec.json.Decoder(_SAVED_TARGET)


def target_of(row: bytes) -> ReportTarget:
    """A target from its row in a saved report; raises msgspec.MsgspecError where it is none."""
    return _target(_saved_targets.decode(row))


def _target(saved: Any) -> ReportTarget:
    values = dict(zip(_TARGET_FIELDS, _values_of(saved), strict=True))
    values["metadata"] = metadata_from(saved.metadata)
    return ReportTarget(**values)


def load(text: str | bytes, name: str) -> Report:
    """A saved report; UsageError when it is none, naming ``name`` and what is wrong."""
    try:
        table = msgspec.json.decode(text)
        if not isinstance(table, dict) or table.get("schema_version") != SCHEMA_VERSION:
            raise msgspec.ValidationError(f"schema_version is not {SCHEMA_VERSION}")
        run = msgspec.convert(table["run"], ReportRun)
        summary = msgspec.convert(table["summary"], ReportSummary)
        documents = [msgspec.convert(row, ReportDocument) for row in table["documents"]]
        targets = [_target(msgspec.convert(row, _SAVED_TARGET)) for row in table["targets"]]
        findings = [msgspec.convert(row, Finding) for row in table["findings"]]
        entries = [msgspec.convert(row, ReportEntry) for row in table["entries"]]
    except KeyError as error:
        raise UsageError(f"{name}: is not a complete enrich report: {error} is missing") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UsageError(f"{name}: is not an enrich report: {error}") from None
    return Report(
        run=run,
        summary=summary,
        documents=lambda: documents,
        targets=lambda: targets,
        findings=lambda: findings,
        entries=lambda: entries,
    )


# --- the schema -------------------------------------------------------------------------------------


def schema() -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of a report, made from the records."""
    parts: dict[str, Any] = {
        "run": ReportRun,
        "summary": ReportSummary,
        "documents": list[ReportDocument],
        "targets": list[_SAVED_TARGET],  # type: ignore[valid-type]
        "findings": list[Finding],
        "entries": list[ReportEntry],
    }
    template = "#/$defs/{name}"
    schemas, components = msgspec.json.schema_components(
        [*parts.values(), *METADATA_TYPES.values()], ref_template=template
    )
    properties = {"schema_version": {"const": SCHEMA_VERSION}} | dict(zip(parts, schemas, strict=False))
    metadata = [{"$ref": template.format(name=kind.__name__)} for kind in METADATA_TYPES.values()]
    components["SavedTarget"]["properties"]["metadata"] = {"anyOf": [*metadata, {"type": "null"}]}
    for component in components.values():
        if "properties" in component:
            component["required"] = list(component["properties"])
            component["additionalProperties"] = False
    _name_counters(components["ReportSummary"]["properties"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "enrich report",
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
        "$defs": dict(sorted(components.items())),
    }


def _name_counters(summary: dict[str, Any]) -> None:
    """Counters have one key per status or severity, always."""

    def counter(names: Iterable[str]) -> dict[str, Any]:
        keys = {name: {"type": "integer", "minimum": 0} for name in names}
        return {
            "type": "object",
            "properties": keys,
            "required": list(keys),
            "additionalProperties": False,
        }

    summary["by_status"] = counter(Status)
    summary["by_kind"] = {"type": "object", "additionalProperties": counter(Status)}
    summary["findings"] = counter(Severity)


def schema_text() -> str:
    """The schema as it stands in ``schema.json`` beside this file."""
    return json.dumps(schema(), indent=1, ensure_ascii=False, sort_keys=False) + "\n"


FORMAT = Format(name="json", suffix="json", render=render)
