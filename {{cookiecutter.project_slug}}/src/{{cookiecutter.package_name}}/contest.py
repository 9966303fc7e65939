{{ cookiecutter.__data_kind | variant("*/src/contest.py") -}}
