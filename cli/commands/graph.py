"""`tessera delete | chgrp | chown | duplicate`: graph operations in OMERO's manner.

Objects are `Class:ids` or `Class/Class:ids`. Plain objects make one request, those with a way below
them one for each class where it starts; `--ordered` sends each by itself, in order.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import classes
from cli.objects import Objects, compressed, parse_objects, split_words
from shared.errors import Invalid, NotFound
from shared.refs import parse_ref

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cli.client import Client

OWNERS = """query Owners($ids: [ID!]!) { nodes(ids: $ids) { id ... on Owned {
  owner { id } group { permissions } } } }"""
GROUP = """query Group($name: String!) { groups(first: 2, where: {name: {eq: $name}}) {
  nodes { id } } }"""
USER = """query User($name: String!) { users(first: 2, where: {login: {eq: $name}}) {
  nodes { id } } }"""
BATCH = 1_000

Target = Annotated[str, typer.Argument(help="See the command's description.")]
Objs = Annotated[
    list[str] | None, typer.Argument(help="Image:51-54,56 or Project/Dataset/Image:51")
]
Include = Annotated[
    list[str] | None,
    typer.Option("--include", help="Classes that come along though held elsewhere."),
]
Exclude = Annotated[list[str] | None, typer.Option("--exclude", help="Classes that stay.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show what would be done.")]
Force = Annotated[bool, typer.Option("--force", help="Do it, though a range of ids is given.")]
Report = Annotated[bool, typer.Option("--report", help="Print what was done in detail.")]
Ordered = Annotated[
    bool, typer.Option("--ordered", help="One request for each argument, in their order.")
]
List = Annotated[bool, typer.Option("--list", help="List the classes that may be targets.")]
Wait = Annotated[
    float, typer.Option("--wait", help="Seconds to wait: -1 until the end, 0 not at all.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document as output.")]


def delete(
    objs: Objs = None, *, include: Include = None, exclude: Exclude = None,
    dry_run: DryRun = False, force: Force = False, report: Report = False,
    ordered: Ordered = False, list_: List = False, wait: Wait = -1, as_json: Json = False,
    purge: Annotated[
        bool, typer.Option("--purge", help="Erase at once, without the trash.")
    ] = False,
) -> None:  # fmt: skip
    """Put objects into the trash. Tags, terms and attached files stay unless included."""
    if list_:
        _list(classes.DELETE)
        return
    more = _options(include, exclude) | ({"purge": True} if purge else {})
    found = _parsed(objs)
    how = How(dry_run, force, report, ordered, wait, as_json)
    _run("delete", "omero.cmd.Delete2", found, lambda _: more, how)


def chgrp(
    group: Annotated[
        str | None, typer.Argument(help="5, Group:5, ExperimenterGroup:5 or a group's name")
    ] = None,
    objs: Objs = None, *, include: Include = None, exclude: Exclude = None,
    dry_run: DryRun = False, force: Force = False, report: Report = False,
    ordered: Ordered = False, list_: List = False, wait: Wait = -1, as_json: Json = False,
) -> None:  # fmt: skip
    """Move objects to another group. Links to what stays are cut: see --dry-run --report."""
    if list_:
        _list(classes.CHGRP)
        return
    found = _parsed(objs)

    def more(client: Client) -> dict[str, Any]:
        return {"group": _named(client, group or "", "Group", GROUP, "groups"),
                **_options(include, exclude)}  # fmt: skip

    _run(
        "moveToGroup",
        "omero.cmd.Chgrp2",
        found,
        more,
        How(dry_run, force, report, ordered, wait, as_json),
    )


def chown(
    user: Annotated[
        str | None, typer.Argument(help="10, User:10, Experimenter:10 or a login name")
    ] = None,
    objs: Objs = None, *, include: Include = None, exclude: Exclude = None,
    dry_run: DryRun = False, force: Force = False, report: Report = False,
    ordered: Ordered = False, list_: List = False, wait: Wait = -1, as_json: Json = False,
    merge: Annotated[
        bool, typer.Option("--merge-links", help="Drop links that the recipient has already.")
    ] = False,
) -> None:  # fmt: skip
    """Give objects to somebody else; Experimenter:1,3 as object means all that these own."""
    if list_:
        _list(classes.CHOWN)
        return
    found = _parsed(objs)

    def more(client: Client) -> dict[str, Any]:
        return {"owner": _named(client, user or "", "User", USER, "users"),
                "mergeIdenticalLinks": merge, **_options(include, exclude)}  # fmt: skip

    _run(
        "changeOwner",
        "omero.cmd.Chown2",
        found,
        more,
        How(dry_run, force, report, ordered, wait, as_json),
    )


def duplicate(
    objs: Objs = None, *,
    copy: Annotated[
        list[str] | None, typer.Option("--duplicate", help="Classes to copy.")
    ] = None,
    reference: Annotated[
        list[str] | None, typer.Option("--reference", help="Classes to share with the original.")
    ] = None,
    ignore: Annotated[
        list[str] | None, typer.Option("--ignore", help="Classes to leave out.")
    ] = None,
    dry_run: DryRun = False, force: Force = False, report: Report = False,
    ordered: Ordered = False, list_: List = False, wait: Wait = -1, as_json: Json = False,
) -> None:  # fmt: skip
    """Make full, independent copies that belong to you, in the group of the originals."""
    if list_:
        _list(classes.DUPLICATE)
        return
    more = {
        "duplicate": split_words(copy),
        "reference": split_words(reference),
        "ignore": split_words(ignore),
    }
    found = _parsed(objs)
    how = How(dry_run, force, report, ordered, wait, as_json)
    _run("duplicate", "omero.cmd.Duplicate", found, lambda _: more, how)


def _list(names: Sequence[str]) -> None:
    print(*sorted(names), sep="\n")


def _options(include: list[str] | None, exclude: list[str] | None) -> dict[str, Any]:
    return {"include": split_words(include), "exclude": split_words(exclude)}


def _parsed(texts: list[str] | None) -> list[Objects]:
    if not texts:
        raise Invalid("No object is named.", hint="Name some, such as Image:51-54,56.")
    return [parse_objects(text) for text in texts]


def _named(client: Client, text: str, class_name: str, query: str, field: str) -> str:
    """The id of a group or person, by number, id or name."""
    ref = parse_ref(f"{class_name}:{text}" if text.isdigit() else text)
    if ref is not None and ref.class_name == class_name:
        return str(ref)
    nodes = client.query(query, {"name": text})[field]["nodes"]
    if not nodes:
        raise NotFound(f"There is no {class_name.lower()} {text!r}.", hint="Or you may not see it.")
    return str(nodes[0]["id"])


def _requests(objects: Sequence[Objects], *, ordered: bool) -> list[list[Objects]]:
    if ordered:
        return [[each] for each in objects]
    merged: dict[tuple[str, ...], list[Objects]] = {}
    for each in objects:
        merged.setdefault((each.class_name, *each.way) if each.way else (), []).append(each)
    return list(merged.values())


def _printed(objects: Sequence[Objects]) -> str:
    ids: dict[str, set[int]] = {}
    for each in objects:
        start = f"/{each.way[-1]}" if each.way else ""
        ids.setdefault(f"{each.class_name}{start}", set()).update(each.ids)
    return " ".join(f"{name}:{compressed(found)}" for name, found in sorted(ids.items()))


@dataclass(frozen=True, slots=True)
class How:
    """How a command is carried out and told: the options that all four share."""

    dry_run: bool
    force: bool
    report: bool
    ordered: bool
    seconds: float
    as_json: bool


def _run(
    verb: str,
    request_class: str,
    objects: Sequence[Objects],
    more: Callable[[Client], dict[str, Any]],
    how: How,
) -> None:
    from cli.client import Client
    from cli.operations import Asked, send, tell, tell_json, valid_wait, worst
    from cli.session import announce, current_session

    dry_run, seconds = how.dry_run, valid_wait(how.seconds)
    if any(each.is_ranged for each in objects) and not how.force and not dry_run:
        print("WARNING: a range of ids means a dry run; use --force to do it.", file=sys.stderr)
        dry_run = True
    session = current_session()
    announce(session)
    client = Client.of(session)
    asked: list[Asked] = []
    try:
        fields = more(client)
        _warn(client, objects)
        for request in _requests(objects, ordered=how.ordered):
            one = Asked(verb, {**fields, **_targets(verb, request), "dryRun": dry_run},
                        request_class, _printed(request), dry_run, seconds)  # fmt: skip
            asked.append(one)
            send(client, one)
            if not how.as_json:
                tell(client, one, report=how.report)
            if one.error is not None:
                break
        if how.as_json:
            tell_json(asked)
    finally:
        client.close()
    if code := worst(asked):
        raise typer.Exit(code)


def _targets(verb: str, request: Sequence[Objects]) -> dict[str, Any]:
    people = {"Experimenter", "User"}
    giving = verb == "changeOwner"
    found: dict[str, Any] = {
        "targets": [
            ref
            for each in request
            if not (giving and each.class_name in people)
            for ref in each.refs
        ],
        "startFrom": list(request[0].way),
    }
    if giving:
        found["allDataOf"] = [
            f"User:{number}" for each in request if each.class_name in people for number in each.ids
        ]
    return found


def _warn(client: Client, objects: Sequence[Objects]) -> None:
    """Tell which targets in read-write groups belong to somebody else."""
    refs = [ref for each in objects for ref in each.refs]
    me = client.query("{ viewer { id } }")["viewer"]["id"]
    for start in range(0, len(refs), BATCH):
        part = refs[start : start + BATCH]
        for node in client.query(OWNERS, {"ids": part})["nodes"]:
            if node is None or node.get("group", {}).get("permissions") != "READ_WRITE":
                continue
            if node["owner"]["id"] != me:
                number = node["owner"]["id"].partition(":")[2]
                print(f"WARNING: {node['id']} belongs to user {number}", file=sys.stderr)
