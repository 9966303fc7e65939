"""Bodies: unpacked, measured before they are parsed, and kept by no error."""

import gc
import gzip
import tracemalloc

import numpy as np
import orjson
import pytest

from {{ cookiecutter.package_name }}.serving import values
from {{ cookiecutter.package_name }}.serving.messages import (
    LARGE_BODY,
    Request,
    RequestError,
)
from {{ cookiecutter.package_name }}.serving.model import Model
from {{ cookiecutter.package_name }}.serving.tensorflow_serving import predict

import graphs

MEGABYTE = 2**20


def test_a_body_is_unpacked_up_to_the_limit() -> None:
    packed = gzip.compress(b"x" * 1000)
    assert values.unpacked(packed, {}, 10) is packed
    assert values.unpacked(packed, {"content-encoding": "identity"}, 10) is packed
    for name in ("gzip", "GZIP", "x-gzip"):
        headers = {"content-encoding": name}
        assert values.unpacked(packed, headers, 1000) == b"x" * 1000


@pytest.mark.parametrize(
    ("body", "encoding", "status", "message"),
    [
        (gzip.compress(b"x" * 1001), "gzip", 413, "longer than 1000 bytes when unpack"),
        (gzip.compress(b"\0" * 10**7), "gzip", 413, "longer than 1000 bytes when unpa"),
        (gzip.compress(b"x" * 9)[:-1], "gzip", 400, "is not a whole gzip file"),
        (gzip.compress(b"x" * 9) + b"x", "gzip", 400, "is not a whole gzip file"),
        (b"{}", "gzip", 400, "is not a whole gzip file"),
        (b"", "gzip", 400, "is not a whole gzip file"),
        (b"{}", "br", 415, "is 'br'; send it uncompressed, or by gzip"),
        (b"{}", "gzip, gzip", 415, "send it uncompressed, or by gzip"),
    ],
)
def test_what_cannot_be_unpacked_is_refused(
    body: bytes, encoding: str, status: int, message: str
) -> None:
    with pytest.raises(RequestError, match=message) as refused:
        values.unpacked(body, {"content-encoding": encoding}, 1000)
    assert (refused.value.status, refused.value.field) == (status, "body")
    assert refused.value.__context__ is None


@pytest.mark.parametrize(
    ("around", "part"),
    [
        (b'{"instances":[%s]}', b"[]"),
        (b'{"instances":[%s]}', b"{}"),
        (b'{"instances":[%s]}', b"0"),
        (b'{"x":[%s],"instances":[]}', b'{"a":[{}]}'),
    ],
)
def test_a_body_of_too_many_parts_is_refused_before_it_is_parsed(
    around: bytes, part: bytes, model: Model
) -> None:
    count = 16_500_000 // (len(part) + 1)
    body = around % b",".join([part] * count)
    tracemalloc.start()
    try:
        with pytest.raises(RequestError, match="holds more than 4096 rows") as refused:
            predict(model, Request({}, {}, body))
        error = refused.value.with_traceback(None)
        held, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (error.status, error.field) == (413, "body")
    # As objects it would be hundreds; looking at the bytes takes as many again.
    assert most < 20 * MEGABYTE
    assert held < MEGABYTE
    del refused
    assert gc.get_referrers(body) == []


def test_as_many_rows_as_there_may_be_are_read(model: Model) -> None:
    for instances in ([graphs.ROWS[0]] * 4096, [graphs.LISTS[0]] * 4096):
        body = orjson.dumps({"instances": instances}, option=orjson.OPT_INDENT_2)
        assert len(body) > LARGE_BODY
        feeds, _ = predict(model, Request({}, {}, body))
        assert {len(array) for array in feeds.values()} == {4096}
    numbers = np.arange(7).tolist()
    with pytest.raises(RequestError, match=r"unknown: '0', '1', '2', '3', '4' and 2"):
        values.require_names(list(map(str, numbers)), ["a"], "x")


def test_a_wrong_part_is_told_the_shape_of_the_whole() -> None:
    grey = [[1, 2], [3, 4]]
    message = r"x\[0\]\[0\]: must be a list of 3 values, is a number; the shape wanted"
    with pytest.raises(RequestError, match=rf"{message} is \[2, 2, 3\]"):
        values.flattened(grey, (2, 2, 3), "x")
