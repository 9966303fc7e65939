import hashlib

import pytest
from exercise import run_checked


def test_that_what_was_published_runs(tmp_path):
    script = tmp_path / "install.sh"
    script.write_text("echo installed\n")
    sha256 = hashlib.sha256(script.read_bytes()).hexdigest()
    assert run_checked(script, sha256) == "installed\n"


def test_that_nothing_else_does(tmp_path):
    script = tmp_path / "install.sh"
    script.write_text(f"touch {tmp_path}/evil\n")
    with pytest.raises(ValueError):
        run_checked(script, "0" * 64)
    assert not (tmp_path / "evil").exists()
