"""Pixels as they are, one picture or many, and text that JSON allows."""

import json

import numpy as np
from exercise import body

PICTURES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


def test_pixels_stay_as_they_are():
    assert json.loads(body(PICTURES)) == {"instances": PICTURES.tolist()}


def test_one_picture_is_a_list_of_one():
    assert json.loads(body(PICTURES[1])) == {"instances": [PICTURES[1].tolist()]}
