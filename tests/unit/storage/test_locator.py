"""Names of files follow from a uuid and from nothing else."""

from __future__ import annotations

import pytest

from shared.errors import Invalid
from shared.storage import locator

UUID = "ab12cd34-0000-4000-8000-000000000000"


def test_names_are_spread_by_the_first_two_digits() -> None:
    assert locator.fileset_folder(UUID) == f"files/ab/{UUID}"
    assert locator.derived_folder(UUID) == f"derived/ab/{UUID}"
    assert locator.chunk_index(UUID) == f"derived/ab/{UUID}/index.npz"
    assert locator.pyramid(UUID) == f"derived/ab/{UUID}/pyramid.ome.zarr"
    assert locator.label(UUID) == f"derived/ab/{UUID}/label.png"
    assert locator.macro(UUID) == f"derived/ab/{UUID}/macro.png"
    assert locator.upload_file(UUID) == f"uploads/ab/{UUID}"
    assert locator.attachment(UUID) == f"attachments/ab/{UUID}"


@pytest.mark.parametrize(
    "text", ["", "..", "../../etc", "ab", UUID.upper(), f"{{{UUID}}}", UUID.replace("-", "")]
)
def test_what_is_not_a_uuid_is_invalid(text: str) -> None:
    with pytest.raises(Invalid):
        locator.fileset_folder(text)
