#% include cookiecutter.framework ~ "/src/explaining/exact.py"
