{{ cookiecutter.framework | variant("*/tests/armed.py") -}}
