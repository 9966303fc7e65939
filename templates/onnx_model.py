def onnx_model(
    nodes: list[Any],
    inputs: list[Any],
    outputs: list[Any],
    constants: Mapping[str, Any],
) -> onnx.ModelProto:
    """Return a graph; of its constants, a float is float32."""
    arrays = {name: np.asarray(value) for name, value in constants.items()}
    kept = [
        numpy_helper.from_array(
            array.astype(np.float32) if array.dtype.kind == "f" else array, name
        )
        for name, array in arrays.items()
    ]
    body = helper.make_graph(nodes, "graph", inputs, outputs, kept)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(body, opset_imports=opsets, ir_version=9)
    onnx.checker.check_model(model)
    return model
