from exercise import packages

GROUPS = {
    "train": ["numpy>=2"],
    "tools": ["black", {"include-group": "lint"}],
    "lint": ["flake8"],
    "dev": [{"include-group": "train"}, {"include-group": "tools"}, "pytest"],
}


def test_a_plain_group():
    assert packages(GROUPS, "train") == ["numpy>=2"]


def test_that_groups_are_expanded_at_any_depth():
    assert packages(GROUPS, "dev") == ["numpy>=2", "black", "flake8", "pytest"]
