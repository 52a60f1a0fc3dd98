"""Run one import Activity: gather every fileset, then register all of them in one transaction.

Rights are looked at again when it runs, with the rows as they are now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from graphql_api.importing.filesets import PlannedFileset, of_path, of_uploads
from graphql_api.importing.gather import Gathered, Gatherer
from graphql_api.importing.register import Registrar, register_fileset
from graphql_api.importing.request import ImportRequest
from graphql_api.importing.rights import require_import
from graphql_api.importing.roots import import_roots, source_files
from graphql_api.importing.uploads import let_go
from shared.auth.creation import GroupFacts, link_owner, may_refer
from shared.auth.decide import ObjectFacts
from shared.auth.epoch import bump_epoch
from shared.auth.select import visible
from shared.clock import now
from shared.database import lock_groups
from shared.errors import Denied, NotFound, Unreadable
from shared.journal.write import begin_event
from shared.models.containers import Dataset
from shared.models.links import LINKS
from shared.models.people import Group, GroupPermissions
from shared.models.system import Instance
from shared.refs import ObjectRef
from shared.storage.intents import fulfil

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.activities.handlers import Work


def run_import(work: Work) -> None:
    """Handle an Activity of kind `import`; raises TesseraErrors, having erased what it made."""
    request = ImportRequest.from_json(work.request)
    planned = _plan(work, request)
    gatherer = Gatherer(work.database, work.storage, work.claim.activity_id, request, work.beat)
    try:
        gathered = [gatherer.gather(each) for each in planned]
        work.beat(0, 0, "registering")
        with work.database.write() as connection:
            result = _register(connection, work, request, gathered)
            let_go(connection, [upload.uuid for upload in request.uploads])
            fulfil(connection, gatherer.intents)
            work.finish(connection, result=result)
            bump_epoch(connection)
    except BaseException as error:
        gatherer.discard()
        if isinstance(error, Unreadable):  # no later attempt could read these files either
            with work.database.write() as connection:
                let_go(connection, [upload.uuid for upload in request.uploads])
        raise


def _plan(work: Work, request: ImportRequest) -> list[PlannedFileset]:
    """The filesets of the request, their paths checked again."""
    with work.database.read() as connection:
        has_demo = connection.scalar(select(Instance.demo_state)) is not None
        group_name = connection.scalar(select(Group.name).where(Group.id == request.group)) or ""
    roots = import_roots(work.settings, has_demo=has_demo)
    planned = [
        of_path(path, source_files(path, roots, group_name, work.settings.data_dir))
        for path in request.paths
    ]
    return [*planned, *of_uploads(request.uploads, work.storage)]


def _register(
    connection: Connection, work: Work, request: ImportRequest, gathered: list[Gathered]
) -> list[str]:
    claim, principal = work.claim, work.principal
    lock_groups(connection, [request.group])
    group = group_facts(connection, request.group)
    require_import(principal, group, request.owner)
    event = begin_event(
        connection,
        user_id=claim.user_id,
        sudoer_id=claim.sudoer_id,
        session_id=claim.session_id,
        activity_id=claim.activity_id,
        kind="import",
    )
    rows = Registrar(connection, request.owner, request.group, event, now())
    images: list[int] = []
    refs: list[str] = []
    for fileset in gathered:
        prefix = f"{principal.login}_{principal.user_id}/{fileset.uuid}"
        images += register_fileset(
            rows,
            fileset,
            axes=request.axes,
            prefix=prefix,
            name=request.name,
            description=request.description,
        )
        refs.append(f"Fileset:{rows.made['Fileset'][-1]}")
    if request.into is not None:
        _link(connection, work, rows, group, ObjectRef.parse(request.into), images)
    rows.write_journal()
    return [*(f"Image:{image}" for image in images), *refs]


def group_facts(connection: Connection, group_id: int) -> GroupFacts:
    """What rights ask of a group; raises `NotFound` for an unknown one."""
    row = connection.execute(
        select(Group.name, Group.permissions, Group.link_owner_follows_content).where(
            Group.id == group_id
        )
    ).one_or_none()
    if row is None:
        raise NotFound(f"There is no Group:{group_id}.", target=f"Group:{group_id}")
    return GroupFacts(
        group_id, GroupPermissions(row.permissions), row.name, row.link_owner_follows_content
    )


def _link(
    connection: Connection,
    work: Work,
    rows: Registrar,
    group: GroupFacts,
    target: ObjectRef,
    images: list[int],
) -> None:
    dataset = connection.execute(
        select(Dataset.id, Dataset.owner_id, Dataset.group_id).where(
            Dataset.id == target.id, visible(work.principal, Dataset)
        )
    ).one_or_none()
    if dataset is None or dataset.group_id != group.id:
        raise NotFound(
            f"{target} is not in Group:{group.id} any more.",
            target=str(target),
            hint="Import without it and link the images afterwards.",
        )
    facts = ObjectFacts("Dataset", dataset.owner_id, group.id, group.permissions)
    owner = link_owner(work.principal, group, dataset.owner_id, rows.owner)
    verdict = may_refer(work.principal, "DatasetImageLink", owner, facts)
    if not verdict.allowed:
        raise Denied(
            f"You may not put images into {target}.",
            reasons=tuple(reason.value for reason in verdict.reasons),
            target=str(target),
        )
    kind: Any = LINKS["DatasetImageLink"].model
    maker, rows.owner = rows.owner, owner
    for image in images:
        rows.add(kind, parent_id=dataset.id, child_id=image)
    rows.owner = maker
