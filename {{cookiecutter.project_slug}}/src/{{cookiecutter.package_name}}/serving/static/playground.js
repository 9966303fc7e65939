#% include cookiecutter.__data_kind ~ "/src/serving/static/playground.js"
