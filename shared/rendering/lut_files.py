"""Reading `.lut` files: NIH binary with a header, raw binary and text, as ImageJ writes them.

The three are told apart by length first, so a text table must be longer than 768 bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.errors import Invalid, TooLarge

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_LUT_BYTES = 64 * 1024

_RAW_BYTES = 768
_HEADER_BYTES = 32
_RAW_LENGTHS = frozenset({768, 970})


def parse_lut(content: bytes) -> NDArray[np.uint8]:
    """The 256 colours of a lookup table file, as (256, 3) red, green, blue.

    Tables with fewer colours are interpolated. Raises `TooLarge` above 64 KiB and `Invalid` for
    anything that is not such a file.
    """
    if len(content) > MAX_LUT_BYTES:
        raise TooLarge(
            f"A lookup table has at most {MAX_LUT_BYTES} bytes; this file has {len(content)}.",
            hint="Save the table with ImageJ or as 256 rows of red, green and blue.",
        )
    if len(content) > _RAW_BYTES and content[:4] == b"ICOL":
        count = int.from_bytes(content[6:8], "big", signed=True)
        return _from_binary(content[_HEADER_BYTES:], count)
    if len(content) in _RAW_LENGTHS:
        return _from_binary(content, 256)
    if len(content) > _RAW_BYTES:
        return _from_text(content)
    raise _refusal(f"it has only {len(content)} bytes")


def _from_binary(content: bytes, count: int) -> NDArray[np.uint8]:
    import numpy as np

    if not 2 <= count <= 256 or len(content) < 3 * count:
        raise _refusal(f"its header promises {count} colours")
    bands = np.frombuffer(content, np.uint8, 3 * count).reshape(3, count)
    return _interpolated(bands.T.copy())


def _from_text(content: bytes) -> NDArray[np.uint8]:
    import numpy as np

    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise _refusal("it is neither binary of a known length nor text") from None
    rows = [row for row in (_numbers(line) for line in lines) if row]
    if not 2 <= len(rows) <= 256 or len({len(row) for row in rows}) != 1 or len(rows[0]) < 3:
        raise _refusal("its rows are not 2 to 256 times red, green and blue")
    table = np.array([row[-3:] for row in rows], dtype=np.float64)
    if not ((table >= 0) & (table <= 255)).all():
        raise _refusal("its numbers leave 0 to 255")
    return _interpolated(table.astype(np.uint8))


def _numbers(line: str) -> list[float]:
    # a row that is not numbers (a heading, a comment) says nothing
    words = line.replace(",", " ").split()
    try:
        return [float(word) for word in words] if len(words) in {3, 4} else []
    except ValueError:
        return []


def _interpolated(table: NDArray[np.uint8]) -> NDArray[np.uint8]:
    import numpy as np

    count = len(table)
    if count == 256:
        return table
    position = np.arange(256) * (count / 256)
    lower = position.astype(np.intp)
    upper = np.minimum(lower + 1, count - 1)
    fraction = (position - lower)[:, np.newaxis]
    mixed = (1 - fraction) * table[lower] + fraction * table[upper]
    return np.asarray(mixed).astype(np.uint8)


def _refusal(reason: str) -> Invalid:
    return Invalid(
        f"This is not a lookup table: {reason}.",
        hint="Save the table with ImageJ or as 256 rows of red, green and blue.",
    )
