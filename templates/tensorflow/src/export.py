def export_model(
    model: Any, folder: Path, inputs: Inputs, feeds: Feeds, outputs: Array
) -> dict[str, dict[str, float]]:
    """Write ONNX and a SavedModel, and return how far each is off the model.

    Args:
        model: From images float32 (n, height, width) in [0, 1] to probabilities.
        folder: Where to; `saved_model.pb` and `variables/` go directly into it.
        inputs: What it has to be given.
        feeds: Rows that the model has not seen, as a request has them.
        outputs: What the model says of them, float (n, classes).
    """
    import warnings

    import keras
    import tensorflow

    ((name, shape),) = inputs.shapes.items()
    images = keras.Input(shape[1:], name=name, dtype="float32")
    scaled = keras.layers.Rescaling(1 / inputs.max_value)(images)
    served = keras.Model(images, {PROBABILITIES: model(scaled)})
    served(np.zeros((1, *shape[1:]), dtype=np.float32))  # or Keras exports nothing
    with warnings.catch_warnings():
        # tf2onnx asks NumPy for a name that it does not have any more.
        warnings.simplefilter("ignore", FutureWarning)
        served.export(folder / registry.ONNX_FILE, format="onnx", verbose=False)
        served.export(folder, format="tf_saved_model", verbose=False)
    serve = tensorflow.saved_model.load(folder).signatures["serving_default"]
    tensors = {name: tensorflow.constant(values) for name, values in feeds.items()}
    answers = {"onnx": run_onnx(folder / registry.ONNX_FILE, feeds)}
    answers["saved_model"] = serve(**tensors)[PROBABILITIES].numpy()
    return {"exports": differences(answers, outputs)}
