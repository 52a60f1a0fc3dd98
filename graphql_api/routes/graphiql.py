"""The pages of the API: GraphiQL at `/graphql`, the viewer at `/view/Image:42`, and their assets.

Everything comes from this service, never from another host. The scripts are built by `npm run
build` into `node_modules/.tessera`; without Node.js the pages say so and keep to plain HTML.
"""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from starlette.responses import FileResponse, Response
from starlette.routing import Route

from graphql_api.routes.problems import problem
from shared.errors import NotFound
from shared.refs import parse_ref

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

    from graphql_api.settings import ApiSettings

ASSETS = {
    "graphiql.js": "text/javascript",
    "graphiql.css": "text/css",
    "editor.worker.js": "text/javascript",
    "graphql.worker.js": "text/javascript",
    "json.worker.js": "text/javascript",
    "codicon.ttf": "font/ttf",
    "viewer.js": "text/javascript",
    "viewer.css": "text/css",
}
"""All files that are served, by name."""
SOURCES = {
    "plain.js": ("viewer/plain.js", "text/javascript"),
    "image.js": ("viewer/image.js", "text/javascript"),
    "panel.js": ("viewer/panel.js", "text/javascript"),
    "session.js": ("viewer/session.js", "text/javascript"),
    "plain.css": ("viewer/viewer.css", "text/css"),
}
"""Files of `web/src` that need no building."""


def page_routes() -> list[Route]:
    """The root page, the viewer, and the files that pages load."""
    return [
        Route("/", _root),
        Route("/view/{image}", _view),
        Route("/assets/{name}", _asset),
    ]


def wants_page(request: Request) -> bool:
    """Whether a browser opened the endpoint: it asks for HTML first, and for no operation."""
    accept = request.headers.get("accept", "")
    first = accept.split(",")[0].split(";")[0].strip().lower()
    return request.method == "GET" and first == "text/html" and "query" not in request.query_params


def graphiql_page(settings: ApiSettings) -> Response:
    """GraphiQL, or what is missing for it."""
    if not _is_built(settings, "graphiql.js"):
        body = (
            "<main><h1>GraphiQL is not installed</h1><p>Node.js is not installed, or the libraries "
            "of the pages are not built. Install Node.js with npm and start again by "
            "<code>make run</code>.</p><p>The API itself is here and answers: send queries to "
            "<code>/graphql</code> by POST.</p></main>"
        )
        return _page("GraphiQL", body, styles=("plain.css",))
    body = '<div id="graphiql">Loading …</div>'
    return _page("GraphiQL", body, styles=("graphiql.css",), script="graphiql.js")


async def _root(_request: Request) -> Response:
    body = (
        "<main><h1>Tessera</h1><p>A data server for microscopy and pathology.</p><ul>"
        '<li><a href="/graphql">GraphiQL</a>: browse and query the data</li>'
        '<li><a href="/readyz">Readiness</a> and <a href="/metrics">metrics</a></li>'
        "<li>An image: <code>/view/Image:42</code></li></ul></main>"
    )
    return _page("Tessera", body, styles=("plain.css",))


async def _view(request: Request) -> Response:
    settings: ApiSettings = request.app.state.services.settings
    text = request.path_params["image"]
    ref = parse_ref(f"Image:{text}" if text.isdigit() else text)
    if ref is None or ref.class_name != "Image":
        raise NotFound("There is no such image.", hint="An address is /view/Image:42.")
    is_built = _is_built(settings, "viewer.js")
    facts = html.escape(json.dumps({"image": str(ref)}), quote=True)
    return _page(
        str(ref),
        f'<div id="viewer" data-facts="{facts}">Loading …</div>',
        styles=("viewer.css" if is_built else "plain.css",),
        script="viewer.js" if is_built else "plain.js",
        pictures=settings.tile_url,
    )


async def _asset(request: Request) -> Response:
    settings: ApiSettings = request.app.state.services.settings
    name = request.path_params["name"]
    if name in ASSETS:
        path, kind = _built(settings) / name, ASSETS[name]
    elif name in SOURCES:
        path, kind = settings.web_dir / "src" / SOURCES[name][0], SOURCES[name][1]
    else:
        return problem(404, "Not Found", code="not_found")
    if not path.is_file():
        return problem(404, "Not Found", code="not_found")
    return FileResponse(path, media_type=kind, headers={"Cache-Control": "no-cache"})


def _built(settings: ApiSettings) -> Path:
    return settings.web_dir / "node_modules" / ".tessera"


def _is_built(settings: ApiSettings, name: str) -> bool:
    return (_built(settings) / name).is_file()


def _page(
    title: str,
    body: str,
    *,
    styles: tuple[str, ...] = (),
    script: str | None = None,
    pictures: str | None = None,
) -> Response:
    links = "".join(f'<link rel="stylesheet" href="/assets/{name}">' for name in styles)
    load = f'<script type="module" src="/assets/{quote(script)}"></script>' if script else ""
    text = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)} · Tessera</title>"
        f'<link rel="icon" href="data:,">{links}</head>'
        f"<body>{body}{load}</body></html>"
    )
    headers = {"Content-Security-Policy": _policy(pictures), "Cache-Control": "no-cache"}
    return Response(text, headers=headers, media_type="text/html")


def _policy(pictures: str | None) -> str:
    """Only this service, and for pictures the tile service; the editor writes its own styles."""
    also = ""
    if pictures is not None:
        parts = urlsplit(pictures)
        also = f" {parts.scheme}://{parts.netloc}"
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        f"font-src 'self' data:; img-src 'self' data: blob:{also}; connect-src 'self'{also}; "
        "worker-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
