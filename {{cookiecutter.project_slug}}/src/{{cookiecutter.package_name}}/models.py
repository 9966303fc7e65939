{{ cookiecutter.framework | variant("models/*.py") -}}
