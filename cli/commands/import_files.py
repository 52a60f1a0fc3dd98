"""`tessera import`: send files to the server and make images of them.

Each PATH is an import of its own: a file, or a folder that is an OME-Zarr. The ids of the images go
to standard output, everything else to standard error.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.output import exit_code
from shared.errors import Denied, Invalid, NotFound, TesseraError
from shared.refs import parse_ref

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cli.client import Client

IMPORT = """
mutation Import($input: ImportFilesInput!) {
  importFiles(input: $input) { activity { id } errors { code message } }
}
"""
LOOK = """
query Look($id: ID!) {
  node(id: $id) {
    ... on Activity {
      state
      progress { done total unit }
      errors { code message }
      result(first: 1000) { id }
    }
  }
}
"""
GROUP = """
query Group($name: String!) {
  groups(first: 2, where: {name: {eq: $name}}) { nodes { id } }
}
"""
DATASET = """
query Dataset($id: ID!) { node(id: $id) { id ... on Dataset { viewerCan { link } } } }
"""
ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")
FIRST_LOOK_S = 0.1
SLOWEST_LOOK_S = 2.0
ZARR_MARKS = (".zgroup", ".zattrs", "zarr.json")


@dataclass(slots=True)
class Outcome:
    """What came of one path."""

    path: str
    activity: str | None = None
    result: list[str] = field(default_factory=list)
    uploaded: int = 0
    error: TesseraError | None = None

    def ids(self, class_name: str) -> list[str]:
        """The numbers of the made objects of a class."""
        return [ref.partition(":")[2] for ref in self.result if ref.startswith(f"{class_name}:")]


class Progress:
    """One line on standard error that is written over, for people only."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()

    def tell(self, text: str) -> None:
        """Show how far it is."""
        if self._shown:
            sys.stderr.write(f"\r\x1b[K{text[:110]}")
            sys.stderr.flush()

    def clear(self) -> None:
        """Make room for other output."""
        self.tell("")


def import_(
    paths: Annotated[list[Path], typer.Argument(help="Image files, or OME-Zarr folders.")],
    *,
    dataset: Annotated[
        str | None, typer.Option("-d", "--dataset", help="Dataset:ID or ID that gets the images.")
    ] = None,
    name: Annotated[str | None, typer.Option("-n", "--name", help="Name of the images.")] = None,
    description: Annotated[
        str | None, typer.Option("-x", "--description", help="Description of the images.")
    ] = None,
    axes: Annotated[
        str | None, typer.Option(help="Axes of pages that the file does not name, such as TYX.")
    ] = None,
    skip: Annotated[list[str] | None, typer.Option(help="minmax: no statistics.")] = None,
    group: Annotated[
        str | None, typer.Option("-g", "--group", help="Group, by name or id.")
    ] = None,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Print the Activity and leave it to the server.")
    ] = False,
    go_on: Annotated[
        bool, typer.Option("-c", "--continue", help="Go on with the next path after an error.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document as output.")] = False,
) -> None:
    """Import images. Ends with 3 when a path does not exist, with 6 when a file is unreadable."""
    from cli.client import Client
    from cli.session import current_session

    started = time.monotonic()
    if not go_on:
        for path in paths:
            check_path(path)
    session = current_session()
    client = Client.of(session)
    try:
        given = {
            "into": None if dataset is None else _dataset(client, dataset),
            "name": name,
            "description": description,
            "axes": axes,
            "skip": skip or [],
            "group": _group(client, group if group or dataset else session.group),
        }
        outcomes = []
        for path in paths:
            outcome = import_path(client, path, given, wait=not no_wait)
            outcomes.append(outcome)
            _print(outcome, as_json=as_json)
            if outcome.error is not None and not go_on:
                break
    finally:
        client.close()
    if as_json:
        print(json.dumps([_json(outcome) for outcome in outcomes], ensure_ascii=False))
    print(summary(outcomes, time.monotonic() - started), file=sys.stderr)
    failed = [outcome.error for outcome in outcomes if outcome.error is not None]
    if failed:
        raise typer.Exit(exit_code(failed[0]))


def import_path(client: Client, path: Path, given: dict[str, Any], *, wait: bool) -> Outcome:
    """Send one path and import it; an error of the family becomes part of the outcome."""
    from cli.uploads import upload

    outcome, progress = Outcome(str(path)), Progress()
    try:
        check_path(path)
        uploads = []
        for file, name in files_of(path):
            total = file.stat().st_size

            def sent(offset: int, name: str = name, total: int = total) -> None:
                progress.tell(f"{name}: {offset * 100 // max(1, total)} % of {total:,} bytes")

            uploads.append(upload(client, file, name, sent))
            outcome.uploaded += 1
        payload = client.mutate(
            "importFiles", IMPORT, {"input": {**given, "source": {"uploads": uploads}}}
        )
        outcome.activity = payload["activity"]["id"]
        if wait:
            outcome.result = _wait(client, str(outcome.activity), path.name, progress)
    except TesseraError as error:
        outcome.error = error
    except OSError as error:
        outcome.error = TesseraError(f"{path} cannot be read: {error.strerror}.")
    finally:
        progress.clear()
    return outcome


def check_path(path: Path) -> None:
    """Raise `NotFound` for a path that is not there, `Invalid` for a folder without Zarr."""
    if not path.exists():
        raise NotFound(f"{path} does not exist.", hint="Name image files or OME-Zarr folders.")
    if path.is_dir() and not any((path / mark).is_file() for mark in ZARR_MARKS):
        raise Invalid(
            f"{path} is a folder, but no OME-Zarr.", hint="Name the files in it, such as FOLDER/*."
        )
    if not path.is_dir() and not path.is_file():
        raise Invalid(f"{path} is neither a file nor a folder.")


def files_of(path: Path) -> Iterator[tuple[Path, str]]:
    """The files of a path, each with its relative name; links to folders are not followed."""
    if path.is_file():
        yield path, path.name
        return
    top = path.resolve()
    for file in sorted(top.rglob("*")):
        if file.is_file():
            yield file, f"{top.name}/{file.relative_to(top).as_posix()}"


def summary(outcomes: list[Outcome], seconds: float) -> str:
    """OMERO's last line."""
    files = sum(outcome.uploaded for outcome in outcomes)
    filesets = sum(len(outcome.ids("Fileset")) for outcome in outcomes)
    images = sum(len(outcome.ids("Image")) for outcome in outcomes)
    failed = sum(outcome.error is not None for outcome in outcomes)
    minutes, rest = divmod(int(seconds), 60)
    return (
        f"{files} files uploaded, {filesets} fileset created, {images} images imported, "
        f"{failed} errors in {minutes // 60}:{minutes % 60:02}:{rest:02}"
    )


def _wait(client: Client, activity: str, title: str, progress: Progress) -> list[str]:
    """Look at the Activity until it has ended; raises the error with which it failed."""
    from cli.client import error_of

    pause = FIRST_LOOK_S
    while True:
        node = client.query(LOOK, {"id": activity})["node"]
        if node is None:
            raise NotFound(f"{activity} is not there any more.")
        if node["state"] in ENDED:
            break
        at = node["progress"] or {"done": 0, "total": 0, "unit": ""}
        far = f" {at['done']}/{at['total']} {at['unit']}" if at["total"] else ""
        progress.tell(f"{title}: {node['state'].lower()}{far}")
        time.sleep(pause)
        pause = min(pause * 1.3, SLOWEST_LOOK_S)
    for error in node["errors"]:
        raise error_of(error, error)
    if node["state"] != "SUCCEEDED":
        raise TesseraError(f"{activity} was {node['state'].lower()}.")
    return [each["id"] for each in node["result"]]


def _dataset(client: Client, text: str) -> str:
    """The dataset's id, looked up before anything is sent."""
    ref = parse_ref(text if ":" in text else f"Dataset:{text}")
    if ref is None or ref.class_name != "Dataset":
        raise Invalid(f"{text!r} names no dataset.", hint="Use Dataset:7, or just 7.")
    found = client.query(DATASET, {"id": str(ref)})["node"]
    if found is None:
        raise NotFound(f"There is no {ref}.", hint="Or you may not see it. Nothing was sent.")
    if not found["viewerCan"]["link"]:
        raise Denied(
            f"You may not put images into {ref}.", hint="Name one of your own. Nothing was sent."
        )
    return str(ref)


def _group(client: Client, text: str | None) -> str | None:
    """The group's id, by its name or number."""
    if not text:
        return None
    if text.isdigit():
        text = f"Group:{text}"
    ref = parse_ref(text)
    if ref is not None:
        return str(ref)
    nodes = client.query(GROUP, {"name": text})["groups"]["nodes"]
    if not nodes:
        raise NotFound(f"There is no group {text!r}.", hint="Or you may not see it.")
    return str(nodes[0]["id"])


def _print(outcome: Outcome, *, as_json: bool) -> None:
    if outcome.error is not None:
        print(f"{outcome.path}: {outcome.error}", file=sys.stderr)
    if as_json or outcome.activity is None:
        return
    if images := outcome.ids("Image"):
        print(f"Image:{','.join(images)}", flush=True)
    elif outcome.error is None:
        print(outcome.activity, flush=True)
    if others := [ref for ref in outcome.result if not ref.startswith("Image:")]:
        print("Other imported objects:", *others, sep="\n", file=sys.stderr)


def _json(outcome: Outcome) -> dict[str, Any]:
    error = outcome.error
    return {
        "path": outcome.path,
        "activity": outcome.activity,
        "images": [f"Image:{number}" for number in outcome.ids("Image")],
        "filesets": [f"Fileset:{number}" for number in outcome.ids("Fileset")],
        "error": error and {"code": error.code, "message": str(error)},
    }
