"""`tessera login` and `tessera logout`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.session import DEFAULT_SERVER, StoredSession, forget_session, load_session, save_session
from cli.session import server_url as parse_server
from shared.errors import Invalid, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable


def login(
    address: Annotated[
        str | None, typer.Argument(help="SERVER, with USER@ before it and :PORT behind it.")
    ] = None,
    *,
    server: Annotated[str | None, typer.Option("-s", "--server", help="Host or URL.")] = None,
    port: Annotated[int | None, typer.Option("-p", "--port", help="Port of the API.")] = None,
    user: Annotated[str | None, typer.Option("-u", "--user", help="Login name.")] = None,
    password: Annotated[
        str | None, typer.Option("-w", "--password", help="Better left to the prompt.")
    ] = None,
    group: Annotated[
        str | None, typer.Option("-g", "--group", help="Group in which new objects are made.")
    ] = None,
    key: Annotated[
        str | None, typer.Option("-k", "--key", help="A session or access token that you have.")
    ] = None,
    sudo: Annotated[
        str | None,
        typer.Option("--sudo", help="Log in as -u by the authority of this user, whose password "
                     "is asked for."),
    ] = None,
    timeout: Annotated[
        int | None,
        typer.Option("-t", "--timeout", help="End after so many seconds without a command."),
    ] = None,
    retry: Annotated[
        float, typer.Option("--retry", help="Go on for so many seconds while nobody answers.")
    ] = 0,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Print nothing.")] = False,
) -> None:  # fmt: skip
    """Log in and keep the session for the commands that follow."""
    from cli import logins

    if address:
        before, at, after = address.rpartition("@")
        user = user or (before if at else None)
        server = server or after
    if key and (sudo or password or timeout):
        raise Invalid("A key says by itself whose session it is.", hint="Leave out the others.")
    kept = load_session()
    chosen = server or os.environ.get("TESSERA_SERVER") or (kept.server if kept else DEFAULT_SERVER)
    url = parse_server(chosen, port)
    if key:
        found = logins.patiently(retry, lambda: logins.by_key(url, key))
        name, sudoer = found["user"]["login"], ""
        if user and user != name:
            raise Invalid(f"The key is {name}'s, not {user}'s.", hint="Leave out the user.")
    else:
        name = user or typer.prompt("User")
        found = _authorised(url, sudo or name, password, timeout, retry)
        sudoer = found["token"] if sudo else ""
        if sudo:
            found = logins.by_authority(url, sudoer, name)
    session = StoredSession(url, found["token"], name, None, sudoer)
    session, current = _in_group(session, group, found["user"]["defaultGroup"], keep=bool(key))
    save_session(session)
    if quiet:
        return
    idle = timeout or found["idleTimeoutSeconds"]
    ends = f"Idle timeout: {idle // 60} min. " if idle else ""
    begun = "Joined" if key else "Created"
    print(f"{begun} session for {name}@{url.partition('://')[2]}. {ends}Current group: {current}")


def _authorised(
    url: str, name: str, password: str | None, timeout: int | None, retry: float
) -> dict[str, Any]:
    """A session of this person's own, by the password given, in the environment or typed in."""
    from cli import logins

    secret = (
        password
        or os.environ.get("TESSERA_PASSWORD")
        or typer.prompt(f"Password for {name}", hide_input=True)
    )
    work: Callable[[], dict[str, Any]] = lambda: logins.by_password(url, name, secret, timeout)  # noqa: E731
    return logins.patiently(retry, work)


def _in_group(
    session: StoredSession, group: str | None, default: dict[str, str] | None, *, keep: bool
) -> tuple[StoredSession, str]:
    """The session with its group, and the group's name; a login into a group that is not there
    is none at all, unless it was there before.
    """
    from cli import logins

    if not group:
        return session, default["name"] if default else "none"
    try:
        name = logins.group_name(session, group)
    except NotFound:
        if not keep:
            _close(session)
        raise
    return StoredSession(session.server, session.token, session.user, name, session.sudoer), name


def _close(session: StoredSession) -> None:
    """End a session and, under sudo, the one by whose authority it was opened."""
    from cli import logins

    for token in (session.token, session.sudoer):
        if token:
            logins.close(session.server, token)


def logout() -> None:
    """End the session and forget it."""
    from cli.session import current_session

    session = current_session()
    try:
        _close(session)
    finally:
        forget_session()
    print(f"Logged out of {session.server}.")
