"""The key changes with the content and the names, and with nothing else."""

import re

import pytest
from exercise import cache_key


@pytest.fixture
def write(tmp_path):
    """Write files; return their paths."""

    def write_files(folder, **contents):
        (tmp_path / folder).mkdir(exist_ok=True)
        paths = [tmp_path / folder / name for name in contents]
        for path, content in zip(paths, contents.values()):
            path.write_bytes(content)
        return paths

    return write_files


def test_it_has_the_prefix_and_a_sha256(write):
    key = cache_key("uv-3.12", write("x", a=b"numpy==2.1\n"))
    assert re.fullmatch(r"uv-3\.12-[0-9a-f]{64}", key)


def test_the_order_and_the_folder_do_not_matter(write):
    files = write("x", a=b"1", b=b"2")
    other = write("y", a=b"1", b=b"2")
    assert cache_key("k", files) == cache_key("k", files[::-1])
    assert cache_key("k", files) == cache_key("k", other)


def test_content_and_names_do(write):
    keys = {
        cache_key("k", write("1", a=b"a", b=b"bc")),
        cache_key("k", write("2", a=b"ab", b=b"c")),
        cache_key("k", write("3", a=b"bc", b=b"a")),
        cache_key("k", write("4", a=b"a", c=b"bc")),
        cache_key("k", write("5", a=b"\xff", b=b"bc")),
    }
    assert len(keys) == 5
