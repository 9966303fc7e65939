#% include cookiecutter.framework ~ "/src/models.py"
