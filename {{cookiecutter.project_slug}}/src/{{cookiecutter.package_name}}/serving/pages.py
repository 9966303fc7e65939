"""The pages for people: the playground, the documentation, and what they need.

Everything comes from this server, and no page may load, run or send anything else. The
texts of a page are in static/; what it says of the model is in the OpenAPI document.
"""

import mimetypes
from functools import lru_cache, partial
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from .messages import JSON
from .model import ServedModel
from .openapi import document, template
from .settings import ServeSettings

STATIC = Path(__file__).parent / "static"
TYPES = mimetypes.MimeTypes()  # Python's own: the system's may differ
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


def routes(served: ServedModel, settings: ServeSettings) -> list[Route]:
    """Return the routes of the pages, which describe the served model."""

    async def home(request: Request) -> Response:
        # What is no browser asks, as KServe does, whether the server is alive.
        if settings.pages and "text/html" in request.headers.get("accept", ""):
            return await send("index.html", request)
        return JSONResponse({"status": "alive"})

    found = [Route("/", home, name="page")]
    if not settings.pages:
        return found
    unfilled, needs_key = template(), settings.api_key is not None

    @lru_cache(1)
    def described(version: int) -> bytes:
        return document(unfilled, served.get(), needs_key)

    async def openapi(request: Request) -> Response:
        body = described(served.get().version)
        return Response(body, headers=HEADERS, media_type=JSON)

    files = {f"/static/{path.name}": path.name for path in STATIC.iterdir()}
    files["/docs"] = "docs.html"
    found.append(Route("/openapi.json", openapi, name="openapi"))
    return found + [Route(at, partial(send, files[at]), name="page") for at in files]


async def send(name: str, request: Request) -> Response:
    """Send a file of static/."""
    kind, _ = TYPES.guess_type(name)
    return FileResponse(STATIC / name, headers=HEADERS, media_type=kind)
