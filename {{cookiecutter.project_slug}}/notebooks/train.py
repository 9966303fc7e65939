#% include cookiecutter.__data_kind ~ "/notebooks/train.py"
