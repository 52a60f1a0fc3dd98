"""What a limited child may answer, and how the parent reads it without trusting it.

A decoder that a hostile file took over speaks through this channel, so the parent builds nothing
but
the value classes of pixels and plain numeric arrays; every other name is refused, not imported.
"""

from __future__ import annotations

import io
import pickle
from typing import TYPE_CHECKING, Any

from shared import errors
from shared.errors import BrokenFile, Busy, Denied, TesseraError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_VALUES = {
    "shared.pixels.metadata": frozenset(
        {
            "AcquisitionPart",
            "AssociatedImage",
            "ChannelAcquisition",
            "ChannelMetadata",
            "ImageAcquisition",
            "InspectedFileset",
            "InspectedImage",
            "ObjectiveMetadata",
            "PlaneMetadata",
            "Quantity",
            "StoredDisplay",
        }
    ),
    "shared.pixels.digest": frozenset({"Digest", "DigestedImage", "PyramidDone"}),
    "shared.pixels.statistics": frozenset({"ChannelStatistics"}),
    "shared.pixels.source": frozenset({"Dimensions", "Level", "PixelType", "PlaneRegion"}),
    "shared.pixels.chunk_index": frozenset(
        {
            "ChunkCoordinate",
            "ChunkLocation",
            "ChunkShape",
            "Codec",
            "ImageIndex",
            "KeyLocator",
            "LevelIndex",
            "ShardLocator",
            "TableLocator",
        }
    ),
}
_NUMERIC_KINDS = "biufc"


def pack_result(value: Any) -> bytes:
    """Write a function's result; only value classes, plain values and numeric arrays will be
    read.
    """
    buffer = io.BytesIO()
    _Pickler(buffer, protocol=5).dump(("result", value))
    return buffer.getvalue()


def pack_error(error: TesseraError) -> bytes:
    """Write an error of ours: class, message, hint and what else it carries."""
    carried = {
        "hint": error.hint,
        "path": error.path,
        "target": error.target,
        "reasons": getattr(error, "reasons", ()),
        "retry_after_s": getattr(error, "retry_after_s", 1),
    }
    return pickle.dumps(("error", (type(error).__name__, error.message, carried)), protocol=5)


def unpack(data: bytes) -> Any:
    """Answer the child's result, or raise the error that it reports.

    Raises `BrokenFile` when the bytes are anything else.
    """
    try:
        kind, value = _Unpickler(io.BytesIO(data)).load()
        error = _error(*value) if kind == "error" else None
    except Exception as exc:
        # Unpickling hostile bytes may fail in any way; all of them mean the same.
        raise BrokenFile(
            f"The file made its reader answer nonsense ({type(exc).__name__}).",
            hint="It may be damaged or hostile; do not import it.",
        ) from exc
    if error is not None:
        raise error
    return value


def _error(name: str, message: str, carried: dict[str, Any]) -> TesseraError:
    found = getattr(errors, name, None)
    if not (isinstance(found, type) and issubclass(found, TesseraError)):
        raise TypeError(name)
    text, hint = str(message), carried["hint"]
    hint = None if hint is None else str(hint)
    if issubclass(found, Busy):
        return found(text, hint=hint, retry_after_s=int(carried["retry_after_s"]))
    path = tuple(str(part) for part in carried["path"])
    target = None if carried["target"] is None else str(carried["target"])
    if issubclass(found, Denied):
        reasons = tuple(str(reason) for reason in carried["reasons"])
        return found(text, hint=hint, path=path, target=target, reasons=reasons)
    return found(text, hint=hint, path=path, target=target)


class _Pickler(pickle.Pickler):
    """Writes arrays as dtype, shape and bytes, so that reading needs no class of NumPy's."""

    def persistent_id(self, obj: Any) -> Any:
        if type(obj).__module__ != "numpy":
            return None
        import numpy as np

        if isinstance(obj, np.generic):
            obj = np.asarray(obj)
        if not isinstance(obj, np.ndarray) or obj.dtype.kind not in _NUMERIC_KINDS:
            return None
        return ("array", obj.dtype.str, obj.shape, np.ascontiguousarray(obj).tobytes())


class _Unpickler(pickle.Unpickler):
    """Builds only what `_VALUES` names, and numeric arrays."""

    def find_class(self, module: str, name: str) -> Any:
        if name not in _VALUES.get(module, ()):
            raise pickle.UnpicklingError(f"{module}.{name} may not be answered")
        return super().find_class(module, name)

    def persistent_load(self, pid: Any) -> NDArray[np.generic]:
        import numpy as np

        tag, dtype_text, shape, data = pid
        dtype = np.dtype(str(dtype_text))
        if tag != "array" or dtype.kind not in _NUMERIC_KINDS or not isinstance(data, bytes):
            raise pickle.UnpicklingError("not a numeric array")
        return np.frombuffer(data, dtype).reshape(tuple(int(size) for size in shape))
