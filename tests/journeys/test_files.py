"""Files through running processes: attachments with ranges, ROIs as files, signed addresses."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

import httpx

from tests.support.sender import BYTES

if TYPE_CHECKING:
    from tests.support.house import House, Person

ATTACHED = "annotations { ... on FileAnnotation { id file { id hash downloadUrl } } }"


def upload(who: Person, name: str, data: bytes) -> str:
    named = base64.b64encode(name.encode()).decode()
    made = who.http.post(
        f"{who.installation.api}/uploads",
        content=data,
        headers={**BYTES, "Upload-Length": str(len(data)), "Upload-Metadata": f"filename {named}"},
    )
    assert made.status_code == 201, made.text
    return made.headers["Location"].rpartition("/")[2]


def fetch(url: str, method: str = "GET", **headers: str) -> httpx.Response:
    return httpx.request(method, url, headers=headers, trust_env=False, timeout=60.0)


def test_an_attachment_goes_up_and_down_in_parts(house: House) -> None:
    ada = house.person("ada")
    group = f"Group:{house.groups['Lab']}"
    project = ada.change("createProject", "project { id }", name="files", group=group)["project"]
    data = bytes(range(251)) * 20_000
    made: Any = ada.change(
        "annotate", ATTACHED, targets=[project["id"]], files=[upload(ada, "größe.bin", data)]
    )
    (note,) = made["annotations"]
    url = note["file"]["downloadUrl"]
    whole = fetch(url)
    assert (whole.status_code, whole.content) == (200, data)
    assert note["file"]["hash"] == hashlib.sha1(data, usedforsecurity=False).hexdigest()
    parts = [
        fetch(url, Range=f"bytes={at}-{at + 1_999_999}") for at in range(0, len(data), 2 * 10**6)
    ]
    assert {each.status_code for each in parts} == {206}
    assert b"".join(each.content for each in parts) == data
    head = fetch(url, "HEAD")
    assert (head.status_code, head.headers["content-length"], head.content) == (
        200, str(len(data)), b""
    )  # fmt: skip
    beyond = fetch(url, Range=f"bytes={len(data)}-")
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(data)}")
    plain = f"{ada.installation.api}/files/{note['file']['id']}"
    assert fetch(plain).status_code == 401
    assert house.person("rosalind").http.get(plain).content == data
    assert house.person("stranger").http.get(plain).status_code == 404


def test_rois_go_out_of_one_folder_and_into_another(house: House) -> None:
    ada = house.person("ada")
    group = f"Group:{house.groups['Lab']}"
    first, second = (
        ada.change("createFolder", "folder { id }", name=name, group=group)["folder"]["id"]
        for name in ("first", "second")
    )
    bits = base64.b64encode(b"\xff\x80").decode()
    mask = {"type": "MASK", "x": 0, "y": 0, "width": 3, "height": 3, "bytes": bits}
    ada.change("createRoi", "roi { id }", folders=[first], name="m", shapes=[mask])
    api = ada.installation.api
    sent = ada.http.get(f"{api}/rois/{first}.ome.xml")
    assert sent.status_code == 200
    source = {"upload": upload(ada, "rois.ome.xml", sent.content)}
    made = ada.change("importRois", "roiCount shapeCount", folders=[second], source=source)
    assert (made["roiCount"], made["shapeCount"]) == (1, 1)
    again = ada.http.get(f"{api}/rois/{second}.ome.xml")
    assert bits in again.text
    assert house.person("stranger").http.get(f"{api}/rois/{first}.ome.xml").status_code == 404
