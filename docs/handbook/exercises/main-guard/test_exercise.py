import inspect
import runpy

from exercise import train


def test_that_an_import_does_nothing(capsys):
    runpy.run_path(inspect.getfile(train), run_name="imported")
    assert capsys.readouterr().out == ""


def test_that_a_program_does_what_it_did(capsys):
    runpy.run_path(inspect.getfile(train), run_name="__main__")
    assert capsys.readouterr().out == "accuracy: 0.97\n"
