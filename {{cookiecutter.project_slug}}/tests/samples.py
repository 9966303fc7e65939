{{ cookiecutter.__data_kind | variant("*/tests/samples.py") -}}
