#% include cookiecutter.__data_kind ~ "/src/reporting/rows.py"
