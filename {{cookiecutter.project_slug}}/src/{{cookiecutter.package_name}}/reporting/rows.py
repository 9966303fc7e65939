{{ cookiecutter.__data_kind | variant("*/src/reporting/rows.py") -}}
