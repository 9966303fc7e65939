def export_model(
    model: Any, folder: Path, inputs: Inputs, feeds: Feeds, outputs: Array
) -> dict[str, dict[str, float]]:
    """Write ONNX and a program of `torch.export`; return how far each is off the model.

    Args:
        model: From images float32 (n, height, width) in [0, 1] to logits.
        folder: Where to.
        inputs: What it has to be given.
        feeds: Rows that the model has not seen, as a request has them.
        outputs: What the model says of them, float (n, classes).
    """
    import logging
    import warnings

    import torch

    class Scaled(torch.nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return images / inputs.max_value

    ((name, shape),) = inputs.shapes.items()
    served = torch.nn.Sequential(Scaled(), model.cpu(), torch.nn.Softmax(dim=1)).eval()
    # Two images: of one, PyTorch would take the number for granted.
    example, rows = torch.zeros(2, *shape[1:]), torch.export.Dim("batch", min=1)
    traced = torch.export.export(served, (example,), dynamic_shapes=({0: rows},))
    for talker in ("torch.onnx", "onnx_ir", "onnxscript"):  # of what is not used here
        logging.getLogger(talker).setLevel(logging.ERROR)
    names: Any = {"input_names": [name], "output_names": [PROBABILITIES]}
    options: Any = {"dynamo": True, "external_data": False, "verbose": False}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        torch.onnx.export(traced, (), folder / registry.ONNX_FILE, **names, **options)
    torch.export.save(traced, folder / "model.pt2")  # which holds no Python code
    program = torch.export.load(folder / "model.pt2").module()
    answers = {"onnx": run_onnx(folder / registry.ONNX_FILE, feeds)}
    with torch.inference_mode():
        answers["torch"] = np.asarray(program(torch.from_numpy(feeds[name])))
    return {"exports": differences(answers, outputs)}
