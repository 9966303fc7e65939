{{ cookiecutter.__data_kind | variant("*/src/serving/limits.py") -}}
