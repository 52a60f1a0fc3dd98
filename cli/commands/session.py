"""`tessera login` and `tessera logout`."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from cli.session import DEFAULT_SERVER, StoredSession, forget_session, load_session, save_session
from cli.session import server_url as parse_server
from shared.errors import NotFound
from shared.refs import parse_ref

LOGIN = """
mutation Login($input: LoginInput!) {
  login(input: $input) {
    token idleTimeoutSeconds
    user { login defaultGroup { name } }
    errors { message code }
  }
}
"""
GROUP = """
query Group($name: String!) {
  groups(first: 2, where: {name: {eq: $name}}) { nodes { id name } }
}
"""
GROUP_BY_ID = "query Group($id: ID!) { node(id: $id) { ... on Group { id name } } }"
LOGOUT = "mutation Logout { logout { errors { message code } } }"


def login(
    address: Annotated[str | None, typer.Argument(help="[user@]server[:port]")] = None,
    server: Annotated[str | None, typer.Option("-s", "--server", help="Host or URL.")] = None,
    port: Annotated[int | None, typer.Option("-p", "--port", help="Port of the API.")] = None,
    user: Annotated[str | None, typer.Option("-u", "--user", help="Login name.")] = None,
    password: Annotated[
        str | None, typer.Option("-w", "--password", help="Better left to the prompt.")
    ] = None,
    group: Annotated[
        str | None, typer.Option("-g", "--group", help="Group in which new objects are made.")
    ] = None,
) -> None:
    """Log in and keep the session for the commands that follow."""
    from cli.client import Client

    if address:
        before, at, after = address.rpartition("@")
        user = user or (before if at else None)
        server = server or after
    kept = load_session()
    chosen = server or os.environ.get("TESSERA_SERVER") or (kept.server if kept else DEFAULT_SERVER)
    url = parse_server(chosen, port)
    name = user or typer.prompt("User")
    secret = (
        password
        or os.environ.get("TESSERA_PASSWORD")
        or typer.prompt(f"Password for {name}", hide_input=True)
    )
    client = Client(url)
    try:
        payload = client.mutate("login", LOGIN, {"input": {"username": name, "password": secret}})
    finally:
        client.close()
    session = StoredSession(url, payload["token"], name, group)
    default = payload["user"]["defaultGroup"]
    current = default["name"] if default else "none"
    if group:
        current = _group_name(session, group)
    save_session(StoredSession(url, payload["token"], name, current if group else None))
    idle = payload["idleTimeoutSeconds"] // 60
    print(
        f"Created session for {name}@{url.partition('://')[2]}. "
        f"Idle timeout: {idle} min. Current group: {current}"
    )


def _group_name(session: StoredSession, text: str) -> str:
    """The group's name, by name or id; a login into a group that is not there is none at all."""
    from cli.client import Client

    client = Client.of(session)
    try:
        nodes = client.query(GROUP, {"name": text})["groups"]["nodes"]
        ref = f"Group:{text}" if text.isdigit() else text
        if not nodes and parse_ref(ref) is not None:
            node = client.query(GROUP_BY_ID, {"id": ref})["node"]
            nodes = [node] if node else []
        if not nodes:
            client.mutate("logout", LOGOUT, {})
            raise NotFound(f"There is no group {text!r}.", hint="Or you may not see it.")
        return str(nodes[0]["name"])
    finally:
        client.close()


def logout() -> None:
    """End the session and forget it."""
    from cli.client import Client
    from cli.session import current_session

    session = current_session()
    client = Client.of(session)
    try:
        client.mutate("logout", LOGOUT, {})
    finally:
        client.close()
        forget_session()
    print(f"Logged out of {session.server}.")
