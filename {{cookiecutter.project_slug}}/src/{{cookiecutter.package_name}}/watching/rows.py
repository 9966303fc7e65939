{{ cookiecutter.__data_kind | variant("*/src/watching/rows.py") -}}
