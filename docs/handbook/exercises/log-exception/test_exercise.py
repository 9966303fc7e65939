import pytest
from exercise import read_all


def read(path):
    if path == "gone":
        raise FileNotFoundError(path)
    if path == "wrong":
        raise TypeError(path)
    return path.upper()


def test_that_it_goes_on_and_logs_the_traceback(caplog):
    assert read_all(read, ["a", "gone", "b"]) == {"a": "A", "b": "B"}
    (record,) = caplog.records
    assert record.levelname == "ERROR" and "gone" in record.getMessage()
    assert record.exc_info and record.exc_info[0] is FileNotFoundError


def test_that_mistakes_in_the_code_are_not_hidden():
    with pytest.raises(TypeError):
        read_all(read, ["wrong"])
