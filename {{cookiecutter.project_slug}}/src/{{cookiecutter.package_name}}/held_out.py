{{ cookiecutter.__data_kind | variant("*/src/held_out.py") -}}
