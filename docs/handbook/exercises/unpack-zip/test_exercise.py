"""Good archives are unpacked; of bad ones, nothing is written."""

import zipfile

import pytest
from exercise import unpack


@pytest.fixture
def pack(tmp_path):
    """Write an archive; return its path and an empty folder."""
    folder = tmp_path / "unpacked"
    folder.mkdir()

    def write(**contents):
        file = tmp_path / "a.zip"
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in contents.items():
                archive.writestr(name, content)
        return file, folder

    return write


def test_a_good_one_is_unpacked(pack):
    file, folder = pack(**{"a.txt": b"1234", "below/b.txt": b"567890"})
    unpack(file, folder, most=10)
    assert (folder / "a.txt").read_bytes() == b"1234"
    assert (folder / "below" / "b.txt").read_bytes() == b"567890"


@pytest.mark.parametrize("name", ["../out.txt", "a/../../out.txt", "/out.txt"])
def test_a_name_that_leaves_the_folder_is_refused(name, pack):
    file, folder = pack(**{"good.txt": b"1", name: b"2"})
    with pytest.raises(ValueError):
        unpack(file, folder, most=10)
    assert list(folder.iterdir()) == []


def test_too_much_is_refused(pack):
    file, folder = pack(a=bytes(600_000), b=bytes(600_000))
    with pytest.raises(ValueError):
        unpack(file, folder, most=1_000_000)
    assert list(folder.iterdir()) == []
