"""A bug of ours, as it is told and logged.

Without graphql-core, whose import costs more than a resolver's work.
"""

from __future__ import annotations

import logging
import traceback

INTERNAL = "Internal error"

logger = logging.getLogger(__name__)


class InternalError(Exception):
    """A bug of ours, told to nobody outside. The log has its type and where it happened."""

    def __init__(self) -> None:
        super().__init__(INTERNAL)


def log_bug(bug: BaseException) -> None:
    """Log the type of a bug and where it happened: what it says may be anything, so no log keeps it."""
    frames = traceback.format_tb(bug.__traceback__)
    logger.error("field failed unexpectedly", extra={"error": type(bug).__name__, "frames": frames})
