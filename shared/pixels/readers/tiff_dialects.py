"""The dialects of TIFF by the names that people know, and what they state as pairs of text.

Only dialects whose metadata lie in the file's own tags are asked: some others would open files that
stand beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.pixels.readers.tiff_tags import flattened

if TYPE_CHECKING:
    from tifffile import TiffFile

DIALECTS = {
    "stk": "MetaMorph STK",
    "lsm": "Zeiss LSM",
    "fei": "FEI TIFF",
    "sem": "Zeiss SEM TIFF",
    "sis": "Olympus SIS TIFF",
    "tvips": "TVIPS TIFF",
    "metaseries": "MetaSeries TIFF",
    "fluoview": "Olympus FluoView TIFF",
    "scanimage": "ScanImage TIFF",
    "micromanager": "Micro-Manager TIFF",
    "nih": "NIH Image TIFF",
    "mdgel": "Molecular Dynamics GEL",
    "andor": "Andor TIFF",
    "nuvu": "Nuvu TIFF",
    "epics": "EPICS TIFF",
    "pilatus": "Pilatus TIFF",
    "streak": "Hamamatsu Streak TIFF",
    "eer": "EER",
    "astrotiff": "AstroTIFF",
    "geotiff": "GeoTIFF",
    "gdal": "GDAL TIFF",
}
SLIDES = {
    "svs": "Aperio SVS",
    "ndpi": "Hamamatsu NDPI",
    "scn": "Leica SCN",
    "bif": "Ventana BIF",
    "qpi": "PerkinElmer QPTIFF",
    "philips": "Philips TIFF",
    "avs": "Argos AVS",
}
_OPENS_ITSELF = frozenset({"micromanager"})
"""tifffile reads these from other places of the file (or other files) than the page's tags."""


def dialect_metadata(tif: TiffFile) -> tuple[tuple[str, str], ...]:
    """Answer what the file's dialects state as pairs of text, prefixed with the dialect."""
    pairs: list[tuple[str, str]] = []
    for dialect in DIALECTS:
        if dialect in _OPENS_ITSELF or not getattr(tif, f"is_{dialect}", False):
            continue
        value = getattr(tif, f"{dialect}_metadata", None)
        if value:
            pairs.extend(flattened(dialect.upper(), value))
    return tuple(pairs)
