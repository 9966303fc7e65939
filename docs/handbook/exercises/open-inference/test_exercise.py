"""Shape, type and data are right, and JSON can write them."""

import json

import pytest
from exercise import to_open_inference


@pytest.mark.parametrize(
    ("instances", "shape", "data"),
    [
        ([[0, 255], [16, 1]], [2, 2], [0, 255, 16, 1]),
        ([[[1, 2, 3], [4, 5, 6]]], [1, 2, 3], [1, 2, 3, 4, 5, 6]),
        ([[0.5]], [1, 1], [0.5]),
    ],
)
def test_a_request_is_translated(instances, shape, data):
    request = to_open_inference({"instances": instances}, "images")
    (tensor,) = json.loads(json.dumps(request))["inputs"]
    expected = {"name": "images", "shape": shape, "datatype": "FP32", "data": data}
    assert tensor == expected
