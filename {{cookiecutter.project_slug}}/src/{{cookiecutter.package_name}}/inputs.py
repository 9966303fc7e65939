#% include cookiecutter.__data_kind ~ "/src/inputs.py"
