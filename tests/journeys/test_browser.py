"""The pages in a real browser: log in, look at an image and change it; ask in GraphiQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.support.browser import Watched, browser_page, is_blank, shot
from tests.support.house import PASSWORD, House
from tests.support.processes import until
from tests.support.public_data import PROJECT, require_public

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from playwright.sync_api import Page

pytestmark = pytest.mark.parametrize("house", ["sqlite"], indirect=True)
BUILT = PROJECT / "web" / "node_modules" / ".tessera"
CHANGE_S = 15.0


@pytest.fixture(scope="module")
def stack(house: House) -> str:
    path = require_public("fluorescence/multi-channel-z-series.ome.tif")
    (number,) = house.import_by_cli(house.person("ada"), path, "-g", "Lab")
    return f"Image:{number}"


def log_in(page: Page) -> None:
    page.get_by_label("User name").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def settled(page: Page, accept: Callable[[NDArray[np.uint8]], bool]) -> NDArray[np.uint8]:
    """The picture, once it is what was waited for and stands still."""
    seen: list[NDArray[np.uint8]] = []

    def is_still() -> bool:
        page.wait_for_load_state("networkidle")
        seen.append(shot(page.locator(".picture")))
        return accept(seen[-1]) and len(seen) > 1 and np.array_equal(seen[-1], seen[-2])

    until(is_still, "the picture is drawn", within_s=CHANGE_S)
    return seen[-1]


def differs(before: NDArray[np.uint8]) -> Callable[[NDArray[np.uint8]], bool]:
    # a section differs from the next by one written digit
    return lambda now: int((np.abs(now.astype(int) - before) > 20).any(axis=2).sum()) > 10


def clean(house: House, watched: Watched) -> None:
    """Nothing but the two services was asked, and nothing complained."""
    assert watched.hosts <= {house.installation.api, house.installation.tiles}
    # the browser itself logs the answer 401 that makes the page show its form
    assert [each for each in watched.complaints if "401" not in each] == []


def test_one_logs_in_and_changes_how_the_image_is_shown(house: House, stack: str) -> None:
    with browser_page() as watched:
        page = watched.page
        page.goto(f"{house.installation.api}/view/{stack}")
        log_in(page)

        first = settled(page, lambda now: not is_blank(now))
        page.locator(".slider input").first.fill("0")
        moved = settled(page, differs(first))
        page.locator("fieldset legend input[type=checkbox]").first.uncheck()
        toggled = settled(page, differs(moved))
        darker = page.locator(".edge input[type=range]").nth(3)
        half = float(darker.get_attribute("max") or 0) / 2
        darker.fill(str(half))
        brighter = settled(page, differs(toggled))
        assert float(page.locator(".edge input[type=number]").nth(3).input_value()) < 2 * half
        page.get_by_label("Greyscale").check()
        grey = settled(page, differs(brighter))

        assert "1 / 5" in page.locator(".slider").first.inner_text()
        assert np.ptp(toggled.astype(int), axis=2).max() > 150
        assert np.ptp(grey.astype(int), axis=2).max() < 30
        assert house.installation.tiles in watched.hosts
        clean(house, watched)


def test_a_wrong_password_is_told_in_the_form(house: House, stack: str) -> None:
    with browser_page() as watched:
        page = watched.page
        page.goto(f"{house.installation.api}/view/{stack}")
        page.get_by_label("User name").fill("ada")
        page.get_by_label("Password").fill("wrong")
        page.get_by_role("button", name="Log in").click()

        page.get_by_role("alert").filter(has_text="password").wait_for()
        clean(house, watched)


def test_graphiql_runs_a_query(house: House) -> None:
    if not (BUILT / "graphiql.js").is_file():
        pytest.skip("the pages are not built (npm run build in web, as `make test` does)")
    with browser_page() as watched:
        page = watched.page
        page.goto(f"{house.installation.api}/graphql")
        page.locator(".graphiql-query-editor .view-lines").click()
        page.keyboard.press("Control+A")
        page.keyboard.insert_text("{ __typename }")
        page.keyboard.press("Control+Shift+End")  # the editor closes braces by itself
        page.keyboard.press("Delete")
        page.keyboard.press("Control+Enter")

        page.locator(".graphiql-response").get_by_text("Query").wait_for()
        clean(house, watched)
