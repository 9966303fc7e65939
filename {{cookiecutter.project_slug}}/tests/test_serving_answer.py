"""Bodies of requests: read to the end, within limits."""

import asyncio

import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message

from {{ cookiecutter.package_name }}.serving.answer import Limits, read_body
from {{ cookiecutter.package_name }}.serving.messages import RequestError


def read(
    *parts: bytes | None,
    declared: str | None = None,
    pause: float = 0,
    arrived: bool = False,
) -> bytes:
    """Read a body of ten bytes at most, for 0.05 seconds at most.

    Args:
        parts: What arrives; after None the client has gone.
        declared: The header Content-Length.
        pause: Before each part, in seconds.
        arrived: Whether it is known to be there.
    """
    limits = Limits(
        max_body_bytes=10,
        max_rows=1,
        large_body_bytes=10,
        read_seconds=0.05,
        answer_seconds=1,
    )
    left = list(parts)

    async def receive() -> Message:
        await asyncio.sleep(pause)
        part = left.pop(0)
        if part is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": part, "more_body": bool(left)}

    return asyncio.run(read_body(receive, declared, limits, arrived))


@pytest.mark.parametrize("arrived", [False, True])
@pytest.mark.parametrize("parts", [[b"0123456789"], [b"01", b"", b"23456789"], [b""]])
def test_the_parts_are_joined(parts: list[bytes], arrived: bool) -> None:
    assert read(*parts, arrived=arrived) == b"".join(parts)


@pytest.mark.parametrize("arrived", [False, True])
@pytest.mark.parametrize(
    ("declared", "parts"),
    [
        ("11", []),
        ("9" * 30, []),
        (None, [b"0" * 11]),
        (None, [b"012345", b"678901", b"never read"]),
        ("3", [b"0" * 11]),
    ],
)
def test_a_body_that_is_too_long_is_read_no_further(
    declared: str | None, parts: list[bytes], arrived: bool
) -> None:
    with pytest.raises(RequestError, match="longer than 10 bytes") as refused:
        read(*parts, declared=declared, arrived=arrived)
    assert refused.value.status == 413


def test_a_body_that_is_slow_is_not_waited_for() -> None:
    with pytest.raises(RequestError, match="within 0.05 s") as refused:
        read(b"01", b"23", pause=0.2)
    assert refused.value.status == 408


@pytest.mark.parametrize("parts", [[None], [b"01", None]])
def test_a_client_may_go_away(parts: list[bytes | None]) -> None:
    with pytest.raises(ClientDisconnect):
        read(*parts)
