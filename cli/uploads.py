"""Send files to `/uploads` by tus, and go on where the server stands when the line broke.

The server's offset is the truth: after any trouble it is asked for, never assumed.
"""

from __future__ import annotations

import time
from base64 import b64encode
from typing import TYPE_CHECKING, BinaryIO, TypeVar

import httpx

from cli.client import require
from shared.errors import Busy, Conflict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cli.client import Client

PART_BYTES = 8 * 2**20
ATTEMPTS = 6
"""How often in a row a request is repeated before the upload is given up."""
FIRST_PAUSE_S = 0.5
T = TypeVar("T")
TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {**TUS, "Content-Type": "application/offset+octet-stream"}


def upload(
    client: Client, path: Path, name: str, sent: Callable[[int], None] = lambda _offset: None
) -> str:
    """Send a file under a relative name; answers the upload's id.

    `sent` is told how many bytes are at the server. Raises what the server refused with, `Busy`
    when it stays away, `Conflict` when the file becomes shorter meanwhile.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        if size <= PART_BYTES:
            location = _create(client, name, size, _read(file, 0, size, path))
        else:
            location = _create(client, name, size, None)
            _send_rest(client, location, file, size, path, sent)
    sent(size)
    return location.rstrip("/").rpartition("/")[2]


def _create(client: Client, name: str, size: int, content: bytes | None) -> str:
    """Announce a file, with its bytes when it is small; answers its address."""
    headers = {
        **(TUS if content is None else BYTES),
        "Upload-Length": str(size),
        "Upload-Metadata": f"filename {b64encode(name.encode()).decode()}",
    }

    def create() -> str:
        answer = client.send("POST", "/uploads", headers=headers, content=content or b"")
        require(answer, httpx.codes.CREATED)
        return answer.headers["Location"]

    return _patiently(create)


def _send_rest(
    client: Client,
    location: str,
    file: BinaryIO,
    size: int,
    path: Path,
    sent: Callable[[int], None],
) -> None:
    offset, troubles = 0, 0
    while offset < size:
        part = _read(file, offset, min(PART_BYTES, size - offset), path)
        try:
            answer = client.send(
                "PATCH", location, content=part, headers={**BYTES, "Upload-Offset": str(offset)}
            )
            require(answer, httpx.codes.NO_CONTENT)
        except (Busy, Conflict):
            troubles += 1
            if troubles >= ATTEMPTS:
                raise
            time.sleep(FIRST_PAUSE_S * 2 ** (troubles - 1))
            before, offset = offset, _patiently(lambda: _offset(client, location))
            troubles = 0 if offset > before else troubles
            continue
        offset, troubles = int(answer.headers["Upload-Offset"]), 0
        sent(offset)


def _offset(client: Client, location: str) -> int:
    answer = client.send("HEAD", location, headers=TUS)
    require(answer, httpx.codes.OK)
    return int(answer.headers["Upload-Offset"])


def _patiently(request: Callable[[], T]) -> T:
    """Repeat a request while the server is away or busy."""
    for attempt in range(ATTEMPTS - 1):
        try:
            return request()
        except Busy:
            time.sleep(FIRST_PAUSE_S * 2**attempt)
    return request()


def _read(file: BinaryIO, offset: int, count: int, path: Path) -> bytes:
    file.seek(offset)
    part = file.read(count)
    if len(part) != count:
        raise Conflict(f"{path} became shorter while it was sent.", hint="Import it again.")
    return part
