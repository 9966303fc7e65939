#% include cookiecutter.__data_kind ~ "/src/held_out.py"
