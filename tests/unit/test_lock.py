"""What a project installs: files of pins, and the hashes of all of them."""

import re

import pytest

from answers.checks import normalised
from answers.filters import hashed, hashes
from answers.template import read_template
from tools.lock import HASHES, locked_files


def test_every_pin_has_its_hashes_and_none_is_left_over() -> None:
    texts = [file.read_text(encoding="utf-8") for file in locked_files()]
    pins = {pin for text in texts for pin in re.findall(r"^\w\S+", text, re.M)}
    assert pins == hashes().keys(), "stale; `poe lock` writes them anew"
    text = HASHES.read_text(encoding="utf-8")
    assert hashed("\n".join(hashes())) == text


def test_a_marker_stays_and_a_pin_without_hashes_is_no_pin() -> None:
    pin, lines = next(iter(hashes().items()))
    marker = " ; sys_platform == 'win32'"
    assert hashed(pin + marker) == f"{pin}{marker} \\\n{lines}"
    with pytest.raises(KeyError):
        hashed("unheard-of==1.0")


def test_the_names_are_normalised() -> None:
    names = sorted(read_template().distributions)
    assert [normalised(name) for name in names] == names
