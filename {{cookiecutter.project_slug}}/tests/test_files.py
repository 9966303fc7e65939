"""Files: whole or not at all."""

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
