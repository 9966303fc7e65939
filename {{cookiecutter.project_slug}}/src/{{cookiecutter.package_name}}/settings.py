#% include cookiecutter.__data_kind ~ "/src/settings.py"
