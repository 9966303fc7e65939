"""Train the same network on the same images with nothing but Keras' defaults.

    python benchmarks/keras_defaults.py PACKAGE DATA_DIR EPOCHS SEED

Runs in a rendered project's environment; prints one JSON object. The network, the split
and the preprocessing are the project's; `compile` and `fit` are called the way Keras'
introductory tutorial does: Adam as it is, batches of 32, NumPy arrays.
"""

import json
import sys
import time
from importlib import import_module
from pathlib import Path

import keras

package = sys.argv[1]
models = import_module(f"{package}.models")
utils = import_module(f"{package}.utils")


def main(data_dir: Path, epochs: int, seed: int) -> None:
    """Fit, score and print."""
    (images, labels), (test_images, test_labels) = utils.load_mnist_data(
        "fashion_mnist", data_dir
    )
    images = utils.preprocess_data(images, max_value=255)
    (images, labels), validation = utils.split_data(images, labels, 0.2, seed)
    keras.utils.set_random_seed(seed)
    model = models.build_mnist_model(images.shape[1:], 10)
    model.compile(
        optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    started = time.perf_counter()
    model.fit(images, labels, epochs=epochs, validation_data=validation)
    seconds = time.perf_counter() - started
    test_images = utils.preprocess_data(test_images, max_value=255)
    _, accuracy = model.evaluate(test_images, test_labels, verbose=0)
    print("\n" + json.dumps({"seconds": seconds, "accuracy": float(accuracy)}))


if __name__ == "__main__":
    main(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
