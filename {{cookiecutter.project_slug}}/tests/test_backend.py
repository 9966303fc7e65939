{{ cookiecutter.framework | variant("*/tests/test_backend.py") -}}
