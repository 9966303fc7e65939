{{ cookiecutter.framework | variant("*/src/models.py") -}}
