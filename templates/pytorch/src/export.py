EXPORT_LIBRARIES = ("onnx", "onnxruntime", "onnxscript")
# Only a project that is deployed with TorchServe has it; without, there is no archive.
HANDLER = Path("deploy", "torchserve", "handler.py")
ARCHIVE_FILE, PROGRAM_FILE = "model.mar", "model.pt2"


def export_model(
    model: Any,
    folder: Path,
    inputs: Inputs,
    classes: tuple[str, ...],
    feeds: Feeds,
    outputs: Array,
) -> dict[str, dict[str, float]]:
    """Write ONNX and TorchServe's archive, and compare both with the model.

    Args:
        model: From images float32 (n, height, width) in [0, 1] to logits.
        folder: Where to.
        inputs: What it has to be given.
        classes: Their names.
        feeds: Rows that the model has not seen, as a request has them.
        outputs: What the model says of them, float (n, classes).

    Returns:
        `exports`: for each format, its largest difference.
    """
    import io

    import torch

    ((name, shape),) = inputs.shapes.items()
    traced = traced_model(model.cpu(), shape[1:], inputs.max_value)
    write_onnx(traced, folder / registry.ONNX_FILE, name)
    found = {"onnx": run_onnx(folder / registry.ONNX_FILE, feeds)}
    if HANDLER.is_file():
        program = io.BytesIO()
        torch.export.save(traced, program)
        write_archive(folder / ARCHIVE_FILE, inputs, classes, program.getvalue())
        network = torch.export.load(program).module()
        with torch.inference_mode():
            found["torchserve"] = np.asarray(network(torch.from_numpy(feeds[name])))
    return {"exports": {k: largest_difference(k, v, outputs) for k, v in found.items()}}


def traced_model(model: Any, shape: tuple[int, ...], max_value: float) -> Any:
    """Return the network as a graph from raw images, any number, to probabilities."""
    import torch

    class Scaled(torch.nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return images / max_value

    served = torch.nn.Sequential(Scaled(), model, torch.nn.Softmax(dim=1)).eval()
    # Two images: of one, PyTorch would take the number for granted.
    example, rows = torch.zeros(2, *shape), torch.export.Dim("batch", min=1)
    return torch.export.export(served, (example,), dynamic_shapes=({0: rows},))


def write_onnx(traced: Any, file: Path, name: str) -> None:
    """Write the graph as ONNX; `name` is that of its input."""
    import logging
    import warnings

    import torch

    for talker in ("torch.onnx", "onnx_ir", "onnxscript"):  # of what is not used here
        logging.getLogger(talker).setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        torch.onnx.export(
            traced,
            (),
            file,
            input_names=[name],
            output_names=[PROBABILITIES],
            dynamo=True,
            external_data=False,
            verbose=False,
        )


def write_archive(
    file: Path, inputs: Inputs, classes: tuple[str, ...], program: bytes
) -> None:
    """Write an archive for TorchServe, which is a zip file.

    What its own archiver would do beyond writing these entries is to put the time of
    day into it. `program` holds weights and operations, and no Python code.
    """
    import json
    import zipfile

    model = {
        "modelName": file.parent.parent.name,
        "modelVersion": "1.0",
        "serializedFile": PROGRAM_FILE,
        "handler": HANDLER.name,
    }
    about = {"createdOn": "1980-01-01", "runtime": "python", "model": model}
    about["archiverVersion"] = "0.12.0"  # TorchServe's, whose layout it is
    names = {str(index): name for index, name in enumerate(classes)}
    entries: dict[str, bytes | str] = {
        "MAR-INF/MANIFEST.json": json.dumps(about, indent=2),
        PROGRAM_FILE: program,
        HANDLER.name: HANDLER.read_bytes(),
        "index_to_name.json": json.dumps(names, ensure_ascii=False),
        "inputs.json": inputs.model_dump_json(),
    }
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(zipfile.ZipInfo(name), content)
