#% include cookiecutter.__data_kind ~ "/notebooks/explore.py"
