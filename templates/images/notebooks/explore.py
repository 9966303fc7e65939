# %% [markdown]
# # Explore the data
#
# What a model is to learn from. JupyterLab (`make notebook`) and VS Code run one cell
# after the other; `python notebooks/explore.py` runs all of them.

# %%
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from {{ cookiecutter.package_name }} import utils

if Path.cwd().name == "notebooks":  # paths are those of the project, as for commands
    os.chdir("..")

(x_train, y_train), (x_test, y_test) = utils.load_mnist_data()
classes = utils.CLASSES["digits"]
print(f"{len(x_train)} images of {x_train.shape[1:]} pixels, and {len(x_test)} to test")

# %% [markdown]
# ## Are the classes equally frequent?
#
# If not, accuracy flatters: who always guesses the most frequent class has its share.

# %%
counts = {"training": np.bincount(y_train), "test": np.bincount(y_test)}
balance = pd.DataFrame(counts, index=classes)
balance.plot.bar(ylabel="images")
plt.show()

# %% [markdown]
# ## Is every label right?
#
# Five images of each class, a row each. Would you call them the same?

# %%
_, axes = plt.subplots(len(classes), 5, figsize=(4, 8))
for number, row in enumerate(axes):
    for axis, image in zip(row, x_train[y_train == number]):
        axis.imshow(image, cmap="gray_r")
        axis.axis("off")
    row[0].set_title(classes[number], loc="left")
plt.show()

# %% [markdown]
# ## Which classes look alike?
#
# The mean of each class: a model will take one for the other where these are close.

# %%
_, axes = plt.subplots(1, len(classes), figsize=(10, 1.5))
for number, axis in enumerate(axes):
    axis.imshow(x_train[y_train == number].mean(axis=0), cmap="gray_r")
    axis.set_title(classes[number])
    axis.axis("off")
plt.show()
