import pytest
from exercise import freeze


def test_that_pytest_is_there_with_its_version():
    assert f"pytest=={pytest.__version__}" in freeze()


def test_that_it_is_sorted_and_in_lower_case():
    lines = freeze()
    assert lines == sorted(set(lines))
    names = [line.partition("==")[0] for line in lines]
    assert names == [name.lower() for name in names]
