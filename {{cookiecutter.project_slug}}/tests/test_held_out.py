#% include cookiecutter.__data_kind ~ "/tests/test_held_out.py"
