"""TensorFlow Serving's gRPC service over a SavedModel: python prediction_service.py.

    python prediction_service.py PORT models/model

TensorFlow Serving itself is not on PyPI. This has its interface, from
tensorflow-serving-api, and loads a version as it does: the newest, by its signature.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import tensorflow as tf
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    predict_pb2,
    prediction_service_pb2_grpc,
)


class Service(
    prediction_service_pb2_grpc.PredictionServiceServicer  # type: ignore[misc]
):
    """Two of the service's methods, for one model."""

    def __init__(self, model_dir: Path) -> None:
        """Load the newest version below a folder."""
        self.name = model_dir.name
        numbers = [int(p.name) for p in model_dir.iterdir() if p.name.isdecimal()]
        self.version = max(numbers)
        folder = model_dir / str(self.version)
        self.model = tf.saved_model.load(folder)
        stored = saved_model_pb2.SavedModel()
        stored.ParseFromString((folder / "saved_model.pb").read_bytes())
        self.signatures = stored.meta_graphs[0].signature_def

    def Predict(self, request: Any, context: Any) -> Any:
        """Call a signature with the tensors of a request."""
        name = request.model_spec.signature_name or "serving_default"
        if request.model_spec.name != self.name or name not in self.model.signatures:
            context.abort(grpc.StatusCode.NOT_FOUND, f"no such model: {request}")
        given = {key: tf.make_ndarray(value) for key, value in request.inputs.items()}
        tensors = {key: tf.constant(value) for key, value in given.items()}
        try:
            found = self.model.signatures[name](**tensors)
        except (TypeError, ValueError, tf.errors.InvalidArgumentError) as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        response = predict_pb2.PredictResponse()
        response.model_spec.name = self.name
        response.model_spec.version.value = self.version
        for key, value in found.items():
            response.outputs[key].CopyFrom(tf.make_tensor_proto(value))
        return response

    def GetModelMetadata(self, request: Any, context: Any) -> Any:
        """Return the signatures as the SavedModel has them."""
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        response.model_spec.name = self.name
        response.model_spec.version.value = self.version
        signatures = get_model_metadata_pb2.SignatureDefMap()
        for key, value in self.signatures.items():
            copied = meta_graph_pb2.SignatureDef.FromString(value.SerializeToString())
            signatures.signature_def[key].CopyFrom(copied)
        response.metadata["signature_def"].Pack(signatures)
        return response


if __name__ == "__main__":
    server = grpc.server(ThreadPoolExecutor(max_workers=1))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
        Service(Path(sys.argv[2])), server
    )
    server.add_insecure_port(f"127.0.0.1:{sys.argv[1]}")
    server.start()
    print("ready", flush=True)
    server.wait_for_termination()
