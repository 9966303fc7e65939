#% include cookiecutter.framework ~ "/src/backend.py"
