# %% [markdown]
# # Explain a prediction
#
# Why does the newest version in `models/` say what it says? SHAP and LIME answer. First
# `make train`; `make explain` writes a page about more rows.

# %%
import os
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import shap

from {{ cookiecutter.package_name }}.explaining import ExplainSettings
from {{ cookiecutter.package_name }}.explaining.methods import METHODS
from {{ cookiecutter.package_name }}.explaining.rows import load_rows
from {{ cookiecutter.package_name }}.registry import load_version

if Path.cwd().name == "notebooks":  # paths are those of the project, as for commands
    os.chdir("..")

settings = ExplainSettings(quiet=True)
folder, manifest = load_version(settings.model_dir)
rows = load_rows(settings, folder, manifest)
outputs = rows.predict(rows.explained)
classes = manifest.classes or ("value",)
said = [classes[column] for column in rows.column]
answers = {"row": rows.numbers, "said": said, "output": rows.chosen(outputs)}
print(pd.DataFrame(answers).head(10))

# %% [markdown]
# ## One row
#
# What each feature adds to the output, or takes from it. SHAP's values add up to it;
# LIME fits a linear model around the row. Where they disagree, trust neither.

# %%
by_shap, by_lime = (METHODS[name](rows, settings) for name in ("shap", "lime"))
first = {"SHAP": by_shap.values[0], "LIME": by_lime.values[0]}
adds = pd.DataFrame(first, index=rows.features).sort_values("SHAP", key=abs)
adds.tail(10).plot.barh(title=f"row {rows.numbers[0]}: {said[0]}")
plt.show()

#% if cookiecutter.__data_kind == "images"
# %%
_, axes = plt.subplots(1, 2)
axes[0].imshow(rows.explained[0], cmap="gray_r")
most = abs(by_shap.values[0]).max()
axes[1].imshow(by_shap.values[0][rows.patches], cmap="bwr", vmin=-most, vmax=most)
axes[1].set_title("red speaks for it, blue against")
plt.show()

#% endif
# %% [markdown]
# ## All rows
#
# A dot for each row: on the right, a feature speaks for what was said; red is large.

# %%
shap.summary_plot(by_shap.values, rows.cells(), rows.features, max_display=10, rng=0)
