"""``python -m enrich.report.schema`` writes ``schema.json`` beside this file, from the records."""

from __future__ import annotations

from pathlib import Path

from enrich.report.json import schema_text


def main() -> None:
    Path(__file__).with_name("schema.json").write_text(schema_text(), encoding="utf-8")


if __name__ == "__main__":
    main()
