"""Who sends a request: a bearer token, else the session cookie, else nobody.

A credential that is wrong, expired or revoked is refused (401), never treated as nobody. Principals
are kept three seconds and dropped when the rights epoch rises.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphql_api.context import Caller
from graphql_api.login.cookies import cookie_token
from shared.auth.epoch import VerdictCache
from shared.auth.sessions import authenticate
from shared.errors import Denied, Unauthenticated

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection, Request

    from graphql_api.context import Services
    from shared.auth.principal import Principal

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Credential:
    """A token and the way it came."""

    token: str
    is_cookie: bool


class Identity:
    """Finds the principal of a request."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._kept = VerdictCache(services.epoch)

    def caller(self, request: HTTPConnection) -> Caller:
        """Where the request comes from."""
        settings = self._services.settings
        origin = request.headers.get("origin")
        return Caller(
            address=client_address(
                request.client.host if request.client else None,
                request.headers.getlist("x-forwarded-for"),
                settings.trusted_proxies,
            ),
            user_agent=(request.headers.get("user-agent") or "")[:300] or None,
            origin=origin,
            origin_is_listed=origin is not None and origin in settings.origins,
        )

    def principal(self, request: Request) -> Principal | None:
        """Who sends it; reads the database, so call it in a thread.

        Raises `Unauthenticated` for a credential that opens nothing, `Denied` for an unsafe method
        by cookie from an origin that is not listed.
        """
        found = credential(request, self._services.instance_id)
        if found is None:
            return None
        if found.is_cookie and request.method not in SAFE_METHODS:
            self._require_listed_origin(request)
        return self.principal_of_token(found.token)

    def principal_of_token(self, token: str) -> Principal:
        """Whose token this is now; raises `Unauthenticated`. It reads the database, as above."""
        return authenticate(
            self._services.database, self._services.settings, token, cache=self._kept
        )

    def _require_listed_origin(self, request: Request) -> None:
        if request.headers.get("origin") not in self._services.settings.origins:
            raise Denied(
                "A request by cookie must come from a listed origin.",
                hint="Send Authorization: Bearer, or add the origin to TESSERA_ALLOWED_ORIGINS.",
            )


def credential(request: HTTPConnection, instance_id: str) -> Credential | None:
    """The token that a request carries; raises `Unauthenticated` for another scheme than Bearer."""
    header = request.headers.get("authorization")
    if header is not None:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token.strip() or not token.isascii():
            raise Unauthenticated(
                "The Authorization header cannot be read.",
                hint="Send Authorization: Bearer, followed by the token that login returned.",
            )
        return Credential(token.strip(), is_cookie=False)
    token_of_cookie = cookie_token(request, instance_id)
    return Credential(token_of_cookie, is_cookie=True) if token_of_cookie else None


def client_address(peer: str | None, forwarded: list[str], proxies: tuple[str, ...]) -> str | None:
    """The client's address: X-Forwarded-For counts only as far as trusted proxies wrote it.

    The list is read from its end, over every trusted proxy, to the first address that is not one.
    """
    hops = [part.strip() for line in forwarded for part in line.split(",") if part.strip()]
    address = peer
    while address is not None and address in proxies and hops:
        address = _plain_address(hops.pop())
    return address


def _plain_address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        return None
