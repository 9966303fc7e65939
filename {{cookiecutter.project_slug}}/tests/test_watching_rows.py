#% include cookiecutter.__data_kind ~ "/tests/test_watching_rows.py"
