{{ cookiecutter.__data_kind | variant("*/src/inputs.py") -}}
