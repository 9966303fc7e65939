import pandas as pd
import pytest
from exercise import mean_of


@pytest.fixture
def path(tmp_path):
    values = [1.0, 2.0, None, 4.0, 100.0]
    pd.DataFrame({"value": values, "other": 0}).to_csv(tmp_path / "some.csv")
    return tmp_path / "some.csv"


@pytest.mark.parametrize("rows", [1, 2, 3, 10])
def test_that_the_size_of_a_chunk_does_not_matter(path, rows):
    assert mean_of(path, "value", rows) == pytest.approx(107 / 4)
