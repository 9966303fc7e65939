{{ cookiecutter.__data_kind | variant("*/src/serving/static/playground.js") -}}
