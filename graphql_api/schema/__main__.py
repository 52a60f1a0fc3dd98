"""Writes `schema.graphql` anew: `python -m graphql_api.schema`, after a change of the schema."""

from __future__ import annotations

from pathlib import Path

from graphql_api.schema import build_schema, print_schema

PRINTED = Path(__file__).with_name("schema.graphql")


def main() -> None:
    """Write the file beside this one."""
    PRINTED.write_text(print_schema(build_schema()), encoding="utf-8")


if __name__ == "__main__":
    main()
