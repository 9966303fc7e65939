"""Instead of curl | sh."""

import hashlib
import subprocess
from pathlib import Path


def run_checked(script, sha256):
    """Run a shell script and return what it prints.

    Args:
        script: Path of the file.
        sha256: What was published, as hexadecimal digits.

    Raises:
        ValueError: If the file has another SHA-256; nothing of it has run.
    """
    content = Path(script).read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ValueError(f"{script} has the SHA-256 {found}, not {sha256}")
    done = subprocess.run(
        ["sh", "-c", content.decode()], capture_output=True, text=True, check=True
    )
    return done.stdout
