"""Pack a version into model.mar, which TorchServe loads.

    python deploy/torchserve/archive.py models/model/1 FOLDER

TorchServe's own archiver would write the same files into a zip file, and put the time
of day into it. This needs nothing that is not in Python.
"""

import argparse
import json
import zipfile
from pathlib import Path

HANDLER = Path(__file__).with_name("handler.py")
PROGRAM = "model.pt2"  # the network, as `train` exports it: no Python code


def write_archive(version: Path, folder: Path) -> Path:
    """Write the archive of a version into a folder, and return it."""
    manifest = json.loads((version / "manifest.json").read_bytes())
    model = {
        "modelName": manifest["name"],
        "modelVersion": "1.0",
        "serializedFile": PROGRAM,
        "handler": HANDLER.name,
    }
    about = {
        "createdOn": "1980-01-01",
        "runtime": "python",
        "archiverVersion": "0.12.0",  # TorchServe's, whose layout it is
        "model": model,
    }
    names = {str(index): name for index, name in enumerate(manifest["classes"])}
    entries: dict[str, bytes | str] = {
        "MAR-INF/MANIFEST.json": json.dumps(about, indent=2),
        PROGRAM: (version / PROGRAM).read_bytes(),
        HANDLER.name: HANDLER.read_bytes(),
        "index_to_name.json": json.dumps(names, ensure_ascii=False),
        "inputs.json": json.dumps(manifest["inputs"]),
    }
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / "model.mar", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return folder / "model.mar"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Pack a version for TorchServe.")
    parser.add_argument("version", type=Path, help="such as models/model/1")
    parser.add_argument("folder", type=Path, help="where model.mar goes")
    given = parser.parse_args()
    print(write_archive(given.version, given.folder))
