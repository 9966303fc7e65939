{{ cookiecutter.__data_kind | variant("*/src/serving/rows.py") -}}
