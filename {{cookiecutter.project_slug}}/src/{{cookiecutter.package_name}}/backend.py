{{ cookiecutter.framework | variant("*/src/backend.py") -}}
