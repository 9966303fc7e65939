#% include cookiecutter.__data_kind ~ "/tests/test_utils.py"
