"""The pages for people: the playground, the documentation, and what they need.

Everything comes from this server, and no page may load, run or send anything else. The
texts of a page are in static/; what it says of the model is in the OpenAPI document.
"""

from pathlib import Path

import orjson
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from .messages import JSON
from .model import Models
from .openapi import document
from .settings import ServeSettings

STATIC = Path(__file__).parent / "static"
# Not guessed: the answer would depend on the system.
TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
# https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Content-Security-Policy
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "cache-control": "no-cache",
    "content-security-policy": POLICY,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def routes(models: Models, settings: ServeSettings) -> list[Route]:
    """Return the routes of the pages.

    Args:
        models: The models that the server has.
        settings: Those of the server.
    """
    needs_key = settings.api_key is not None or settings.api_key_file is not None
    written: dict[int, bytes] = {}  # by version; of one at a time

    async def openapi(request: Request) -> Response:
        model = models.get()
        if model.version not in written:
            content = document(model, settings.max_rows, needs_key)
            written.clear()
            written[model.version] = orjson.dumps(content)
        headers = {**HEADERS, "content-type": JSON}
        return Response(written[model.version], headers=headers)

    return [
        Route("/openapi.json", openapi, name="openapi"),
        page("/", "index.html"),
        page("/docs", "docs.html"),
        *(page(f"/static/{path.name}", path.name) for path in sorted(STATIC.iterdir())),
    ]


def page(path: str, name: str) -> Route:
    """Return the route of a file in static/."""
    file = STATIC / name

    async def send(request: Request) -> Response:
        return FileResponse(file, media_type=TYPES[file.suffix], headers=HEADERS)

    return Route(path, send, name="page")
