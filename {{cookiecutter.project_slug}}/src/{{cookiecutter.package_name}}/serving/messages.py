"""What goes in and out of a protocol, so that no test of one needs a server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
import orjson
from starlette.responses import Response

if TYPE_CHECKING:
    from .model import Model

Array: TypeAlias = npt.NDArray[Any]
Feeds: TypeAlias = Mapping[str, Array]

TEXT: np.dtype[Any] = np.dtype(object)  # how NumPy holds texts of any length
JSON = "application/json"
# Longer bodies are measured before they are parsed; shorter ones need little memory and
# always find room.
LARGE_BODY = 65_536


class RequestError(Exception):
    """A request that cannot be answered, and why: the sender can mend it."""

    def __init__(self, status: int, message: str, field: str | None = None) -> None:
        """Keep the parts; the text of the exception is `field: message`.

        Args:
            status: The HTTP status, 4xx; 503 while there is no model.
            message: What is wrong and how it should be; without the field's name.
            field: The part of the request that is wrong, like `instances[3][0]`; None
                if it is the request as a whole.
        """
        super().__init__(f"{field}: {message}" if field else message)
        self.status = status
        self.message = message
        self.field = field


# Not frozen: making frozen ones takes four times as long, and there is one a request.
@dataclass(slots=True)
class Request:
    """An HTTP request, on its way through the server."""

    path: Mapping[str, str]  # the variable parts of it, such as `name`
    headers: Mapping[str, str]  # by lower-case name
    body: bytes = b""
    most_rows: int = 4096
    id: str = ""
    held: int = 0  # bytes of the body that are here
    predicted: tuple[Model, Feeds, Array] | None = None  # by what, from what, what


# From the outputs of the model, (n, classes), (n,) or (n, 1), to the response.
Write: TypeAlias = Callable[[Array], Response]
Asked: TypeAlias = tuple[Feeds, Write]  # what to predict from, and who answers


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address of the server; it has either a `handler` or a `read`."""

    method: str
    path: str  # as Starlette writes it: `/v2/models/{name}/infer`
    name: str  # of the operation: in logs, metrics and as OpenAPI's operationId
    refuse: Callable[[RequestError], Response]  # as the protocol's clients expect it
    handler: Callable[[Model, Request], Response] | None = None  # predicts nothing
    read: Callable[[Model, Request], Asked] | None = None
    # Asked by who looks after the server, so it needs no key: "alive" or "ready".
    probe: str = ""


def dump(content: Any) -> bytes:
    """Write JSON; arrays may be in it, of numbers and in one piece."""
    return orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)


def reply_json(content: Any, status: int = 200) -> Response:
    """Return a response in JSON."""
    return Response(dump(content), status, media_type=JSON)


def refuse(error: RequestError) -> Response:
    """Write an error as most protocols do."""
    return reply_json({"error": str(error)}, error.status)
