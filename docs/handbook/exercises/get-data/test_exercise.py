import pytest
from exercise import get_data


@pytest.fixture
def houses(tmp_path):
    path = tmp_path / "houses.csv"
    path.write_text("id,rooms,price\n1,3,210\n")
    return path


def test_that_columns_are_left_out(houses):
    assert list(get_data(houses, ["id"])) == ["rooms", "price"]
    assert list(get_data(houses)) == ["id", "rooms", "price"]


def test_that_an_unknown_column_is_an_error(houses):
    with pytest.raises(ValueError, match="houses.csv"):
        get_data(houses, ["Id"])
