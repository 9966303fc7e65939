#% include cookiecutter.__data_kind ~ "/tests/test_reporting_rows.py"
