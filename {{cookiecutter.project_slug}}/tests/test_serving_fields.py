"""What the form of the playground begins with: values that a column may hold."""

import pytest

from {{ cookiecutter.package_name }}.serving.fields import typical
from {{ cookiecutter.package_name }}.serving.tensors import Limits


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        (Limits(minimum=10, maximum=30), 20),
        (Limits(minimum=100_400, maximum=100_450), 100_425),
        (Limits(minimum=0, maximum=50), 17),
        (Limits(minimum=0, maximum=0.28), 0.09),
        (Limits(minimum=-3, maximum=-3), -3),
        (Limits(minimum=5), 5),
        (Limits(maximum=-5), -5),
        (Limits(maximum=5), 0),
        (Limits(), 0),
    ],
)
def test_a_typical_value_is_in_the_middle_of_the_range(
    limits: Limits, expected: float
) -> None:
    assert typical(limits) == pytest.approx(expected)
