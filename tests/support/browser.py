"""A real browser for journeys: Debian's chromium, driven by playwright, watched for every request.

The tests are skipped where there is no chromium; nothing is downloaded.
"""

from __future__ import annotations

import io
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from playwright.sync_api import Locator, Page

PROGRAMS = ("chromium", "chromium-browser")
PATIENCE_MS = 20_000


@dataclass
class Watched:
    """A page, and what it asked for and complained of."""

    page: Page
    hosts: set[str] = field(default_factory=set)
    """Scheme, host and port of every request."""
    complaints: list[str] = field(default_factory=list)
    """Errors of the console, of scripts and of requests."""


def program() -> str:
    """The browser's path, or skip the test with the reason."""
    found = next((path for name in PROGRAMS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no chromium on this machine (apt-get install chromium)")
    return found


@contextmanager
def browser_page(width: int = 1200, height: int = 800) -> Iterator[Watched]:
    """A fresh page without cookies."""
    from playwright.sync_api import sync_playwright

    path = program()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            page = browser.new_page(viewport={"width": width, "height": height})
            page.set_default_timeout(PATIENCE_MS)
            yield _watch(page)
        finally:
            browser.close()


def _watch(page: Page) -> Watched:
    watched = Watched(page)

    def requested(url: str) -> None:
        if not url.startswith(("data:", "blob:")):
            watched.hosts.add("/".join(url.split("/")[:3]))

    page.on("request", lambda request: requested(request.url))
    page.on(
        "console",
        lambda said: watched.complaints.append(said.text) if said.type == "error" else None,
    )
    page.on("pageerror", lambda error: watched.complaints.append(str(error)))
    return watched


def shot(place: Locator) -> NDArray[np.uint8]:
    """What a part of the page looks like: (y, x, 3)."""
    picture = Image.open(io.BytesIO(place.screenshot(animations="disabled")))
    return np.asarray(picture.convert("RGB"))


def is_blank(pixels: NDArray[np.uint8]) -> bool:
    """Whether it is one colour and hardly anything else."""
    return float(pixels.std()) < 3.0
