"""Compression, sample and colour codes of TIFF, in the words of the chunk index.

What stands in `CODECS` can be decoded chunk by chunk without tifffile; everything else that
tifffile decodes is read through it, and the rest is `Unsupported` with its code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.errors import Unsupported
from shared.pixels.chunk_index import Codec
from shared.pixels.source import PixelType

if TYPE_CHECKING:
    from tifffile import TiffPage

CODECS = {
    1: "raw",
    5: "lzw",
    7: "jpeg",
    8: "deflate",
    22610: "jpegxr",
    32773: "packbits",
    32946: "deflate",
    33003: "jpeg2000",
    33004: "jpeg2000",
    33005: "jpeg2000",
    34712: "jpeg2000",
    34887: "lerc",
    34925: "lzma",
    34926: "zstd",
    34927: "webp",
    34933: "png",
    34934: "jpegxr",
    50000: "zstd",
    50001: "webp",
    50013: "deflate",
}
EXPANSION = {"raw": 1, "packbits": 64, "deflate": 1_100, "lzw": 4_096, "jpeg": 4_096}
"""How many bytes one stored byte can become at most; a larger claim is a lie."""
MAX_EXPANSION = 200_000
_YCBCR_PICTURES = frozenset({6, 7, 33003, 33004, 33005, 33007, 34712, 34892, 34927, 50001})
_PIXEL_TYPES = {
    "bool": PixelType.BIT,
    "int8": PixelType.INT8,
    "uint8": PixelType.UINT8,
    "int16": PixelType.INT16,
    "uint16": PixelType.UINT16,
    "int32": PixelType.INT32,
    "uint32": PixelType.UINT32,
    "float16": PixelType.FLOAT,
    "float32": PixelType.FLOAT,
    "float64": PixelType.DOUBLE,
    "complex64": PixelType.COMPLEX,
    "complex128": PixelType.DOUBLE_COMPLEX,
}


def pixel_type(page: TiffPage, name: str) -> PixelType:
    """Answer OME's pixel type; raises `Unsupported` for samples that OME does not know."""
    found = None if page.dtype is None else _PIXEL_TYPES.get(page.dtype.name)
    if found is None:
        kind = page.dtype or f"{page.bitspersample}-bit, format {page.sampleformat}"
        raise Unsupported(
            f"{name!r} stores {kind} samples, which no OME pixel type holds.",
            hint="Convert it to 8, 16 or 32-bit integers or to floating point.",
        )
    return found


def bits_of(page: TiffPage) -> tuple[int, ...]:
    """Answer the bits of each sample; samples of one pixel may differ (RGB in 5, 6 and 5 bits)."""
    stated: Any = page.bitspersample
    if isinstance(stated, tuple):
        return tuple(int(bits) for bits in stated)
    return (int(stated),) * page.samplesperpixel


def significant_bits(page: TiffPage) -> int | None:
    """Answer the bits in use when fewer than the type's, such as 12 in uint16."""
    bits = max(bits_of(page))
    if page.dtype is None or page.dtype.kind not in "iu":
        return None
    return bits if bits < page.dtype.itemsize * 8 else None


def is_color(page: TiffPage) -> bool:
    """Whether samples are red, green and blue (YCbCr is decoded to them)."""
    return int(page.photometric) in {2, 6} and page.samplesperpixel >= 3


def check_decodable(page: TiffPage, name: str) -> None:
    """Raise `Unsupported`, naming the code, for what nobody here decodes."""
    from tifffile import TIFF

    compression = int(page.compression)
    if compression != 1 and not (page.parent.is_eer and compression in {65000, 65001, 65002}):
        try:
            known = callable(TIFF.DECOMPRESSORS[compression])
        except KeyError:
            known = False
        if not known or compression in {65000, 65001, 65002}:
            raise Unsupported(
                f"{name!r} is compressed with the unknown method {compression}.",
                hint="Convert the file to OME-TIFF with deflate, zstd or JPEG compression.",
            )
    photometric = int(page.photometric)
    if photometric == 6 and compression not in _YCBCR_PICTURES:
        raise Unsupported(
            f"{name!r} stores YCbCr colours with compression {compression}.",
            hint="Convert the file to RGB.",
        )


def codec_of(page: TiffPage) -> Codec | None:
    """Answer how a chunk of this page is decoded by itself, or None when tifffile has to do it."""
    name = CODECS.get(int(page.compression))
    if name is None or page.dtype is None or len(set(bits_of(page))) != 1:
        return None
    if page.sampleformat == 5 or page.dtype.name == "float16" or page.jpegheader is not None:
        return None
    if name == "lerc" and any((page.tags.valueof(50674) or (0, 0))[1:2]):
        return None  # a second compression around LERC
    if name == "webp" and page.samplesperpixel not in {3, 4}:
        return None
    photometric = _photometric(page, name)
    if photometric is None:
        return None
    bits = bits_of(page)[0]
    packed = bits != page.dtype.itemsize * 8
    predictor = int(page.predictor)
    is_picture = name in {"jpeg", "jpeg2000", "webp", "jpegxr", "lerc", "png"}
    if not is_picture and (
        predictor not in {1, 2, 3} or (packed and (predictor != 1 or page.dtype.kind not in "bu"))
    ):
        return None
    return Codec(
        name=name,
        predictor=1 if is_picture else predictor,
        jpeg_tables=page.jpegtables or b"" if name == "jpeg" else b"",
        photometric=photometric,
        bits_per_sample=bits if packed else 0,
        fill_order=1 if is_picture else int(page.fillorder),
    )


def _photometric(page: TiffPage, name: str) -> str | None:
    """Say how colours are to be decoded, "" when nothing is to be done, None when it is unclear."""
    photometric = int(page.photometric)
    samples = page.samplesperpixel if page.planarconfig == 1 else 1
    if name == "jpeg2000":
        return "ycbcr" if int(page.compression) == 33003 and samples == 3 else ""
    if name != "jpeg":
        return ""
    if samples == 1:
        return "minisblack" if photometric in {0, 1, 2, 3, 6} else None
    if samples != 3 or page.extrasamples or photometric not in {2, 6}:
        return None
    # A JFIF stream is YCbCr whatever the tag says.
    return "ycbcr" if photometric == 6 or page.is_jfif else "rgb"
