"""What goes in and out of a protocol: plain data, so that no test needs a server."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from .model import Models
from .tensors import Array, Feeds

JSON = "application/json"


class RequestError(Exception):
    """A request that cannot be answered, and why: the sender can mend it.

    Attributes:
        status: The HTTP status, 4xx; 503 while there is no model.
        message: What is wrong and how it should be; without the field's name.
        field: The part of the request that is wrong, like `instances[3][0]`; None if
            it is the request as a whole.
    """

    def __init__(self, status: int, message: str, field: str | None = None) -> None:
        """Keep the parts; the text of the exception is `field: message`."""
        super().__init__(f"{field}: {message}" if field else message)
        self.status = status
        self.message = message
        self.field = field


# Not frozen, as making frozen ones takes four times as long; there is one a request.
@dataclass(slots=True)
class Request:
    """An HTTP request, its body read to the end.

    Attributes:
        path: The variable parts of the path, such as `name`; already unquoted.
        headers: By lower-case name.
        body: The bytes; empty if there are none.
        max_rows: How many rows may be predicted at once; None for any number.
    """

    path: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    max_rows: int | None = None


@dataclass(slots=True)
class Reply:
    """An HTTP response.

    Attributes:
        body: The bytes.
        status: The HTTP status.
        headers: By lower-case name, `content-length` excepted.
        rows: How many rows were predicted.
        classes: How often each class was the most probable one; empty for a regression.
        version: Which version of the model predicted them; None if none did.
        feeds: What they were predicted from; None if nothing was.
        outputs: What was predicted.
    """

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": JSON})
    rows: int = 0
    classes: Mapping[str, int] = field(default_factory=dict)
    version: int | None = None
    feeds: Feeds | None = None
    outputs: Array | None = None


# May raise RequestError, and nothing else that the sender could have caused.
Handler: TypeAlias = Callable[[Models, Request], Reply]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address of the server.

    Attributes:
        method: GET, POST or PUT.
        path: As Starlette writes it: `/v2/models/{name}/infer`.
        handler: Answers a request.
        name: Of the operation, one word for logs, metrics and the OpenAPI document.
        refuse: Writes an error, also one of the server's own, as the protocol's
            clients expect it.
        protocol: Which protocol it belongs to, as people write it.
    """

    method: str
    path: str
    handler: Handler
    name: str
    refuse: Callable[[RequestError], Reply]
    protocol: str
