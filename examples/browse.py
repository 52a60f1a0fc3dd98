"""Log in and print the tree of projects, datasets and images that you see.

Run it against the demo: `python -m examples.browse http://127.0.0.1:8000 user-1 tessera-demo`.
"""

from __future__ import annotations

import sys
from typing import Any

import httpx

LOGIN = """
mutation ($input: LoginInput!) {
  login(input: $input) { token errors { message } }
}
"""
TREE = """
query ($after: String) {
  projects(first: 20, after: $after, orderBy: [{field: NAME, direction: ASC}]) {
    pageInfo { hasNextPage endCursor }
    nodes {
      name
      owner { login }
      datasets(first: 20) { nodes { name images(first: 3) { totalCount nodes { id name } } } }
    }
  }
}
"""


def ask(client: httpx.Client, document: str, variables: dict[str, Any]) -> dict[str, Any]:
    """Send a document; raises on errors of the document itself."""
    body = client.post("/graphql", json={"query": document, "variables": variables}).json()
    if body.get("errors"):
        raise SystemExit(body["errors"][0]["message"])
    data: dict[str, Any] = body["data"]
    return data


def main(server: str, user: str, password: str) -> None:
    """Print every project page by page; a page costs the same however many there are."""
    with httpx.Client(base_url=server) as client:
        login = ask(client, LOGIN, {"input": {"username": user, "password": password}})["login"]
        for error in login["errors"]:
            raise SystemExit(error["message"])
        client.headers["Authorization"] = f"Bearer {login['token']}"
        after = None
        while True:
            page = ask(client, TREE, {"after": after})["projects"]
            for project in page["nodes"]:
                print(f"{project['name']} ({project['owner']['login']})")
                for dataset in project["datasets"]["nodes"]:
                    images = dataset["images"]
                    print(f"  {dataset['name']}: {images['totalCount']} images")
                    for image in images["nodes"]:
                        print(f"    {image['id']} {image['name']}")
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = page["pageInfo"]["endCursor"]


if __name__ == "__main__":
    main(*sys.argv[1:4])
