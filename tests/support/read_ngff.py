"""Run in the readers' environment: opens an address with ome-zarr-py and prints what it saw.

Arguments: the address, then optionally a folder to write each level to as `.npy`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def main(address: str, folder: Path) -> None:
    """Every node that the reader finds, its levels written as `0-0.npy` (node, level)."""
    import numpy as np
    from ome_zarr.io import parse_url
    from ome_zarr.reader import Reader

    location = parse_url(address)
    if location is None:
        raise SystemExit(f"ome-zarr sees nothing at {address}")
    nodes: list[dict[str, Any]] = []
    for number, node in enumerate(Reader(location)()):
        for level, array in enumerate(node.data):
            np.save(folder / f"{number}-{level}.npy", np.asarray(array.compute()))
        nodes.append(
            {
                "specs": [type(spec).__name__ for spec in node.specs],
                "levels": len(node.data),
                "name": node.metadata.get("name"),
                "channels": node.metadata.get("channel_names"),
                "axes": [axis["name"] for axis in node.metadata.get("axes", [])],
                "contrast": node.metadata.get("contrast_limits"),
                "visible": node.metadata.get("visible"),
            }
        )
    sys.stdout.write(json.dumps(nodes, default=str))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
