"""The list of what a project installs, which tools/lock.py writes."""

from answers.checks import normalised
from tools.lock import DISTRIBUTIONS, distributions


def test_the_list_of_distributions_is_that_of_the_requirements() -> None:
    listed = DISTRIBUTIONS.read_text(encoding="utf-8").splitlines()
    assert listed == distributions(), "stale; `poe lock` writes it anew"


def test_the_names_are_normalised() -> None:
    assert [normalised(name) for name in distributions()] == distributions()
