"""`/files/{id}`: attachments and other stored files, with Range, for whoever may see them.

What is unknown, invisible, in the trash or no file is 404 alike. Rights are read at each request.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from sqlalchemy import select
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from graphql_api.routes.sent import REVALIDATED, holds, in_threads, principal_for
from shared.auth.rules import Action
from shared.auth.select import allowed, visible
from shared.auth.slides import in_fileset, label_is_withheld, label_withheld, shows_label
from shared.byte_ranges import Unsatisfiable, asked_range, range_headers
from shared.download_names import attachment
from shared.errors import BrokenFile, NotFound
from shared.models.annotations import Annotation
from shared.models.images import OriginalFile
from shared.refs import ObjectRef, parse_ref

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

    from graphql_api.context import Services
    from shared.auth.principal import Principal
    from shared.storage import Storage

PART_BYTES = 2**20
_SHA1 = re.compile(r"[0-9a-f]{40}")
OCTETS = "application/octet-stream"
CLASSES = frozenset({"OriginalFile", "FileAnnotation"})


@dataclass(frozen=True, slots=True)
class _File:
    id: int
    name: str
    storage_name: str
    size: int
    sha1: str | None
    version: int

    @property
    def etag(self) -> str:
        """Its bytes never change under its id, unless it was digested anew."""
        return f'"{self.id}-{self.sha1 or self.size}"'


def file_routes() -> list[Route]:
    """Both addresses of a stored file: by credential, and signed."""
    return [
        Route("/files/{id}", _send, methods=["GET"]),
        Route("/~{grant}/files/{id}", _send, methods=["GET"]),
    ]


async def _send(request: Request) -> Response:
    services: Services = request.app.state.services
    file = await anyio.to_thread.run_sync(_find, request)
    headers = {
        **attachment(file.name),
        "etag": file.etag,
        "cache-control": REVALIDATED,
        "accept-ranges": "bytes",
        "vary": "Authorization, Cookie",
    }
    if file.sha1 is not None:
        digest = base64.b64encode(bytes.fromhex(file.sha1)).decode()
        headers |= {"repr-digest": f"sha=:{digest}:", "x-checksum-sha1": file.sha1}
    if holds(request.headers.get("if-none-match"), file.etag):
        return Response(status_code=304, headers=headers)
    try:
        asked = asked_range(
            request.headers.get("range"), request.headers.get("if-range"), file.size, file.etag
        )
    except Unsatisfiable:
        headers["content-range"] = f"bytes */{file.size}"
        return Response(status_code=416, headers=headers)
    start, end = asked or (0, file.size)
    if asked:
        headers |= range_headers(asked, file.size)
    headers["content-length"] = str(end - start)
    status = 206 if asked else 200
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=OCTETS)
    parts = in_threads(_parts(services.storage, file, start, end))
    return StreamingResponse(parts, status_code=status, headers=headers, media_type=OCTETS)


def _find(request: Request) -> _File:
    """The file that the address names, as far as the caller sees it; raises `NotFound`."""
    services: Services = request.app.state.services
    text = request.path_params["id"]
    ref = parse_ref(text if ":" in text else f"OriginalFile:{text}")
    known = ref if ref is not None and ref.class_name in CLASSES else ObjectRef("OriginalFile", 0)
    principal = principal_for(request, known)
    with services.database.read() as connection:
        row = connection.execute(_statement(principal, known)).first()
    if row is None or row.storage_name is None:
        raise NotFound("There is no such file.", hint="Or you may not see it.", target=text[:80])
    if row.is_withheld or (row.shows_label and not row.may_see_label):
        raise label_withheld(ObjectRef("OriginalFile", row.id))
    file = _File(
        row.id, row.name, row.storage_name, row.size,
        row.hash if row.hasher == "SHA1-160" and _SHA1.fullmatch(row.hash or "") else None,
        row.version,
    )  # fmt: skip
    try:
        size = services.storage.size(file.storage_name)
    except NotFound as error:
        raise _gone(file) from error
    if size != file.size:
        raise _gone(file)
    return file


def _statement(principal: Principal, ref: ObjectRef) -> Any:
    """One statement whatever the address names."""
    file: Any = OriginalFile.__table__
    note: Any = Annotation.__table__
    found = select(
        file.c.id, file.c.name, file.c.storage_name, file.c.size, file.c.hasher, file.c.hash,
        file.c.version, in_fileset(file, shows_label).label("shows_label"),
        in_fileset(file, label_is_withheld).label("is_withheld"),
        allowed(principal, Action.VIEW_LABEL, OriginalFile).label("may_see_label"),
    ).where(allowed(principal, Action.DOWNLOAD, OriginalFile))  # fmt: skip
    if ref.class_name == "OriginalFile":
        return found.where(file.c.id == ref.id)
    return found.join(note, note.c.file_id == file.c.id).where(
        note.c.id == ref.id, note.c.class_name == "FileAnnotation", visible(principal, Annotation)
    )


def _parts(storage: Storage, file: _File, start: int, end: int) -> Iterator[bytes]:
    with storage.open_to_read(file.storage_name) as opened:
        opened.seek(start)
        while start < end:
            part = opened.read(min(PART_BYTES, end - start))
            if not part:
                raise _gone(file)
            start += len(part)
            yield part


def _gone(file: _File) -> BrokenFile:
    return BrokenFile(
        f"The stored file {file.name[:80]!r} is gone or has changed.",
        hint="Ask your administrator to restore it, or attach it again.",
    )
