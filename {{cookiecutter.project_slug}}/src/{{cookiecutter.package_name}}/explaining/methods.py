{{ cookiecutter.__data_kind | variant("*/src/explaining/methods.py") -}}
