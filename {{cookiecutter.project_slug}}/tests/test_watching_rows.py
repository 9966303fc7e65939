{{ cookiecutter.__data_kind | variant("*/tests/test_watching_rows.py") -}}
