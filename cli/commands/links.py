"""`tessera link` and `tessera unlink`: hang content into containers and take it out again."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli.objects import parse_objects

LINK = """mutation Link($input: LinkInput!) { link(input: $input) {
  links { id } errors { code message target } } }"""
UNLINK = """mutation Unlink($input: UnlinkInput!) { unlink(input: $input) {
  removed orphaned { id } errors { code message target } } }"""
Parent = Annotated[str, typer.Argument(help="A container, such as Dataset:5")]
Children = Annotated[list[str], typer.Argument(help="Contents, such as Image:51-54,56")]


def link(parent: Parent, children: Children) -> None:
    """Put content into containers; links that exist already are no error."""
    given = {"parents": _refs([parent]), "children": _refs(children)}
    for each in _send("link", LINK, given)["links"]:
        print(each["id"])


def unlink(
    first: Annotated[
        str, typer.Argument(help="A container, such as Dataset:5, or links: DatasetImageLink:7,8")
    ],
    children: Annotated[
        list[str] | None, typer.Argument(help="Contents, such as Image:51-54,56")
    ] = None,
) -> None:
    """Take content out of containers; the content itself stays."""
    given: dict[str, Any] = {"links": _refs([first])}
    if children:
        given = {"pairs": {"parents": _refs([first]), "children": _refs(children)}}
    found = _send("unlink", UNLINK, given)
    for ref in found["removed"]:
        print(ref)
    for each in found["orphaned"]:
        typer.echo(f"{each['id']} is in no container any more.", err=True)


def _refs(texts: list[str]) -> list[str]:
    return [ref for text in texts for ref in parse_objects(text).refs]


def _send(name: str, document: str, given: dict[str, Any]) -> dict[str, Any]:
    from cli.client import Client
    from cli.session import announce, current_session

    session = current_session()
    announce(session)
    client = Client.of(session)
    try:
        return client.mutate(name, document, {"input": given})
    finally:
        client.close()
