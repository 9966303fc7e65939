{{ cookiecutter.framework | variant("*/src/exporting.py") -}}
