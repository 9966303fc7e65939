#% include cookiecutter.__data_kind ~ "/src/explaining/pictures.py"
