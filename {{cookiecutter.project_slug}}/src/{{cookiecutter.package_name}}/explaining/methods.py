#% include cookiecutter.__data_kind ~ "/src/explaining/methods.py"
