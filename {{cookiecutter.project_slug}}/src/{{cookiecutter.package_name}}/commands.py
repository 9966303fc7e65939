{{ cookiecutter.__data_kind | variant("*/src/commands.py") -}}
