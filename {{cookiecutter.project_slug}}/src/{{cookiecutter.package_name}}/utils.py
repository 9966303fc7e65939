#% include cookiecutter.__data_kind ~ "/src/utils.py"
