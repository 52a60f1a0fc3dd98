"""The API's own settings, beside those that both services share.

Built once from `TESSERA_*` when the app is built; nothing else reads the environment.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from shared.settings import Settings


class ApiSettings(Settings):
    """Settings of the GraphQL API."""

    operation_timeout_s: float = Field(
        default=10.0, gt=0, description="Seconds after which a GraphQL operation is given up."
    )
    web_dir: Path = Field(
        default=Path("web"),
        description="Folder of the web pages, with `dist` built by npm where Node.js is installed.",
    )
