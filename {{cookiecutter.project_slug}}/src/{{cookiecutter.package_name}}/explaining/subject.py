{{ cookiecutter.__data_kind | variant("*/src/explaining/subject.py") -}}
