"""SHAP and permutation from a model's outputs, of a function that is known."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest

from {{ cookiecutter.package_name }}.explaining import agnostic

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

WEIGHTS = np.array([4.0, -2.0, 0.0])


@dataclass
class Linear:
    """Rows of three numbers, and a function of them whose SHAP values are known."""

    known: FloatArray
    compared: int
    classes: tuple[str, ...] = ()
    labels: FloatArray | None = None
    unit: str = "price"
    features: tuple[str, ...] = ("a", "b", "c")

    @property
    def explained(self) -> IntArray:
        """The only output, of each row to explain."""
        return np.zeros(len(self.known) - self.compared, dtype=np.int64)

    def outputs(self, origins: IntArray) -> FloatArray:
        """Return the sum of weight times value for rows that are put together."""
        mixed = self.known[origins, np.arange(3)]
        return np.asarray(mixed @ WEIGHTS[:, None] + 10)


@pytest.fixture
def pool() -> Linear:
    """20 rows to compare with and 30 to explain."""
    return Linear(np.random.default_rng(0).normal(size=(50, 3)), compared=20)


def test_rows_are_put_together_from_the_rows_they_name(pool: Linear) -> None:
    origins = np.array([[3, 4, 5]])
    expected = pool.known[[3, 4, 5], [0, 1, 2]] @ WEIGHTS + 10
    assert pool.outputs(origins)[0, 0] == pytest.approx(expected)
    assert agnostic.as_they_are(pool, np.array([7])).tolist() == [[7, 7, 7]]


def test_sampled_shap_values_of_a_linear_function_are_exact(pool: Linear) -> None:
    found = agnostic.sampled_shap(pool, seed=1)
    background, rows = pool.known[:20], pool.known[20:]
    expected = WEIGHTS * (rows - background.mean(axis=0))
    np.testing.assert_allclose(found.values, expected, atol=1e-9)
    assert found.base is not None
    np.testing.assert_allclose(found.base + found.values.sum(axis=1), found.output)


def test_a_permutation_costs_most_where_the_weight_is(pool: Linear) -> None:
    found, importance, how = agnostic.permuted(pool, seed=1)
    # Two values that are drawn differ by sqrt(2) deviations: twice the variance.
    expected = 2 * WEIGHTS**2
    assert list(np.argsort(-importance)) == [0, 1, 2]
    np.testing.assert_allclose(importance, expected, rtol=0.5)
    assert importance[2] == 0 and not found.values[:, 2].any()
    assert found.base is None and "predicted price" in how


def test_a_single_row_is_permuted_with_those_it_is_compared_with() -> None:
    known: FloatArray = np.random.default_rng(0).normal(size=(21, 3))
    found, _, _ = agnostic.permuted(Linear(known, compared=20), seed=1)
    assert np.abs(found.values[0, 0]) > 0
