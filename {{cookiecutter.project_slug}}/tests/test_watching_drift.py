"""The tests of `monitor` on arrays, each with what it must and must not find."""

import numpy as np
import pytest
from scipy import stats

from {{ cookiecutter.package_name }}.watching import drift
from {{ cookiecutter.package_name }}.watching.drift import Array, Finding
from {{ cookiecutter.package_name }}.watching.reference import Reference


def texts(*counts: tuple[str, int]) -> Array:
    """Return a variable of texts: each so many times."""
    return np.array([text for text, count in counts for _ in range(count)], object)


def found(before: Array, now: Array) -> dict[str, Finding]:
    """Return what is found of one variable, by group."""
    return {each.group: each for each in drift.compare({"x": before}, {"x": now})}


def test_the_p_values_are_those_of_scipy() -> None:
    generator = np.random.default_rng(0)
    before, now = generator.normal(size=300), generator.normal(0.3, size=80)
    for after in (now, np.round(now)):
        expected = stats.ks_2samp(before, after, method="asymp")
        finding = found(before, after)["drift"]
        assert finding.effect == pytest.approx(expected.statistic)
        assert finding.p == pytest.approx(expected.pvalue)
    counts = np.array([[40, 25], [260, 55]])
    both = drift.share_test(counts, (300, 80))
    assert both[0] == pytest.approx(both[1])  # one is the other, turned round
    tail = stats.fisher_exact(counts, alternative="less").pvalue
    assert both[0] == pytest.approx(2 * tail)


def test_what_lies_beyond_the_range_is_as_likely_as_chance_has_it() -> None:
    # Of 3 old and 2 new values, the largest is a new one in 2 of 5 orders, the largest
    # two in 2 of 5 times 1 of 4.
    assert drift.beyond(0, 3, 2) == pytest.approx(1)
    assert drift.beyond(1, 3, 2) == pytest.approx(2 / 5)
    assert drift.beyond(2, 3, 2) == pytest.approx(2 / 5 * 1 / 4)
    before, now = np.arange(1000.0), np.linspace(1, 998, 200)
    assert found(before, now)["unseen"].p == 1
    now[:8] *= 1000  # a unit was mistaken in 4 % of the rows
    assert found(before, now)["unseen"].p < 1e-4
    assert found(before, now)["drift"].p > 0.01  # which the rest hides


@pytest.mark.parametrize(
    ("now", "group"),
    [
        (texts(("a", 50), ("b", 50)), "drift"),
        (texts(("a", 80), ("b", 10), ("never before", 10)), "unseen"),
        (texts(("a", 80), ("b", 10), (drift.MISSING, 10)), "missing"),
    ],
)
def test_texts_that_come_more_often_or_never_came_are_found(
    now: Array, group: str
) -> None:
    before = texts(("a", 900), ("b", 98), ("c", 2))
    result = found(before, now)
    assert result[group].p < 1e-4
    assert result[group].effect >= 0.1
    assert all(each.p > 0.01 for name, each in found(before, before[::5]).items())


def test_new_names_are_no_finding_where_every_row_has_a_name_of_its_own() -> None:
    before = np.array([f"person {number}" for number in range(500)], dtype=object)
    now = np.array([f"person {number}" for number in range(500, 700)], dtype=object)
    assert found(before, now)["unseen"].p == pytest.approx(1)
    assert found(before, now)["unseen"].effect == 1


def test_a_column_without_any_value_is_missing_and_nothing_else() -> None:
    before, empty = np.arange(100.0), np.full(40, np.nan)
    for old, new in ((before, empty), (texts(("a", 9)), texts((drift.MISSING, 40)))):
        result = found(old, new)
        assert result.keys() == {"missing"}
        assert result["missing"].p < 1e-6
    assert "missing" not in found(before, before)


def test_only_a_worse_model_is_a_finding() -> None:
    good, bad = np.repeat([0.0, 1.0], [95, 5]), np.repeat([0.0, 1.0], [70, 30])
    (worse,) = drift.quality_findings(good, bad, True)
    (better,) = drift.quality_findings(bad, good, True)
    assert worse.p < 1e-4 and worse.effect == pytest.approx(0.25)
    assert better.p > 0.5 and better.effect == 0
    errors = np.random.default_rng(0).random(200)
    (worse,) = drift.quality_findings(errors, errors + 0.3, False)
    (better,) = drift.quality_findings(errors, errors - 0.3, False)
    assert worse.p < 1e-4 and better.p > 0.5
    assert 0 < worse.effect <= 1 and better.effect == 0


def test_p_values_are_adjusted_as_holm_has_it() -> None:
    # Example: 0.01, 0.04, 0.03, 0.005 become 0.03, 0.06, 0.06, 0.02.
    ps = (0.01, 0.04, 0.03, 0.005)
    plain = [Finding("drift", str(p), "", 0.0, "", "", p) for p in ps]
    adjusted = drift.adjust(plain)
    assert [each.p for each in adjusted] == sorted(ps)
    assert [each.adjusted for each in adjusted] == pytest.approx(
        [0.02, 0.03, 0.06, 0.06]
    )
    assert drift.adjust([]) == []


def test_predictions_and_quality_are_compared_with_the_inputs() -> None:
    generator = np.random.default_rng(0)
    known = Reference(
        {"x": generator.normal(size=400)},
        {"value": generator.normal(size=400)},
        np.abs(generator.normal(size=400)),
    )
    wrong = np.abs(generator.normal(size=100)) + 2
    now = {"x": generator.normal(size=100)}
    said = {"value": generator.normal(5, size=100)}
    result = drift.compare_all(known, now, said, wrong, classification=False)
    assert {each.group for each in result if each.adjusted < 0.01} == {
        *("prediction", "quality"),
    }
    assert {each.group for each in drift.compare_all(known, {}, said)} == {"prediction"}
