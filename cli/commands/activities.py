"""`tessera activities`: the jobs of the person who is logged in, and what one does with them."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

app = typer.Typer(help="Long-running jobs: list, show, cancel, retry, undo, dismiss.",
                  invoke_without_command=True)  # fmt: skip
PAGE = 1_000
LIST = """query Activities($first: Int!, $after: String) { activities(first: $first, after: $after,
  orderBy: [{field: ID, direction: DESC}]) { pageInfo { hasNextPage endCursor } nodes {
    id kind state isDryRun createdAt progress { done total unit } errors { message } } } }"""
CHANGE = """mutation Change($input: %sInput!) { %s(input: $input) {
  %s errors { code message target } } }"""
Which = Annotated[str, typer.Argument(help="Activity:7, or 7")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document as output.")]


@app.callback()
def activities(
    context: typer.Context,
    *,
    first: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 20,
    as_json: Json = False,
) -> None:
    """List jobs, the newest first."""
    if context.invoked_subcommand is None:
        _list(first, as_json=as_json)


@app.command("list")
def list_(
    *,
    first: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 20,
    as_json: Json = False,
) -> None:
    """List jobs, the newest first."""
    _list(first, as_json=as_json)


@app.command("show")
def show(activity: Which, *, as_json: Json = False) -> None:
    """Show one job with its report."""
    from cli.operations import LOOK, Asked, tell
    from shared.errors import NotFound

    def work(client: Any) -> None:
        found = client.query(LOOK, {"id": _ref(activity)})["node"]
        if not found:
            raise NotFound(f"There is no {_ref(activity)}.", hint="Or it is not yours.")
        if as_json:
            print(json.dumps(found, ensure_ascii=False))
            return
        _print(found)
        if found["report"] and not found["errors"]:
            asked = Asked("", {}, found["kind"], found["id"], activity=found)
            tell(client, asked, report=True)

    _with_client(work)


@app.command("cancel")
def cancel(activity: Which) -> None:
    """Stop a queued or running job; it changes nothing then."""
    _change("cancelActivity", activity)


@app.command("retry")
def retry(activity: Which) -> None:
    """Do a failed or cancelled job again."""
    _change("retryActivity", activity)


@app.command("undo")
def undo(activity: Which) -> None:
    """Take back what a job did, where the data still allow it."""
    _change("undoActivity", activity)


@app.command("dismiss")
def dismiss(
    activities: Annotated[list[str] | None, typer.Argument(help="Those; all when absent.")] = None,
) -> None:
    """Take ended jobs out of the list."""
    document = CHANGE % ("DismissActivities", "dismissActivities", "dismissed")
    given = {"activities": [_ref(each) for each in activities]} if activities else {}

    def work(client: Any) -> None:
        for ref in client.mutate("dismissActivities", document, {"input": given})["dismissed"]:
            print(ref)

    _with_client(work)


def _list(first: int, *, as_json: bool) -> None:
    def work(client: Any) -> None:
        nodes: list[dict[str, Any]] = []
        after = None
        while len(nodes) < first:
            asked = {"first": min(PAGE, first - len(nodes)), "after": after}
            page = client.query(LIST, asked)["activities"]
            nodes += page["nodes"]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        if as_json:
            print(json.dumps(nodes, ensure_ascii=False))
            return
        for each in nodes:
            _print(each)

    _with_client(work)


def _print(activity: dict[str, Any]) -> None:
    at = activity["progress"]
    far = f" {at['done']}/{at['total']} {at['unit']}" if at and at["total"] else ""
    dry = " (dry run)" if activity.get("isDryRun") else ""
    print(f"{activity['id']} {activity['kind']}{dry} {activity['state'].lower()}{far}")
    for error in activity["errors"]:
        print(f"  {error['message']}")


def _change(name: str, activity: str) -> None:
    from cli.client import error_of

    document = CHANGE % (
        name[0].upper() + name[1:], name, "activity { id kind state errors { code message } }",
    )  # fmt: skip

    def work(client: Any) -> None:
        found = client.mutate(name, document, {"input": {"activity": _ref(activity)}})["activity"]
        for error in found["errors"]:
            raise error_of(error, error)
        print(f"{found['id']} {found['kind']} {found['state'].lower()}")

    _with_client(work)


def _ref(text: str) -> str:
    return f"Activity:{text}" if text.isdigit() else text


def _with_client(work: Any) -> None:
    from cli.client import Client
    from cli.session import announce, current_session

    session = current_session()
    announce(session)
    client = Client.of(session)
    try:
        work(client)
    finally:
        client.close()
