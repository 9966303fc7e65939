#% include cookiecutter.__data_kind ~ "/tests/test_explaining_truth.py"
