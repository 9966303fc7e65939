{{ cookiecutter.__data_kind | variant("*/tests/test_held_out.py") -}}
