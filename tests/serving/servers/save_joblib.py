"""Write the golden model for scikit-learn's servers: python save_joblib.py FILE."""

import sys

import joblib

import golden_model

joblib.dump(golden_model.as_scikit_learn(), sys.argv[1])
