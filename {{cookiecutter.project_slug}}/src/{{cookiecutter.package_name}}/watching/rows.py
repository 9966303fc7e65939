#% include cookiecutter.__data_kind ~ "/src/watching/rows.py"
