import os

from exercise import run_with

CODE = "import os; print(os.environ['HANDBOOK_LEVEL'], 'PATH' in os.environ)"


def test_that_the_child_has_it_and_all_else_and_the_parent_has_not():
    assert run_with(CODE, "HANDBOOK_LEVEL", "debug").split() == ["debug", "True"]
    assert "HANDBOOK_LEVEL" not in os.environ
