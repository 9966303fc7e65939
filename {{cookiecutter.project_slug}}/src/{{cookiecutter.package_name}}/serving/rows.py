#% include cookiecutter.__data_kind ~ "/src/serving/rows.py"
