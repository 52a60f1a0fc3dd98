"""The name of the session cookie, which the API sets and both services read.

It carries the instance, so that two installations on one host do not clash.
"""

from __future__ import annotations

PREFIX = "tessera_session_"


def cookie_name(instance_id: str) -> str:
    """The cookie's name, from the letters and digits of the instance's id."""
    return PREFIX + "".join(letter for letter in instance_id if letter.isalnum())
