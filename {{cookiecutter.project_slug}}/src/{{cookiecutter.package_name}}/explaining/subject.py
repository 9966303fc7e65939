#% include cookiecutter.__data_kind ~ "/src/explaining/subject.py"
