#% include cookiecutter.__data_kind ~ "/src/adapter.py"
