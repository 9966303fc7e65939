"""Files: whole or not at all, and locked."""

import json
from pathlib import Path

import pytest

from {{ cookiecutter.package_name }} import files


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    file = tmp_path / "metrics.json"
    files.write_json(file, {"accuracy": 1})
    with pytest.raises(UnicodeEncodeError):
        files.write_atomically(file, "\ud800")
    assert json.loads(file.read_text(encoding="utf-8")) == {"accuracy": 1}
    assert list(tmp_path.iterdir()) == [file]


def test_a_lock_is_held_by_one_and_free_again_afterwards(tmp_path: Path) -> None:
    file = tmp_path / "new" / "lock"
    for _ in range(2):
        with files.locked(file, AssertionError()):
            with pytest.raises(TimeoutError, match="taken"):
                with files.locked(file, TimeoutError("taken")):
                    pass
    with pytest.raises(KeyError):
        with files.locked(file, AssertionError()):
            raise KeyError
    with files.locked(file, AssertionError()):
        assert file.stat().st_size == 0
