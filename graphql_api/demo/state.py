"""Whether this installation has a demo, and what is told at start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select, update

from graphql_api.demo.people import ORGANIZER, PASSWORD
from shared.errors import Invalid
from shared.models.activities import Activity
from shared.models.images import Image
from shared.models.people import User
from shared.models.system import Instance

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.database import Database
    from shared.settings import Settings

BUILDING = "building"
COMPLETE = "complete"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def begin_demo(database: Database, settings: Settings) -> bool:
    """Mark an empty installation as one whose demo is being made; answer whether there is work.

    Raises `Invalid` when a demo (whose password everybody knows) would listen beyond loopback.
    """
    with database.write() as connection:
        state = demo_state(connection)
        if state is None and _is_empty(connection):
            require_loopback(settings)
            connection.execute(update(Instance).values(demo_state=BUILDING))
            state = BUILDING
    if state is not None:
        require_loopback(settings)
    return state == BUILDING


def demo_state(connection: Connection) -> str | None:
    """`building`, `complete`, or None where there is no demo."""
    found: str | None = connection.scalar(select(Instance.demo_state))
    return found


def finish_demo(database: Database) -> None:
    """Tell readiness that the demo data are complete."""
    with database.write() as connection:
        connection.execute(update(Instance).values(demo_state=COMPLETE))


def require_loopback(settings: Settings) -> None:
    """Raise `Invalid` when a service with the demo's password would listen beyond loopback."""
    for name, host in (
        ("TESSERA_API_HOST", settings.api_host),
        ("TESSERA_TILE_HOST", settings.tile_host),
    ):
        if host not in LOOPBACK:
            raise Invalid(
                f"{name} is {host}, but this installation has the demo, whose password is public.",
                hint="Use 127.0.0.1, or start with an empty data folder and: tessera run --no-demo",
            )


def _is_empty(connection: Connection) -> bool:
    people = connection.scalar(select(func.count()).select_from(User)) or 0
    images = connection.scalar(select(func.count()).select_from(Image)) or 0
    activities = connection.scalar(select(func.count()).select_from(Activity)) or 0
    return people <= 2 and images == 0 and activities == 0


def welcome(settings: Settings, seconds: float, *, has_demo: bool) -> str:
    """The block printed when everything is ready: where to go and, with the demo, as whom."""
    lines = [
        f"Tessera is ready after {seconds:.0f} s.",
        "",
        f"  GraphQL      {settings.api_url}/graphql",
        f"  Tiles        {settings.tile_url}",
    ]
    if has_demo:
        lines += [
            f"  An image     {settings.api_url}/view/Image:1",
            "",
            f"  Log in as    user-1, user-2 (leads Lab1), user-3, root or {ORGANIZER}",
            f"  Password     {PASSWORD}",
        ]
    lines += ["", f"  Data         {settings.data_dir.absolute()}", "  Stop         Ctrl-C"]
    width = max(len(line) for line in lines) + 2
    rule = "─" * width
    return "\n".join([rule, *lines, rule])
