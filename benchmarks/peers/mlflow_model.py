"""Save a model that MLflow's scoring server loads: python mlflow_model.py FOLDER."""

import sys

import mlflow


class Mlp(mlflow.pyfunc.PythonModel):
    """The custom model of MLflow's documentation."""

    def predict(self, context, model_input, params=None):
        """Answer one request."""
        from mlp import probabilities

        return probabilities(model_input)


if __name__ == "__main__":
    mlflow.pyfunc.save_model(sys.argv[1], python_model=Mlp(), pip_requirements=[])
