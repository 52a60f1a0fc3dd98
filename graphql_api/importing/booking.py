"""Book an import: everything that can be refused is refused now, and uploads are claimed.

Rights are looked at again when it runs. Paths and sizes are looked up before the transaction,
which only claims the uploads, makes the new container and writes the Activity.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from graphql_api.editing.containers import NewContainer, create_container
from graphql_api.editing.idempotency import once
from graphql_api.editing.links import refusal
from graphql_api.editing.places import find_group, find_user, load_group, require_owner
from graphql_api.editing.targets import find_target, not_found
from graphql_api.editing.texts import valid_description, valid_name
from graphql_api.importing.filesets import of_uploads
from graphql_api.importing.request import ImportRequest, UploadedFile, check_request
from graphql_api.importing.rights import require_import
from graphql_api.importing.roots import import_roots, source_files
from shared.activities.queue import book
from shared.auth.creation import default_owner, link_owner, may_refer, require_same_group
from shared.clock import now
from shared.errors import Conflict, Invalid, NotFound
from shared.models.images import Upload
from shared.models.system import Idempotency, Instance
from shared.refs import ObjectRef
from shared.storage.locator import upload_file

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from graphql_api.editing.targets import Target
    from shared.auth.creation import GroupFacts
    from shared.auth.principal import Principal
    from shared.database import Database
    from shared.settings import Settings
    from shared.storage import Storage

KIND = "import"
MAX_PATHS = 1_000
MAX_UPLOADS = 20_000


@dataclass(frozen=True, slots=True)
class NewTarget:
    """A container that is to be made for the images."""

    class_name: str
    name: str
    description: str | None = None


@dataclass(frozen=True, slots=True)
class WantedImport:
    """An import as it was asked for; ids as they were given."""

    paths: tuple[str, ...] = ()
    uploads: tuple[str, ...] = ()
    into: str | None = None
    new_container: NewTarget | None = None
    group: str | None = None
    owner: str | None = None
    name: str | None = None
    description: str | None = None
    transfer: str = "COPY"
    axes: str | None = None
    skip: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Place:
    group: GroupFacts
    owner_id: int
    target: Target | None


def book_import(
    database: Database,
    storage: Storage,
    settings: Settings,
    principal: Principal,
    wanted: WantedImport,
    key: str | None = None,
) -> int:
    """Put an import into the queue; answers the Activity's id, the earlier one for a known `key`.

    Raises `NotFound`, `Denied`, `Conflict` or `Invalid`, alone or as a group; then nothing was
    done.
    """
    wanted = _checked(wanted)
    if key is None or not _is_known(database, principal, key):
        _look_up(database, storage, settings, principal, wanted)
    with database.write() as connection:
        made = once(
            connection,
            principal,
            "importFiles",
            key,
            asdict(wanted),
            lambda: [_book(connection, principal, wanted)],
        )
    return made[0].id


def _checked(wanted: WantedImport) -> WantedImport:
    """The same with clean texts; raises `Invalid` for what no state of things could allow."""
    if len(wanted.paths) > MAX_PATHS or len(wanted.uploads) > MAX_UPLOADS:
        raise Invalid(
            "These are too many files for one import.",
            hint=f"Give at most {MAX_PATHS} paths or {MAX_UPLOADS} uploads.",
            path=("source",),
        )
    if len(set(wanted.uploads)) != len(wanted.uploads):
        raise Invalid("An upload is named twice.", path=("source", "uploads"))
    if wanted.new_container is not None:
        if wanted.into is not None:
            raise Invalid(
                "Give either into or newContainer.", hint="Leave one out.", path=("into",)
            )
        if wanted.new_container.class_name != "Dataset":
            raise Invalid(
                f"Images cannot be put into a new {wanted.new_container.class_name[:40]}.",
                hint="The type is Dataset.",
                path=("newContainer", "type"),
            )
        valid_name(wanted.new_container.name, ("newContainer", "name"))
    check_request(_request(wanted, 0, 0, [UploadedFile(each, each) for each in wanted.uploads]))
    return replace(
        wanted,
        name=None if wanted.name is None else valid_name(wanted.name),
        description=valid_description(wanted.description),
    )


def _is_known(database: Database, principal: Principal, key: str) -> bool:
    """Whether the key was used already: then the files may be gone, and need not be there."""

    with database.read() as connection:
        found = connection.scalar(
            select(Idempotency.key).where(
                Idempotency.user_id == principal.user_id,
                Idempotency.mutation == "importFiles",
                Idempotency.key == key,
            )
        )
    return found is not None


def _look_up(
    database: Database,
    storage: Storage,
    settings: Settings,
    principal: Principal,
    wanted: WantedImport,
) -> None:
    """Raise what the files forbid: paths that are not there, uploads that are not complete."""
    with database.read() as connection:
        place = _place(connection, principal, wanted)
        has_demo = connection.scalar(select(Instance.demo_state)) is not None
        uploads = _uploads(connection, principal, wanted.uploads)
    roots = import_roots(settings, has_demo=has_demo)
    for path in wanted.paths:
        source_files(path, roots, place.group.name, settings.data_dir)
    for uuid, (_, length) in uploads.items():
        name = upload_file(uuid)
        if not storage.exists(name) or storage.size(name) != length:
            raise Conflict(
                "The upload is not complete.",
                hint="Send the rest of it first.",
                path=("source", "uploads"),
                target=uuid,
            )
    of_uploads([UploadedFile(uuid, name) for uuid, (name, _) in uploads.items()], storage)


def _book(connection: Connection, principal: Principal, wanted: WantedImport) -> ObjectRef:
    place = _place(connection, principal, wanted)
    into = wanted.into
    if wanted.new_container is not None:
        new = NewContainer(
            "Dataset",
            wanted.new_container.name,
            wanted.new_container.description,
            group=f"Group:{place.group.id}",
            owner=wanted.owner,
        )
        into = str(create_container(connection, principal, new))
    uploads = _uploads(connection, principal, wanted.uploads)
    files = [UploadedFile(uuid, uploads[uuid][0]) for uuid in wanted.uploads]
    request = _request(replace(wanted, into=into), place.group.id, place.owner_id, files)
    activity = book(
        connection,
        kind=KIND,
        user_id=principal.user_id,
        sudoer_id=principal.sudoer_id,
        session_id=principal.session_id,
        scopes=principal.scopes,
        request=request.to_json(),
    )
    _claim(connection, wanted.uploads, activity)
    return ObjectRef("Activity", activity)


def _request(
    wanted: WantedImport, group: int, owner: int, files: list[UploadedFile]
) -> ImportRequest:
    return ImportRequest(
        group=group,
        owner=owner,
        paths=wanted.paths,
        uploads=tuple(files),
        into=wanted.into,
        name=wanted.name,
        description=wanted.description,
        transfer=wanted.transfer,
        axes=wanted.axes,
        skip=wanted.skip,
    )


def _place(connection: Connection, principal: Principal, wanted: WantedImport) -> _Place:
    """Group and owner of the images and the Dataset for them, with the rights to all three."""
    target = None
    if wanted.into is not None:
        target = find_target(connection, principal, wanted.into, ("Dataset",), path=("into",))
    if wanted.group is not None:
        group = find_group(connection, principal, wanted.group, ("group",))
    elif target is not None:
        group = load_group(connection, target.group_id)
    elif principal.default_group_id is not None:
        group = load_group(connection, principal.default_group_id)
    else:
        raise Invalid(
            "You are in no group into which you could import.", hint="Name one.", path=("group",)
        )
    if group.is_special:
        raise Invalid(f"No data lie in the group {group.name}.", path=("group",))
    named = None
    if wanted.owner is not None:
        named = find_user(connection, principal, wanted.owner, ("owner",))
        owner_id = named.user_id
    else:
        owner_id = default_owner(principal, group, target.owner_id if target else None)
    require_import(principal, group, owner_id)
    if named is not None:
        require_owner(principal, group, named)
    if target is not None:
        require_same_group(group.id, target.facts)
        link = link_owner(principal, group, target.owner_id, owner_id)
        if not may_refer(principal, "DatasetImageLink", link, target.facts):
            raise refusal(principal, target)
    return _Place(group, owner_id, target)


def _uploads(
    connection: Connection, principal: Principal, uuids: tuple[str, ...]
) -> dict[str, tuple[str, int]]:
    """Names and lengths of the caller's uploads; raises `NotFound` or `Conflict`."""
    rows = connection.execute(
        select(Upload.uuid, Upload.file_name, Upload.length, Upload.claimed_by).where(
            Upload.uuid.in_(uuids), Upload.user_id == principal.user_id, Upload.expires_at > now()
        )
    ).all()
    found = {row.uuid: (row.file_name, row.length) for row in rows}
    missing: list[NotFound] = [
        not_found(uuid, ("source", "uploads")) for uuid in uuids if uuid not in found
    ]
    if missing:
        raise ExceptionGroup("uploads", missing[:100])
    if any(row.claimed_by is not None for row in rows):
        raise _imported_before()
    return found


def _claim(connection: Connection, uuids: tuple[str, ...], activity: int) -> None:
    if not uuids:
        return
    claimed = connection.execute(
        update(Upload)
        .where(Upload.uuid.in_(uuids), Upload.claimed_by.is_(None))
        .values(claimed_by=activity)
    )
    if claimed.rowcount != len(uuids):  # another request was quicker
        raise _imported_before()


def _imported_before() -> Conflict:
    return Conflict(
        "An upload belongs to an import already.",
        hint="Upload the file again: each upload is imported once.",
        path=("source", "uploads"),
    )
