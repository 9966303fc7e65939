# %% [markdown]
# # Train a model, step by step
#
# The steps of `make train evaluate`, but for the settings in `configs/train.yaml`, the
# schema that a table is checked by, and the version that it keeps.

# %%
import os
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import train_test_split

from {{ cookiecutter.package_name }} import models, utils

if Path.cwd().name == "notebooks":  # paths are those of the project, as for commands
    os.chdir("..")

data = utils.get_data("breast_cancer")
x, y = data.drop(columns="diagnosis"), data["diagnosis"]
x_train, x_test, y_train, y_test = train_test_split(
    x, y, test_size=0.2, stratify=y, random_state=0
)
print(f"{len(x_train)} rows to train on and {len(x_test)} to test on")

# %% [markdown]
# ## Learn
#
# Imputation, scaling and the estimator are one pipeline, fitted to four fifths of the
# training rows and scored on the rest, five times over.

# %%
for estimator in ("linear", "forest"):
    pipeline = models.build_pipeline(estimator)
    scores = models.cross_validate(pipeline, x_train, y_train)
    print(pd.DataFrame(scores, index=[estimator] * 5).round(3))

# %% [markdown]
# ## Test
#
# On rows that had no say in anything above. Look at them once: who chooses a model by
# them needs others to test it.

# %%
pipeline = models.train_model(models.build_pipeline("linear"), x_train, y_train)
test_loss, test_acc = models.evaluate_model(pipeline, x_test, y_test)
print(f"loss {test_loss:.3f}, accuracy {test_acc:.3f}")

# %%
ConfusionMatrixDisplay.from_estimator(pipeline, x_test, y_test)
plt.show()
