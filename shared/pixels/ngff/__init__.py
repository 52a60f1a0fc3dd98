"""NGFF metadata as values, the same for every version; `v04` and `v05` say how each is written.

Parsing is strict where pixels depend on it (axes, paths, scales) and forgiving in the `omero`
block, which the specification calls transitional and which writers fill as they like.
"""

from __future__ import annotations

from shared.pixels.ngff.multiscales import Axis, Dataset, Multiscale
from shared.pixels.ngff.omero import Omero, OmeroChannel, parse_omero

__all__ = ["Axis", "Dataset", "Multiscale", "Omero", "OmeroChannel", "parse_omero"]
