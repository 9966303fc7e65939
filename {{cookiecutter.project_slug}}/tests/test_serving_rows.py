{{ cookiecutter.__data_kind | variant("*/tests/test_serving_rows.py") -}}
