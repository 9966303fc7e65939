"""The golden files belong together: a slip in them would be a slip in every server."""

import json
import math
import operator
from typing import Any

import pytest

from serving.contract import (
    CASES,
    DIFFERENCES,
    GOLDEN,
    HEADER_LENGTH,
    OURS,
    TOLERANCE,
    unlike,
    without,
)

MODEL = json.loads((GOLDEN / "model.json").read_text("utf-8"))


def probabilities(image: list[list[float]]) -> list[float]:
    """Compute what the golden model says of an image, 8 rows of 8 pixels."""
    pixels = [pixel / MODEL["max_value"] for row in image for pixel in row]
    logits = [
        bias + sum(map(operator.mul, weights, pixels))
        for weights, bias in zip(MODEL["weights"], MODEL["biases"], strict=True)
    ]
    powers = [math.exp(logit) for logit in logits]
    return [power / sum(powers) for power in powers]


def read(name: str) -> Any:
    """Return a golden file that is JSON."""
    return json.loads((GOLDEN / name).read_text("utf-8"))


EXPECTED = [
    probabilities(image)
    for image in read("tensorflow_serving/instances.request.json")["instances"]
]
NAMED = [dict(zip(MODEL["classes"], row, strict=True)) for row in EXPECTED]
FLAT = [value for row in EXPECTED for value in row]


@pytest.mark.parametrize(
    ("name", "path", "expected"),
    [
        ("tensorflow_serving/instances", ["predictions"], EXPECTED),
        ("tensorflow_serving/named_instances", ["predictions"], EXPECTED),
        ("tensorflow_serving/version", ["predictions"], EXPECTED),
        ("tensorflow_serving/columns", ["outputs"], EXPECTED),
        ("open_inference/infer", ["outputs", 0, "data"], FLAT),
        ("open_inference/binary", ["outputs", 0, "data"], FLAT),
        ("seldon/ndarray", ["data", "ndarray"], EXPECTED),
        ("seldon/tensor", ["data", "tensor", "values"], FLAT),
        ("torchserve/image", [], NAMED[0]),
        ("torchserve/images", [], NAMED),
        ("torchserve/data", [], NAMED),
        ("torchserve/instances", ["predictions"], NAMED),
    ],
)
def test_golden_responses_are_what_the_golden_model_computes(
    name: str, path: list[Any], expected: Any
) -> None:
    found = read(f"{name}.response.json")
    for step in path:
        found = found[step]
    assert unlike(expected, found) == []


def test_every_golden_file_belongs_to_a_case() -> None:
    named = {case.name for case in CASES} | {case.request for case in CASES}
    files = {
        path.relative_to(GOLDEN).as_posix().split(".")[0] for path in GOLDEN.glob("*/*")
    }
    assert files == named - {None, ""}


def test_the_binary_request_says_how_long_its_json_is() -> None:
    (case,) = [case for case in CASES if case.is_binary()]
    body = case.body()
    assert body is not None
    head = json.loads(body[: int(case.headers[HEADER_LENGTH])])
    rest = len(body) - int(case.headers[HEADER_LENGTH])
    assert head["inputs"][0]["parameters"]["binary_data_size"] == rest == 2 * 64 * 4


def test_every_difference_is_of_a_key_that_its_server_is_asked_for() -> None:
    for server, name in DIFFERENCES:
        asked = [case for case in CASES if case.name.startswith(name)]
        assert any(server in (OURS, *case.others) for case in asked), name


@pytest.mark.parametrize(
    ("expected", "found", "said"),
    [
        ({"a": [1.0]}, {"a": [1.0 + TOLERANCE / 2]}, []),
        ({"a": [1.0]}, {"a": [1.0 + TOLERANCE * 2]}, [".a[0]: 1.0002, not 1.0"]),
        ({"a": 1.0}, {"a": math.nan}, [".a: nan, not 1.0"]),
        ({"a": 1}, {"a": True}, [".a: True, not 1"]),
        ({"a": "*"}, {"a": ""}, [".a: '', not '*'"]),
        ({"a": "*"}, {"a": "text"}, []),
        ({"a": 1}, {"b": 1}, ["the answer: keys ['b'], not ['a']"]),
        ({"a": [1, 2]}, {"a": [1]}, [".a: 1 elements, not 2"]),
        ({"a": []}, {"a": {}}, [".a: {}, not []"]),
    ],
)
def test_a_difference_is_told(expected: Any, found: Any, said: list[str]) -> None:
    assert unlike(expected, found) == said


def test_only_the_named_keys_are_left_out() -> None:
    content = {"a": [{"b": 1, "c": 2}], "b": 3}
    assert without(content, {".a[0].b"}) == {"a": [{"c": 2}], "b": 3}
