"""The session cookie in requests and answers of the API.

A cookie is sent by the browser whoever wrote the page, so an unsafe method with it needs a listed
`Origin`. Off loopback it is `Secure`.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from shared.auth.cookies import cookie_name
from shared.clock import SECOND, now

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection
    from starlette.responses import Response

    from shared.settings import Settings


def cookie_token(request: HTTPConnection, instance_id: str) -> str | None:
    """The session token that the request's cookie carries."""
    return request.cookies.get(cookie_name(instance_id)) or None


def set_cookie(
    response: Response, settings: Settings, instance_id: str, token: str, expires_at: int
) -> None:
    """Hand the session to the browser; `expires_at` in microseconds."""
    response.set_cookie(
        cookie_name(instance_id),
        token,
        max_age=max(0, (expires_at - now()) // SECOND),
        path="/",
        httponly=True,
        samesite="lax",
        secure=not is_loopback_url(settings.api_url),
    )


def drop_cookie(response: Response, settings: Settings, instance_id: str) -> None:
    """Take the session back from the browser."""
    response.delete_cookie(
        cookie_name(instance_id),
        path="/",
        httponly=True,
        samesite="lax",
        secure=not is_loopback_url(settings.api_url),
    )


def is_loopback_url(url: str) -> bool:
    """Whether an address names this machine only."""
    return is_loopback_host(urlsplit(url).hostname or "")


def is_loopback_host(host: str) -> bool:
    """Whether a host name or address names this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
