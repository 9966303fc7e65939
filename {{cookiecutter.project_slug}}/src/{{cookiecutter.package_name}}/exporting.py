#% include cookiecutter.framework ~ "/src/exporting.py"
