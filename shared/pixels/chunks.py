"""Turn the stored bytes of one chunk into pixels: the step between `pread` and rendering.

A newcomer would expect the file's axes back; what comes out is always a view in the order T C Z Y X
with all five axes, in native byte order. No decoder may grow past the chunk's own size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.errors import BrokenFile
from shared.pixels.chunk_headers import declared_size
from shared.pixels.chunk_index import AXES, ChunkCoordinate, LevelIndex
from shared.pixels.expand import expand
from shared.pixels.zarr_codecs import decode_zarr

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PICTURE_CODECS = frozenset({"jpeg", "jpeg2000", "webp", "jpegxr", "lerc", "png"})


def decode_chunk(
    data: bytes,
    level: LevelIndex,
    coordinate: ChunkCoordinate,
    out: NDArray[np.generic] | None = None,
) -> NDArray[np.generic]:
    """Decode one chunk to an array (t, c, z, y, x) of its full stored extent, native byte order.

    The array may be a read-only view with strides; given `out` of that shape, it is filled and
    answered instead. Raises `BrokenFile` naming file and chunk.
    """
    try:
        stored = _stored_array(data, level, coordinate)
    except (
        ValueError,
        TypeError,
        LookupError,
        ArithmeticError,
        RuntimeError,
        MemoryError,
    ) as error:
        raise BrokenFile(
            f"The chunk {tuple(coordinate)} in {level.file_of(coordinate)!r} cannot be decoded: "
            f"{error}.",
            hint="The file is damaged there; compare it with its source and import it again.",
        ) from error
    arranged = _arranged(stored, level.stored_axes)
    if out is None:
        return arranged
    out[...] = arranged
    return out


def fill_chunk(level: LevelIndex, coordinate: ChunkCoordinate) -> NDArray[np.generic]:
    """Answer an absent chunk: the fill value in the chunk's full stored extent."""
    import numpy as np

    dtype = np.dtype(level.dtype).newbyteorder("=")
    return np.full(level.stored_shape(coordinate), level.fill_value, dtype)


def _stored_array(
    data: bytes, level: LevelIndex, coordinate: ChunkCoordinate
) -> NDArray[np.generic]:
    extents = level.stored_shape(coordinate)
    shape = tuple(extents[AXES.index(axis)] for axis in level.stored_axes)
    codec = level.codec
    if codec.name in {"zarr2", "zarr3"}:
        array = decode_zarr(codec.name, codec.config, data, shape, level.dtype)
    elif codec.name in PICTURE_CODECS:
        return _picture(data, level, shape)
    else:
        array = _tiff(data, level, shape)
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    return array


def _arranged(array: NDArray[Any], stored_axes: str) -> NDArray[Any]:
    order = [stored_axes.index(axis) for axis in AXES if axis in stored_axes]
    index = tuple(slice(None) if axis in stored_axes else None for axis in AXES)
    return array.transpose(order)[index]


def _tiff(data: bytes, level: LevelIndex, shape: tuple[int, ...]) -> NDArray[Any]:
    """Fill order, compression, predictor and packed bits of TIFF 6, in this order."""
    import imagecodecs
    import numpy as np

    codec = level.codec
    dtype = np.dtype(level.dtype)
    # A TIFF row ends on a byte: what follows Y (samples, pixels) makes up the row.
    row_values = _product(shape[level.stored_axes.index("Y") + 1 :])
    rows = _product(shape) // row_values if row_values else 0
    bits = codec.bits_per_sample or dtype.itemsize * 8
    expected = rows * (-(-row_values * bits // 8))
    if codec.fill_order == 2:
        data = bytes(imagecodecs.bitorder_decode(data))
    if codec.name != "raw":
        data = expand(codec.name, data, expected)
    if len(data) < expected:
        raise ValueError(f"{len(data)} bytes where {expected} are expected")
    if codec.bits_per_sample and bits != dtype.itemsize * 8:
        if codec.predictor != 1:
            raise ValueError(f"a predictor on values of {bits} bits")
        packed = data[:expected]
        unpacked = imagecodecs.packints_decode(packed, _native(dtype), bits, runlen=row_values)
        return np.asarray(unpacked[: rows * row_values]).reshape(shape)
    array = np.frombuffer(data, dtype, rows * row_values).reshape(shape)
    axis = level.stored_axes.index("X") - len(shape)
    if codec.predictor == 2:
        return np.asarray(imagecodecs.delta_decode(array, axis=axis))
    if codec.predictor == 3:
        return np.asarray(imagecodecs.floatpred_decode(array, axis=axis))
    return array


def _picture(data: bytes, level: LevelIndex, shape: tuple[int, ...]) -> NDArray[Any]:
    """Decode a chunk that is a picture of its own, after comparing its header with the chunk."""
    import numpy as np

    axes = level.stored_axes
    rows, cols = shape[axes.index("Y")], shape[axes.index("X")]
    samples = shape[axes.index("C")] if "C" in axes else 1
    if _product(shape) != rows * cols * samples:
        raise ValueError("a picture cannot hold several planes")
    declared = declared_size(level.codec.name, data)
    if declared is not None:
        # The last strip may be encoded in full and is then cropped; nothing may be larger.
        fits = rows <= declared.height <= max(level.shape.y, rows) and declared.width == cols
        if not fits or (declared.components and declared.components != samples):
            raise ValueError(
                f"it declares {declared.width} x {declared.height} x {declared.components}, "
                f"the chunk is {cols} x {rows} x {samples}"
            )
    dtype = _native(np.dtype(level.dtype))
    array = _DECODERS[level.codec.name](data, level)
    if array.dtype.itemsize != dtype.itemsize or array.size % (cols * samples):
        raise ValueError(f"it decodes to {array.dtype}, the image is {dtype}")
    array = array.view(dtype) if array.dtype.kind in "iub" else array.astype(dtype)
    array = array.reshape(-1, cols, samples)[:rows]
    if len(array) != rows:
        raise ValueError(f"it decodes to {len(array)} rows, the chunk has {rows}")
    spatial = [axis for axis in axes if axis in "YXC"]
    order = ["YXC".index(axis) for axis in spatial]
    if "C" not in axes:
        return array[:, :, 0].reshape(shape)
    return array.transpose(order).reshape(shape)


def _jpeg(data: bytes, level: LevelIndex) -> NDArray[Any]:
    import imagecodecs

    if b"\xff\xd9" not in data[-4096:]:
        raise ValueError("the JPEG ends before its end marker")
    codec = level.codec
    colorspace = outcolorspace = None
    if codec.photometric == "rgb":
        outcolorspace = "RGB"
        if data[6:10] != b"JFIF":
            # Aperio writes RGB without saying so inside the stream: the TIFF tag decides.
            colorspace = "RGB"
    elif codec.photometric == "ycbcr":
        outcolorspace = "RGB"
    elif codec.photometric == "minisblack":
        outcolorspace = "MINISBLACK"
    return _array(
        imagecodecs.jpeg8_decode(
            data,
            tables=codec.jpeg_tables or None,
            colorspace=colorspace,
            outcolorspace=outcolorspace,
        )
    )


def _jpeg2000(data: bytes, level: LevelIndex) -> NDArray[Any]:
    import imagecodecs
    import numpy as np

    array = _array(imagecodecs.jpeg2k_decode(data))
    if level.codec.photometric != "ycbcr" or array.ndim != 3 or array.dtype.itemsize != 1:
        return array
    # Aperio's 33003 stores full-range YCbCr components; the codestream does not say so.
    luma = array[..., 0].astype(np.float32)
    blue = array[..., 1].astype(np.float32) - 128
    red = array[..., 2].astype(np.float32) - 128
    rgb: NDArray[Any] = np.stack(
        (luma + 1.402 * red, luma - 0.344136 * blue - 0.714136 * red, luma + 1.772 * blue), axis=-1
    )
    return np.asarray(np.clip(np.rint(rgb), 0, 255).astype(np.uint8))


def _webp(data: bytes, level: LevelIndex) -> NDArray[Any]:
    import imagecodecs

    return _array(imagecodecs.webp_decode(data, hasalpha=level.shape.c == 4))


def _jpegxr(data: bytes, _level: LevelIndex) -> NDArray[Any]:
    import imagecodecs

    return _array(imagecodecs.jpegxr_decode(data))


def _lerc(data: bytes, _level: LevelIndex) -> NDArray[Any]:
    import imagecodecs

    return _array(imagecodecs.lerc_decode(data))


def _png(data: bytes, _level: LevelIndex) -> NDArray[Any]:
    import imagecodecs

    return _array(imagecodecs.png_decode(data))


def _array(decoded: Any) -> NDArray[Any]:
    import numpy as np

    return np.ascontiguousarray(decoded)


def _native(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return dtype.newbyteorder("=")


def _product(extents: tuple[int, ...]) -> int:
    total = 1
    for extent in extents:
        total *= extent
    return total


_DECODERS = {
    "jpeg": _jpeg,
    "jpeg2000": _jpeg2000,
    "webp": _webp,
    "jpegxr": _jpegxr,
    "lerc": _lerc,
    "png": _png,
}
