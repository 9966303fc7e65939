#% include cookiecutter.__data_kind ~ "/src/commands.py"
