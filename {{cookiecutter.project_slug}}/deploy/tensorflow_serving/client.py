"""Ask a server that speaks TensorFlow Serving's REST protocol for predictions.

    python deploy/tensorflow_serving/client.py
    python deploy/tensorflow_serving/client.py --same-as http://127.0.0.1:8000

The second sends the same bytes to another server, such as the project's own, and fails
unless both predict the same. It needs nothing but Python. `digits.json` suits a model
that was trained on the data set digits; name another file of requests for another one.
"""

import argparse
import json
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

REQUEST = Path(__file__).with_name("digits.json")
TOLERANCE = 1e-4


def predict(url: str, name: str, body: bytes) -> list[list[float]]:
    """Return what a server predicts for the instances in a request's body.

    Args:
        url: The server, such as http://127.0.0.1:8501.
        name: The model's name.
        body: JSON, `{"instances": [...]}`.

    Raises:
        SystemExit: If the server refuses the request; with what it says.
    """
    request = urllib.request.Request(
        f"{url}/v1/models/{name}:predict",
        data=body,
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            predictions: list[list[float]] = json.load(answer)["predictions"]
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{url}: {error.code}: {error.read().decode()}") from error
    return predictions


def wait(url: str, name: str, seconds: float) -> None:
    """Wait until a server has a version of the model that it can serve.

    Raises:
        SystemExit: If it has none in time.
    """
    deadline = time.monotonic() + seconds
    problem = "it was not asked"
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/v1/models/{name}", timeout=5) as answer:
                versions = json.load(answer)["model_version_status"]
            if any(version["state"] == "AVAILABLE" for version in versions):
                return
            problem = f"no version is available: {versions}"
        except OSError as error:  # not listening yet, or no such model yet
            problem = str(error)
        time.sleep(0.5)
    raise SystemExit(f"{url} did not become ready in {seconds:g} s: {problem}")


def largest_difference(one: list[list[float]], other: list[list[float]]) -> float:
    """Return how far two lists of predictions are apart at most.

    Raises:
        ValueError: If they differ in shape.
    """
    return max(
        abs(a - b)
        for row, twin in zip(one, other, strict=True)
        for a, b in zip(row, twin, strict=True)
    )


def main(arguments: list[str] | None = None) -> int:
    """Print predictions; return 1 if a second server predicts something else."""
    parser = argparse.ArgumentParser(description="A client of TensorFlow Serving")
    parser.add_argument("request", nargs="?", type=Path, default=REQUEST)
    parser.add_argument("--url", default="http://127.0.0.1:8501")
    parser.add_argument("--same-as", metavar="URL", help="compare with this server")
    parser.add_argument("--name", default="model", help="the model's name")
    parser.add_argument("--wait", type=float, default=0, metavar="SECONDS")
    options: Any = parser.parse_args(arguments)
    body = options.request.read_bytes()
    if options.wait:
        wait(options.url, options.name, options.wait)
    predictions = predict(options.url, options.name, body)
    for row in predictions:
        best = max(range(len(row)), key=row.__getitem__)
        print(f"class {best}: {row[best]:.4f}")
    if options.same_as is None:
        return 0
    if options.wait:
        wait(options.same_as, options.name, options.wait)
    others = predict(options.same_as, options.name, body)
    difference = largest_difference(predictions, others)
    print(f"largest difference to {options.same_as}: {difference:.1e}")
    return 0 if difference <= TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main())
