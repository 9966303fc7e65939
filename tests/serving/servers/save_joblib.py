"""Write the golden model as scikit-learn's servers read it: python save_joblib.py FILE."""

import sys

import golden_model
import joblib

joblib.dump(golden_model.as_scikit_learn(), sys.argv[1])
