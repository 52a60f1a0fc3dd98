"""Save one rendered tile of an image, with the first two channels in colours of our choice.

Run it against the demo: `python -m examples.fetch_tile SERVER TOKEN Image:1 tile.png`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import httpx

ADDRESSES = """
query ($id: ID!) {
  node(id: $id) {
    ... on Image { name pixels { sizeZ } tiles { tileUrlTemplate levels { width height } } }
  }
}
"""


def main(server: str, token: str, image: str, target: str) -> None:
    """Ask for the address, fill it in, and save what comes."""
    with httpx.Client(headers={"Authorization": f"Bearer {token}"}) as client:
        body = client.post(
            f"{server}/graphql", json={"query": ADDRESSES, "variables": {"id": image}}
        ).json()
        found = body["data"]["node"]
        if found is None:
            raise SystemExit(f"{image} is not there, or not for you.")
        template = found["tiles"]["tileUrlTemplate"]
        address = (
            template.replace("{level}", str(len(found["tiles"]["levels"]) - 1))
            .replace("{x}", "0")
            .replace("{y}", "0")
            .replace("{z}", str(found["pixels"]["sizeZ"] // 2))
            .replace("{t}", "0")
            .replace(".jpg", ".png")
        )
        # The address is signed: it needs no header, so it works in an <img> as well.
        colors = {"c": "1|100:2000$0000FF,2|100:1500$00FF00", "m": "c"}
        answer = httpx.get(httpx.URL(address).copy_merge_params(colors))
        answer.raise_for_status()
        Path(target).write_bytes(answer.content)
        print(f"{found['name']}: {len(answer.content)} bytes in {target}")


if __name__ == "__main__":
    main(*sys.argv[1:5])
