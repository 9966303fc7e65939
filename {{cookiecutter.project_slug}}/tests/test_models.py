{{ cookiecutter.framework | variant("*/tests/test_models.py") -}}
