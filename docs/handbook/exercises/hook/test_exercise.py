"""The hook names the files with a conflict and fails for them alone."""

import pytest
from exercise import main


@pytest.fixture
def files(tmp_path):
    """Write one file of each kind; return their paths by kind."""
    contents = {
        "clean": "a = 1\n",
        "ours": "a = 1\n" + "<" * 7 + " HEAD\n",
        "theirs": ">" * 7 + " branch\nb = 2\n",
        "quoted": "text = '" + "<" * 7 + " is a mark'\n",
    }
    paths = {kind: tmp_path / f"{kind}.py" for kind in contents}
    for kind, path in paths.items():
        path.write_text(contents[kind], encoding="utf-8")
    return paths


@pytest.mark.parametrize("kind", ["clean", "quoted"])
def test_a_good_file_passes(kind, files, capsys):
    assert main([str(files[kind])]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("kind", ["ours", "theirs"])
def test_a_conflict_is_named(kind, files, capsys):
    assert main([str(files["clean"]), str(files[kind]), str(files["quoted"])]) == 1
    assert capsys.readouterr().out == f"{files[kind]}\n"
