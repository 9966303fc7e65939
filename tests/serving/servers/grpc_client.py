"""Ask over gRPC, with the stub of tensorflow-serving-api as it is.

    python grpc_client.py PORT REQUEST WARM_UP

REQUEST is JSON, `{"instances": [...]}`; WARM_UP the requests that TensorFlow Serving
would send itself. Prints JSON: the model's signature, and the answers to both.
"""

import json
import sys
from pathlib import Path
from typing import Any

import grpc
import tensorflow as tf
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    predict_pb2,
    prediction_log_pb2,
    prediction_service_pb2_grpc,
)

SECONDS = 60


def signature(stub: Any) -> dict[str, Any]:
    """Return the type and shape of each input and output of `serving_default`."""
    request = get_model_metadata_pb2.GetModelMetadataRequest()
    request.model_spec.name = "model"
    request.metadata_field.append("signature_def")
    # The server may still be loading: the call waits for it.
    answer = stub.GetModelMetadata(request, SECONDS, wait_for_ready=True)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    answer.metadata["signature_def"].Unpack(signatures)
    served = signatures.signature_def["serving_default"]
    return {
        name: [
            tf.dtypes.as_dtype(tensor.dtype).name,
            [size.size for size in tensor.tensor_shape.dim],
        ]
        for name, tensor in [*served.inputs.items(), *served.outputs.items()]
    }


def predictions(stub: Any, request: Any) -> list[list[float]]:
    """Return the probabilities that answer a request."""
    answer = stub.Predict(request, SECONDS)
    rows: list[list[float]] = tf.make_ndarray(answer.outputs["probabilities"]).tolist()
    return rows


def main(port: str, file: Path, warm_up: Path) -> None:
    """Send all requests and print what comes back."""
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        said: dict[str, Any] = {"signature": signature(stub)}
        request = predict_pb2.PredictRequest()
        request.model_spec.name = "model"
        images = json.loads(file.read_bytes())["instances"]
        tensor = tf.make_tensor_proto(images, tf.float32)
        request.inputs["images"].CopyFrom(tensor)
        said["predictions"] = predictions(stub, request)
        logs = [
            prediction_log_pb2.PredictionLog.FromString(record.numpy())
            for record in tf.data.TFRecordDataset(str(warm_up))
        ]
        said["warm_up"] = [predictions(stub, log.predict_log.request) for log in logs]
    print(json.dumps(said))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
