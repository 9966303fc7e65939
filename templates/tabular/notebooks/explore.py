# %% [markdown]
# # Explore the data
#
# What a model is to learn from. JupyterLab (`make notebook`) and VS Code run one cell
# after the other; `python notebooks/explore.py` runs all of them.

# %%
import os
from pathlib import Path

import matplotlib.pyplot as plt

from {{ cookiecutter.package_name }} import utils

if Path.cwd().name == "notebooks":  # paths are those of the project, as for commands
    os.chdir("..")

target = "diagnosis"
data = utils.get_data("breast_cancer")
data.info()

# %% [markdown]
# ## Are the classes equally frequent?
#
# If not, accuracy flatters: who always guesses the most frequent class has its share.

# %%
balance = data[target].value_counts()
print(balance)
balance.plot.bar(ylabel="rows")
plt.show()

# %% [markdown]
# ## What do the columns hold?
#
# Look for what cannot be: a negative length, 999 for what is not known.

# %%
numbers = data.drop(columns=target)
print(numbers.describe().T[["count", "min", "50%", "max"]].round(3).to_string())

# %% [markdown]
# ## Which columns tell the classes apart?
#
# By the distance of their means, in standard deviations. One that does so too well may
# have been written down after the answer was known.

# %%
means = numbers.groupby(data[target]).mean()
distance = (means.max() - means.min()) / numbers.std()
best = distance.nlargest(4)
print(best.round(2))
_, axes = plt.subplots(1, len(best), figsize=(12, 3))
for axis, column in zip(axes, best.index):
    for name, values in data.groupby(target)[column]:
        axis.hist(values, bins=20, alpha=0.6, label=name)
    axis.set_xlabel(column)
axes[0].legend()
plt.show()
