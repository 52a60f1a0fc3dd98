"""Ways to a session of the API: a password, somebody else's authority, or a key that one has."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from cli.client import Client
from shared.errors import Busy, Denied, NotFound, Unauthenticated
from shared.refs import parse_ref

if TYPE_CHECKING:
    from collections.abc import Callable

    from cli.session import StoredSession

WHO = "{ id login defaultGroup { name } }"
LOGIN = f"""mutation Login($input: LoginInput!) {{ login(input: $input) {{
  token idleTimeoutSeconds user {WHO} errors {{ message code }} }} }}"""
SUDO = f"""mutation Sudo($input: SudoInput!) {{ sudo(input: $input) {{
  token idleTimeoutSeconds user {WHO} errors {{ message code }} }} }}"""
VIEWER = f"""query Viewer {{ viewer {WHO}
  sessions(first: 100) {{ nodes {{ isCurrent idleTimeoutSeconds }} }} }}"""
USER = (
    "query User($name: String!) { users(first: 2, where: {login: {eq: $name}}) { nodes { id } } }"
)
GROUP = """query Group($name: String!) { groups(first: 2, where: {name: {eq: $name}}) {
  nodes { id name } } }"""
GROUP_BY_ID = "query Group($id: ID!) { node(id: $id) { ... on Group { id name } } }"
LOGOUT = "mutation Logout { logout { errors { message code } } }"
PAUSE_S = 1.0
"""Between two attempts to reach a server that does not answer."""


def by_password(url: str, name: str, secret: str, idle_s: int | None) -> dict[str, Any]:
    """The payload of `login`; raises `Unauthenticated` and whatever else the server says."""
    given = {"username": name, "password": secret, "idleTimeoutSeconds": idle_s}
    client = Client(url)
    try:
        return client.mutate("login", LOGIN, {"input": given})
    finally:
        client.close()


def by_authority(url: str, token: str, name: str) -> dict[str, Any]:
    """The payload of `sudo` as the user `name`, by the session of `token`, which is closed when
    that is refused. Raises `NotFound` for a user who is not there.
    """
    client = Client(url, token)
    try:
        return client.mutate("sudo", SUDO, {"input": {"user": _user_id(client, name)}})
    except (NotFound, Denied):
        client.mutate("logout", LOGOUT, {})
        raise
    finally:
        client.close()


def _user_id(client: Client, name: str) -> str:
    nodes = client.query(USER, {"name": name})["users"]["nodes"]
    if not nodes:
        raise NotFound(f"There is no user {name!r}.", hint="Or you may not see him.")
    return str(nodes[0]["id"])


def by_key(url: str, key: str) -> dict[str, Any]:
    """Whose session or access token this is, in the form of `login`'s payload."""
    client = Client(url, key)
    try:
        found = client.query(VIEWER)
    finally:
        client.close()
    current = [each for each in found["sessions"]["nodes"] if each["isCurrent"]]
    idle = current[0]["idleTimeoutSeconds"] if current else None
    return {"token": key, "user": found["viewer"], "idleTimeoutSeconds": idle}


def close(url: str, token: str) -> None:
    """End a session; one that has ended already is none the worse."""
    client = Client(url, token)
    try:
        client.mutate("logout", LOGOUT, {})
    except Unauthenticated:
        return
    finally:
        client.close()


def group_name(session: StoredSession, text: str) -> str:
    """The group's name, by name or id; a login into a group that is not there is none at all."""
    client = Client.of(session)
    try:
        nodes = client.query(GROUP, {"name": text})["groups"]["nodes"]
        ref = f"Group:{text}" if text.isdigit() else text
        if not nodes and parse_ref(ref) is not None:
            node = client.query(GROUP_BY_ID, {"id": ref})["node"]
            nodes = [node] if node else []
    finally:
        client.close()
    if not nodes:
        raise NotFound(f"There is no group {text!r}.", hint="Or you may not see it.")
    return str(nodes[0]["name"])


def patiently(seconds: float, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Do it again while the server does not answer, for so many seconds."""
    ends_at = time.monotonic() + seconds
    while True:
        try:
            return work()
        except Busy:
            if time.monotonic() + PAUSE_S >= ends_at:
                raise
            time.sleep(PAUSE_S)
