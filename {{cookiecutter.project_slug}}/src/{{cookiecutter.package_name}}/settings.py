{{ cookiecutter.__data_kind | variant("*/src/settings.py") -}}
