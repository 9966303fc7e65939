{{ cookiecutter.__data_kind | variant("*/tests/graphs.py") -}}
