"""`ZarrSource`: OME-Zarr through zarr-python, for arrays that the chunk index cannot describe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.errors import BrokenFile, Invalid
from shared.pixels.beneath import checked_parts

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from shared.pixels.source import Dimensions, Level, PixelType, PlaneRegion
    from shared.pixels.zarr_arrays import ZarrArray


class ZarrSource:
    """A `PixelSource` over the arrays of one OME-Zarr image below `root`."""

    def __init__(
        self,
        root: Path,
        arrays: tuple[ZarrArray, ...],
        axes: str,
        dimensions: Dimensions,
        levels: tuple[Level, ...],
    ) -> None:
        """Open the arrays, whose axes are `axes`; raises `BrokenFile`."""
        self.dimensions = dimensions
        self.levels = levels
        self.pixel_type: PixelType = arrays[0].pixel_type
        self._axes = axes
        self._arrays = tuple(_opened(root, array) for array in arrays)
        self._size_z = tuple(array.shape[axes.index("Z")] if "Z" in axes else 1 for array in arrays)

    def read(self, region: PlaneRegion) -> NDArray[np.generic]:
        """Answer the region as an array (height, width); raises `Invalid` and `BrokenFile`."""
        import numpy as np

        self._check(region)
        z = min(
            region.z * self._size_z[region.level] // self.dimensions.size_z,
            self._size_z[region.level] - 1,
        )
        picked: dict[str, Any] = {
            "T": region.t,
            "C": region.c,
            "Z": z,
            "Y": slice(region.y, region.y + region.height),
            "X": slice(region.x, region.x + region.width),
        }
        try:
            plane = np.asarray(self._arrays[region.level][tuple(picked[at] for at in self._axes)])
        except (OSError, ValueError, RuntimeError, TypeError, KeyError) as error:
            raise BrokenFile(
                f"The pixels of level {region.level} cannot be read: {error}.",
                hint="The folder is damaged; compare it with its source and import it again.",
            ) from error
        if self._axes.index("X") < self._axes.index("Y"):
            plane = plane.T
        return np.ascontiguousarray(plane, dtype=self.pixel_type.numpy_name)

    def close(self) -> None:
        """Let go of the arrays."""
        self._arrays = ()

    def _check(self, region: PlaneRegion) -> None:
        sizes = self.dimensions
        if not 0 <= region.level < len(self._arrays):
            raise Invalid(f"There is no level {region.level}.", hint="Levels start at 0.")
        level = self.levels[region.level]
        fits = (
            0 <= region.t < sizes.size_t
            and 0 <= region.c < sizes.size_c
            and 0 <= region.z < sizes.size_z
            and 0 <= region.x < region.x + region.width <= level.width
            and 0 <= region.y < region.y + region.height <= level.height
        )
        if not fits:
            raise Invalid(
                f"The region {region} lies outside the image.",
                hint=f"The level is {level.width} x {level.height}, the image {sizes}.",
            )


def _opened(root: Path, array: ZarrArray) -> Any:
    import zarr

    path = root
    # zarr-python follows links; the fileset's own folders must not be any.
    for part in checked_parts(array.path) if array.path else ():
        path = path / part
        if path.is_symlink():
            raise BrokenFile(
                f"The array {array.path!r} is a link.",
                hint="Links inside an image are not followed; import the files themselves.",
            )
    try:
        opened = zarr.open_array(store=str(path), mode="r")
    except (OSError, ValueError, RuntimeError, TypeError, KeyError) as error:
        raise BrokenFile(
            f"The array {array.path!r} cannot be opened: {error}.",
            hint="It may use a codec that is not installed, or be damaged.",
        ) from error
    return opened
