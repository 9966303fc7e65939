#% include cookiecutter.__data_kind ~ "/src/serving/limits.py"
