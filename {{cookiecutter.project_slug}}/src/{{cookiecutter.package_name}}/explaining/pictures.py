{{ cookiecutter.__data_kind | variant("*/src/explaining/pictures.py") -}}
