"""`importFiles`: make images of uploaded files or of files that lie on the server.

The answer is an Activity; what the files themselves forbid stands in its `errors` once it FAILED,
while what the request forbids stands in this payload's.
"""

from __future__ import annotations

import time
from enum import Enum
from typing import TYPE_CHECKING

import strawberry
from sqlalchemy import select

from graphql_api.compiler.planner import fetch_nodes
from graphql_api.context import RequestContext
from graphql_api.importing.booking import NewTarget, WantedImport, book_import
from graphql_api.schema.mutations.outcomes import MutationError, attempt
from graphql_api.schema.transport_deadline import extend_deadline
from graphql_api.schema.types.references import LazyActivity
from shared.errors import Invalid
from shared.models.activities import ENDED
from shared.models.activities import Activity as ActivityRow
from shared.refs import ObjectRef

if TYPE_CHECKING:
    from shared.database import Database

Info = strawberry.Info[RequestContext, None]

MAX_WAIT_S = 30
FIRST_LOOK_S = 0.05
SLOWEST_LOOK_S = 0.5


@strawberry.enum(description="How a server file gets into the managed repository.")
class Transfer(Enum):
    """Ways of transfer."""

    COPY = strawberry.enum_value("COPY", description="It is copied.")
    HARD_LINK = strawberry.enum_value(
        "HARD_LINK",
        description="It gets a second name, without copying; copied where that cannot be.",
    )


@strawberry.input(description="Where the files are: exactly one of the two.", one_of=True)
class ImportSource:
    """The files of an import."""

    paths: strawberry.Maybe[list[str]] = strawberry.field(
        description="Files or folders on the server; each becomes a Fileset of its own."
    )
    uploads: strawberry.Maybe[list[strawberry.ID]] = strawberry.field(
        description=(
            "Finished uploads of the caller. Those whose names begin with the same folder become "
            "one Fileset, each other a Fileset of its own."
        )
    )


@strawberry.input(description="A container that is to be made on the way.")
class NewContainerInput:
    """A new container."""

    type: str = strawberry.field(description="Its class, such as Dataset.")
    name: str = strawberry.field(description="1 to 255 characters.")
    description: str | None = strawberry.field(default=None, description="Any text.")


@strawberry.input(description="What to import, where to and how.")
class ImportFilesInput:
    """Input of `importFiles`."""

    source: ImportSource = strawberry.field(description="The files.")
    into: strawberry.ID | None = strawberry.field(
        default=None, description="The Dataset that gets the images."
    )
    new_container: NewContainerInput | None = strawberry.field(
        default=None, description="A Dataset to be made for the images, instead of `into`."
    )
    group: strawberry.ID | None = strawberry.field(
        default=None, description="In which group; else that of `into`, else the default group."
    )
    owner: strawberry.ID | None = strawberry.field(
        default=None, description="For whom, where the caller may write for others."
    )
    name: str | None = strawberry.field(
        default=None, description="Name of the images; else the file's own, else its file name."
    )
    description: str | None = strawberry.field(
        default=None, description="Description of the images; else the file's own."
    )
    transfer: Transfer = strawberry.field(
        default=Transfer.COPY, description="How server files are taken over."
    )
    axes: str | None = strawberry.field(
        default=None,
        description="Axes of the pages where the file does not name them, slowest first: TYX.",
    )
    skip: list[str] = strawberry.field(
        default_factory=list, description="What to leave out: `minmax` computes no statistics."
    )
    idempotency_key: str | None = strawberry.field(
        default=None, description="The same key within 24 hours imports once."
    )
    wait: int = strawberry.field(
        default=0, description="Answer only when it has ended, or after so many seconds (to 30)."
    )


@strawberry.type(description="The import under way, or why there is none.")
class ImportFilesPayload:
    """Answer of `importFiles`."""

    activity: LazyActivity | None = strawberry.field(
        default=None, description="The import; its result is the images and filesets."
    )
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why nothing was begun."
    )


@strawberry.type
class ImportMutations:
    """Mutations of this file."""

    @strawberry.field(  # type: ignore[untyped-decorator]  # the overloads answer Any here
        description="Make images of uploaded files or of files on the server."
    )
    def import_files(self, info: Info, input: ImportFilesInput) -> ImportFilesPayload:
        """Book the import, and wait for its end if that is wanted."""
        context = info.context

        def work() -> ImportFilesPayload:
            if not 0 <= input.wait <= MAX_WAIT_S:
                raise Invalid(f"Wait from 0 to {MAX_WAIT_S} seconds.", path=("wait",))
            activity = book_import(
                context.database,
                context.storage,
                context.settings,
                context.require_principal(),
                wanted(input),
                input.idempotency_key,
            )
            context.renew()
            if input.wait:
                wait_for(context.database, activity, input.wait)
            (found,) = fetch_nodes(info, [ObjectRef("Activity", activity)], "activity")
            return ImportFilesPayload(activity=found)

        return attempt(context, work, lambda found: ImportFilesPayload(errors=found))


def wanted(given: ImportFilesInput) -> WantedImport:
    """The import that an input describes."""
    new = given.new_container
    paths, uploads = given.source.paths, given.source.uploads
    return WantedImport(
        paths=tuple(paths.value) if paths else (),
        uploads=tuple(str(each) for each in uploads.value) if uploads else (),
        into=given.into,
        new_container=None if new is None else NewTarget(new.type, new.name, new.description),
        group=given.group,
        owner=given.owner,
        name=given.name,
        description=given.description,
        transfer=str(given.transfer.value),
        axes=given.axes,
        skip=tuple(given.skip),
    )


def wait_for(database: Database, activity: int, seconds: float) -> None:
    """Block until the Activity has ended, at most so long; the operation's time is prolonged."""
    extend_deadline(seconds)
    ends_at = time.monotonic() + seconds
    pause = FIRST_LOOK_S
    while time.monotonic() < ends_at:
        with database.read() as connection:
            state = connection.scalar(select(ActivityRow.state).where(ActivityRow.id == activity))
        if state in ENDED:
            return
        time.sleep(min(pause, max(0.0, ends_at - time.monotonic())))
        pause = min(pause * 1.5, SLOWEST_LOOK_S)
