"""A typed Python client with `gql`: documents checked against the schema, answers as dataclasses.

It renames a project under its version and watches activities over a WebSocket. Install
`gql[httpx,websockets]`, then run it against the demo:
`python -m examples.typed_client http://127.0.0.1:8000 user-1 tessera-demo`.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gql import Client, GraphQLRequest, gql
from gql.transport.httpx import HTTPXTransport
from gql.transport.websockets import WebsocketsTransport

SCHEMA = Path(__file__).parents[1] / "graphql_api" / "schema" / "schema.graphql"
LOGIN = """
mutation Login($username: String!, $password: String!) {
  login(input: {username: $username, password: $password}) { token errors { message } }
}
"""
PROJECTS = """
query Projects($after: String) {
  projects(first: 50, after: $after, orderBy: [{field: NAME, direction: ASC}]) {
    pageInfo { hasNextPage endCursor }
    nodes { id name version owner { login } viewerCan { update } }
  }
}
"""
RENAME = """
mutation Rename($id: ID!, $name: String!, $version: Int!) {
  updateProject(input: {id: $id, name: $name, expectedVersion: $version}) {
    project { id name version owner { login } viewerCan { update } }
    errors { message }
  }
}
"""
ACTIVITIES = "subscription { activities { id kind state progress { done total unit } } }"


class Refused(Exception):
    """The server said no; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Project:
    """A project as this example needs it."""

    id: str
    name: str
    version: int
    owner: str
    may_update: bool

    @classmethod
    def read(cls, node: dict[str, Any]) -> Project:
        """Of a node as it was answered."""
        return cls(
            node["id"], node["name"], node["version"], node["owner"]["login"],
            node["viewerCan"]["update"],
        )  # fmt: skip


class Tessera:
    """A session. Documents are validated before they are sent: a misspelt field fails at once."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        transport = HTTPXTransport(url=f"{url}/graphql", headers=headers)
        self.client = Client(schema=SCHEMA.read_text("utf-8"), transport=transport)
        self.token = token

    @classmethod
    def login(cls, url: str, username: str, password: str) -> Tessera:
        """Log in; raises `Refused`."""
        given = {"username": username, "password": password}
        answer = cls(url).ask(LOGIN, given)["login"]
        return cls(url, _insist(answer)["token"])

    def ask(self, document: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """The data of an operation; raises gql's own errors for a document that is wrong."""
        request = GraphQLRequest(gql(document), variable_values=variables)
        answer: dict[str, Any] = self.client.execute(request)
        return answer

    def projects(self) -> Iterator[Project]:
        """All projects that one sees, page by page."""
        after = None
        while True:
            page = self.ask(PROJECTS, {"after": after})["projects"]
            yield from map(Project.read, page["nodes"])
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = page["pageInfo"]["endCursor"]

    def rename(self, project: Project, name: str) -> Project:
        """Rename it, unless somebody has changed it since; raises `Refused`."""
        given = {"id": project.id, "name": name, "version": project.version}
        answer = _insist(self.ask(RENAME, given)["updateProject"])
        return Project.read(answer["project"])

    async def activities(self) -> AsyncGenerator[dict[str, Any], None]:
        """Jobs as they go on, for as long as one listens."""
        transport = WebsocketsTransport(
            url=f"{self.url.replace('http', 'ws', 1)}/graphql",
            init_payload={"authorization": f"Bearer {self.token}"},
            subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL],
        )
        async with Client(transport=transport) as session:
            async for answer in session.subscribe(gql(ACTIVITIES)):
                yield answer["activities"]


def _insist(payload: dict[str, Any]) -> dict[str, Any]:
    if payload["errors"]:
        raise Refused(" ".join(error["message"] for error in payload["errors"]))
    return payload


def main(url: str, username: str, password: str) -> None:
    """Print one's projects and whether one may rename them."""
    server = Tessera.login(url, username, password)
    for project in server.projects():
        print(f"{project.name} ({project.owner}){'' if project.may_update else ', read only'}")


if __name__ == "__main__":
    main(*sys.argv[1:4])
