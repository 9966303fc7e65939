#% include cookiecutter.__data_kind ~ "/src/scaling/training.py"
