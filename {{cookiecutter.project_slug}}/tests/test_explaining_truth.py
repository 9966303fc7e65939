{{ cookiecutter.__data_kind | variant("*/tests/test_explaining_truth.py") -}}
