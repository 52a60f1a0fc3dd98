"""What happens to levels after quantisation and before colour: only reversal acts.

Contrast stretching and plane slicing are stored by OMERO but never drawn, and so it is here. The
codomain is always 0..255, so the mirror image of a level is 255 minus it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.rendering.settings import ChannelSettings


def shown_levels(channel: ChannelSettings) -> NDArray[np.uint8]:
    """The level that is shown for each of the 256 quantised ones (OME `ReverseIntensityContext`).

    A reversed lookup table is therefore the table run backwards.
    """
    levels = np.arange(256, dtype=np.uint8)
    return levels[::-1].copy() if channel.reverse_intensity else levels
