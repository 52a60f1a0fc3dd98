"""`tessera set-password`: give an account its password where the database is, without a login.

It is how `root` gets its first one; whoever can run it can read the database anyway.
"""

from __future__ import annotations

import os
from typing import Annotated

import typer

SHORTEST = 8


def set_password(
    user: Annotated[str, typer.Argument(help="Login name, such as root.")],
) -> None:
    """Set a user's password (asked for, or TESSERA_PASSWORD) and end his sessions."""
    from sqlalchemy import select, update

    from cli.startup import reached_database, read_settings
    from shared.auth.epoch import bump_epoch
    from shared.auth.passwords import hash_password
    from shared.clock import now
    from shared.errors import Invalid, NotFound
    from shared.models.people import Session, User
    from shared.settings import Settings

    secret = os.environ.get("TESSERA_PASSWORD") or typer.prompt(
        f"New password for {user}", hide_input=True, confirmation_prompt=True
    )
    if len(secret) < SHORTEST:
        raise Invalid(
            f"The password has {len(secret)} characters.",
            hint=f"Use at least {SHORTEST}.",
        )
    hashed = hash_password(secret)
    with reached_database(read_settings(Settings)) as database, database.write() as connection:
        user_id = connection.scalar(select(User.id).where(User.login == user))
        if user_id is None:
            raise NotFound(f"There is no user {user!r}.", hint="Logins are case-sensitive.")
        connection.execute(
            update(User)
            .where(User.id == user_id)
            .values(password_hash=hashed, updated_at=now(), version=User.version + 1)
        )
        connection.execute(
            update(Session)
            .where(Session.user_id == user_id, Session.closed_at.is_(None))
            .values(closed_at=now())
        )
        bump_epoch(connection)
    print(f"The password of {user} is set.")
