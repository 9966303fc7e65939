{{ cookiecutter.__data_kind | variant("*/src/datasets.py") -}}
