"""What is missing or differs is named, in the order of the list."""

import hashlib

import pytest
from exercise import changed

FILES = {"model.onnx": b"\x00\xffweights", "my notes.txt": b"", "below/a.bin": b"a"}


@pytest.fixture
def folder(tmp_path):
    """Write files and the list of their hashes."""
    lines = []
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
        lines.append(f"{hashlib.sha256(content).hexdigest()}  {name}\n")
    (tmp_path / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")
    return tmp_path


def test_nothing_has_changed(folder):
    assert changed(folder) == []


def test_what_differs_and_what_is_missing_is_named(folder):
    (folder / "my notes.txt").write_bytes(b"!")
    (folder / "below" / "a.bin").unlink()
    assert changed(folder) == ["my notes.txt", "below/a.bin"]


def test_another_file_does_not_matter(folder):
    (folder / "new.txt").write_bytes(b"new")
    assert changed(folder) == []
