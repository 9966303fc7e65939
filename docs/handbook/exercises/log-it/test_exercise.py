import logging

from exercise import positive


def test_levels_and_messages(caplog, capsys):
    caplog.set_level(logging.INFO)
    assert positive([1, -2, 3]) == [1, 3]
    told = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert told == [("WARNING", "skipped -2"), ("INFO", "kept 2 values")]
    assert capsys.readouterr().out == ""


def test_that_values_are_arguments(caplog):
    positive([-2])
    assert caplog.records[0].args == (-2,)
