{{ cookiecutter.__data_kind | variant("*/src/utils.py") -}}
