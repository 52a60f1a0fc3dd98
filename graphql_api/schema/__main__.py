"""Writes `schema.graphql` anew: `python -m graphql_api.schema`, after a change of the schema.

With `--release` it also becomes the schema that this version has promised: from then on a test
refuses changes that would break a client of it.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

from graphql_api.schema import build_schema, print_schema

PRINTED = Path(__file__).with_name("schema.graphql")
RELEASED = Path(__file__).with_name("released")


def newest_release() -> Path:
    """The schema of the last release, by its number."""
    return max(RELEASED.glob("*.graphql"), key=lambda path: tuple(map(int, path.stem.split("."))))


def main() -> None:
    """Write the file beside this one, and that of the release where it is asked for."""
    text = print_schema(build_schema())
    PRINTED.write_text(text, encoding="utf-8")
    if "--release" in sys.argv[1:]:
        (RELEASED / f"{version('tessera')}.graphql").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
