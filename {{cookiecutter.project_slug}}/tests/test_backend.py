{{ cookiecutter.framework | variant_if_any("*/tests/test_backend.py") -}}
