"""Ask with MLServer's command `infer`, which sends a file of requests."""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

images = json.load(sys.stdin)["instances"]
program = Path(sys.executable).with_name("mlserver")
with TemporaryDirectory() as folder:
    asked, answered = Path(folder, "asked.txt"), Path(folder, "answered.txt")
    tensor = {"name": "images", "datatype": "FP32", "shape": [len(images), 8, 8]}
    asked.write_text(json.dumps({"inputs": [tensor | {"data": images}]}) + "\n")
    command = [str(program), "infer", "--url", sys.argv[1].removeprefix("http://")]
    command += ["--model-name", "model", "--workers", "1"]
    command += ["--input-data-path", str(asked), "--output-data-path", str(answered)]
    subprocess.run(command, check=True, stdout=sys.stderr)
    flat = json.loads(answered.read_text())["outputs"][0]["data"]
print(json.dumps([flat[start : start + 10] for start in range(0, len(flat), 10)]))
