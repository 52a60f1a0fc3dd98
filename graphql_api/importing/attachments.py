"""Attach files that were uploaded: their bytes get a name of their own, without being copied.

Each group gets its own file, for a file goes where its annotation goes. An intent is committed
before a name is made and removed with the transaction that refers to it, so nothing is orphaned.
"""

from __future__ import annotations

import hashlib
import mimetypes
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from graphql_api.editing.annotate import Annotating, NewFile, checked, write_annotations
from graphql_api.editing.carriers import find_carriers
from graphql_api.editing.idempotency import once, recalled
from graphql_api.importing.consumed import consume, finished_upload
from shared.models.links import LINKS
from shared.refs import ObjectRef, parse_ref
from shared.storage.intents import fulfil, intend
from shared.storage.locator import attachment, upload_file

if TYPE_CHECKING:
    from shared.auth.principal import Principal
    from shared.database import Database
    from shared.storage import Storage

BLOCK_BYTES = 2**20
PATH = ("files",)


@dataclass(slots=True)
class _Prepared:
    """Names made ahead of the transaction that refers to them."""

    files: list[NewFile] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    intents: list[int] = field(default_factory=list)


def annotate_with_files(
    database: Database,
    storage: Storage,
    principal: Principal,
    wanted: Annotating,
    key: str | None = None,
) -> tuple[list[ObjectRef], list[ObjectRef]]:
    """As `annotate`, where `files` may be finished uploads too; answers annotations and links.

    Raises what that raises, `NotFound` for an upload that is not the caller's, and `Conflict` for
    one that is not whole or in use; then nothing was done and the upload can be used again.
    """
    uploads = [text for text in dict.fromkeys(wanted.files) if parse_ref(text) is None]
    there = tuple(text for text in wanted.files if parse_ref(text) is not None)
    clean = checked(replace(wanted, files=there, new_files=tuple(map(_announced, uploads))))
    given = asdict(clean)
    before = recalled(database, principal, "annotate", key, given)
    if before is not None:
        return _split([ObjectRef.parse(text) for text in before["refs"]])
    prepared = _prepare(database, storage, principal, clean, uploads)
    used = False

    def work() -> list[ObjectRef]:
        nonlocal used
        used = True
        for each in uploads:
            consume(connection, principal, each)
        ready = replace(clean, new_files=tuple(prepared.files))
        made = write_annotations(connection, principal, ready)
        fulfil(connection, prepared.intents)
        return made

    try:
        with database.write() as connection:
            refs = once(connection, principal, "annotate", key, given, work)
    except BaseException:
        _discard(database, storage, prepared)
        raise
    if not used:
        _discard(database, storage, prepared)
    return _split(refs)


def _announced(upload: str) -> NewFile:
    return NewFile(upload, "", 0, "")


def _split(refs: Sequence[ObjectRef]) -> tuple[list[ObjectRef], list[ObjectRef]]:
    return (
        [ref for ref in refs if ref.class_name not in LINKS],
        [ref for ref in refs if ref.class_name in LINKS],
    )


def _prepare(
    database: Database,
    storage: Storage,
    principal: Principal,
    wanted: Annotating,
    uploads: Sequence[str],
) -> _Prepared:
    """Give the bytes of each upload a lasting name per group; raises as `finished_upload`."""
    prepared = _Prepared()
    if not uploads:
        return prepared
    found = [finished_upload(database, storage, principal, each, PATH) for each in uploads]
    with database.read() as connection:
        given = [*wanted.tags, *wanted.files, *wanted.annotations]
        targets = find_carriers(connection, principal, wanted.targets, given, wanted.group)
    groups = sorted({target.group_id for target in targets})
    try:
        for each in found:
            source = upload_file(each.uuid)
            names: dict[int, str] = {}
            for group_id in groups:
                names[group_id] = attachment(str(uuid.uuid4()))
                prepared.intents.append(intend(database, names[group_id]))
                prepared.names.append(names[group_id])
                storage.link(source, names[group_id])
            name = each.name.replace("\\", "/").rpartition("/")[2] or "file"
            prepared.files.append(
                NewFile(
                    each.uuid, name, each.length, _sha1(storage, source),
                    mimetypes.guess_type(name)[0] or "application/octet-stream", names,
                )
            )  # fmt: skip
    except BaseException:
        _discard(database, storage, prepared)
        raise
    return prepared


def _discard(database: Database, storage: Storage, prepared: _Prepared) -> None:
    """Take back names that nothing refers to."""
    for name in prepared.names:
        storage.erase(name)
    if prepared.intents:
        with database.write() as connection:
            fulfil(connection, prepared.intents)


def _sha1(storage: Storage, name: str) -> str:
    digest: Any = hashlib.sha1(usedforsecurity=False)
    with storage.open_to_read(name) as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
    return str(digest.hexdigest())
