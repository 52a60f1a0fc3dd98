"""Send a graph operation, wait for its Activity, and tell its end in OMERO's manner.

Ctrl-C asks the server to cancel; what it says of the end is told all the same.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cli.client import error_of
from cli.commands.import_files import Progress
from cli.output import exit_code
from cli.reports import sections
from shared.errors import Busy, Conflict, Denied, Invalid, NotFound, TesseraError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cli.client import Client

COUNTS = "{ type count idRanges }"
ACTIVITY = f"""
  id kind state startedAt finishedAt progress {{ done total unit }}
  errors {{ code message target }}
  report {{
    planId bytes blockerCount included {COUNTS} deleted {COUNTS} referenced {COUNTS}
    unlinkedCount {{ reason type count }} leftBehindCount {{ reason type count }}
    blockers {{ message suggestedTargets }} warnings {{ code message targets }}
    created {{ id }}
  }}
"""
LOOK = f"query Look($id: ID!) {{ node(id: $id) {{ ... on Activity {{ {ACTIVITY} }} }} }}"
CANCEL = """mutation Cancel($input: CancelActivityInput!) {
  cancelActivity(input: $input) { errors { code message } } }"""
ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")
FIRST_LOOK_S, SLOWEST_LOOK_S = 0.05, 1.0
NAMES = (
    (NotFound, "bad-target"), (Denied, "bad-permissions"), (Invalid, "bad-class"),
    (Conflict, "graph-fail"), (Busy, "busy"),
)  # fmt: skip
"""OMERO's names of failures."""
STEPS = {"delete": 6, "move_to_group": 5, "change_owner": 5, "duplicate": 14}


@dataclass(slots=True)
class Asked:
    """One request: the mutation, its input, how OMERO calls it, and its targets as printed."""

    verb: str
    input: dict[str, Any]
    request_class: str
    objects: str
    dry_run: bool = False
    seconds: float = -1
    activity: dict[str, Any] = field(default_factory=dict)
    error: TesseraError | None = None


def valid_wait(seconds: float) -> float:
    """How long to wait: -1 for the end, 0 not at all, else seconds; raises `Invalid`."""
    if seconds != -1 and not 0 <= seconds < float("inf"):
        raise Invalid(
            f"--wait {seconds:g} is no time to wait.",
            hint="Give -1 to wait for the end, 0 not to wait, or a number of seconds.",
        )
    return seconds


def send(client: Client, asked: Asked) -> None:
    """Run the mutation and wait `asked.seconds`: -1 for its end, 0 not at all.

    What goes wrong becomes `asked.error`.
    """
    kind = f"{asked.verb[0].upper()}{asked.verb[1:]}Input!"
    document = f"""mutation Operate($input: {kind}) {{ {asked.verb}(input: $input) {{
      activity {{ {ACTIVITY} }} errors {{ code message target }} }} }}"""
    try:
        payload = client.mutate(asked.verb, document, {"input": asked.input})
        asked.activity = wait(client, payload["activity"], asked.seconds)
        _require_success(asked)
    except TesseraError as error:
        asked.error = error


def _require_success(asked: Asked) -> None:
    """Raise why it did not do what was asked, or what a dry run found in the way."""
    if asked.seconds > 0 and asked.activity["state"] not in ENDED:
        raise Busy(
            f"{asked.activity['id']} has not ended after {asked.seconds:g} seconds and goes on.",
            hint=f"See: tessera activities show {asked.activity['id']}",
        )
    for error in asked.activity["errors"]:
        raise error_of(error, error)
    if asked.activity["state"] == "CANCELLED":
        raise TesseraError(f"{asked.activity['id']} was cancelled; nothing was changed.")
    blockers = (asked.activity["report"] or {}).get("blockers", [])
    if asked.dry_run and blockers:
        raise Conflict(" ".join(each["message"] for each in blockers[:10]))


def wait(client: Client, activity: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Look at an Activity until it has ended or the time is over; answers its last state."""
    ends_at = None if seconds < 0 else time.monotonic() + seconds
    progress, pause = Progress(), FIRST_LOOK_S
    try:
        while activity["state"] not in ENDED:
            if ends_at is not None and time.monotonic() >= ends_at:
                break
            at = activity["progress"] or {"done": 0, "total": 0, "unit": ""}
            far = f" {at['done']}/{at['total']} {at['unit']}" if at["total"] else ""
            progress.tell(f"{activity['id']}: {activity['state'].lower()}{far}")
            try:
                time.sleep(pause)
            except KeyboardInterrupt:
                client.mutate("cancelActivity", CANCEL, {"input": {"activity": activity["id"]}})
                ends_at = None
            pause = min(pause * 1.4, SLOWEST_LOOK_S)
            found = client.query(LOOK, {"id": activity["id"]})["node"]
            if found is None:
                raise NotFound(f"{activity['id']} is not there any more.")
            activity = found
    finally:
        progress.clear()
    return activity


def tell(client: Client, asked: Asked, *, report: bool) -> None:
    """Print how it ended, with the details when `report` is wanted."""
    header = f"{asked.request_class} {asked.objects}"
    if asked.error is not None:
        name = next((name for kind, name in NAMES if isinstance(asked.error, kind)), "failed")
        print(f"{header} failed: '{name}'\nfailed: {asked.error}", file=sys.stderr)
        return
    if asked.activity["state"] not in ENDED:
        print(f"{header} {asked.activity['state'].lower()}: {asked.activity['id']}")
        return
    print(f"{header} Dry run performed\nok" if asked.dry_run else f"{header} ok")
    for each in asked.activity["report"]["warnings"]:
        print(f"WARNING: {each['message']}", file=sys.stderr)
    if not report:
        return
    steps = STEPS.get(asked.activity["kind"], 1)
    print(f"Steps: {3 if asked.dry_run and steps == STEPS['duplicate'] else steps}")
    print(f"Elapsed time: {_elapsed(asked.activity):.3f} secs.")
    print("Flags: []")
    for title, lines in sections(client, asked.activity, dry_run=asked.dry_run):
        print(title, *lines, sep="\n")


def tell_json(asked: Sequence[Asked]) -> None:
    """Print everything as one JSON document."""
    found = [
        {
            "request": each.request_class,
            "objects": each.objects,
            "dryRun": each.dry_run,
            "activity": each.activity or None,
            "error": each.error and {"code": each.error.code, "message": str(each.error)},
            "exitCode": 0 if each.error is None else exit_code(each.error),
        }
        for each in asked
    ]
    print(json.dumps(found, ensure_ascii=False))


def worst(asked: Sequence[Asked]) -> int:
    """The exit code of the first that failed."""
    return next((exit_code(each.error) for each in asked if each.error is not None), 0)


def _elapsed(activity: dict[str, Any]) -> float:
    from datetime import datetime

    first, last = (
        datetime.fromisoformat(activity[name].replace("Z", "+00:00"))
        for name in ("startedAt", "finishedAt")
    )
    return (last - first).total_seconds()
