#% include cookiecutter.__data_kind ~ "/tests/test_serving_rows.py"
