"""Copy a version, with requests that TensorFlow Serving warms up on.

    uv pip install --no-deps tensorflow-serving-api
    python deploy/tensorflow_serving/warm_up.py models/model/3 .cache/warm/model
    MODELS=$PWD/.cache/warm docker compose \
        -f deploy/tensorflow_serving/compose.yaml up

Some parts of TensorFlow are made at the first request, which takes long. TensorFlow
Serving sends itself what is in assets.extra/tf_serving_warmup_requests before it calls
a version available. A copy, since nothing may be added to a version in the registry.
https://www.tensorflow.org/tfx/serving/saved_model_warmup
"""

import argparse
import json
import shutil
from pathlib import Path

import tensorflow as tf
from tensorflow_serving.apis import model_pb2, predict_pb2, prediction_log_pb2

REQUEST = Path(__file__).with_name("digits.json")
WARM_UP = "assets.extra/tf_serving_warmup_requests"
SAVED_MODEL = ("saved_model.pb", "fingerprint.pb", "variables", "assets")
SIGNATURE = "serving_default"


def log_of(request: dict[str, list[object]], name: str) -> bytes:
    """Return a request of the REST protocol as TensorFlow Serving logs it.

    Args:
        request: `{"instances": [image, ...]}`.
        name: The model's name.
    """
    images = tf.constant(request["instances"], tf.float32)
    predict = predict_pb2.PredictRequest(
        model_spec=model_pb2.ModelSpec(name=name, signature_name=SIGNATURE),
        inputs={"images": tf.make_tensor_proto(images)},
    )
    log = prediction_log_pb2.PredictLog(request=predict)
    serialized: bytes = prediction_log_pb2.PredictionLog(
        predict_log=log
    ).SerializeToString()
    return serialized


def copy_with_warm_up(version: Path, target: Path, request: Path, name: str) -> Path:
    """Copy a version's SavedModel and write its warm-up requests.

    Args:
        version: A version, such as models/model/3.
        target: The folder to copy it into, under the same number.
        request: A file with `{"instances": [image, ...]}`.
        name: The model's name.

    Returns:
        The copy.

    Raises:
        SystemExit: If the version holds no SavedModel.
    """
    if not (version / "saved_model.pb").is_file():
        raise SystemExit(f"{version} holds no SavedModel")
    copy = target / version.name
    copy.mkdir(parents=True)
    for part in SAVED_MODEL:
        if (version / part).is_dir():
            shutil.copytree(version / part, copy / part)
        elif (version / part).is_file():
            shutil.copy(version / part, copy / part)
    file = copy / WARM_UP
    file.parent.mkdir()
    with tf.io.TFRecordWriter(str(file)) as writer:
        writer.write(log_of(json.loads(request.read_text("utf-8")), name))
    return copy


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write warm-up requests")
    parser.add_argument("version", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--request", type=Path, default=REQUEST)
    parser.add_argument("--name", default="model", help="the model's name")
    options = parser.parse_args()
    print(
        copy_with_warm_up(
            options.version, options.target, options.request, options.name
        )
    )
