"""`PixelSource`: the one small protocol through which every pixel is read, and its values.

Axes are always named. A plane is addressed by z, c and t (0-based); a region of it by x, y, width
and height in pixels of the level asked for. Level 0 is full resolution. Samples of an RGB image are
its channels: a reader never answers an array with a samples axis.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class PixelType(StrEnum):
    """OME's pixel types (`Pixels.Type`); the value is OME's spelling."""

    BIT = "bit"
    INT8 = "int8"
    INT16 = "int16"
    INT32 = "int32"
    UINT8 = "uint8"
    UINT16 = "uint16"
    UINT32 = "uint32"
    FLOAT = "float"
    DOUBLE = "double"
    COMPLEX = "complex"
    DOUBLE_COMPLEX = "double-complex"

    @property
    def numpy_name(self) -> str:
        """The name of the native numpy dtype in which regions of this type are answered."""
        return _NUMPY_NAMES.get(self, self.value)

    @property
    def bits(self) -> int:
        """Bits that one pixel takes; 1 for `bit`."""
        return _BITS[self]

    @property
    def is_integer(self) -> bool:
        """Whether values are whole numbers (bit included)."""
        return self not in {
            PixelType.FLOAT,
            PixelType.DOUBLE,
            PixelType.COMPLEX,
            PixelType.DOUBLE_COMPLEX,
        }

    @property
    def is_complex(self) -> bool:
        """Whether values have a real and an imaginary part."""
        return self in {PixelType.COMPLEX, PixelType.DOUBLE_COMPLEX}

    def value_range(self, significant_bits: int | None = None) -> tuple[float, float]:
        """Least and greatest value, as OMERO reports it (floats: the signed 32-bit range).

        Source: semantics of OMERO's rendering engine, pixel-type range.
        """
        if not self.is_integer:
            return -(2.0**31), 2.0**31 - 1
        bits = self.bits
        if significant_bits and 0 < significant_bits <= bits:
            bits = significant_bits
        if self.value.startswith("int"):
            return -(2.0 ** (bits - 1)), 2.0 ** (bits - 1) - 1
        return 0.0, 2.0**bits - 1


_NUMPY_NAMES = {
    PixelType.BIT: "uint8",
    PixelType.FLOAT: "float32",
    PixelType.DOUBLE: "float64",
    PixelType.COMPLEX: "complex64",
    PixelType.DOUBLE_COMPLEX: "complex128",
}
_BITS = {
    PixelType.BIT: 1,
    PixelType.INT8: 8,
    PixelType.UINT8: 8,
    PixelType.INT16: 16,
    PixelType.UINT16: 16,
    PixelType.INT32: 32,
    PixelType.UINT32: 32,
    PixelType.FLOAT: 32,
    PixelType.DOUBLE: 64,
    PixelType.COMPLEX: 64,
    PixelType.DOUBLE_COMPLEX: 128,
}


@dataclass(frozen=True, slots=True)
class Level:
    """One resolution of an image: sizes in pixels, and the grid in which it is stored."""

    width: int
    height: int
    tile_width: int
    tile_height: int


@dataclass(frozen=True, slots=True)
class PlaneRegion:
    """A rectangle of one plane at one level, in pixels of that level; it lies within the level."""

    level: int
    z: int
    c: int
    t: int
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Dimensions:
    """Sizes of a five-dimensional image at full resolution."""

    size_x: int
    size_y: int
    size_z: int
    size_c: int
    size_t: int


class PixelSource(Protocol):
    """An open image. Reading is thread-safe; `close` frees what it holds."""

    @property
    def dimensions(self) -> Dimensions:
        """Sizes at full resolution."""
        ...

    @property
    def pixel_type(self) -> PixelType:
        """OME pixel type of what `read` answers (native byte order)."""
        ...

    @property
    def levels(self) -> tuple[Level, ...]:
        """Resolutions from the largest to the smallest; never empty."""
        ...

    def read(self, region: PlaneRegion) -> NDArray[np.generic]:
        """Answer the region as an array of shape (height, width).

        Raises `BrokenFile` when the bytes cannot be decoded.
        """
        ...

    def close(self) -> None:
        """Free files and memory; reading afterwards is an error."""
        ...
