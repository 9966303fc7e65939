{{ cookiecutter.__data_kind | variant("*/tests/test_reporting_rows.py") -}}
