"""`tessera trash list | restore | purge`: what was deleted, and its two ways out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.objects import parse_objects

if TYPE_CHECKING:
    from cli.client import Client

app = typer.Typer(help="What was deleted: list it, take it back, or erase it.",
                  no_args_is_help=True)  # fmt: skip
PAGE = 1_000
TRASH = """query Trash($after: String, $page: Int!) { trash(first: 100, after: $after,
  orderBy: [{field: ID, direction: DESC}]) { pageInfo { hasNextPage endCursor } nodes {
    id kind deletedAt expiresAt deletedBy { login } objects(first: $page) { id name owner } } } }"""
MORE = """query More($entry: ID!, $after: ID!, $page: Int!) {
  trash(first: 1, where: {id: {eq: $entry}}) { nodes {
    objects(first: $page, after: $after) { id name owner } } } }"""
RESTORE = """mutation Restore($input: RestoreInput!) { restore(input: $input) {
  activity { id state errors { code message } report { included { type count idRanges } } }
  errors { code message target } } }"""
PURGE = """mutation Purge($input: PurgeInput!) { purge(input: $input) {
  activity { id state errors { code message } report { deleted { type count idRanges } } }
  errors { code message target } } }"""
Entries = Annotated[
    list[str], typer.Argument(help="A deletion, such as Activity:7, or objects: Image:51-54,56")
]


@app.command("list")
def list_(
    *, as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False
) -> None:
    """List deletions, the newest first, with what can be taken back of each."""
    from cli.client import Client
    from cli.session import announce, current_session

    session = current_session()
    announce(session)
    client = Client.of(session)
    entries: list[dict[str, Any]] = []
    try:
        after = None
        while True:
            page = client.query(TRASH, {"after": after, "page": PAGE})["trash"]
            for entry in page["nodes"]:
                _complete(client, entry)
            entries += page["nodes"]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
    finally:
        client.close()
    if as_json:
        print(json.dumps(entries, ensure_ascii=False))
        return
    for entry in entries:
        print(
            f"{entry['id']} {entry['kind']} by {entry['deletedBy']['login']} at "
            f"{entry['deletedAt'][:19]}, kept until {entry['expiresAt'][:10]}"
        )
        for each in entry["objects"]:
            name = f" {each['name']}" if each["name"] else ""
            print(f"  {each['id']}{name}")


def _complete(client: Client, entry: dict[str, Any]) -> None:
    """Read what one page did not hold."""
    found, last = entry["objects"], len(entry["objects"])
    while last == PAGE:
        asked = {"entry": entry["id"], "after": found[-1]["id"], "page": PAGE}
        nodes = client.query(MORE, asked)["trash"]["nodes"]
        more = nodes[0]["objects"] if nodes else []
        found += more
        last = len(more)


@app.command("restore")
def restore(entries: Entries) -> None:
    """Take back what was deleted."""
    _each("restore", RESTORE, entries, "included")


@app.command("purge")
def purge(
    entries: Entries,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Erase for good, files included. It cannot be taken back."""
    if not yes:
        typer.confirm(f"Erase {' '.join(entries)} for good?", abort=True)
    _each("purge", PURGE, entries, "deleted")


def _each(verb: str, document: str, entries: list[str], section: str) -> None:
    from cli.client import Client, error_of
    from cli.operations import wait
    from cli.session import announce, current_session

    session = current_session()
    announce(session)
    client = Client.of(session)
    whole = [text for text in entries if text.startswith("Activity:")]
    refs = [ref for text in entries if text not in whole for ref in parse_objects(text).refs]
    inputs: list[dict[str, Any]] = [{"targets": refs}] if refs else []
    inputs += [{"activity": text} if verb == "restore" else {"targets": [text]} for text in whole]
    try:
        for given in inputs:
            payload = client.mutate(verb, document, {"input": given})
            activity = payload["activity"]
            if activity["state"] in {"QUEUED", "RUNNING"}:
                activity = wait(client, {**activity, "progress": None}, -1)
            for error in activity["errors"]:
                raise error_of(error, error)
            for each in activity["report"][section]:
                print(f"{each['type']}:{each['idRanges']}")
    finally:
        client.close()
