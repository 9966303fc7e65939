"""There are examples, they are right, and one is of an empty text."""

import doctest

import exercise
from exercise import slug


def examples():
    """Return the examples in the docstring of `slug`."""
    (found,) = doctest.DocTestFinder(recurse=False).find(slug, globs=vars(exercise))
    return found


def test_there_are_three_that_differ():
    assert len({example.source for example in examples().examples}) >= 3


def test_one_is_of_an_empty_text():
    sources = [example.source for example in examples().examples]
    assert any('slug("")' in source or "slug('')" in source for source in sources)


def test_they_are_right():
    assert doctest.DocTestRunner().run(examples()).failed == 0


def test_the_function_is_what_it_was():
    assert slug("Iris & Wine") == "iris-wine"
