"""`/uploads`: files come in by tus 1.0 (creation, creation with upload, termination, expiration).

What arrived stays when a client goes away; it asks for the offset and sends the rest. The request
is read here, rows and files are `importing.uploads`, in threads.
"""

from __future__ import annotations

import base64
import binascii
import errno
import re
from email.utils import formatdate
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Route

from graphql_api.importing import uploads
from graphql_api.importing.uploads import Appender, KnownUpload, Locked, NoSpace
from graphql_api.routes.problems import problem, tessera_problem
from shared.clock import SECOND
from shared.errors import (
    Conflict,
    Invalid,
    TesseraError,
    TooLarge,
    Unauthenticated,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from graphql_api.context import Services
    from graphql_api.login.identity import Identity
    from shared.auth.principal import Principal

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,termination,expiration"
CONTENT = "application/offset+octet-stream"
PART_BYTES = 2**20
"""Bytes are written to disk in parts of at least this size."""
NUMBER = re.compile(r"0|[1-9][0-9]{0,17}")
METHODS = ["GET", "POST", "HEAD", "PATCH", "PUT", "DELETE", "OPTIONS"]


def upload_routes(path: str = "/uploads") -> list[Route]:
    """The routes of tus; every method reaches them, so that each answer can carry its headers."""
    return [
        Route(path, _collection, methods=METHODS),
        Route(path + "/{uuid}", _member, methods=METHODS),
    ]


async def _collection(request: Request) -> Response:
    if request.method == "OPTIONS":
        return _options(request)
    return await _guarded(request, {"POST": _create})


async def _member(request: Request) -> Response:
    if request.method == "OPTIONS":
        return _options(request)
    return await _guarded(request, {"HEAD": _head, "PATCH": _patch, "DELETE": _delete})


async def _guarded(
    request: Request, verbs: dict[str, Callable[[Request, Principal], Awaitable[Response]]]
) -> Response:
    """Check version and identity, do it, and put the protocol's version on whatever comes out."""
    try:
        response = await _answer(request, verbs)
    except TesseraError as error:
        response = await _refusal(request, error)
    response.headers["Tus-Resumable"] = VERSION
    response.headers["Cache-Control"] = "no-store"
    return response


async def _answer(
    request: Request, verbs: dict[str, Callable[[Request, Principal], Awaitable[Response]]]
) -> Response:
    method = request.method
    if method == "POST" and method not in verbs:  # for clients that can only GET and POST
        method = request.headers.get("x-http-method-override", method).upper()
    if method not in verbs:
        refused = problem(405, "Use " + ", ".join(verbs) + ".", code="method_not_allowed")
        refused.headers["Allow"] = ", ".join([*verbs, "OPTIONS"])
        return refused
    if request.headers.get("tus-resumable") != VERSION:
        refused = problem(412, f"Only tus {VERSION} is spoken here.", code="tus_version")
        refused.headers["Tus-Version"] = VERSION
        return refused
    identity: Identity = request.app.state.identity
    principal = await anyio.to_thread.run_sync(identity.principal, request)
    if principal is None:
        raise Unauthenticated("You are not logged in.", hint="Send Authorization: Bearer.")
    return await verbs[method](request, principal)


async def _refusal(request: Request, error: TesseraError) -> Response:
    if isinstance(error, NoSpace):
        return problem(507, error.message, code=error.code, hint=error.hint)
    response = await tessera_problem(request, error)
    if isinstance(error, Locked):
        response.status_code = 423
    return response


def _options(request: Request) -> Response:
    services: Services = request.app.state.services
    return Response(
        status_code=204,
        headers={
            "Tus-Resumable": VERSION,
            "Tus-Version": VERSION,
            "Tus-Extension": EXTENSIONS,
            "Tus-Max-Size": str(services.settings.upload_max_bytes),
        },
    )


async def _create(request: Request, principal: Principal) -> Response:
    services: Services = request.app.state.services
    if "upload-defer-length" in request.headers:
        raise Invalid("The length cannot be told later.", hint="Send Upload-Length.")
    length = _number(request, "upload-length")
    name = _file_name(request.headers.get("upload-metadata", ""))
    carries = request.headers.get("content-type") == CONTENT
    if carries:
        _check_announced(request, 0, length)

    def create() -> KnownUpload:
        return uploads.create_upload(
            services.database,
            services.storage,
            services.settings,
            principal,
            name=name,
            length=length,
        )

    made = await anyio.to_thread.run_sync(create)
    response = Response(status_code=201, headers=_place(made))
    response.headers["Location"] = f"{request.url.path.rstrip('/')}/{made.uuid}"
    if carries:
        try:
            offset = await _receive(request, services, made, 0)
        except TesseraError:  # nobody knows its address, so nobody could go on with it
            await anyio.to_thread.run_sync(
                uploads.end_upload, services.database, services.storage, principal, made.uuid
            )
            raise
        response.headers["Upload-Offset"] = str(offset)
    return response


async def _head(request: Request, principal: Principal) -> Response:
    found = await _find(request, principal)
    headers = {"Upload-Offset": str(found.offset), "Upload-Length": str(found.length)}
    name = base64.b64encode(found.name.encode()).decode()
    return Response(
        status_code=200,
        headers={**headers, **_place(found), "Upload-Metadata": f"filename {name}"},
    )


async def _patch(request: Request, principal: Principal) -> Response:
    if request.headers.get("content-type") != CONTENT:
        return problem(415, f"Send the bytes as {CONTENT}.", code="unsupported_media_type")
    offset = _number(request, "upload-offset")
    found = await _find(request, principal)
    if found.is_claimed:
        raise Conflict("This upload belongs to an import already.", hint="Start a new one.")
    if offset != found.offset:
        raise _wrong_offset(found.offset)
    _check_announced(request, offset, found.length)
    services: Services = request.app.state.services
    arrived = await _receive(request, services, found, offset)
    await anyio.to_thread.run_sync(uploads.prolong, services.database, found)
    return Response(status_code=204, headers={"Upload-Offset": str(arrived), **_place(found)})


async def _delete(request: Request, principal: Principal) -> Response:
    services: Services = request.app.state.services
    await anyio.to_thread.run_sync(
        uploads.end_upload,
        services.database,
        services.storage,
        principal,
        request.path_params["uuid"],
    )
    return Response(status_code=204)


async def _find(request: Request, principal: Principal) -> KnownUpload:
    services: Services = request.app.state.services
    return await anyio.to_thread.run_sync(
        uploads.find_upload,
        services.database,
        services.storage,
        principal,
        request.path_params["uuid"],
    )


async def _receive(request: Request, services: Services, upload: KnownUpload, offset: int) -> int:
    """Write the body behind `offset`; answers the new offset, also when the client went away."""
    appender = await anyio.to_thread.run_sync(Appender, services.storage, upload)
    waiting = bytearray()
    try:
        if appender.start != offset:  # somebody else wrote between the look and the lock
            raise _wrong_offset(appender.start)
        try:
            async for part in request.stream():
                waiting += part
                if len(waiting) >= PART_BYTES:
                    await anyio.to_thread.run_sync(appender.append, bytes(waiting))
                    waiting.clear()
        except ClientDisconnect:
            pass  # what arrived is kept: the client asks for the offset when it comes back
        await anyio.to_thread.run_sync(appender.append, bytes(waiting))
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise NoSpace("The server's disk is full.", hint="Go on when there is room.") from error
        raise
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(appender.close)
    return appender.offset


def _check_announced(request: Request, offset: int, length: int) -> None:
    announced = request.headers.get("content-length", "0")
    if NUMBER.fullmatch(announced) and offset + int(announced) > length:
        raise TooLarge(
            f"More than the {length} bytes that were announced are on their way.",
            hint="Nothing of this request was kept.",
        )


def _number(request: Request, header: str) -> int:
    text = request.headers.get(header, "")
    if not NUMBER.fullmatch(text):
        raise Invalid(f"{header.title()} is not a number of bytes.", hint="Send it in digits.")
    return int(text)


def _file_name(metadata: str) -> str:
    """The file's name out of `Upload-Metadata`; raises `Invalid`."""
    for pair in metadata.split(","):
        key, _, value = pair.strip().partition(" ")
        if key == "filename":
            try:
                return base64.b64decode(value, validate=True).decode()
            except (binascii.Error, ValueError) as error:
                raise Invalid(
                    "The file's name cannot be read.", hint="Send it in UTF-8 as Base64."
                ) from error
    raise Invalid(
        "The file has no name.", hint="Send Upload-Metadata: filename, followed by it in Base64."
    )


def _place(upload: KnownUpload) -> dict[str, str]:
    return {"Upload-Expires": formatdate(upload.expires_at / SECOND, usegmt=True)}


def _wrong_offset(offset: int) -> Conflict:
    return Conflict(f"The upload stands at {offset} bytes.", hint="Go on from there.")
