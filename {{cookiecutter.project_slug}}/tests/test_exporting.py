{{ cookiecutter.framework | variant("*/tests/test_exporting.py") -}}
