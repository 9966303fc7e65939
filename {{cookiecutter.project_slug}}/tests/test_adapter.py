#% include cookiecutter.__data_kind ~ "/tests/test_adapter.py"
