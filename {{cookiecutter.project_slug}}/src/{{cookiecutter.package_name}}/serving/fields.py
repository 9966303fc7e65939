{{ cookiecutter.__data_kind | variant("*/src/serving/fields.py") -}}
