#% include cookiecutter.__data_kind ~ "/src/scaling/rows.py"
