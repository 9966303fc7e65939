JOBLIB_FILE = "model.joblib"  # a pickle, for servers that take nothing else
UNSEEN = "(a text that training has not seen)"


def export_model(
    pipeline: Any, folder: Path, inputs: Inputs, rows: Any
) -> dict[str, dict[str, Any]]:
    """Write ONNX and joblib into a folder; where ONNX cannot be had, say why.

    They are compared on rows that the pipeline was not fitted to, some of them once
    more with an empty cell or a new text: servers get those too.

    Returns:
        `exports` and `not_exported` of the manifest.
    """
    import joblib
    import onnx

    from . import adapter, models

    rows = with_gaps(rows, inputs)
    native = models.predict_outputs(pipeline, rows)
    unit = 1.0 if inputs.classes else float(native.std()) or 1.0
    joblib.dump(pipeline, folder / JOBLIB_FILE)
    again = models.predict_outputs(joblib.load(folder / JOBLIB_FILE), rows)
    exports = differences({"joblib": again}, native, unit)
    file, refused = folder / registry.ONNX_FILE, {}
    try:
        onnx.save(as_onnx(pipeline, inputs), file)
        output = PROBABILITIES if inputs.classes else VALUE
        outputs = run_onnx(file, adapter.feeds(rows, inputs), output)
        exports |= differences({"onnx": outputs}, native, unit)
    except Exception as error:  # skl2onnx fails in as many ways as there are estimators
        file.unlink(missing_ok=True)
        reason = (str(error).strip() or "no reason given").splitlines()[0]
        refused["onnx"] = f"{type(error).__name__}: {reason:.300}"
    return {"exports": exports, "not_exported": refused}


def as_onnx(pipeline: Any, inputs: Inputs) -> Any:
    """Return a pipeline as an ONNX model: an input (n, 1) for each column, one output.

    Numbers are float32. `adapter.feeds` makes the inputs.
    """
    import copy

    import skl2onnx
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType
    from skl2onnx.helpers.onnx_helper import select_model_inputs_outputs

    from .adapter import MISSING

    pipeline = copy.deepcopy(pipeline)
    for kind, steps, _ in pipeline["prepare"].transformers_:
        if kind == "category" and steps != "drop":
            steps[0].missing_values = MISSING  # what a graph is given, in place of NaN
    types = {"number": FloatTensorType, "category": StringTensorType}
    model = skl2onnx.to_onnx(
        pipeline,
        initial_types=[(k, types[v]([None, 1])) for k, v in inputs.columns.items()],
        options={"zipmap": False} if inputs.classes else None,
        target_opset={"": 18, "ai.onnx.ml": 3},  # ONNX Runtime reads them since 2023
    )
    output = model.graph.output[-1].name
    model = select_model_inputs_outputs(model, outputs=[output])
    # skl2onnx makes identifiers of the columns' names; the output is called "variable".
    names = dict(zip([each.name for each in model.graph.input], inputs.columns))
    names[output] = PROBABILITIES if inputs.classes else VALUE
    for each in (*model.graph.input, *model.graph.output):
        each.name = names[each.name]
    for node in model.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    return model


def with_gaps(rows: Any, inputs: Inputs) -> Any:
    """Return rows, and some of them again with an empty cell or a new text."""
    import pandas as pd

    again = rows.iloc[np.arange(len(inputs.columns)) % len(rows)].reset_index(drop=True)
    empty, new = again.copy(), again.copy()
    for number, (name, kind) in enumerate(inputs.columns.items()):
        empty.loc[number, name] = np.nan
        if kind == "category":
            new.loc[number, name] = UNSEEN
    return pd.concat([rows, empty, new], ignore_index=True)
