"""Write the generated reference pages: what the code says about itself, as Markdown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from graphql_api.settings import ApiSettings
from shared.settings import Settings
from tile_service.settings import TileSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic_settings import BaseSettings

HERE = Path(__file__).parent


def settings_classes() -> tuple[type[BaseSettings], ...]:
    """The classes whose fields are settings, the shared one first."""
    return (Settings, ApiSettings, TileSettings)


def settings_page() -> str:
    """`docs/reference/settings.md`: every setting with its default and meaning."""
    lines = [
        "# Settings",
        "",
        "Every setting is an environment variable. This page is generated: `make docs`.",
    ]
    known: set[str] = set()
    titles = ("Both services", "GraphQL API", "Tile service")
    for title, cls in zip(titles, settings_classes(), strict=True):
        rows = []
        for name, field in cls.model_fields.items():
            if name in known:
                continue
            known.add(name)
            rows.append(
                f"| `TESSERA_{name.upper()}` | {_default(field.default)} | {field.description} |"
            )
        if rows:
            lines += [
                "",
                f"## {title}",
                "",
                "| variable | default | meaning |",
                "|---|---|---|",
                *rows,
            ]
    return "\n".join(lines) + "\n"


def _default(value: object) -> str:
    if value in ("", ()):
        return "(empty)"
    if isinstance(value, tuple):
        return f"`{','.join(str(each) for each in value)}`"
    return f"`{value}`"


GENERATED: dict[str, Callable[[], str]] = {"reference/settings.md": settings_page}
"""Pages by their name below `docs/`."""


def main() -> None:
    """Write all pages."""
    for name, make in GENERATED.items():
        (HERE / name).write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    main()
