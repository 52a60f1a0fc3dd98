"""Where the command line keeps the session of its last login: one file, readable by its user
only.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from shared.errors import Invalid, Unauthenticated

DEFAULT_SERVER = "http://127.0.0.1:8000"


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A login: the API's address, the token and for whom and in which group it is."""

    server: str
    token: str
    user: str = ""
    group: str | None = None
    sudoer: str = ""
    """Under sudo, the token of the session by whose authority it was opened."""


def session_file() -> Path:
    """`TESSERA_SESSION_FILE`, else `session.json` in the user's configuration folder."""
    named = os.environ.get("TESSERA_SESSION_FILE")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "tessera" / "session.json"


def server_url(text: str, port: int | None = None) -> str:
    """The API's address out of a host, host:port or URL; `port` replaces that of the text.

    Raises `Invalid` for what is no address of a server.
    """
    text = text.strip()
    if not text:
        raise Invalid("The server's name is empty.", hint="Give a host, host:port or URL.")
    if "://" in text and not text.startswith(("http://", "https://")):
        raise Invalid(f"{text!r} is no web address.", hint="Use http:// or https://.")
    parts = urlsplit(text if "://" in text else f"http://{text}")
    try:
        named = parts.port
    except ValueError:
        named = 0
    if named == 0 or not parts.hostname or (port is not None and not 0 < port < 65536):
        raise Invalid(
            f"{text!r}{'' if port is None else f' with port {port}'} is no address of a server.",
            hint="Give a host, host:port (1 to 65535) or URL.",
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    chosen = port or named or (None if "://" in text else 8000)
    return f"{parts.scheme}://{host}{f':{chosen}' if chosen else ''}{parts.path.rstrip('/')}"


def save_session(session: StoredSession) -> None:
    """Keep a login, in a file of mode 0600."""
    path = session_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(asdict(session), file)
    path.chmod(0o600)


def forget_session() -> None:
    """Remove the kept login, but remember the server."""
    kept = load_session()
    if kept is not None:
        save_session(StoredSession(kept.server, ""))


def load_session() -> StoredSession | None:
    """The kept login, or None; a damaged file counts as none."""
    try:
        values = json.loads(session_file().read_text(encoding="utf-8"))
        return StoredSession(**values)
    except (OSError, ValueError, TypeError):
        return None


def announce(session: StoredSession) -> None:
    """Say on standard error with which login a command works."""
    if session.user:
        host = session.server.partition("://")[2]
        group = f" Current group: {session.group}" if session.group else ""
        print(f"Using session for {session.user}@{host}.{group}", file=sys.stderr)


def current_session() -> StoredSession:
    """The login to use: `TESSERA_TOKEN` and `TESSERA_SERVER` before the kept one.

    Raises `Unauthenticated` when there is none.
    """
    kept = load_session()
    named = os.environ.get("TESSERA_SERVER")
    server = server_url(named) if named else (kept.server if kept else DEFAULT_SERVER)
    token = os.environ.get("TESSERA_TOKEN")
    if token:
        return StoredSession(server, token)
    if kept is None or not kept.token or kept.server != server:
        raise Unauthenticated(
            f"You are not logged in to {server}.", hint="Run: tessera login -u NAME"
        )
    return kept
