#% include cookiecutter.__data_kind ~ "/src/datasets.py"
