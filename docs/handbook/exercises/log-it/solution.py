"""From print to logging."""

import logging

logger = logging.getLogger(__name__)


def positive(values):
    """Return the positive values; tell how many there are, and what is skipped."""
    kept = []
    for value in values:
        if value > 0:
            kept.append(value)
        else:
            logger.warning("skipped %s", value)
    logger.info("kept %d values", len(kept))
    return kept
