{{ cookiecutter.framework | variant_if_any("*/src/backend.py") -}}
