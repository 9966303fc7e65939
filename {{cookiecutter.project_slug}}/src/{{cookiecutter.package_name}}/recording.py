{{ cookiecutter.__tracker | variant("*/src/recording.py") -}}
