# %% [markdown]
# # Train a model, step by step
#
# The steps of `make train evaluate`, but for the settings in `configs/train.yaml`, and
# for the version that it keeps.

# %%
import os
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

from {{ cookiecutter.package_name }} import models, utils

if Path.cwd().name == "notebooks":  # paths are those of the project, as for commands
    os.chdir("..")

(images, y_train), (test_images, y_test) = utils.load_mnist_data()
x_train, x_test = utils.preprocess_data(images, test_images)
print(f"pixels from {x_train.min():g} to {x_train.max():g}")

# %% [markdown]
# ## Learn
#
# A fifth of the training images is kept back. Where the model gets better on the others
# and not on these, it learns by heart.

# %%
models.set_seed(1)
model = models.compile_model(models.build_mnist_model())
#% if cookiecutter.framework == "tensorflow"
history = models.train_model(
    model, x_train, y_train, epochs=10, validation_split=0.2, verbose=0
).history
#% else
history = models.train_model(model, x_train, y_train, epochs=10, validation_split=0.2)
#% endif
pd.DataFrame(history)[["accuracy", "val_accuracy"]].plot(xlabel="epoch from 0 on")
plt.show()

# %% [markdown]
# ## Test
#
# On images that had no say in anything above. Look at them once: who chooses a model by
# them needs others to test it.

# %%
test_loss, test_acc = models.evaluate_model(model, x_test, y_test)
print(f"loss {test_loss:.3f}, accuracy {test_acc:.3f}")

# %%
probabilities = models.predict_probabilities(model, x_test)
guesses = probabilities.argmax(axis=1)
wrong = (guesses != y_test).nonzero()[0]
_, axes = plt.subplots(1, 8, figsize=(10, 2))
for axis, number in zip(axes, wrong):
    axis.imshow(test_images[number], cmap="gray_r")
    axis.set_title(f"{guesses[number]}, not {y_test[number]}")
for axis in axes:
    axis.axis("off")
plt.show()
