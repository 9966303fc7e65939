#% include cookiecutter.__data_kind ~ "/src/serving/fields.py"
