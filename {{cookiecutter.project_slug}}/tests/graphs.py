#% include cookiecutter.__data_kind ~ "/tests/graphs.py"
