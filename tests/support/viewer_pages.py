"""Pages of other people's viewers on an origin of their own: OpenSeadragon and zarrita from npm.

Another port is another origin to a browser, so what these pages may read, CORS has allowed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.public_data import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGES = PROJECT / "tests" / "support" / "pages"
LIBRARIES = PROJECT / "web" / "node_modules"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def viewer_pages(folder: Path) -> Iterator[str]:
    """Bundle the pages into a folder and serve it; answers its address."""
    _build(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def _build(folder: Path) -> None:
    esbuild = LIBRARIES / ".bin" / "esbuild"
    for needed in (esbuild, LIBRARIES / "openseadragon", LIBRARIES / "zarrita"):
        if not needed.exists():
            pytest.skip(f"no {needed.name} in web/node_modules (npm install in web)")
    for page in PAGES.glob("*.html"):
        shutil.copy(page, folder / page.name)
    viewer = LIBRARIES / "openseadragon" / "build" / "openseadragon" / "openseadragon.min.js"
    shutil.copy(viewer, folder / "openseadragon.js")
    subprocess.run(
        [esbuild, PAGES / "zarr.js", "--bundle", "--format=iife", "--log-level=error",
         f"--outfile={folder / 'zarr.js'}"],
        check=True, timeout=60, env=os.environ | {"NODE_PATH": str(LIBRARIES)},
    )  # fmt: skip
