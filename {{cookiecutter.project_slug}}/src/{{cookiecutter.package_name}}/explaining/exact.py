{{ cookiecutter.framework | variant("*/src/explaining/exact.py") -}}
