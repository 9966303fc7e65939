{{ cookiecutter.__data_kind | variant("*/tests/test_utils.py") -}}
