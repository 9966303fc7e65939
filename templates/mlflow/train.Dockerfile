# Where it may be written; better, give a server's address.
ENV {{ cookiecutter.__env_prefix }}TRACKING_URI=sqlite:////app/logs/mlflow.db
