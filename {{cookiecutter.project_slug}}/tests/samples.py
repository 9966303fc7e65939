#% include cookiecutter.__data_kind ~ "/tests/samples.py"
