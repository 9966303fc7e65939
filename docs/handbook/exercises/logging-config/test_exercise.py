import subprocess
import sys
import textwrap

import exercise

PROGRAM = """
    import importlib.util, logging, logging.config, sys
    spec = importlib.util.spec_from_file_location("exercise", sys.argv[1])
    exercise = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(exercise)
    logger = logging.getLogger("mine")
    logging.config.dictConfig(exercise.make_config(sys.argv[2]))
    logger.debug("small")
    logger.warning("large")
"""


def test_what_goes_where(tmp_path):
    path = tmp_path / "all.log"
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PROGRAM), exercise.__file__, path],
        capture_output=True,
        text=True,
    )
    assert "large" in done.stderr and "small" not in done.stderr, done.stderr
    assert path.read_text() == "DEBUG mine: small\nWARNING mine: large\n"
