"""Settings that both services share, read from `TESSERA_*` once when an app is built.

Names are flat. Each service composes its own class from these; nothing else reads the environment.
Secrets have no default: the demo writes one into its data folder, everybody else sets it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from shared.errors import Invalid


class StorageSettings(BaseSettings):
    """Where bytes lie."""

    model_config = SettingsConfigDict(env_prefix="TESSERA_", extra="ignore", frozen=True)

    data_dir: Path = Field(
        default=Path("data"),
        description="Folder of the managed repository, derived files, caches and SQLite.",
    )
    trash_days: int = Field(
        default=30, ge=0, description="Days for which deleted objects can be restored."
    )
    upload_max_bytes: int = Field(
        default=200 * 2**30, gt=0, description="Largest single upload, in bytes."
    )
    upload_quota_bytes: int = Field(
        default=2 * 2**40,
        gt=0,
        description="Largest sum of one user's unfinished uploads, in bytes.",
    )
    import_roots: str = Field(
        default="",
        description=(
            "Server folders from which importFiles may take paths, separated by ';', each "
            "optionally followed by '=' and the comma-separated names of groups that may use it."
        ),
    )

    @property
    def demo_images_dir(self) -> Path:
        """Where the demo's image files lie: beside the data folder, never inside it."""
        data = self.data_dir.absolute()
        return data.parent / f"{data.name}-demo-images"


class DatabaseSettings(StorageSettings):
    """Where rows lie."""

    database_url: str = Field(
        default="",
        description="SQLAlchemy address of the database; empty means SQLite in the data folder.",
    )
    database_pool_size: int = Field(
        default=8, ge=1, le=200, description="Connections that one process keeps to PostgreSQL."
    )
    database_lock_timeout_s: float = Field(
        default=10.0, gt=0, description="How long a write waits for a lock before it answers Busy."
    )

    @property
    def main_url(self) -> str:
        """Address of the main database, with the driver named."""
        if not self.database_url:
            return f"sqlite:///{self.data_dir.absolute() / 'tessera.db'}"
        url = self.database_url
        for prefix in ("postgres://", "postgresql://"):
            if url.startswith(prefix):
                url = "postgresql+psycopg://" + url.removeprefix(prefix)
        if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise Invalid(
                "TESSERA_DATABASE_URL names a database that Tessera does not run on.",
                hint="Use sqlite:///path/to/file.db or postgresql://user:password@host/name.",
            )
        return url

    @property
    def live_url(self) -> str:
        """Address of the live database: `live.db` beside SQLite's file, else the main database."""
        url = self.main_url
        if not url.startswith("sqlite:///"):
            return url
        return f"sqlite:///{Path(url.removeprefix('sqlite:///')).parent / 'live.db'}"


class AuthSettings(DatabaseSettings):
    """Who may come in, and from where."""

    secret_key: str = Field(
        default="",
        description=(
            "Keys for signatures as 'id:secret', newest first, separated by commas; a secret "
            "has at least 32 characters. Empty: the file secret.key in the data folder."
        ),
        repr=False,
    )
    session_idle_s: int = Field(
        default=8 * 3600, ge=60, description="Seconds without a request after which a session ends."
    )
    session_max_s: int = Field(
        default=7 * 24 * 3600, ge=60, description="Seconds after which a session ends in any case."
    )
    login_attempts: int = Field(
        default=10, ge=1, description="Refused logins per account and quarter of an hour."
    )
    login_attempts_per_address: int = Field(
        default=60, ge=1, description="Refused logins per address and quarter of an hour."
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Addresses of proxies whose X-Forwarded-For is believed."
    )
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Origins that may use the cookie, besides the API's own."
    )
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("127.0.0.1", "localhost", "[::1]"),
        description="Host headers that are answered; '*' answers all.",
    )
    public_api_url: str = Field(
        default="", description="The API's address as seen from outside; empty: from host and port."
    )
    public_tile_url: str = Field(
        default="",
        description="The tile service's address as seen from outside; empty: from host and port.",
    )
    api_host: str = Field(default="127.0.0.1", description="Address on which the API listens.")
    api_port: int = Field(default=8000, ge=1, le=65535, description="Port of the API.")
    tile_host: str = Field(
        default="127.0.0.1", description="Address on which the tile service listens."
    )
    tile_port: int = Field(default=8001, ge=1, le=65535, description="Port of the tile service.")
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR.")
    log_json: bool = Field(default=False, description="Log lines as JSON, for collectors.")

    @field_validator("trusted_proxies", "allowed_origins", "allowed_hosts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @property
    def api_url(self) -> str:
        """The API's address as seen from outside, without a trailing slash."""
        return (self.public_api_url or f"http://{self.api_host}:{self.api_port}").rstrip("/")

    @property
    def tile_url(self) -> str:
        """The tile service's address as seen from outside, without a trailing slash."""
        return (self.public_tile_url or f"http://{self.tile_host}:{self.tile_port}").rstrip("/")

    @property
    def origins(self) -> frozenset[str]:
        """Origins that may use the cookie: the API's own and those of `allowed_origins`."""
        scheme, _, rest = self.api_url.partition("://")
        return frozenset({*self.allowed_origins, f"{scheme}://{rest.partition('/')[0]}"})


class Settings(AuthSettings):
    """All shared settings; the services' own classes extend it."""
